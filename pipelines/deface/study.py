"""Decide about the faces of a whole study: one mask per frame of reference.

The best stack of each frame of reference is registered to the template; where that is sure,
every object of the frame follows, also those that nobody could register alone (surveys,
single slices, segmentations, structure sets, scouts). What nobody knows is doubtful.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome, FacePlan
from pipelines.deface.derived import Treatment, follows_images, is_volume_of_head, treatment
from pipelines.deface.locate import BodyPart, body_part, no_head_below
from pipelines.deface.mask import FaceMask, place_mask
from pipelines.deface.quality import Quality, has_no_face, judge, scalp_points, tissue
from pipelines.deface.registration import register
from pipelines.deface.renderings import StudyHead, appearance_of
from pipelines.deface.scan import Scan, is_worth_reading, read_scan
from pipelines.deface.template import load_brain, load_template
from pipelines.errors import HeldError
from pipelines.volumes import FrameOf, ImageHeader, Stack, stacks_of

_TRIED = 3
"""Stacks of a frame of reference that are registered until one is sure."""
_WHOLE_MM = 110.0
_LEAST_FACE_ML = 1.0
_LEAST_SCALP = 0.05


class Frames(Protocol):
    """The frames of an image, read when they are asked for."""

    def __getitem__(self, frame: int, /) -> NDArray[np.float32]:
        """Return real-world values, shape ``(rows, columns)``."""
        ...


Pixels = Callable[[int], Frames]
"""Gives the frames of an image by its number."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found in one frame of reference; a doubtful mask is for reviewers."""

    outcome: FaceOutcome
    code: str = field(default="", kw_only=True)
    mask: FaceMask | None = field(default=None, repr=False, kw_only=True)
    quality: Quality | None = field(default=None, kw_only=True)

    def decision(self, *, is_projection: bool = False) -> FaceDecision:
        return FaceDecision(
            outcome=self.outcome,
            code=self.code,
            mask=self.mask,
            figures=self.quality.figures() if self.quality else {},
            is_projection=is_projection,
        )


_UNCHECKED = _Finding(FaceOutcome.DOUBTFUL, code="face.unchecked")


def plan_faces(
    headers: Sequence[ImageHeader],
    pixels: Pixels,
    *,
    modalities: Collection[str],
    depth: Depth,
) -> FacePlan:
    """Return what to do with each object of a study.

    Parameters
    ----------
    headers : Sequence[ImageHeader]
        Of all objects.
    pixels : Callable
        Returns the frames of an image by its index in `headers`, real-world values of
        shape ``(rows, columns)``; raises `pipelines.errors.HeldError`.
    modalities : Collection[str]
        Those that the rules name.
    depth : Depth
        Which mask.

    Raises
    ------
    pipelines.errors.HeldError
        ``face.no-template``.
    """
    concerned = [
        number
        for number, header in enumerate(headers)
        if header.has_pixels
        and (header.modality in modalities or is_volume_of_head(header.sop_class_uid))
    ]
    frames: dict[str, list[Stack]] = defaultdict(list)
    for stack in stacks_of([headers[number] for number in concerned]):
        renumbered = tuple(FrameOf(concerned[f.image], f.frame) for f in stack.frames)
        frames[_space(stack)].append(replace(stack, frames=renumbered, left_out=()))
    looker = _Looker(headers, pixels, depth)
    findings = {space: looker.look(stacks) for space, stacks in frames.items()}
    findings |= _inherited(findings, frames, headers)
    head = _study_head(findings)
    return FacePlan(
        decisions={
            header.sop_instance_uid: _decide(
                header, findings, head=head, is_concerned=number in set(concerned)
            )
            for number, header in enumerate(headers)
        }
    )


def _space(of: Stack | ImageHeader) -> str:
    """Return what shares coordinates: a series alone where no frame of reference is named."""
    return of.frame_of_reference_uid or f"series {of.series_instance_uid}"


class _Looker:
    """Looks for the face in the stacks of a frame of reference."""

    def __init__(self, headers: Sequence[ImageHeader], pixels: Pixels, depth: Depth) -> None:
        self._headers = headers
        self._pixels = pixels
        self._depth = depth
        self._read: tuple[int, Frames] | None = None

    def look(self, stacks: Sequence[Stack]) -> _Finding:
        """Return what was found; the best stacks are tried until one is sure."""
        worth = sorted(filter(is_worth_reading, stacks), key=_worth, reverse=True)
        found = _UNCHECKED
        for stack in worth[:_TRIED]:
            try:
                scan = read_scan(stack, self._headers, self._frame)
            except HeldError as error:
                found = replace(_UNCHECKED, code=error.code)
                continue
            part = body_part(self._headers[stack.frames[0].image].body_part)
            found = self._look_at(scan, part)
            if found.outcome is not FaceOutcome.DOUBTFUL:
                return found
        return found

    def _frame(self, which: FrameOf) -> NDArray[np.float32]:
        if self._read is None or self._read[0] != which.image:
            self._read = None
            self._read = (which.image, self._pixels(which.image))
        return self._read[1][which.frame]

    def _look_at(self, scan: Scan, part: BodyPart) -> _Finding:
        template = load_template()
        agreement = scan.agreement(template)
        placed = None if scan.body.is_empty else register(scan, agreement)
        quality = judge(scan, agreement, placed.to_patient) if placed else None
        if placed is None or quality is None or quality.agreement < no_head_below(part):
            is_head = placed is None and part is BodyPart.HEAD
            return _doubt(quality) if is_head else _Finding(FaceOutcome.NO_FACE, quality=quality)
        if has_no_face(scan, quality, placed.to_patient) or (
            not quality.is_sure and _is_stripped(scan)
        ):
            return _Finding(FaceOutcome.ALREADY, quality=quality)
        mask = place_mask(
            self._depth,
            template=template,
            to_template=placed.to_template,
            skin_depth=scan.skin_depth() if self._depth is Depth.LAYER else None,
        )
        if not quality.is_sure:
            return _doubt(quality, mask)
        if _face_ml(scan, mask) < _LEAST_FACE_ML:
            return _Finding(FaceOutcome.NO_FACE, quality=quality)
        return _Finding(FaceOutcome.REMOVED, mask=mask, quality=quality)


def _doubt(quality: Quality | None, mask: FaceMask | None = None) -> _Finding:
    return _Finding(FaceOutcome.DOUBTFUL, code="face.doubtful", mask=mask, quality=quality)


def _is_stripped(scan: Scan) -> bool:
    """Return whether the image is of a brain without skull and skin."""
    agreement = scan.agreement(load_brain())
    placed = register(scan, agreement)
    if placed is None or not judge(scan, agreement, placed.to_patient).is_sure:
        return False
    in_view, part = tissue(scan, placed.to_patient, scalp_points())
    return in_view > 0.5 and part < _LEAST_SCALP


def _face_ml(scan: Scan, mask: FaceMask) -> float:
    """Return how much of the body the mask takes."""
    covered = mask.covers(scan.grid.points()[scan.body.inside & scan.in_view])
    return float(covered.sum() * scan.grid.spacing_mm**3 / 1000)


def _worth(stack: Stack) -> tuple[bool, float]:
    """Return how well a stack can be registered: whole heads first, then thin slices."""
    extent = stack.spacing_mm * len(stack.frames)
    return (
        extent >= _WHOLE_MM,
        -max(stack.spacing_mm, stack.plane.row_spacing, stack.plane.column_spacing),
    )


def _inherited(
    findings: Mapping[str, _Finding],
    frames: Mapping[str, Sequence[Stack]],
    headers: Sequence[ImageHeader],
) -> dict[str, _Finding]:
    """Return findings of frames that hold surveys only, in a study without a head."""
    heads = {found.outcome for found in findings.values() if found is not _UNCHECKED}
    if heads != {FaceOutcome.NO_FACE}:
        return {}
    seen = {_part(headers, frames[s]) for s, found in findings.items() if found is not _UNCHECKED}
    return {
        space: _Finding(FaceOutcome.NO_FACE)
        for space, found in findings.items()
        if found is _UNCHECKED
        and (part := _part(headers, frames[space])) in seen
        and body_part(part) is not BodyPart.HEAD
    }


def _part(headers: Sequence[ImageHeader], stacks: Sequence[Stack]) -> str:
    parts = {headers[stack.frames[0].image].body_part.strip().upper() for stack in stacks}
    return parts.pop() if len(parts) == 1 else "HEAD"


def _study_head(findings: Mapping[str, _Finding]) -> StudyHead:
    if not findings:
        return StudyHead.UNSEEN
    if all(found.outcome is FaceOutcome.NO_FACE for found in findings.values()):
        return StudyHead.NONE
    return StudyHead.FOUND


def _decide(
    header: ImageHeader,
    findings: Mapping[str, _Finding],
    *,
    head: StudyHead,
    is_concerned: bool,
) -> FaceDecision:
    follows = follows_images(header.sop_class_uid)
    match treatment(appearance_of(header), head=head):
        case Treatment.RENDERING:
            decision = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.rendering")
        case Treatment.IMAGE | Treatment.CONTOURS if follows:
            decision = _follow(header, findings, head=head)
        case Treatment.IMAGE if is_concerned:
            decision = _decide_image(header, findings, head=head)
        case _:
            decision = FaceDecision(outcome=FaceOutcome.UNCONCERNED)
    return decision


def _decide_image(
    header: ImageHeader, findings: Mapping[str, _Finding], *, head: StudyHead
) -> FaceDecision:
    if any(plane is None for plane in header.planes):
        if head is StudyHead.NONE:
            return FaceDecision(outcome=FaceOutcome.NO_FACE)
        return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.no-geometry")
    is_scout = header.modality == "CT" and header.is_localizer
    return findings.get(_space(header), _UNCHECKED).decision(is_projection=is_scout)


def _follow(
    header: ImageHeader, findings: Mapping[str, _Finding], *, head: StudyHead
) -> FaceDecision:
    """Return the decision about an object that was made from images."""
    found = findings.get(_space(header))
    if found is not None:
        return found.decision()
    if head is StudyHead.NONE:
        return FaceDecision(outcome=FaceOutcome.NO_FACE)
    return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.missing-reference")
