"""What a reviewer was shown of a held series, and what may be answered."""

import json
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256

from gateway.commands.deface.findings import SeriesFinding
from gateway.work.verdicts import Question, SeenObject
from pipelines.deface.decision import FaceOutcome, Known
from pipelines.deface.derived import follows_images
from pipelines.deface.mask import FaceMask
from pipelines.deface.remembered import Remembered, encode, is_decidable
from rules.plan import Plan

_VERSION = "narthex/face-verdict/v1"
_DIGITS = 32


def questions_of(findings: Sequence[SeriesFinding], plan: Plan) -> dict[int, Question]:
    """Return what a person may say about series, by their numbers.

    It is about the objects that the pictures show: those of the largest stack, but for what
    repeats its places (shown when these are decided about), or of a series
    that has no picture of its own and follows a mask that another one shows. All are in
    doubt, with one mask or none. That there is no face can be said of pictures only; that a
    mask is right, where one was proposed.
    """
    drawn = {id(each.decision.mask) for each in findings if each.stack is not None}
    asked = {each.number: _question(each, plan, drawn) for each in findings}
    return {number: question for number, question in asked.items() if question is not None}


def _question(finding: SeriesFinding, plan: Plan, drawn: AbstractSet[int]) -> Question | None:
    numbers = _shown(finding)
    doubts = [finding.decisions[number] for number in numbers]
    masks = {id(each.mask) for each in doubts}
    if not doubts or len(masks) != 1 or not all(map(is_decidable, doubts)):
        return None
    frames = {finding.headers[number].frame_of_reference_uid for number in numbers}
    mask = doubts[0].mask
    data: dict[FaceOutcome, bytes] = {}
    if finding.stack is not None:
        data[FaceOutcome.NO_FACE] = _encoded(min(frames), None)
    if isinstance(mask, FaceMask) and id(mask) in drawn and len(frames) == 1:
        data[FaceOutcome.REMOVED] = _encoded(min(frames), mask)
    if not data:
        return None
    objects = tuple(
        SeenObject(id=held.name, reason=held.held_for, content_digest=held.content_digest)
        for held in (finding.inputs[number] for number in numbers)
    )
    return Question(seen=_digest(objects, data, plan), objects=objects, data=data)


def _shown(finding: SeriesFinding) -> list[int]:
    """Return the numbers of the objects that pictures show whole, or that need none."""
    if finding.stack is None:
        follow = all(follows_images(header.sop_class_uid) for header in finding.headers)
        return list(range(len(finding.inputs))) if follow else []
    counts = Counter(each.image for each in finding.stack.frames)
    return sorted(n for n, count in counts.items() if count == finding.headers[n].frames)


def _encoded(frame_of_reference_uid: str, mask: FaceMask | None) -> bytes:
    outcome = Known.NO_FACE if mask is None else Known.REMOVED
    return encode(
        Remembered(frame_of_reference_uid=frame_of_reference_uid, outcome=outcome, mask=mask)
    )


def _digest(objects: tuple[SeenObject, ...], data: dict[FaceOutcome, bytes], plan: Plan) -> str:
    """Return the digest of pixels, mask and plan: another of any of them has another one."""
    said = [
        _VERSION,
        plan.hash,
        sorted((each.id, each.reason, each.content_digest.hex()) for each in objects),
        sorted((outcome.value, sha256(each).hexdigest()) for outcome, each in data.items()),
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:_DIGITS]
