"""Search the bytes of a file for strings in every encoding they may stand in."""

import base64
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from ops.bench.identities.cultures import CLINICAL_SURNAMES, plain

_CODECS = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "iso8859_2",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "iso8859_8",
    "iso8859_9",
    "tis_620",
    "shift_jis",
    "euc_kr",
    "gb18030",
    "iso2022_jp",
)
_KOREAN_ESCAPE = b"\x1b$)C"  # stands again after each delimiter (PS3.5, 6.1.2.5.3)
_STREAM = re.compile(rb"stream\r?\n")
_LARGEST_STREAM = 1 << 22
_SHORTEST_BYTES = 6
_SHORTEST_TEXT = 5


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, followed by what its deflated dataset inflates to."""
    data = path.read_bytes()
    try:
        meta = dcmread(path, stop_before_pixels=True, specific_tags=[]).file_meta
        if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            start = 132 + 12 + int(meta.FileMetaInformationGroupLength)
            data += zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[start:])
    except Exception:  # noqa: BLE001 - what cannot be read is searched as it is
        return data
    return data + b"".join(_inflated(data))


def _inflated(data: bytes) -> Iterator[bytes]:
    """Yield what the compressed streams of PDF documents hold."""
    if b"%PDF" not in data:
        return
    for found in _STREAM.finditer(data):
        try:
            yield zlib.decompressobj().decompress(data[found.end() :], _LARGEST_STREAM)
        except zlib.error:
            continue


def worth_searching(needle: str) -> bool:
    """Whether finding `needle` in bytes says something: long enough, or of another script."""
    if needle.upper() in CLINICAL_SURNAMES:
        return False
    return len(needle) >= _SHORTEST_TEXT or (not needle.isascii() and len(needle) > 1)


def encodings_of(needle: str) -> set[bytes]:
    """Return the lower-cased byte patterns of `needle`."""
    folded = plain(needle)
    spellings = {needle, needle.upper(), needle.lower()}
    if len(folded) >= _SHORTEST_TEXT and len(folded) > len(needle) // 2:
        spellings.add(folded)
    patterns = set()
    for spelling in spellings:
        for codec in _CODECS:
            try:
                patterns.add(spelling.encode(codec).lower())
            except UnicodeEncodeError:
                continue
    if not needle.isascii():
        try:
            parts = [_KOREAN_ESCAPE + part.encode("euc_kr") for part in needle.split("^")]
            patterns.add(b"^".join(parts).lower())
        except UnicodeEncodeError:
            pass
    return {p for p in patterns if len(p) >= _SHORTEST_BYTES}


def base64_of(needle: str) -> Iterator[bytes]:
    """Yield what base64 of a text holds of `needle`, at the three alignments."""
    raw = needle.encode()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw)
        first = (0, 2, 3)[shift]
        last = len(coded) - (0, 4, 4)[(shift + len(raw)) % 3]
        if last - first >= 8:
            yield coded[first:last]


def find(data: bytes, lowered: bytes, needle: str) -> int | None:
    """Return where `needle` stands in `data`, None where it does not.

    A number must stand alone: eight digits are found by chance in the UIDs of a long study.

    Parameters
    ----------
    lowered : bytes
        ``data.lower()``, made once for all needles.
    """
    for pattern in encodings_of(needle):
        at = lowered.find(pattern)
        while at >= 0:
            if not needle.isdigit() or not _inside_a_number(lowered, at, at + len(pattern)):
                return at
            at = lowered.find(pattern, at + 1)
    for coded in base64_of(needle):
        at = data.find(coded)
        if at >= 0:
            return at
    return None


def _inside_a_number(data: bytes, start: int, end: int) -> bool:
    """Whether digits go on before or after; a digit before a NUL is a tag, not a number."""
    goes_on = data[end : end + 1].isdigit() and data[end + 1 : end + 2] != b"\0"
    return goes_on or data[max(0, start - 1) : start].isdigit()


def first_hits(path: Path, needles: Iterable[str]) -> dict[str, int]:
    """Return the needles that stand in the file, each with an offset."""
    data = read_bytes(path)
    lowered = data.lower()
    hits = {}
    for needle in dict.fromkeys(needles):
        if worth_searching(needle):
            at = find(data, lowered, needle)
            if at is not None:
                hits[needle] = at
    return hits
