"""Clean or replace the document that an instance encapsulates (PS3.3, A.45).

``ops/manual/documents.md`` says what happens to each kind.
"""

from collections.abc import Callable
from importlib import import_module

from pipelines.errors import HeldError

ENCAPSULATED_DOCUMENT = 0x00420011
ENCAPSULATED_DOCUMENT_LENGTH = 0x00420015
MIME_TYPE_OF_ENCAPSULATED_DOCUMENT = 0x00420012
UNCLEANABLE = "document.uncleanable"
REMOVED = "document.removed"


def replaced_document(
    value: bytes,
    *,
    mime_type: str,
    clean: Callable[[str], str] | None,
    judge: Callable[[str], str],
) -> tuple[bytes, str]:
    """Return the document that takes the place of one, and a note.

    Parameters
    ----------
    value : bytes
        As encoded.
    mime_type : str
        MIME Type of Encapsulated Document.
    clean : Callable[[str], str] or None
        Takes the person out of text; None: only the notice page may stand there.
    judge : Callable[[str], str]
        Takes out what is known of the person.

    Returns
    -------
    bytes
    str
        Why the text could not be kept, though it was to be cleaned; "" otherwise.

    Raises
    ------
    HeldError
        `document.uncleanable` for what is no PDF: nothing of ours can take its place.
    """
    documents = import_module("pipelines.documents")  # its PDF reader takes 0.2 s to import
    if documents.document_kind(mime_type, value) is not documents.Kind.PDF:
        raise HeldError(UNCLEANABLE)
    if clean is None:
        return documents.notice_page(REMOVED), ""
    try:
        return bytes(documents.clean_pdf(value, clean, judge).data), ""
    except documents.DocumentError as error:
        return documents.notice_page(error.code), error.code
