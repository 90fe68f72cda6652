"""The error of encapsulated documents; a leaf of the tree in `pipelines.errors`."""

from pipelines.errors import HeldError


class DocumentError(HeldError):
    """The document can't be cleaned; put `notice_page` in its place, or hold the object.

    `code` is one of `document.damaged`, `document.encrypted`, `document.limit`,
    `document.no-text`, `document.unreadable` (characters without a meaning) and
    `document.script` (letters that the font of the new document has not).
    """
