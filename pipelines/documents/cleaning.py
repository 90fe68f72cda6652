"""Make a new PDF of the cleaned text of an old one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.documents.errors import DocumentError
from pipelines.documents.reading import read_pdf
from pipelines.documents.reassembly import without_split_words
from pipelines.documents.writing import pdf_of

_EMPTY_PAGE = "(This page held no text. It was left out at de-identification.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanedDocument:
    """A new document.

    Attributes
    ----------
    data : bytes
        The PDF: cleaned text and nothing else.
    pages : int
        Pages of the old document; each starts a page of the new one.
    dropped : Mapping[str, int]
        What was left out, by kind: "images", "attachments", "annotations", ….
    """

    data: bytes
    pages: int
    dropped: Mapping[str, int]


def clean_pdf(
    data: bytes, clean: Callable[[str], str], judge: Callable[[str], str]
) -> CleanedDocument:
    """Return a new PDF that holds the cleaned text of an old one.

    Parameters
    ----------
    data : bytes
        A PDF.
    clean : Callable[[str], str]
        Take identity out of a text of lines. It is called with each page.
    judge : Callable[[str], str]
        Take out what is known of the identity, of words one a line that the page may show
        in pieces; a word that it leaves must come back unchanged.

    Returns
    -------
    CleanedDocument
        The same bytes for the same input and the same two functions.

    Raises
    ------
    DocumentError
        If the text can't be read for certain, or not set. It quotes nothing. What
        they raise is passed on.
    """
    reading = read_pdf(data)
    pages, pieces = without_split_words([clean(page) for page in reading.pages], judge)
    dropped = dict(reading.beside)
    if pieces:
        dropped["split words"] = pieces
    shown = [page if page.strip() else _EMPTY_PAGE for page in pages]
    if not any(character.isalnum() for page in pages for character in page):
        raise DocumentError("document.no-text")
    return CleanedDocument(data=pdf_of(shown), pages=len(pages), dropped=dropped)
