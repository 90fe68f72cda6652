"""Read a cleaned object that is not written anywhere."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from pipelines.context import RangeReader, Segment


class Assembled:
    """A `pipelines.context.RangeReader` over segments; runs of the source are not copied.

    Parameters
    ----------
    segments : Iterable[Segment]
    source : RangeReader
        What the spans refer to.
    """

    __slots__ = ("_segments", "_source", "_starts", "size")

    def __init__(self, segments: Iterable[Segment], source: RangeReader) -> None:
        self._segments = tuple(segments)
        self._source = source
        *self._starts, self.size = accumulate(map(_length, self._segments), initial=0)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        parts: list[bytes] = []
        at = max(bisect_right(self._starts, offset) - 1, 0)
        while length > 0 and at < len(self._segments):
            part = self._part(self._segments[at], offset - self._starts[at], length)
            parts.append(part)
            offset += len(part)
            length -= len(part)
            at += 1
        return b"".join(parts)

    def _part(self, segment: Segment, start: int, length: int) -> bytes:
        if isinstance(segment, bytes):
            return segment[start : start + length]
        return self._source.read(segment.offset + start, min(length, segment.length - start))


def _length(segment: Segment) -> int:
    return len(segment) if isinstance(segment, bytes) else segment.length
