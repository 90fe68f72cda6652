"""Decide about one frame of reference: a mask for all that shares it.

Every stack at a place of its own is looked at. The best one that is sure says where the head
is; the others follow it, unless they show plainly that the patient has moved, or that their
face was removed before. What can't be looked at (surveys, single slices, what repeats the
same slices, derived objects) gets the mask, too.

What was found earlier in the same study takes the place of the best stack: late images are
looked at as the others are, and get the same mask as those before them.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.agreement import LEAST_INSIDE
from pipelines.deface.decision import DecidedBy, Depth, FaceOutcome, Known
from pipelines.deface.locate import BodyPart, body_part
from pipelines.deface.look import UNCHECKED, Finding, Look, follow, look_at, takes_nothing
from pipelines.deface.mask import FaceMask, place_mask
from pipelines.deface.remembered import Remembered
from pipelines.deface.scan import Scan, is_worth_reading, read_scan
from pipelines.deface.skull import distance_to_brain
from pipelines.deface.template import load_template
from pipelines.errors import HeldError
from pipelines.volumes import FrameOf, ImageHeader, Stack

_WHOLE_MM = 110.0
_MOST_LOOKS = 40
"""Stacks of one frame of reference; more are doubtful where no head was found in these."""
_MOVED_MM = 5.0
_NEAR_MM = 30.0
_PLACES = np.array([[6.5, -95.0, -40.0], [6.5, -90.0, -120.0], [6.5, 80.0, 0.0], [6.5, 4.0, 70.0]])


class Frames(Protocol):
    """The frames of an image, read when they are asked for."""

    def __getitem__(self, frame: int, /) -> NDArray[np.float32]:
        """Return real-world values, shape ``(rows, columns)``."""
        ...


Pixels = Callable[[int], Frames]
"""Gives the frames of an image by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What was found in one frame of reference.

    Attributes
    ----------
    common : Finding
        For objects that have none of their own.
    own : Mapping[int, Finding]
        By number of the image.
    unlooked : Finding or None
        For images that have none of their own; None: what is common.
    by : DecidedBy
        Who found what is common.
    news : tuple[Known, FaceMask or None] or None
        What is to be remembered; None: nothing that was not known before.
    """

    common: Finding
    own: Mapping[int, Finding] = field(default_factory=dict)
    unlooked: Finding | None = None
    by: DecidedBy = DecidedBy.LOOK
    news: tuple[Known, FaceMask | None] | None = None

    @property
    def has_no_head(self) -> bool:
        """Return whether everything was looked at, and no head is there."""
        return all(
            found.outcome is FaceOutcome.NO_FACE and found.mask is None
            for found in (self.common, self.unlooked or self.common, *self.own.values())
        )

    def of(self, image: int) -> tuple[Finding, DecidedBy]:
        """Return what was found for an image, and by whom."""
        if image in self.own:
            return self.own[image], DecidedBy.LOOK
        return self.unlooked or self.common, self.by


class Looker:
    """Looks for the face in the stacks of a frame of reference.

    Parameters
    ----------
    headers : Sequence[ImageHeader]
    pixels : Pixels
    depth : Depth
        Which mask.
    """

    def __init__(self, headers: Sequence[ImageHeader], pixels: Pixels, depth: Depth) -> None:
        self._headers = headers
        self._pixels = pixels
        self._depth = depth
        self._read: tuple[int, Frames] | None = None

    def look(self, stacks: Sequence[Stack], known: Remembered | None = None) -> Space:
        """Return what was found in stacks that share a frame of reference.

        Parameters
        ----------
        known : Remembered or None
            What was found there earlier.
        """
        if known is None:
            return self._look_anew(stacks)
        if known.mask is None or known.outcome is Known.MOVED:
            return _with_known(self._look_anew(stacks), known)
        first = _as_first(known, known.mask)
        looks = {
            _key(stack): self._beside(stack, first, known.mask)
            for stack in _at_places_of_their_own(stacks)
        }
        own = self._own(stacks, looks)
        if not _is_doubted(known.mask, looks):
            return replace(known_space(known), own=own)
        return Space(common=_doubt(known.mask), own=own, news=(Known.MOVED, known.mask))

    def _look_anew(self, stacks: Sequence[Stack]) -> Space:
        places = list(_at_places_of_their_own(stacks))
        looks: dict[Hashable, Finding] = {}
        first: tuple[Look, FaceMask] | None = None
        for number, stack in enumerate(places):
            look, found = self._alone(stack)
            looks[_key(stack)] = found
            if look is not None and look.is_sure and found.mask is not None:
                first = look, found.mask
                for other in (*places[:number], *places[number + 1 :]):
                    looks[_key(other)] = self._beside(other, look, found.mask)
                break
        own = self._own(stacks, looks)
        if first is None:
            common = self._common(stacks, places, looks)
            is_faceless = common.outcome is FaceOutcome.NO_FACE
            known = Known.NO_FACE if is_faceless else Known.UNCLEAR
            return Space(common=common, own=own, news=(known, None))
        look, mask = first
        known = Known.MOVED if _is_doubted(mask, looks) else Known(look.outcome)
        return Space(common=_shared(look, mask, looks), own=own, news=(known, mask))

    def _frame(self, which: FrameOf) -> NDArray[np.float32]:
        if self._read is None or self._read[0] != which.image:
            self._read = None
            self._read = (which.image, self._pixels(which.image))
        return self._read[1][which.frame]

    def _scan(self, stack: Stack) -> tuple[Scan, BodyPart]:
        part = body_part(self._headers[stack.frames[0].image].body_part)
        return read_scan(stack, self._headers, self._frame), part

    def _alone(self, stack: Stack) -> tuple[Look | None, Finding]:
        """Return what a stack shows by itself."""
        try:
            scan, part = self._scan(stack)
        except HeldError as error:
            return None, replace(UNCHECKED, code=error.code)
        look = look_at(scan, part)
        return look, self._finding(scan, look)

    def _finding(self, scan: Scan, look: Look) -> Finding:
        code = "face.doubtful" if look.outcome is FaceOutcome.DOUBTFUL else ""
        mask = None if look.to_patient is None else self._mask(scan, look.to_patient)
        is_beside = look.outcome is FaceOutcome.REMOVED and mask and takes_nothing(scan, mask)
        outcome = FaceOutcome.NO_FACE if is_beside else look.outcome
        return Finding(outcome, code=code, mask=mask, quality=look.quality)

    def _beside(self, stack: Stack, first: Look, mask: FaceMask) -> Finding:
        """Return what a stack shows where another one has shown the head for sure."""
        try:
            scan, part = self._scan(stack)
        except HeldError as error:
            return replace(UNCHECKED, code=error.code)
        placed = first.to_patient
        if placed is None:
            raise ValueError("no head was found")
        if scan.agreement(load_template()).inside(placed) < LEAST_INSIDE:
            return self._far(scan, part, mask)
        was_removed = first.outcome is FaceOutcome.ALREADY
        look = follow(scan, placed, may_be_removed=was_removed)
        if look is None:
            look = look_at(scan, part)
            if not look.is_sure or _is_elsewhere(look, first):
                return self._finding(scan, look)
        if look.outcome is FaceOutcome.ALREADY and was_removed:
            return Finding(FaceOutcome.ALREADY, mask=mask, quality=look.quality)
        outcome = FaceOutcome.NO_FACE if takes_nothing(scan, mask) else FaceOutcome.REMOVED
        return Finding(outcome, mask=mask, quality=look.quality)

    def _far(self, scan: Scan, part: BodyPart, mask: FaceMask) -> Finding:
        """Return what a stack shows that lies beside the head: the table may have moved."""
        look = look_at(scan, part)
        is_no_head = look.quality is None or look.is_weak
        if look.outcome is not FaceOutcome.NO_FACE and not is_no_head:
            return self._finding(scan, look)
        outcome = FaceOutcome.NO_FACE if takes_nothing(scan, mask) else FaceOutcome.REMOVED
        return Finding(outcome, mask=mask, quality=look.quality)

    def _mask(self, scan: Scan, to_patient: NDArray[np.float64]) -> FaceMask:
        to_template = np.linalg.inv(to_patient).astype(np.float64)
        return place_mask(
            self._depth,
            template=load_template(),
            to_template=to_template,
            skin_depth=scan.skin_depth() if self._depth is Depth.LAYER else None,
            from_brain=distance_to_brain(scan, to_template),
        )

    def _own(
        self, stacks: Sequence[Stack], looks: Mapping[Hashable, Finding]
    ) -> dict[int, Finding]:
        """Return the findings of images that were looked at, and of what repeats them."""
        found: dict[int, list[Finding | None]] = defaultdict(list)
        for stack in stacks:
            for frame in (*stack.frames, *stack.left_out):
                found[frame.image].append(looks.get(_key(stack)))
        own: dict[int, Finding] = {}
        for image, each in found.items():
            first = each[0]
            is_whole = len(each) == self._headers[image].frames
            if first is not None and is_whole and all(other is first for other in each):
                own[image] = first
            else:  # frames of several stacks
                doubts = [f for f in each if f and f.outcome is FaceOutcome.DOUBTFUL]
                if doubts:
                    own[image] = doubts[0]
        return own

    def _common(
        self, stacks: Sequence[Stack], places: Sequence[Stack], looks: Mapping[Hashable, Finding]
    ) -> Finding:
        """Return what counts for the rest where no head was found for sure."""
        if not looks:
            return UNCHECKED
        for found in looks.values():
            if found.outcome is FaceOutcome.DOUBTFUL:
                return found
        parts = {body_part(self._headers[s.frames[0].image].body_part) for s in stacks}
        if parts == {BodyPart.EXTREMITY} or all(_is_among(stack, places) for stack in stacks):
            return Finding(FaceOutcome.NO_FACE)
        return UNCHECKED


_HEADS = frozenset([Known.REMOVED, Known.ALREADY, Known.MOVED])


def known_space(known: Remembered) -> Space:
    """Return what counts in a frame of reference of which no stack has come this time.

    Objects that hold no picture of their own follow what was found. Images follow a face
    that was found; that there was none says nothing of them.
    """
    unlooked = None
    match known.outcome:
        case Known.REMOVED:
            common = Finding(FaceOutcome.REMOVED, mask=known.mask)
        case Known.ALREADY:
            common, unlooked = Finding(FaceOutcome.REMOVED, mask=known.mask), UNCHECKED
        case Known.NO_FACE:
            common, unlooked = Finding(FaceOutcome.NO_FACE), UNCHECKED
        case Known.UNCLEAR:
            common = UNCHECKED
        case Known.MOVED:
            common = _doubt(known.mask)
    return Space(common=common, unlooked=unlooked, by=DecidedBy.EARLIER)


def _with_known(space: Space, known: Remembered) -> Space:
    """Return what counts where more was found than that a head is at one place."""
    if known.outcome is Known.MOVED:
        return replace(known_space(known), own=space.own)
    if space.news is None or space.news[0] in _HEADS:
        return space
    if known.outcome is Known.UNCLEAR and space.common.outcome is FaceOutcome.NO_FACE:
        return replace(known_space(known), own=space.own)  # what was in doubt may be a head
    is_known = known.outcome in (Known.UNCLEAR, space.news[0])
    return replace(space, news=None) if is_known else space


def _doubt(mask: FaceMask | None) -> Finding:
    return Finding(FaceOutcome.DOUBTFUL, code="face.doubtful", mask=mask)


def _as_first(known: Remembered, mask: FaceMask) -> Look:
    to_patient = np.linalg.inv(mask.to_template)
    return Look(outcome=FaceOutcome(known.outcome), to_patient=to_patient.astype(np.float64))


def _is_doubted(mask: FaceMask, looks: Mapping[Hashable, Finding]) -> bool:
    """Return whether the head may be at another place, too."""
    return any(found.mask is not None and found.mask is not mask for found in looks.values())


def _shared(first: Look, mask: FaceMask, looks: Mapping[Hashable, Finding]) -> Finding:
    """Return what counts for the rest where a head was found: its mask, if there is one."""
    if _is_doubted(mask, looks):
        return Finding(FaceOutcome.DOUBTFUL, code="face.doubtful", mask=mask, quality=first.quality)
    return Finding(FaceOutcome.REMOVED, mask=mask, quality=first.quality)


def _is_among(stack: Stack, others: Sequence[Stack]) -> bool:
    """Return whether a stack shows nothing that is far from what others show."""
    low, high = _box([stack])
    lowest, highest = _box(others)
    return bool((low >= lowest - _NEAR_MM).all() and (high <= highest + _NEAR_MM).all())


def _box(stacks: Sequence[Stack]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box along the axes that holds the stacks, LPS mm."""
    corners = []
    for stack in stacks:
        plane = stack.plane
        across = np.array(plane.row) * plane.column_spacing * (stack.columns - 1)
        down = np.array(plane.column) * plane.row_spacing * (stack.rows - 1)
        for origin in stack.origins[[0, -1]]:
            corners += [origin, origin + across, origin + down, origin + across + down]
    return np.min(corners, axis=0), np.max(corners, axis=0)


def _is_elsewhere(look: Look, first: Look) -> bool:
    """Return whether the patient has moved between two stacks."""
    if look.to_patient is None or first.to_patient is None:
        return False
    moved = [
        _PLACES @ matrix[:3, :3].T + matrix[:3, 3] for matrix in (look.to_patient, first.to_patient)
    ]
    return bool(np.linalg.norm(moved[0] - moved[1], axis=1).max() > _MOVED_MM)


def _at_places_of_their_own(stacks: Sequence[Stack]) -> Iterator[Stack]:
    """Yield the stacks to look at, the best first; of repeated ones the first."""
    seen: set[Hashable] = set()
    for stack in sorted(filter(is_worth_reading, stacks), key=_worth, reverse=True):
        if _key(stack) not in seen and len(seen) < _MOST_LOOKS:
            seen.add(_key(stack))
            yield stack


def _key(stack: Stack) -> Hashable:
    return stack.series_instance_uid, _place(stack)


def _place(stack: Stack) -> Hashable:
    """Return where a stack is, to a millimetre."""
    plane = stack.plane
    return (
        tuple(np.rint(stack.origins[[0, -1]]).ravel().tolist()),
        tuple(round(value, 2) for value in (*plane.row, *plane.column)),
        round(stack.rows * plane.row_spacing),
        round(stack.columns * plane.column_spacing),
    )


def _worth(stack: Stack) -> tuple[bool, float]:
    """Return how well a stack can be registered: whole heads first, then thin slices."""
    extent = stack.spacing_mm * len(stack.frames)
    return (
        extent >= _WHOLE_MM,
        -max(stack.spacing_mm, stack.plane.row_spacing, stack.plane.column_spacing),
    )
