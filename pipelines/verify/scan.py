"""Search the written bytes for what identifies the subject."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from pipelines.context import RangeReader
from pipelines.errors import ResidualError
from pipelines.verify.judgement import Judge
from pipelines.verify.pixels import searched_parts
from pipelines.verify.places import Place
from pipelines.verify.policy import Policy
from pipelines.verify.search import Search
from pipelines.verify.streams import CHUNK_BYTES, OVERLAP_BYTES, Stream
from pipelines.verify.structure import Walk
from pipelines.verify.uids import UidSearch
from pipelines.verify.window import PIXEL_DATA, Window

_MARGIN_BYTES = 1024

Chunk = tuple[int, bytes, int]
"""Where it starts in the file, the bytes, and how many of them are searched."""


class Places:
    """Where in the written object a byte belongs; found by a second walk, when asked."""

    def __init__(self, written: RangeReader, *, start: int, policy: Policy, implicit: bool) -> None:
        self._written = written
        self._start = start
        self._policy = policy
        self._implicit = implicit

    @cached_property
    def _all(self) -> list[Place]:
        found: list[Place] = []
        walk = Walk(Window(self._written), pseudonym=b"", places=found)
        walk.run(self._start, self._policy, implicit=self._implicit)
        return sorted(found, key=lambda place: place.start)

    @cached_property
    def _starts(self) -> list[int]:
        return [place.start for place in self._all]

    def overlapping(self, start: int, end: int) -> list[Place]:
        """Return the places that have bytes between `start` and `end`."""
        last = bisect_right(self._starts, end)
        found = []
        for place in reversed(self._all[:last]):
            if place.end <= start:
                break
            if place.start < end:
                found.append(place)
        return found


def chunks(window: Window, walk: Walk) -> Iterator[Chunk]:
    """Yield all that is searched beside Pixel Data, each piece once."""
    pixels = walk.pixels
    parts = [(0, window.size)]
    if pixels is not None:
        parts = [(0, pixels[0]), (pixels[1], window.size)]
    for start, end in parts:
        if start == 0 and end <= len(window.first):
            yield 0, window.first, end
        else:
            yield from _read(window, start, end)
    for edge in walk.edges:
        start, end = max(0, edge - _MARGIN_BYTES), min(window.size, edge + _MARGIN_BYTES)
        yield start, window.read(start, end), end - start


def _read(window: Window, start: int, end: int) -> Iterator[Chunk]:
    position = start
    while position < end:
        stop = min(end, position + CHUNK_BYTES)
        yield position, window.read(position, stop), stop - position
        position = stop if stop == end else stop - OVERLAP_BYTES


class Scan:
    """One search through one written object.

    Parameters
    ----------
    search : Search
        Of the subject.
    judge : Judge
    uids : UidSearch
        Of the object.
    """

    def __init__(
        self,
        window: Window,
        places: Places,
        *,
        search: Search,
        judge: Judge,
        uids: UidSearch,
    ) -> None:
        self._window = window
        self._places = places
        self._search = search
        self._judge = judge
        self._uids = uids
        self._judged: set[Place] = set()

    def run(self, walk: Walk, *, transfer_syntax_uid: str) -> None:
        """Search everything.

        Raises
        ------
        ResidualError
            `verify.identity`, `verify.reference` with the first place that holds one.
        """
        for base, data, end in chunks(self._window, walk):
            for start, stop in self._search.candidates(data, end):
                self._judge_identity(base + start, base + stop)
            for start, stop in self._uids.candidates(data, end):
                self._judge_uid(base + start, base + stop)
        for edge in walk.edges:
            self._judge_identity(edge - 1, edge + 1)
        if walk.pixels is None:
            return
        for stream, (start, end) in searched_parts(
            self._window,
            pixels=walk.pixels,
            fragments=walk.fragments,
            captured=walk.captured,
            transfer_syntax_uid=transfer_syntax_uid,
        ):
            self._search_pixels(stream, start, end)

    def _search_pixels(self, stream: Stream, first: int, last: int) -> None:
        """Search a part of Pixel Data, which no walk knows the places of."""
        place = Place("", PIXEL_DATA, "OB", first, last)
        for base, data in stream.chunks(first, last):
            for start, stop in self._search.candidates(data, len(data)):
                begin = max(first, base + start - _MARGIN_BYTES)
                end = min(last, base + stop + _MARGIN_BYTES)
                if self._judge.is_identity(
                    place, stream.read(begin, end), is_start=begin == first, is_end=end == last
                ):
                    where = stream.where(base + (start + stop) // 2)
                    raise ResidualError("verify.identity", where=where)
            for start, stop in self._uids.candidates(data, len(data)):
                begin = max(first, base + start - _MARGIN_BYTES)
                if self._uids.remains(stream.read(begin, base + stop + _MARGIN_BYTES), place.vr):
                    raise ResidualError("verify.reference", where=stream.where(base + start))

    def _judge_identity(self, start: int, stop: int) -> None:
        for place in self._places.overlapping(start, stop):
            if place in self._judged:
                continue
            data, is_start, is_end = self._around(place, start, stop)
            if is_start and is_end:
                self._judged.add(place)
            if self._judge.is_identity(place, data, is_start=is_start, is_end=is_end):
                raise ResidualError("verify.identity", where=place.path)

    def _judge_uid(self, start: int, stop: int) -> None:
        for place in self._places.overlapping(start, stop):
            data, _, _ = self._around(place, start, stop)
            if self._uids.remains(data, place.vr):
                raise ResidualError("verify.reference", where=place.path)

    def _around(self, place: Place, start: int, stop: int) -> tuple[bytes, bool, bool]:
        """Return the value around a span, and whether its start and end are in it."""
        first = max(place.start, start - _MARGIN_BYTES)
        last = min(place.end, stop + _MARGIN_BYTES)
        data = self._window.read(first, last)
        return data, first == place.start, last == place.end
