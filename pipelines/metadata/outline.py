"""Read the outline of an object: its root elements, with bulk values left in the source.

The buffer holds every byte of the data set but the values of large bulk elements, one
after another. Pixel Data of any size costs the same.
"""

from dataclasses import dataclass, field
from functools import cached_property

from pipelines.context import RangeReader
from pipelines.errors import MalformedError
from pipelines.metadata.elements import (
    ITEM,
    MAX_ELEMENTS,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    Element,
    Scanner,
)
from pipelines.metadata.encode import LONG_VRS
from pipelines.metadata.head import Head

_FIRST_READ_BYTES = 96 * 1024
_BULK_BYTES = 8 * 1024
_BULK_VRS = frozenset([b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"UN"])
_FRAGMENT_READ_BYTES = 64 * 1024
MAX_BUFFER_BYTES = 256 * 1024 * 1024


@dataclass
class Outline:
    """The root elements of an object.

    Attributes
    ----------
    source : RangeReader
    head : Head
    buffer : bytes
        From the start of the data set, bulk values left out.
    elements : list[Element]
        Of the root, ascending by tag.
    ends : dict[int, int]
        See `Scanner`.
    """

    source: RangeReader = field(repr=False)
    head: Head
    buffer: bytes = field(repr=False)
    elements: list[Element] = field(repr=False)
    ends: dict[int, int] = field(repr=False)

    @cached_property
    def by_tag(self) -> dict[int, Element]:
        """Return the root elements by tag."""
        return {element.tag: element for element in self.elements}

    def find(self, tag: int) -> bytes | None:
        """Return the value of a root element as encoded, None if absent."""
        element = self.by_tag.get(tag)
        return None if element is None else self.value(element)

    def value(self, element: Element) -> bytes:
        """Return the value of a root element as encoded."""
        if element.bulk is not None:
            return self.source.read(*element.bulk)
        return self.buffer[element.value : element.following]


def read_outline(source: RangeReader, head: Head) -> Outline:
    """Read the root elements that follow `head`.

    Raises
    ------
    MalformedError
        `metadata.malformed`, `metadata.limit`.
    """
    reader = _Reader(source, head)
    while not reader.is_done():
        if not reader.pass_bulk():
            reader.read_more()
        reader.scan()
    if not reader.elements:
        raise MalformedError("metadata.malformed", where="no element")
    return Outline(source, head, reader.buffer, reader.elements, reader.ends)


class _Reader:
    """Grows the buffer until every root element is found."""

    def __init__(self, source: RangeReader, head: Head) -> None:
        self._source = source
        self._implicit = head.implicit
        self._position = 0  # in the buffer: what is scanned
        self.buffer = source.read(head.dataset, _FIRST_READ_BYTES)
        self._loaded = head.dataset + len(self.buffer)  # in the source: where the buffer ends
        self.elements: list[Element] = []
        self.ends: dict[int, int] = {}
        self.scan()

    def is_done(self) -> bool:
        return self._position == len(self.buffer) and self._loaded >= self._source.size

    def scan(self) -> None:
        """Find the elements that are whole."""
        found, self._position = Scanner(self.buffer, self.ends).scan(
            self._position, len(self.buffer), implicit=self._implicit, partial=True
        )
        if found:
            self._check_order(found[0].tag)
            self.elements += found
            if len(self.elements) > MAX_ELEMENTS:
                raise MalformedError("metadata.limit", where="number of elements")

    def pass_bulk(self) -> bool:
        """Leave a large bulk value that starts here in the source; False if there is none."""
        bulk = _bulk_at(self.buffer, self._position, implicit=self._implicit)
        if bulk is None:
            return False
        tag, vr, value, length = bulk
        offset = self._loaded - len(self.buffer) + value
        if length == UNDEFINED:
            length = _fragments_end(self._source, offset) - offset
        if offset + length > self._source.size:
            raise MalformedError("metadata.malformed", where="truncated bulk value")
        self._check_order(tag)
        span = offset, length
        self.elements.append(Element(tag, vr, self._position, value, value, length, span))
        self._position = value
        # read further the more there is: what is copied stays in proportion to the size
        more = self._source.read(offset + length, max(_FIRST_READ_BYTES, value // 8))
        self.buffer = self.buffer[:value] + more
        self._loaded = offset + length + len(more)
        self._check_size()
        return True

    def read_more(self) -> None:
        """Read on, twice as far each time."""
        more = self._source.read(self._loaded, max(_FIRST_READ_BYTES, len(self.buffer)))
        if not more:
            raise MalformedError("metadata.malformed", where="the last element is cut off")
        self.buffer += more
        self._loaded += len(more)
        self._check_size()

    def _check_size(self) -> None:
        if len(self.buffer) > MAX_BUFFER_BYTES:
            raise MalformedError("metadata.limit", where="size without bulk values")

    def _check_order(self, tag: int) -> None:
        if self.elements and tag <= self.elements[-1].tag:
            raise MalformedError("metadata.malformed", where="order of tags")


def _bulk_at(buffer: bytes, position: int, *, implicit: bool) -> tuple[int, bytes, int, int] | None:
    """Return tag, VR, offset and length of a large bulk value that starts here."""
    header = buffer[position : position + 12]
    if len(header) < 12:
        return None
    tag = int.from_bytes(header[0:2], "little") << 16 | int.from_bytes(header[2:4], "little")
    if implicit:
        value = position + 8
        length = int.from_bytes(header[4:8], "little")
        items = header[8:12] == b"\xfe\xff\x00\xe0"
        is_bulk = tag == PIXEL_DATA or (length != UNDEFINED and not items)
        vr = b""
    else:
        vr = header[4:6]
        if vr not in LONG_VRS:
            return None
        value = position + 12
        length = int.from_bytes(header[8:12], "little")
        is_bulk = tag == PIXEL_DATA or (vr in _BULK_VRS and length != UNDEFINED)
    if not is_bulk or length <= _BULK_BYTES:
        return None
    return tag, vr, value, length


def _fragments_end(source: RangeReader, offset: int) -> int:
    """Return what follows encapsulated Pixel Data (PS3.5, A.4)."""
    window = b""
    base = offset
    while True:
        at = offset - base
        if at + 8 > len(window):
            window = source.read(offset, _FRAGMENT_READ_BYTES)
            base, at = offset, 0
            if len(window) < 8:
                raise MalformedError("metadata.malformed", where="truncated fragments")
        tag = int.from_bytes(window[at : at + 2], "little") << 16 | int.from_bytes(
            window[at + 2 : at + 4], "little"
        )
        length = int.from_bytes(window[at + 4 : at + 8], "little")
        offset += 8
        if tag == SEQUENCE_END and not length:
            return offset
        if tag != ITEM:
            raise MalformedError("metadata.malformed", where="fragment expected")
        offset += length
