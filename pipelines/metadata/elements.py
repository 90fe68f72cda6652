"""Find data elements in encoded bytes, little endian (PS3.5, 7).

Nothing is decoded here: an element is where it starts, where its value is, where the
next one starts.
"""

from struct import Struct
from typing import NamedTuple

from pipelines.errors import MalformedError
from pipelines.metadata.encode import LONG_VRS, SHORT_VRS

UNDEFINED = 0xFFFFFFFF
MAX_DEPTH = 64
MAX_ELEMENTS = 200_000
_STRETCH = 8 * MAX_ELEMENTS
"""Bytes between two looks at the limit: no element is shorter than 8 bytes."""

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
_DELIMITERS = 0xFFFE

PIXEL_DATA = 0x7FE00010

_explicit = Struct("<HH2sH").unpack_from
_implicit = Struct("<HHL").unpack_from
_length = Struct("<L").unpack_from

_FRAGMENTS_VRS = frozenset([b"OB", b"OW"])

_new = tuple.__new__  # half the cost of calling the class, once per element


class Element(NamedTuple):
    """Where one element is. Offsets are in the buffer it was found in.

    Attributes
    ----------
    tag : int
    vr : bytes
        As encoded; empty in implicit VR.
    start, value, following : int
        Of the header, of the value, of what follows the value.
    length : int
        As encoded; `UNDEFINED` for undefined length.
    bulk : tuple[int, int] | None
        Offset in the source and length of a value that is not in the buffer.
    """

    tag: int
    vr: bytes
    start: int
    value: int
    following: int
    length: int
    bulk: tuple[int, int] | None


class Truncated(Exception):  # noqa: N818  (a signal inside the package, not an error)
    """The buffer ends inside an element."""


class Scanner:
    """Finds elements in one buffer.

    Parameters
    ----------
    buffer : bytes
    ends : dict[int, int]
        Shared by the scanners of one object.

    Attributes
    ----------
    buffer : bytes
    ends : dict[int, int]
        Of sequences and items of undefined length that were passed over: by the offset
        of their content, what follows. So that nothing is passed over twice.
    """

    __slots__ = ("buffer", "ends")

    def __init__(self, buffer: bytes, ends: dict[int, int]) -> None:
        self.buffer = buffer
        self.ends = ends

    def scan(  # noqa: C901, PLR0912  (the hot loop is kept in one piece)
        self, position: int, end: int, *, implicit: bool, partial: bool = False
    ) -> tuple[list[Element], int]:
        """Return the elements from `position` to `end`, and where the last one ends.

        Parameters
        ----------
        partial : bool
            True: stop before the first element that is not whole.

        Raises
        ------
        MalformedError
            If a VR is unknown, tags do not ascend, an element leaves `end`, or there are
            too many of them.
        """
        buffer = self.buffer
        elements: list[Element] = []
        append = elements.append
        previous = -1
        while position < end:
            stop = min(end, position + _STRETCH)
            while position < stop:
                if position + 8 > end:
                    break
                if implicit:
                    group, number, length = _implicit(buffer, position)
                    vr = b""
                    value = position + 8
                else:
                    group, number, vr, length = _explicit(buffer, position)
                    if vr in SHORT_VRS:
                        value = position + 8
                    elif vr in LONG_VRS:
                        value = position + 12
                        if value > end:
                            break
                        (length,) = _length(buffer, position + 8)
                    else:
                        raise MalformedError("metadata.malformed", where=f"VR at {position}")
                tag = group << 16 | number
                if tag <= previous:
                    raise MalformedError("metadata.malformed", where="order of tags")
                previous = tag
                if length == UNDEFINED:
                    try:
                        following = self._pass_over(tag, vr, value, end, implicit=implicit)
                    except Truncated:
                        break
                else:
                    following = value + length
                    if following > end:
                        break
                append(_new(Element, (tag, vr, position, value, following, length, None)))
                position = following
            else:
                if len(elements) > MAX_ELEMENTS:
                    raise MalformedError("metadata.limit", where="number of elements")
                continue
            break
        if previous >> 16 == _DELIMITERS:
            raise MalformedError("metadata.malformed", where="delimiter in a data set")
        if position != end and not partial:
            raise MalformedError("metadata.malformed", where="element leaves its parent")
        return elements, position

    def _pass_over(self, tag: int, vr: bytes, value: int, end: int, *, implicit: bool) -> int:
        if tag == PIXEL_DATA or vr in _FRAGMENTS_VRS:
            return self._pass_fragments(value, end)
        # UN of undefined length holds implicit VR items (PS3.5, 6.2.2)
        return self.pass_sequence(value, end, implicit=implicit or vr == b"UN", depth=1)

    def _pass_fragments(self, position: int, end: int) -> int:
        while True:
            tag, length, position = self._delimiter(position, end)
            if tag == SEQUENCE_END:
                return position
            if tag != ITEM:
                raise MalformedError("metadata.malformed", where="fragment expected")
            position += length

    def _delimiter(self, position: int, end: int) -> tuple[int, int, int]:
        if position + 8 > end:
            raise Truncated
        group, number, length = _implicit(self.buffer, position)
        if group != _DELIMITERS:
            raise MalformedError("metadata.malformed", where=f"item at {position}")
        if length and number != ITEM & 0xFFFF:
            raise MalformedError("metadata.malformed", where=f"delimiter at {position}")
        return group << 16 | number, length, position + 8

    def pass_sequence(self, value: int, end: int, *, implicit: bool, depth: int) -> int:
        """Return what follows a sequence of undefined length.

        Raises
        ------
        Truncated
        MalformedError
        """
        if depth > MAX_DEPTH:
            raise MalformedError("metadata.limit", where="depth")
        known = self.ends.get(value)
        if known is not None:
            return known
        position = value
        while True:
            tag, length, position = self._delimiter(position, end)
            if tag == SEQUENCE_END:
                self.ends[value] = position
                return position
            if tag != ITEM:
                raise MalformedError("metadata.malformed", where="item expected")
            if length == UNDEFINED:
                position = self.pass_item(position, end, implicit=implicit, depth=depth)
            else:
                position += length

    def pass_item(  # noqa: C901  (one branch for each way to write a length)
        self, value: int, end: int, *, implicit: bool, depth: int
    ) -> int:
        """Return what follows an item of undefined length, after its delimiter."""
        known = self.ends.get(value)
        if known is not None:
            return known
        buffer = self.buffer
        position = value
        while True:
            if position + 8 > end:
                raise Truncated
            group, number, length = _implicit(buffer, position)
            tag = group << 16 | number
            if tag == ITEM_END:
                self.ends[value] = position + 8
                return position + 8
            vr = b""
            position += 8
            if not implicit:
                vr = buffer[position - 4 : position - 2]
                if vr in LONG_VRS:
                    if position + 4 > end:
                        raise Truncated
                    (length,) = _length(buffer, position)
                    position += 4
                elif vr in SHORT_VRS:
                    length >>= 16
                else:
                    raise MalformedError("metadata.malformed", where="VR in item")
            if length != UNDEFINED:
                position += length
            elif tag == PIXEL_DATA or vr in _FRAGMENTS_VRS:
                position = self._pass_fragments(position, end)
            else:
                position = self.pass_sequence(
                    position, end, implicit=implicit or vr == b"UN", depth=depth + 1
                )

    def items(
        self, value: int, end: int, *, implicit: bool, defined: bool
    ) -> list[tuple[int, int, int, int]]:
        """Return the items of a sequence: header, content, content end, following.

        Parameters
        ----------
        defined : bool
            True where the sequence has an explicit length.

        Raises
        ------
        MalformedError
        """
        items: list[tuple[int, int, int, int]] = []
        position = value
        try:
            while position < end:
                start = position
                tag, length, position = self._delimiter(position, end)
                if len(items) > MAX_ELEMENTS:
                    raise MalformedError("metadata.limit", where="number of items")
                if tag == SEQUENCE_END:
                    if defined and position != end:
                        break
                    position = end
                    break
                if tag != ITEM:
                    raise MalformedError("metadata.malformed", where="item expected")
                if length == UNDEFINED:
                    following = self.pass_item(position, end, implicit=implicit, depth=1)
                    items.append((start, position, following - 8, following))
                else:
                    following = position + length
                    items.append((start, position, following, following))
                position = following
        except Truncated:
            raise MalformedError("metadata.malformed", where="sequence") from None
        if position != end:
            raise MalformedError("metadata.malformed", where="sequence leaves its parent")
        return items
