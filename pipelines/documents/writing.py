"""Write a PDF of plain text: one typeface, nothing compressed, nothing but text.

The typeface is Courier, one of the fourteen that every reader has (ISO 32000-1,
9.6.2.2), once in WinAnsiEncoding and once with the letters of `EXTENDED`.
"""

import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from pdfminer.glyphlist import glyphname2unicode

from pipelines.documents.characters import EXTENDED, LEFT_OUT, WINDOWS, readable

COLUMNS, ROWS = 95, 69
_WIDTH, _HEIGHT, _MARGIN, _SIZE, _LEADING = 595, 842, 40, 9, 11
_FIRST_CODE = 32
_CODES = {character: _FIRST_CODE + index for index, character in enumerate(EXTENDED)}
_FONTS, _FIRST_PAGE = (3, 4, 5), 6

_NOTICE = (
    "The document that was here has been removed at de-identification. "
    "It could not be shown to be free of identity."
)


def notice_page(reason: str) -> bytes:
    """Return a PDF of one page that says that the document was removed.

    Parameters
    ----------
    reason : str
        A reason code, e.g. that of a `DocumentError`; it is printed as it is. The same
        reason gives the same bytes.
    """
    return pdf_of([f"{_NOTICE}\n\nReason: {reason}"])


def pdf_of(pages: Sequence[str]) -> bytes:
    """Return a PDF with the text of each page on a page of its own, or on several.

    Raises
    ------
    DocumentError
        `document.script`: a letter that the font has not.
    """
    sheets = [sheet for page in pages for sheet in _sheets(readable(page)[0])]
    kids = " ".join(f"{_FIRST_PAGE + 2 * index} 0 R" for index in range(len(sheets)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        _extended_font(),
        _stream(_to_unicode()),
    ]
    for index, sheet in enumerate(sheets):
        objects += [_page(_FIRST_PAGE + 2 * index + 1), _stream(_content(sheet))]
    return _file(objects)


def _sheets(page: str) -> list[list[str]]:
    lines = [
        part
        for line in page.splitlines() or [""]
        for part in textwrap.wrap(line, COLUMNS, drop_whitespace=False, replace_whitespace=False)
        or [""]
    ]
    return [lines[start : start + ROWS] for start in range(0, len(lines), ROWS)]


def _page(content: int) -> bytes:
    return (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] "
        f"/Resources << /Font << /F1 {_FONTS[0]} 0 R /F2 {_FONTS[1]} 0 R >> >> "
        f"/Contents {content} 0 R >>"
    ).encode()


def _content(lines: Sequence[str]) -> bytes:
    start = f"BT\n{_LEADING} TL\n{_MARGIN} {_HEIGHT - _MARGIN - _SIZE} Td\n".encode()
    return start + b"".join(b"".join(_shown(line)) + b"T*\n" for line in lines) + b"ET"


def _shown(line: str) -> Iterator[bytes]:
    for extended, characters in groupby(line, key=lambda character: character in _CODES):
        text = "".join(characters)
        if extended:
            code, font = bytes(map(_CODES.__getitem__, text)), 2
        else:
            text = "".join(c if c in WINDOWS else LEFT_OUT for c in text)
            code, font = text.encode("cp1252"), 1
        yield b"/F%d %d Tf (%b) Tj\n" % (font, _SIZE, _escaped(code))


def _escaped(text: bytes) -> bytes:
    return b"".join(
        b"\\%c" % byte
        if byte in b"()\\"
        else b"%c" % byte
        if 32 <= byte < 127
        else b"\\%03o" % byte
        for byte in text
    )


@cache
def _extended_font() -> bytes:
    names = " ".join(f"/{_glyph_name(character)}" for character in EXTENDED)
    last = _FIRST_CODE + len(EXTENDED) - 1
    widths = " ".join(["600"] * len(EXTENDED))
    return (
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier "
        f"/FirstChar {_FIRST_CODE} /LastChar {last} /Widths [{widths}] "
        f"/Encoding << /Type /Encoding /Differences [{_FIRST_CODE} {names}] >> "
        f"/ToUnicode {_FONTS[2]} 0 R >>"
    ).encode()


def _glyph_name(character: str) -> str:
    names = [name for name, text in glyphname2unicode.items() if text == character]
    return min(names, key=lambda name: (len(name), name), default=f"uni{ord(character):04X}")


def _to_unicode() -> bytes:
    """Return the map of codes to characters (ISO 32000-1, 9.10.3)."""
    rows = [f"<{code:02X}> <{ord(character):04X}>" for character, code in _CODES.items()]
    blocks = [rows[start : start + 100] for start in range(0, len(rows), 100)]
    body = "\n".join(
        f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode()


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    written = bytearray(b"%PDF-1.4\n")
    places = []
    for number, value in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, value)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    written += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(written)
