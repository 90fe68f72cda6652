"""Read the written file in few, bounded pieces."""

from struct import Struct

from pipelines.context import RangeReader

FIRST_BYTES = 64 * 1024
NEXT_BYTES = 256 * 1024
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
PIXEL_DATA = 0x7FE00010
SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""VRs with a length of 16 and of 32 bits, in explicit VR (PS3.5, 7.1.2)."""
explicit_header = Struct("<HH2sH").unpack_from
implicit_header = Struct("<HHL").unpack_from
long_length = Struct("<L").unpack_from
_delimiter = Struct("<HHL").unpack


class Window:
    """A piece of the file that moves forward; `first` stays.

    Attributes
    ----------
    size : int
        Of the file, bytes.
    first : bytes
        The first `FIRST_BYTES` of the file.
    buffer, base, limit : bytes, int, int
        The piece, where it starts and where it ends.
    """

    __slots__ = ("_written", "base", "buffer", "first", "limit", "size")

    def __init__(self, written: RangeReader) -> None:
        self._written = written
        self.size = written.size
        self.first = written.read(0, FIRST_BYTES)
        self.buffer = self.first
        self.base = 0
        self.limit = len(self.first)

    def move(self, position: int) -> None:
        """Let the piece start at `position`."""
        self.buffer = self._written.read(position, NEXT_BYTES)
        self.base = position
        self.limit = position + len(self.buffer)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`."""
        if self.base <= start and end <= self.limit:
            return self.buffer[start - self.base : end - self.base]
        if end <= len(self.first):
            return self.first[start:end]
        return self._written.read(start, end - start)

    def delimiter(self, position: int) -> tuple[int, int, int]:
        """Return tag, length and where the content starts, of an item or the end of one.

        Raises
        ------
        struct.error
            At the end of the file.
        """
        group, number, length = _delimiter(self.read(position, position + 8))
        return group << 16 | number, length, position + 8

    def fragments(self, position: int, end: int) -> tuple[list[tuple[int, int]], int]:
        """Return where the fragments at `position` are, and what follows their end.

        PS3.5, A.4. What follows is -1 where they have no end.
        """
        found: list[tuple[int, int]] = []
        while position < end:
            tag, length, position = self.delimiter(position)
            if tag == SEQUENCE_END and not length:
                return found, position
            if tag != ITEM or position + length > end:
                break
            found.append((position, position + length))
            position += length
        return found, -1
