"""Search the written bytes for what identifies the subject."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from pipelines.context import RangeReader
from pipelines.errors import ResidualError
from pipelines.verify.codestreams import pieces_of
from pipelines.verify.judgement import Judge
from pipelines.verify.places import Place
from pipelines.verify.policy import Policy
from pipelines.verify.search import Search
from pipelines.verify.structure import Walk
from pipelines.verify.uids import UidSearch
from pipelines.verify.window import Window

_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 2048
_MARGIN_BYTES = 1024

Chunk = tuple[int, bytes, int]
"""Where it starts in the file, the bytes, and how many of them are searched."""


class Places:
    """Where in the written object a byte belongs; found by a second walk, when asked."""

    def __init__(
        self, written: RangeReader, walk: Walk, *, start: int, policy: Policy, implicit: bool
    ) -> None:
        self._written = written
        self._walk = walk
        self._start = start
        self._policy = policy
        self._implicit = implicit

    @cached_property
    def _all(self) -> list[Place]:
        found: list[Place] = []
        walk = Walk(Window(self._written), pseudonym=b"", places=found)
        walk.run(self._start, self._policy, implicit=self._implicit)
        for number, (start, end) in enumerate(self._walk.fragments):
            path = f"(7FE0,0010) fragment {number}"
            found.append(Place(path, 0x7FE00010, "OB", start, end))
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
    """Yield everything that is searched, each piece once."""
    pixels = walk.pixels
    parts = [(0, window.size)]
    if pixels is not None:
        parts = [(0, pixels[0]), (pixels[1], window.size)]
        for number, (start, end) in enumerate(walk.fragments):
            parts += [(start, end)] if number == 0 else pieces_of(window, start, end)
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
        stop = min(end, position + _CHUNK_BYTES)
        yield position, window.read(position, stop), stop - position
        position = stop if stop == end else stop - _OVERLAP_BYTES


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

    def run(self, walk: Walk) -> None:
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
            if place.is_kept_on_purpose and place.vr == "UI":
                continue
            data, _, _ = self._around(place, start, stop)
            if self._uids.remains(data, place.vr):
                raise ResidualError("verify.reference", where=place.path)

    def _around(self, place: Place, start: int, stop: int) -> tuple[bytes, bool, bool]:
        """Return the value around a span, and whether its start and end are in it."""
        first = max(place.start, start - _MARGIN_BYTES)
        last = min(place.end, stop + _MARGIN_BYTES)
        data = self._window.read(first, last)
        return data, first == place.start, last == place.end
