"""Read an object in which stretches of bytes are replaced."""

from collections.abc import Sequence

from pipelines.context import RangeReader
from pipelines.metadata.normalise import BytesReader


class SplicedReader:
    """A `RangeReader` over another one, some stretches of which are replaced.

    Parameters
    ----------
    source : RangeReader
    replaced : Sequence[tuple[int, int, bytes]]
        Offset and length in `source`, and what stands there instead; ascending, apart.
    """

    __slots__ = ("_pieces", "_size")

    def __init__(self, source: RangeReader, replaced: Sequence[tuple[int, int, bytes]]) -> None:
        self._pieces: list[tuple[int, int, RangeReader, int]] = []
        self._size = position = 0
        for offset, length, new in replaced:
            self._append(source, position, offset - position)
            self._append(BytesReader(new), 0, len(new))
            position = offset + length
        self._append(source, position, source.size - position)

    def _append(self, holder: RangeReader, offset: int, length: int) -> None:
        self._pieces.append((self._size, length, holder, offset))
        self._size += length

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        parts = []
        for start, extent, holder, origin in self._pieces:
            low, high = max(offset, start), min(offset + length, start + extent)
            if low < high:
                parts.append(holder.read(origin + low - start, high - low))
        return b"".join(parts)
