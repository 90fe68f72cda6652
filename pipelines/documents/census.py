"""Count what a PDF holds beside its text, to say what was left out."""

from collections import Counter

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdftypes import PDFObjRef, PDFStream
from pdfminer.psparser import PSLiteral

from pipelines.documents.budget import OBJECTS
from pipelines.documents.errors import DocumentError

_BY_TYPE = {
    ("Type", "Annot"): "annotations",
    ("Type", "EmbeddedFile"): "attachments",
    ("Type", "Metadata"): "metadata",
    ("Type", "OCG"): "layers",
    ("Subtype", "Image"): "images",
    ("S", "JavaScript"): "scripts",
    ("Type", "Sig"): "signatures",
}
_BY_KEY = {
    "AcroForm": "forms",
    "Outlines": "outlines",
    "PieceInfo": "application data",
    "StructTreeRoot": "structure",
    "XFA": "forms",
}


def census(document: PDFDocument) -> Counter[str]:
    """Return how many things of each kind can be reached from the catalog.

    Raises
    ------
    DocumentError
        `document.limit`: more objects than `OBJECTS`.
    """
    counts: Counter[str] = Counter(
        metadata=len(document.info), revisions=max(0, len(document.xrefs) - 1)
    )
    seen: set[int] = set()
    left: list[object] = [document.catalog]
    visited = 0
    while left:
        value = left.pop()
        visited += 1
        if visited > OBJECTS * 10 or len(seen) > OBJECTS:
            raise DocumentError("document.limit")
        if isinstance(value, PDFObjRef):
            if value.objid not in seen:
                seen.add(value.objid)
                left.append(value.resolve())
        elif isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict | PDFStream):
            entries = value.attrs if isinstance(value, PDFStream) else value
            counts.update(_kinds(entries))
            left.extend(entries.values())
    return +counts


def _kinds(entries: dict[str, object]) -> list[str]:
    named = [
        kind
        for (key, name), kind in _BY_TYPE.items()
        if isinstance(literal := entries.get(key), PSLiteral) and literal.name == name
    ]
    return named + [kind for key, kind in _BY_KEY.items() if entries.get(key) is not None]
