"""PDFs made for tests, name and all, and what reads them back independently."""

import io
import re
import shutil
import subprocess
import unicodedata
import zlib
from collections.abc import Mapping, Sequence

import pypdf

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
NAMES = ("Marchetti", "Lucia", "Müller", "Muller", "Griffith", "Meier-Schmidt", "Schmidtbauer")
MRN = "MR-40817"

_KNOWN = re.compile(
    r"(?<!\w)(?:" + "|".join((*NAMES, MRN)) + r")(?!\w)|(?<!\w)40817(?!\w)", re.IGNORECASE
)


def clean(text: str) -> str:
    """Take out the words of the person, and whole words only."""
    return _KNOWN.sub("", text)


def write(objects: Sequence[bytes], *, trailer: bytes = b"", head: bytes = b"%PDF-1.7\n") -> bytes:
    """Number `objects` from 1 (the catalog) and add the cross-reference table."""
    data = bytearray(head)
    places = []
    for number, value in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, value)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, trailer)
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data: bytes, entries: bytes = b"", *, deflated: bool = False) -> bytes:
    if deflated:
        data, entries = zlib.compress(data), entries + b" /Filter /FlateDecode"
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), entries, data)


def pdf(
    *contents: bytes,
    fonts: Mapping[str, bytes] | None = None,
    extra: Sequence[bytes] = (),
    resources: bytes = b"",
    page: bytes = b"",
    catalog: bytes = b"",
    trailer: bytes = b"",
    deflated: bool = False,
) -> bytes:
    """Write a page per content; `extra` objects are numbered from 10."""
    named = {"F1": HELVETICA, **(fonts or {})}
    font = b" ".join(b"/%b %b" % (name.encode(), value) for name, value in named.items())
    first = 10 + len(extra)
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(contents), kids),
        *[b"null"] * 7,
        *extra,
    ]
    for index, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %b "
            b"/Resources << /Font << %b >> %b >> /Contents %d 0 R >>"
            % (page, font, resources, first + 2 * index + 1)
        )
        objects.append(stream(content, deflated=deflated))
    return write(objects, trailer=trailer)


def text(words: str, *, x: float = 50, y: float = 700, size: float = 12, before: str = "") -> bytes:
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 {size} Tf {before} 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET\n".encode("cp1252")


def to_unicode(codes: Mapping[int, str]) -> bytes:
    rows = "\n".join(
        f"<{code:02X}> <{meaning.encode('utf-16-be').hex()}>" for code, meaning in codes.items()
    )
    return stream(
        (
            "begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
            f"{len(codes)} beginbfchar\n{rows}\nendbfchar endcmap"
        ).encode()
    )


def all_bytes(data: bytes) -> bytes:
    """Return the file and whatever in it can be inflated."""
    parts = [data]
    for match in re.finditer(rb"stream\r?\n", data):
        inflater = zlib.decompressobj()
        try:
            parts.append(inflater.decompress(data[match.end() :], 1 << 24))
        except zlib.error:
            continue
    return b"\n".join(parts)


def read_back(data: bytes) -> list[str]:
    """Return the text of each page as pypdf sees it."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data), strict=True).pages]


def poppler(data: bytes) -> str | None:
    """Return the text as poppler sees it, None where it is not installed."""
    if shutil.which("pdftotext") is None:
        return None
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True
    )
    assert not done.stderr
    return done.stdout.decode()


def squeezed(words: str) -> str:
    folded = unicodedata.normalize("NFKD", words).casefold()
    return "".join(c for c in folded if c.isalnum())


def assert_holds_no(data: bytes, *words: str) -> None:
    """Look for `words` in every byte and, without regard to gaps, in the text."""
    raw = all_bytes(data).lower()
    texts = ["".join(read_back(data)), poppler(data) or ""]
    for word in words:
        for encoding in ("cp1252", "utf-16-be", "utf-16-le"):
            assert word.lower().encode(encoding) not in raw, "in the bytes"
        assert word.lower().encode("cp1252").hex().encode() not in raw, "in hexadecimal"
        for there in texts:
            assert squeezed(word) not in squeezed(there), "in the text"


def with_object_stream(content: bytes) -> bytes:
    """Write a page whose catalog, page tree and page are in an object stream (PDF 1.5)."""
    inside = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        b"/Resources << /Font << /F1 %b >> >> >>" % HELVETICA,
    ]
    places = [sum(len(value) + 1 for value in inside[:index]) for index in range(3)]
    head = b" ".join(b"%d %d" % (index + 1, place) for index, place in enumerate(places)) + b"\n"
    packed = stream(
        head + b"\n".join(inside),
        b"/Type /ObjStm /N 3 /First %d" % len(head),
        deflated=True,
    )
    data = bytearray(b"%PDF-1.7\n")
    at = []
    for number, value in ((4, packed), (5, stream(content, deflated=True))):
        at.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, value)
    start = len(data)
    rows = [(0, 0, 255), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, at[0], 0), (1, at[1], 0)]
    rows.append((1, start, 0))
    table = b"".join(
        bytes([kind]) + place.to_bytes(2, "big") + bytes([n]) for kind, place, n in rows
    )
    data += b"6 0 obj\n%b\nendobj\n" % stream(
        table, b"/Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R", deflated=True
    )
    return bytes(data + b"startxref\n%d\n%%%%EOF\n" % start)
