"""Check an encapsulated document that we made: nothing but text, and nobody's name in it."""

import re
from functools import cache
from importlib import import_module
from typing import Any

from pipelines.errors import HeldError, ResidualError
from pipelines.verify.demands import Check, Rule
from pipelines.verify.judgement import Judge
from pipelines.verify.places import Place, show
from pipelines.verify.search import Search
from pipelines.verify.structure import Walk
from pipelines.verify.window import Window

ENCAPSULATED_DOCUMENT = 0x00420011
_LENGTH = 0x00420015
_UTF_8 = b"ISO_IR 192"
_PDF_BYTES = 64 * 1024 * 1024
_HARMLESS = frozenset(["pages without text", "characters without meaning"])
_form = re.compile(
    rb"%PDF-1\.4\n"
    rb"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    rb"2 0 obj\n<< /Type /Pages /Kids \[(?:\d{1,5} 0 R ?)++\] /Count \d{1,5} >>\nendobj\n"
    rb"(?P<fonts>(?:[345] 0 obj\n(?:(?!\nendobj\n).)++\nendobj\n){3})"
    rb"(?:\d{1,5} 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox \[0 0 595 842\] "
    rb"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents \d{1,5} 0 R >>\nendobj\n"
    rb"\d{1,5} 0 obj\n<< /Length \d{1,6} >>\nstream\nBT\n11 TL\n40 793 Td\n"
    rb"(?:(?:/F[12] 9 Tf \((?:[ -'*-\[\]-~]|\\[()\\]|\\[0-3][0-7]{2})*+\) Tj\n)*+T\*\n)*+"
    rb"ET\nendstream\nendobj\n)++"
    rb"(?P<table>xref\n0 .*)",
    re.DOTALL,
)
"""What a PDF of ours looks like: no filter, no attachment, no script, no metadata."""


_object = re.compile(rb"^[0-9]+ 0 obj$", re.MULTILINE)


def check_document(rule: Rule, walk: Walk, window: Window, *, search: Search, judge: Judge) -> None:
    """Check the encapsulated document of the root, where it was cleaned or replaced.

    Raises
    ------
    ResidualError
        `verify.structure` where it is none that we made, or its length is another's;
        `verify.identity` where an identifier stands in its text layer.
    """
    start, end = walk.spans[ENCAPSULATED_DOCUMENT]
    where = show(ENCAPSULATED_DOCUMENT)
    data = window.read(start, end)
    if rule.check is Check.DOCUMENT:
        text = text_of(data)
        if text is None:
            raise ResidualError("verify.structure", where=where)
        encoded = text.encode()
        place = Place(where, ENCAPSULATED_DOCUMENT, "UT", 0, len(encoded), charset=_UTF_8)
        is_found = any(True for _ in search.candidates(encoded, len(encoded)))
        if is_found and judge.is_identity(place, encoded, is_start=True, is_end=True):
            raise ResidualError("verify.identity", where=where)
    is_ours = rule.check in (Check.DOCUMENT, Check.DUMMY) and data.startswith(b"%PDF-")
    stated = int.from_bytes(walk.captured.get(_LENGTH, b""), "little")
    if is_ours and _LENGTH in walk.spans and stated not in (len(data), len(data.rstrip(b"\0"))):
        raise ResidualError("verify.structure", where=show(_LENGTH))


def text_of(data: bytes) -> str | None:
    """Return the text layer of a PDF that we made; None for any other document.

    Parameters
    ----------
    data : bytes
        Encapsulated Document, padding included.
    """
    found = _form.fullmatch(data) if len(data) <= _PDF_BYTES else None
    if found is None or found["fonts"] != _fonts():
        return None
    if found["table"].removesuffix(b"\0") != _table(data, found.start("table")):
        return None
    reading: Any = import_module("pipelines.documents.reading")  # PDFMiner takes 0.2 s to import
    try:
        read = reading.read_pdf(data)
    except HeldError:
        return None
    return "\n".join(read.pages) if _HARMLESS.issuperset(read.beside) else None


def _table(data: bytes, start: int) -> bytes:
    """Return the cross-reference table and what follows it, for the objects before it."""
    places = [found.start() for found in _object.finditer(data, 0, start)]
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    return (
        b"xref\n0 %d\n0000000000 65535 f \n" % size
        + rows
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size
        + b"startxref\n%d\n%%%%EOF\n" % start
    )


@cache
def _fonts() -> bytes:
    """Return the fonts of every document of ours, as a page of ours has them."""
    page: bytes = import_module("pipelines.documents").notice_page("")
    found = _form.fullmatch(page)
    return found["fonts"] if found is not None else b""
