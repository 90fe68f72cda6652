"""Read segments, or a source with some stretches replaced, as one object."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter

from pipelines.context import RangeReader, Segment, Span

Edit = tuple[int, int, Sequence[bytes]]
"""From, to, and what takes the place."""


class JoinedReader:
    """A `pipelines.context.RangeReader` over segments: bytes, and runs of a source.

    Parameters
    ----------
    segments : Sequence[Segment]
    source : RangeReader
        What the spans refer to.
    """

    __slots__ = ("_ends", "_segments", "_source")

    def __init__(self, segments: Sequence[Segment], source: RangeReader) -> None:
        self._segments = segments
        self._source = source
        self._ends: list[int] = []
        end = 0
        for segment in segments:
            end += segment.length if isinstance(segment, Span) else len(segment)
            self._ends.append(end)

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return self._ends[-1] if self._ends else 0

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        end = min(offset + length, self.size)
        pieces: list[bytes] = []
        number = bisect_right(self._ends, offset)
        while offset < end:
            begin = self._ends[number - 1] if number else 0
            piece = min(end, self._ends[number]) - offset
            segment = self._segments[number]
            if isinstance(segment, Span):
                pieces.append(self._source.read(segment.offset + offset - begin, piece))
            else:
                pieces.append(segment[offset - begin : offset - begin + piece])
            offset += piece
            number += 1
        return b"".join(pieces)


def edited(source: RangeReader, edits: Iterable[Edit]) -> JoinedReader:
    """Return `source` with stretches replaced; they do not overlap, in any order."""
    segments: list[Segment] = []
    position = 0
    for start, end, new in sorted(edits, key=itemgetter(0)):
        if start > position:
            segments.append(Span(position, start - position))
        segments += new
        position = end
    if source.size > position:
        segments.append(Span(position, source.size - position))
    return JoinedReader(segments, source)
