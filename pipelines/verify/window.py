"""Read the written file in few, bounded pieces."""

from pipelines.context import RangeReader

FIRST_BYTES = 64 * 1024
NEXT_BYTES = 256 * 1024


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
