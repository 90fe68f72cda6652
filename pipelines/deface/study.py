"""Decide about the faces of a whole study: one mask per frame of reference.

Every object of a frame of reference follows what `pipelines.deface.space` found there, also
those that nobody could register alone (surveys, single slices, segmentations, structure
sets, scouts). What nobody knows is doubtful.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome, FacePlan, Known, News
from pipelines.deface.derived import Treatment, follows_images, is_volume_of_head, treatment
from pipelines.deface.locate import BodyPart, body_part
from pipelines.deface.look import UNCHECKED, Finding
from pipelines.deface.remembered import Remembered, encode, unclear
from pipelines.deface.renderings import StudyHead, appearance_of
from pipelines.deface.space import Looker, Pixels, Space, known_space
from pipelines.volumes import FrameOf, ImageHeader, Stack, stacks_of


def plan_faces(
    headers: Sequence[ImageHeader],
    pixels: Pixels,
    *,
    modalities: Collection[str],
    depth: Depth,
    earlier: Sequence[Remembered] = (),
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
    earlier : Sequence[Remembered]
        What was found in this study before, with the same modalities and depth.

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
    stacks: dict[str, list[Stack]] = defaultdict(list)
    for stack in stacks_of([headers[number] for number in concerned]):
        stacks[_space(stack)].append(_renumbered(stack, concerned))
    looker = Looker(headers, pixels, depth)
    known = {each.frame_of_reference_uid: each for each in earlier}
    looked = {space: looker.look(found, known.get(space)) for space, found in stacks.items()}
    had_no_head = all(each.outcome is Known.NO_FACE for each in earlier)
    if had_no_head:
        looked |= _inherited(looked, stacks, headers)
    head = _study_head(looked, had_no_head=had_no_head)
    spaces = {space: known_space(each) for space, each in known.items()} | looked
    is_concerned = frozenset(concerned)
    return FacePlan(
        decisions={
            header.sop_instance_uid: _decide(
                header, number, spaces, head=head, is_concerned=number in is_concerned
            )
            for number, header in enumerate(headers)
        },
        news=_news(looked, headers),
    )


def _news(spaces: Mapping[str, Space], headers: Sequence[ImageHeader]) -> dict[str, News]:
    """Return what is to be remembered: of those without a name that a head may be in one."""
    named = {header.frame_of_reference_uid for header in headers} - {""}
    found: dict[str, News] = {}
    for name, space in spaces.items():
        if space.news is not None and name in named:
            outcome, mask = space.news
            known = Remembered(frame_of_reference_uid=name, outcome=outcome, mask=mask)
            found[name] = News(outcome, encode(known))
    if not all(space.has_no_head for name, space in spaces.items() if name not in named):
        found |= unclear()
    return found


def _space(of: Stack | ImageHeader) -> str:
    """Return what shares coordinates: a series alone where no frame of reference is named."""
    return of.frame_of_reference_uid or f"series {of.series_instance_uid}"


def _renumbered(stack: Stack, numbers: Sequence[int]) -> Stack:
    return replace(
        stack,
        frames=tuple(FrameOf(numbers[f.image], f.frame) for f in stack.frames),
        left_out=tuple(FrameOf(numbers[f.image], f.frame) for f in stack.left_out),
    )


def _inherited(
    spaces: Mapping[str, Space],
    stacks: Mapping[str, Sequence[Stack]],
    headers: Sequence[ImageHeader],
) -> dict[str, Space]:
    """Return findings of frames that hold surveys only, in a study without a head."""
    seen = {name: space for name, space in spaces.items() if space.common is not UNCHECKED}
    if not seen or not all(space.has_no_head for space in seen.values()):
        return {}
    parts = {_part(headers, stacks[name]) for name in seen}
    return {
        name: Space(common=Finding(FaceOutcome.NO_FACE))
        for name, space in spaces.items()
        if space.common is UNCHECKED
        and not space.own
        and (part := _part(headers, stacks[name])) in parts
        and body_part(part) is BodyPart.EXTREMITY
    }


def _part(headers: Sequence[ImageHeader], stacks: Sequence[Stack]) -> str:
    parts = {headers[stack.frames[0].image].body_part.strip().upper() for stack in stacks}
    return parts.pop() if len(parts) == 1 else ""


def _study_head(spaces: Mapping[str, Space], *, had_no_head: bool) -> StudyHead:
    if not spaces:
        return StudyHead.UNSEEN
    if had_no_head and all(space.has_no_head for space in spaces.values()):
        return StudyHead.NONE
    return StudyHead.FOUND


def _decide(
    header: ImageHeader,
    number: int,
    spaces: Mapping[str, Space],
    *,
    head: StudyHead,
    is_concerned: bool,
) -> FaceDecision:
    follows = follows_images(header.sop_class_uid)
    match treatment(appearance_of(header), head=head):
        case Treatment.RENDERING:
            decision = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.rendering")
        case Treatment.IMAGE | Treatment.CONTOURS if follows:
            decision = _follow(header, spaces, head=head)
        case Treatment.IMAGE if is_concerned:
            decision = _decide_image(header, number, spaces, head=head)
        case _:
            decision = FaceDecision(outcome=FaceOutcome.UNCONCERNED)
    return decision


def _decide_image(
    header: ImageHeader, number: int, spaces: Mapping[str, Space], *, head: StudyHead
) -> FaceDecision:
    if any(plane is None for plane in header.planes):
        if head is StudyHead.NONE:
            return FaceDecision(outcome=FaceOutcome.NO_FACE)
        return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.no-geometry")
    space = spaces.get(_space(header), Space(common=UNCHECKED))
    found, by = space.of(number)
    is_scout = header.modality == "CT" and header.is_localizer
    return replace(found.decision(is_projection=is_scout), decided_by=by)


def _follow(header: ImageHeader, spaces: Mapping[str, Space], *, head: StudyHead) -> FaceDecision:
    """Return the decision about an object that was made from images."""
    space = spaces.get(_space(header))
    if space is not None:
        return replace(space.common.decision(), decided_by=space.by)
    if head is StudyHead.NONE:
        return FaceDecision(outcome=FaceOutcome.NO_FACE)
    return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.missing-reference")
