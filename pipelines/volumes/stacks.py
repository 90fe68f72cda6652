"""Order the frames of a study into stacks: parallel planes, one above the other."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.volumes.acquisition import KIND, Acquisition
from pipelines.volumes.header import ImageHeader
from pipelines.volumes.plane import FramePlane

MAX_GAP = 3.0
"""Times the median spacing: across more, nothing is interpolated."""
_SAME_DIRECTION = 2e-3
_SAME_SPACING = 1e-3
"""Of the pixels, relative."""
_SAME_POSITION_MM = 0.01
_SURVEY_SLICES = 20
_EVEN = 0.02
"""Of the spacing: how far a slice may be from an even grid."""


class FrameOf(NamedTuple):
    """One frame of one image.

    Attributes
    ----------
    image : int
        Index into the headers.
    frame : int
        From 0.
    """

    image: int
    frame: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stack:
    """Parallel frames, ordered along their normal.

    Attributes
    ----------
    frames : tuple[FrameOf, ...]
    positions_mm : numpy.ndarray
        Along the normal, ascending, shape ``(frames,)``.
    origins : numpy.ndarray
        Centres of the first pixels, shape ``(frames, 3)``.
    plane : FramePlane
        Of the first frame.
    rows, columns : int
    series_instance_uid, frame_of_reference_uid, modality : str
    is_localizer : bool
        Image Type says so, or the series has a few slices in three directions.
    left_out : tuple[FrameOf, ...]
        Other frames at the same positions.
    """

    frames: tuple[FrameOf, ...]
    positions_mm: NDArray[np.float64] = field(repr=False)
    origins: NDArray[np.float64] = field(repr=False)
    plane: FramePlane = field(repr=False)
    rows: int
    columns: int
    series_instance_uid: str = field(repr=False)
    frame_of_reference_uid: str = field(repr=False)
    modality: str
    is_localizer: bool
    left_out: tuple[FrameOf, ...] = field(repr=False)

    @property
    def is_single(self) -> bool:
        """Return True for a stack of one slice."""
        return len(self.frames) == 1

    @property
    def spacing_mm(self) -> float:
        """Return the median distance of neighbours along the normal.

        Of a single slice: its thickness, or 1 where that is not known.
        """
        if self.is_single:
            return self.plane.thickness or 1.0
        return float(np.median(np.diff(self.positions_mm)))

    @property
    def is_regular(self) -> bool:
        """Return True where the slices are as far apart as each other, in all directions."""
        if len(self.frames) < 3:
            return True
        even = np.linspace(self.origins[0], self.origins[-1], len(self.frames))
        off = float(np.abs(self.origins - even).max())
        return off <= max(_EVEN * self.spacing_mm, _SAME_POSITION_MM)


def stacks_of(headers: Sequence[ImageHeader]) -> list[Stack]:
    """Return the stacks of a study, in the order in which their first images come.

    Every frame that has a plane is in one stack, or left out of one because another is
    at the same position.

    Parameters
    ----------
    headers : Sequence[ImageHeader]
        In any order, of any series.
    """
    series: dict[Hashable, list[FrameOf]] = defaultdict(list)
    for image, header in enumerate(headers):
        # a radiograph is no slice: each is on its own
        alone = image if header.is_localizer and header.modality == "CT" else -1
        for frame, plane in enumerate(header.planes):
            if plane is not None:
                key = (header.series_instance_uid, header.frame_of_reference_uid, alone)
                series[key].append(FrameOf(image, frame))
    stacks: list[Stack] = []
    for frames in series.values():
        stacks += _series_stacks(_Frames(headers, frames))
    return sorted(stacks, key=lambda stack: min(stack.frames))


class _Frames:
    """Frames of one series, as arrays."""

    def __init__(self, headers: Sequence[ImageHeader], frames: Sequence[FrameOf]) -> None:
        self.headers = headers
        self.frames = sorted(
            frames, key=lambda f: (headers[f.image].instance_number, f.image, f.frame)
        )
        self.planes = [self._plane(f) for f in self.frames]
        self.origins = np.array([plane.position for plane in self.planes])
        self.acquisition = [headers[f.image].acquisition[f.frame] for f in self.frames]

    def _plane(self, frame: FrameOf) -> FramePlane:
        plane = self.headers[frame.image].planes[frame.frame]
        if plane is None:
            raise ValueError("a frame without a plane is in no stack")
        return plane

    def grid(self, index: int) -> tuple[int, int, int]:
        header = self.headers[self.frames[index].image]
        return header.rows, header.columns, header.samples


_Indices = list[int]


def _series_stacks(frames: _Frames) -> list[Stack]:
    groups = _groups_by_plane(frames)
    is_survey = _is_survey(frames, groups)
    stacks: list[Stack] = []
    for group in groups:
        for part in _volumes(frames, group):
            for kept, left_out in _distinct(frames, part):
                stacks += _split_at_gaps(frames, kept, left_out, is_survey=is_survey)
    return stacks


def _groups_by_plane(frames: _Frames) -> list[_Indices]:
    """Separate what differs in kind, grid or orientation."""
    exact: dict[Hashable, _Indices] = defaultdict(list)
    for index, plane in enumerate(frames.planes):
        kind = frames.acquisition[index][:KIND]
        pixel = (plane.row, plane.column, plane.row_spacing, plane.column_spacing)
        exact[(kind, frames.grid(index), pixel)].append(index)
    # those whose directions and spacings differ by rounding only belong together
    merged: dict[Hashable, list[_Indices]] = defaultdict(list)
    for indices in exact.values():
        plane = frames.planes[indices[0]]
        groups = merged[frames.acquisition[indices[0]][:KIND], frames.grid(indices[0])]
        for group in groups:
            if _is_same(plane, frames.planes[group[0]]):
                group += indices  # noqa: PLW2901  (grows in place)
                break
        else:
            groups.append(indices)
    return [sorted(group) for groups in merged.values() for group in groups]


def _is_same(one: FramePlane, other: FramePlane) -> bool:
    turned = max(
        abs(a - b)
        for a, b in zip((*one.row, *one.column), (*other.row, *other.column), strict=True)
    )
    return (
        turned <= _SAME_DIRECTION
        and abs(one.row_spacing / other.row_spacing - 1) <= _SAME_SPACING
        and abs(one.column_spacing / other.column_spacing - 1) <= _SAME_SPACING
    )


def _is_survey(frames: _Frames, groups: Sequence[_Indices]) -> bool:
    """Return True for few slices in three directions: images to plan others on."""
    if max(map(len, groups)) > _SURVEY_SLICES:
        return False
    normals = [np.array(frames.planes[group[0]].normal) for group in groups]
    return any(
        abs(np.linalg.det(np.array([a, b, c]))) > 0.5
        for i, a in enumerate(normals[:16])
        for j, b in enumerate(normals[:i])
        for c in normals[:j]
    )


def _along(frames: _Frames, indices: _Indices) -> NDArray[np.float64]:
    normal = np.array(frames.planes[indices[0]].normal)
    along: NDArray[np.float64] = frames.origins[indices] @ normal
    return along


def _runs(values: NDArray[np.float64], tolerance: float) -> NDArray[np.intp]:
    """Return the number of the run of near values that each belongs to."""
    order = np.argsort(values, kind="stable")
    runs = np.empty(len(values), dtype=np.intp)
    runs[order] = np.concatenate([[0], np.cumsum(np.diff(values[order]) > tolerance)])
    return runs


def _volumes(frames: _Frames, group: _Indices) -> list[_Indices]:
    """Separate volumes that share positions, by the labels that tell them apart."""
    parts = [group]
    for label in range(KIND, len(Acquisition._fields)):
        parts = [piece for part in parts for piece in _by_label(frames, part, label)]
    return parts


def _by_label(frames: _Frames, part: _Indices, label: int) -> list[_Indices]:
    """Split by a label if it numbers volumes, not slices."""
    by_label: dict[str, _Indices] = defaultdict(list)
    for index in part:
        by_label[frames.acquisition[index][label]].append(index)
    if len(by_label) < 2:
        return [part]
    runs = _runs(_along(frames, part), _SAME_POSITION_MM)
    positions = int(runs.max()) + 1
    if positions == len(part):
        return [part]
    place = dict(zip(part, runs.tolist(), strict=True))
    covered = sorted(len({place[i] for i in indices}) for indices in by_label.values())
    before = len(part) - positions
    after = sum(len(v) for v in by_label.values()) - sum(covered)
    if after < before and 2 * covered[len(covered) // 2] >= positions:
        return list(by_label.values())
    return [part]


def _distinct(frames: _Frames, part: _Indices) -> list[tuple[_Indices, _Indices]]:
    """Return columns of frames above each other, each ordered, and what is left out of it."""
    stacks: list[tuple[_Indices, _Indices]] = []
    for column in _columns(frames, part):
        along = _along(frames, column)
        runs = _runs(along, _SAME_POSITION_MM)
        first: dict[int, int] = {}
        left_out: _Indices = []
        for index, run in zip(column, runs.tolist(), strict=True):  # by instance number
            if first.setdefault(run, index) != index:
                left_out.append(index)
        stacks.append(([first[run] for run in sorted(first)], left_out))
    return stacks


def _columns(frames: _Frames, part: _Indices) -> list[_Indices]:
    """Separate frames that are not above each other, gantry tilt allowed for."""
    if len(part) < 2:
        return [part]
    plane = frames.planes[part[0]]
    along = _along(frames, part)
    across = frames.origins[part] @ np.array([plane.row, plane.column]).T
    tolerance = max(plane.row_spacing, plane.column_spacing, 0.5)
    found: list[list[_Indices]] = []
    for tilt in _tilts(along, across):
        upright = across - along[:, None] * tilt
        columns: dict[tuple[int, int], _Indices] = defaultdict(list)
        runs = (_runs(upright[:, axis], tolerance).tolist() for axis in (0, 1))
        for index, *run in zip(part, *runs, strict=True):
            columns[run[0], run[1]].append(index)
        found.append(list(columns.values()))
    return min(found, key=len)


def _tilts(
    along: NDArray[np.float64], across: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield what the gantry tilt may be: how far across for each millimetre along."""
    yield np.zeros(2)
    runs = _runs(along, _SAME_POSITION_MM)
    count = np.bincount(runs)
    if len(count) > 1:
        # of what lies at each position, the middle
        middle = np.stack([np.bincount(runs, across[:, axis]) / count for axis in (0, 1)], axis=1)
        height = np.bincount(runs, along) / count
        yield np.median(np.diff(middle, axis=0) / np.diff(height)[:, None], axis=0)


def _split_at_gaps(
    frames: _Frames, kept: _Indices, left_out: _Indices, *, is_survey: bool
) -> list[Stack]:
    along = _along(frames, kept)
    starts = [0]
    if len(kept) > 2:
        steps = np.diff(along)
        starts += (np.flatnonzero(steps > MAX_GAP * np.median(steps)) + 1).tolist()
    elsewhere = _along(frames, [kept[0], *left_out])[1:]
    pieces = np.searchsorted(along[starts[1:]] - _SAME_POSITION_MM, elsewhere, side="right")
    return [
        _stack(
            frames,
            kept[start:end],
            [i for i, of in zip(left_out, pieces.tolist(), strict=True) if of == piece],
            is_survey=is_survey,
        )
        for piece, (start, end) in enumerate(pairwise([*starts, len(kept)]))
    ]


def _stack(frames: _Frames, kept: _Indices, left_out: _Indices, *, is_survey: bool) -> Stack:
    header = frames.headers[frames.frames[kept[0]].image]
    return Stack(
        frames=tuple(frames.frames[i] for i in kept),
        positions_mm=_along(frames, kept),
        origins=frames.origins[kept],
        plane=frames.planes[kept[0]],
        rows=header.rows,
        columns=header.columns,
        series_instance_uid=header.series_instance_uid,
        frame_of_reference_uid=header.frame_of_reference_uid,
        modality=header.modality,
        is_localizer=is_survey or header.is_localizer,
        left_out=tuple(frames.frames[i] for i in left_out),
    )
