"""Decide about one frame of reference: a mask for all that shares it.

Every stack at a place of its own is looked at. The best one that is sure says where the head
is; the others follow it, unless they show plainly that the patient has moved, or that their
face was removed before. What can't be looked at (surveys, single slices, what repeats the
same slices, derived objects) gets the mask, too.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.decision import Depth, FaceOutcome
from pipelines.deface.locate import BodyPart, body_part
from pipelines.deface.look import UNCHECKED, Finding, Look, follow, look_at, takes_nothing
from pipelines.deface.mask import FaceMask, place_mask
from pipelines.deface.scan import Scan, is_worth_reading, read_scan
from pipelines.deface.template import load_template
from pipelines.errors import HeldError
from pipelines.volumes import FrameOf, ImageHeader, Stack

_WHOLE_MM = 110.0
_MOST_LOOKS = 40
"""Stacks of one frame of reference; more are doubtful where no head was found in these."""
_MOVED_MM = 5.0
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
        For all objects that have none of their own.
    own : Mapping[int, Finding]
        By number of the image.
    """

    common: Finding
    own: Mapping[int, Finding] = field(default_factory=dict)

    @property
    def has_no_head(self) -> bool:
        """Return whether everything was looked at, and no head is there."""
        return all(
            found.outcome is FaceOutcome.NO_FACE and found.mask is None
            for found in (self.common, *self.own.values())
        )

    def of(self, image: int) -> Finding:
        """Return what was found for an image."""
        return self.own.get(image, self.common)


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

    def look(self, stacks: Sequence[Stack]) -> Space:
        """Return what was found in stacks that share a frame of reference."""
        looks: list[tuple[Stack, Finding]] = []
        first: tuple[Look, FaceMask] | None = None
        code, parts = "", set()
        for stack in _at_places_of_their_own(stacks):
            part = body_part(self._headers[stack.frames[0].image].body_part)
            parts.add(part)
            try:
                scan = read_scan(stack, self._headers, self._frame)
            except HeldError as error:
                code = error.code
                looks.append((stack, replace(UNCHECKED, code=code)))
                continue
            look = self._look(scan, part, first)
            found = self._finding(scan, look, first)
            looks.append((stack, found))
            if first is None and look.is_sure and found.mask is not None:
                first = look, found.mask
        if first is not None:
            look, mask = first
            common = Finding(FaceOutcome.REMOVED, mask=mask, quality=look.quality)
            own = self._own(looks, common)
            return Space(common=common, own=own)
        return Space(common=self._common(stacks, looks, parts), own=self._own(looks, None))

    def _frame(self, which: FrameOf) -> NDArray[np.float32]:
        if self._read is None or self._read[0] != which.image:
            self._read = None
            self._read = (which.image, self._pixels(which.image))
        return self._read[1][which.frame]

    def _look(self, scan: Scan, part: BodyPart, first: tuple[Look, FaceMask] | None) -> Look:
        if first is None or first[0].to_patient is None:
            return look_at(scan, part)
        may_be_removed = first[0].outcome is FaceOutcome.ALREADY
        followed = follow(scan, first[0].to_patient, may_be_removed=may_be_removed)
        look = look_at(scan, part) if followed is None else followed
        if look.outcome is FaceOutcome.ALREADY and not may_be_removed:
            return replace(look, outcome=FaceOutcome.REMOVED)  # another stack shows a face
        return look

    def _finding(self, scan: Scan, look: Look, first: tuple[Look, FaceMask] | None) -> Finding:
        """Return what a look means where another stack may have shown the head."""
        if look.to_patient is None and first is None:
            code = "face.doubtful" if look.outcome is FaceOutcome.DOUBTFUL else ""
            return Finding(look.outcome, code=code, quality=look.quality)
        has_own = look.to_patient is not None and (first is None or look.is_sure)
        if first is not None and (not has_own or not _is_elsewhere(look, first[0])):
            mask = first[1]
        else:
            mask = self._mask(scan, look.to_patient)
        if look.outcome is FaceOutcome.DOUBTFUL and first is None:
            return Finding(look.outcome, code="face.doubtful", mask=mask, quality=look.quality)
        if look.outcome is FaceOutcome.ALREADY:
            return Finding(look.outcome, mask=mask, quality=look.quality)
        nothing = takes_nothing(scan, mask)
        outcome = FaceOutcome.NO_FACE if nothing else FaceOutcome.REMOVED
        return Finding(outcome, mask=mask, quality=look.quality)

    def _mask(self, scan: Scan, to_patient: NDArray[np.float64] | None) -> FaceMask:
        if to_patient is None:
            raise ValueError("no head was found")
        return place_mask(
            self._depth,
            template=load_template(),
            to_template=np.linalg.inv(to_patient).astype(np.float64),
            skin_depth=scan.skin_depth() if self._depth is Depth.LAYER else None,
        )

    def _own(
        self, looks: Sequence[tuple[Stack, Finding]], common: Finding | None
    ) -> dict[int, Finding]:
        """Return what differs from the common finding, by image."""
        own: dict[int, Finding] = {}
        for stack, found in looks:
            if common is not None and _follows(found, common):
                continue
            for frame in stack.frames:
                header = self._headers[frame.image]
                # an image of several stacks: what is sure to be safe for all of them
                is_whole = header.frames == sum(f.image == frame.image for f in stack.frames)
                if is_whole:
                    own[frame.image] = found
                elif common is None:
                    own[frame.image] = _worst(own.get(frame.image, found), found)
        return own

    def _common(
        self,
        stacks: Sequence[Stack],
        looks: Sequence[tuple[Stack, Finding]],
        parts: set[BodyPart],
    ) -> Finding:
        """Return what counts for the rest where no head was found for sure."""
        if not looks:
            return UNCHECKED
        doubts = [found for _, found in looks if found.outcome is FaceOutcome.DOUBTFUL]
        if doubts:
            return doubts[0]
        rest = {f.image for stack in stacks for f in (*stack.frames, *stack.left_out)}
        rest -= {f.image for stack, _ in looks for f in stack.frames}
        is_elsewhere = parts <= {BodyPart.EXTREMITY, BodyPart.TRUNK}
        places = {_place(stack) for stack, _ in looks}
        is_repeated = all(
            _place(stack) in places for stack in stacks if rest & {f.image for f in stack.frames}
        )
        if is_repeated or is_elsewhere:
            return Finding(FaceOutcome.NO_FACE)
        return UNCHECKED


def _follows(found: Finding, common: Finding) -> bool:
    """Return whether a stack gets the common mask: also where it could not tell by itself."""
    if found.mask is None:
        return found.quality is not None or found.outcome is FaceOutcome.NO_FACE
    if found.outcome is FaceOutcome.DOUBTFUL:
        return True
    return found.outcome is FaceOutcome.REMOVED and found.mask is common.mask


def _worst(one: Finding, other: Finding) -> Finding:
    return one if one.outcome is FaceOutcome.DOUBTFUL else other


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
        place = stack.series_instance_uid, _place(stack)
        if place not in seen and len(seen) < _MOST_LOOKS:
            seen.add(place)
            yield stack


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
