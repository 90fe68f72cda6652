"""Read the source again, level by level, to compare the written object with it.

A reader of its own, like that of the written object: it takes nothing over from the
engine but where the source is and how it is encoded.
"""

from functools import cached_property
from struct import error as StructError  # noqa: N812  (it is a class)
from typing import NamedTuple

from pipelines.context import RangeReader
from pipelines.errors import ResidualError
from pipelines.verify.window import (
    ITEM,
    ITEM_END,
    LONG_VRS,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
    Window,
    explicit_header,
    implicit_header,
    long_length,
)

_new = tuple.__new__  # half the cost of calling the class, once per element
_FRAGMENTS_VRS = frozenset([b"OB", b"OW"])
_CHARACTER_SET = 0x00080005
_META_GROUP = b"\x02\x00"
_PREFIX_AT = 128
_FIRST = 0
_BY_POSITION = b"\x40\x00\x73\xdb"
"""Tag of Referenced Content Item Identifier, as encoded."""
_SEARCHED_BYTES = 1024 * 1024


class Before(NamedTuple):
    """An element of the source.

    Attributes
    ----------
    vr : bytes
        b"" in implicit VR.
    start, end : int
        Of the value; `end` is what follows, where the length is undefined.
    implicit : bool
        How its items are encoded.
    items : list[Level] or None
        Of a sequence of undefined length: they were read to find its end.
    """

    vr: bytes
    start: int
    end: int
    implicit: bool
    items: "list[Level] | None"


class Level(dict[int, Before]):
    """The elements of one place of the source, by tag.

    Attributes
    ----------
    parent : Level or None
        The level that holds the sequence.
    """

    __slots__ = ("parent",)

    parent: "Level | None"


class Source:
    """The source of one object.

    Parameters
    ----------
    source : RangeReader
        `Cleaned.source`.
    implicit : bool
        The transfer syntax is implicit VR little endian.
    """

    def __init__(self, source: RangeReader, *, implicit: bool) -> None:
        self._window = Window(source)
        self._implicit = implicit

    @cached_property
    def root(self) -> Level:
        """Return the elements of the root.

        Raises
        ------
        ResidualError
            `verify.structure` where the source can't be read.
        """
        level = Level()
        level.parent = None
        try:
            self._level(
                level, self._start(), self._window.size, implicit=self._implicit, is_open=False
            )
        except StructError:
            raise _unreadable() from None
        return level

    def items(self, before: Before, parent: Level) -> list[Level]:
        """Return the items of a sequence of `parent`.

        Raises
        ------
        ResidualError
            `verify.structure` where they can't be read.
        """
        if before.items is not None:
            return before.items
        try:
            return self._items(
                before.start, before.end, parent, implicit=before.implicit, is_open=False
            )[0]
        except StructError:
            raise _unreadable() from None

    def value(self, before: Before, *, most: int | None = None) -> bytes:
        """Return a value as encoded, padding included, or its first bytes."""
        end = before.end if most is None else min(before.end, before.start + most)
        return self._window.read(before.start, end)

    def text(self, level: Level, tag: int, *, most: int = 1024) -> str | None:
        """Return a short value without padding; None where it is absent."""
        before = level.get(tag)
        if before is None:
            return None
        return self.value(before, most=most).decode("latin-1").strip("\0 ")

    def charset(self, level: Level | None) -> bytes:
        """Return the Specific Character Set in force, as encoded."""
        while level is not None:
            before = level.get(_CHARACTER_SET)
            if before is not None and (value := self.value(before)).strip(b"\0 "):
                return value
            level = level.parent
        return b""

    @cached_property
    def refers_by_position(self) -> bool:
        """Return whether a content item is referred to by its place among others."""
        pixels = self.root.get(PIXEL_DATA)
        size = self._window.size
        parts = [(0, size)] if pixels is None else [(0, pixels.start), (pixels.end, size)]
        for start, end in parts:
            for position in range(start, end, _SEARCHED_BYTES):
                stop = min(end, position + _SEARCHED_BYTES + len(_BY_POSITION))
                if _BY_POSITION in self._window.read(position, stop):
                    return True
        return False

    def _start(self) -> int:
        first = self._window.first
        position = _PREFIX_AT + 4 if first[_PREFIX_AT : _PREFIX_AT + 4] == b"DICM" else _FIRST
        while first[position : position + 2] == _META_GROUP:
            _, _, vr, length = explicit_header(first, position)
            position += 8
            if vr in LONG_VRS:
                (length,) = long_length(first, position)
                position += 4
            position += length
        return position

    def _level(  # noqa: C901  (one loop, per element: calls cost more than lines)
        self, level: Level, position: int, end: int, *, implicit: bool, is_open: bool
    ) -> int:
        """Read the elements at `position` into `level`; return what follows them."""
        window = self._window
        buffer, base, limit = window.buffer, window.base, window.limit
        while position < end:
            if position + 12 > limit or position < base:
                window.move(position)
                buffer, base, limit = window.buffer, window.base, window.limit
            if implicit:
                group, number, length = implicit_header(buffer, position - base)
                vr, value = b"", position + 8
            else:
                group, number, vr, length = explicit_header(buffer, position - base)
                value = position + 8
                if vr in LONG_VRS:
                    (length,) = long_length(buffer, value - base)
                    value += 4
            tag = group << 16 | number
            inner_implicit = implicit or vr != b"SQ"
            if length != UNDEFINED:
                if tag == ITEM_END and is_open:
                    return position + 8
                position = value + length
                if position > end:
                    raise _unreadable()
                level[tag] = _new(Before, (vr, value, position, inner_implicit, None))
                continue
            items = None
            if tag == PIXEL_DATA or vr in _FRAGMENTS_VRS:
                _, position = window.fragments(value, end)
                if position < 0:
                    raise _unreadable()
            else:
                # UN holds implicit VR items (PS3.5, 6.2.2); so does what should have been SQ
                items, position = self._items(
                    value, end, level, implicit=inner_implicit, is_open=True
                )
            if position > end:
                raise _unreadable()
            buffer, base, limit = window.buffer, window.base, window.limit
            level[tag] = _new(Before, (vr, value, position, inner_implicit, items))
        return position

    def _items(
        self, position: int, end: int, parent: Level, *, implicit: bool, is_open: bool
    ) -> tuple[list[Level], int]:
        items: list[Level] = []
        while position < end:
            tag, length, position = self._window.delimiter(position)
            if tag == SEQUENCE_END and is_open:
                return items, position
            if tag != ITEM:
                raise _unreadable()
            level = Level()
            level.parent = parent
            if length == UNDEFINED:
                position = self._level(level, position, end, implicit=implicit, is_open=True)
            else:
                stop = position + length
                if stop > end:
                    raise _unreadable()
                position = self._level(level, position, stop, implicit=implicit, is_open=False)
            items.append(level)
        return items, position


def _unreadable() -> ResidualError:
    return ResidualError("verify.structure", where="source")
