"""Decoded values of the attributes of one place, by keyword."""

from collections.abc import Mapping
from struct import calcsize, iter_unpack

from pydicom.datadict import dictionary_VR, tag_for_keyword

from pipelines.metadata.charsets import DEFAULT, decode, encodings_of
from pipelines.metadata.elements import Element
from pipelines.metadata.outline import Outline

_CHARACTER_SET = 0x00080005
_NUMBERS = {
    b"US": "H",
    b"SS": "h",
    b"UL": "I",
    b"SL": "i",
    b"FL": "f",
    b"FD": "d",
}
_NO_VRS = frozenset([b"", b"UN"])
_MAX_VALUE_BYTES = 64 * 1024


class RootLookup:
    """Call it with a keyword: the decoded value, or None where it is absent.

    Several values are joined by a backslash. Numbers in binary VRs are shown in
    decimal; other binary values are not shown.

    Parameters
    ----------
    by_tag : Mapping[int, Element]
    buffer : bytes
    encodings : tuple[str, ...]
        Python codecs in force.
    """

    __slots__ = ("_buffer", "_by_tag", "_encodings")

    def __init__(
        self, by_tag: Mapping[int, Element], buffer: bytes, encodings: tuple[str, ...]
    ) -> None:
        self._by_tag = by_tag
        self._buffer = buffer
        self._encodings = encodings

    @classmethod
    def of_outline(cls, outline: Outline) -> "RootLookup":
        """Return the look-up of the root."""
        charset = outline.find(_CHARACTER_SET)
        encodings = encodings_of(charset) if charset else DEFAULT
        return cls(outline.by_tag, outline.buffer, encodings)

    def __call__(self, keyword: str) -> str | None:
        """Return the decoded value of `keyword`."""
        tag = tag_for_keyword(keyword)
        element = self._by_tag.get(tag) if tag is not None else None
        if tag is None or element is None:
            return None
        if element.bulk is not None:
            return ""  # present, though not shown: no condition may take it for absent
        value = self._buffer[element.value : element.following][:_MAX_VALUE_BYTES]
        vr = element.vr if element.vr not in _NO_VRS else dictionary_VR(tag)[:2].encode("ascii")
        number = _NUMBERS.get(vr)
        if number is not None:
            whole = len(value) - len(value) % calcsize(number)
            return "\\".join(str(n) for (n,) in iter_unpack(f"<{number}", value[:whole]))
        text = decode(value, self._encodings)
        return "\\".join(part.strip("\0 ") for part in text.split("\\"))
