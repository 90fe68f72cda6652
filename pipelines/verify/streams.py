"""Read the bytes of Pixel Data that belong together as one, wherever they stand."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.verify.window import Window

CHUNK_BYTES = 1024 * 1024
OVERLAP_BYTES = 2048
_FIRST_BYTES = 16 * 1024
"""Read first by a look for a marker: many may stand close together."""


class Span(NamedTuple):
    """A fragment, or a value: what the report calls it, and where it is in the file."""

    where: str
    start: int
    end: int


class Stream:
    """The fragments of one frame, joined.

    Parameters
    ----------
    window : Window
    spans : Sequence[Span]
        Not empty.

    Attributes
    ----------
    size : int
        Bytes.
    """

    __slots__ = ("_spans", "_starts", "_window", "size")

    def __init__(self, window: Window, spans: Sequence[Span]) -> None:
        self._window = window
        self._spans = spans
        self._starts: list[int] = []
        self.size = 0
        for span in spans:
            self._starts.append(self.size)
            self.size += span.end - span.start

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`, fewer at the end of the stream."""
        parts: list[bytes] = []
        end = min(end, self.size)
        number = bisect_right(self._starts, start) - 1
        while start < end:
            span = self._spans[number]
            offset = span.start - self._starts[number]
            stop = min(end, span.end - offset)
            parts.append(self._window.read(start + offset, stop + offset))
            start = stop
            number += 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def where(self, position: int) -> str:
        """Return what the report calls the place of a byte."""
        return self._spans[bisect_right(self._starts, position) - 1].where

    def find(self, pattern: re.Pattern[bytes], position: int) -> int:
        """Return where two bytes that match stand next; -1 where none do."""
        length = _FIRST_BYTES
        while position < self.size:
            data = self.read(position, position + length)
            found = pattern.search(data)
            if found is not None:
                return position + found.start()
            if position + len(data) >= self.size:
                break
            position += len(data) - 1
            length = min(2 * length, CHUNK_BYTES)
        return -1

    def chunks(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield overlapping pieces of what stands from `start` to `end`."""
        while start < end:
            stop = min(end, start + CHUNK_BYTES)
            yield start, self.read(start, stop)
            start = stop if stop == end else stop - OVERLAP_BYTES
