"""Encapsulated documents (PS3.3, A.45): what they are, and a new PDF from the old one's text.

Nothing is redacted in place: the text is read, cleaned and set anew, and nothing else
is carried over. ``ops/manual/documents.md`` tells what happens to each kind.
"""

from pipelines.documents.cleaning import CleanedDocument, clean_pdf
from pipelines.documents.errors import DocumentError
from pipelines.documents.kinds import Kind, document_kind
from pipelines.documents.writing import notice_page

__all__ = [
    "CleanedDocument",
    "DocumentError",
    "Kind",
    "clean_pdf",
    "document_kind",
    "notice_page",
]
