"""What a reviewer may say about a series: about what was drawn, or follows what was drawn."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, SegmentationStorage

from gateway.commands.deface.findings import SeriesFinding
from gateway.commands.deface.inputs import Input
from gateway.commands.deface.questions import questions_of
from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome
from pipelines.deface.grid import Grid
from pipelines.deface.mask import FaceMask
from pipelines.deface.remembered import decode
from pipelines.volumes import FrameOf, read_header, stacks_of
from rules.load import load_plan
from tests.support.faces import frames_of, slice_of

PLAN = load_plan("research-default")
MASK = FaceMask(
    depth=Depth.WIDE,
    distance=Grid(
        values=np.linspace(-9, 9, 64, dtype=np.float32).reshape(4, 4, 4),
        origin=np.zeros(3),
        spacing_mm=3.0,
    ),
    to_template=np.eye(4),
)
DOUBT = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.doubtful", mask=MASK)
UNCHECKED = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.unchecked")
REMOVED, NO_FACE = FaceOutcome.REMOVED, FaceOutcome.NO_FACE


def finding(
    *decisions: FaceDecision, number: int = 1, sop_class: str = str(CTImageStorage)
) -> SeriesFinding:
    """Return a series of axial slices; of derived objects nothing is drawn."""
    headers = tuple(
        read_header(slice_of(number=n, sop=f"1.2.3.{number}.{n}", SOPClassUID=sop_class))
        for n in range(len(decisions))
    )
    is_image = sop_class == str(CTImageStorage)
    return SeriesFinding(
        number=number,
        inputs=tuple(
            Input(
                name=f"{number}-{n}",
                open=lambda: pytest.fail("nothing is opened"),
                held_for="face.doubtful",
                content_digest=bytes([number, n]),
            )
            for n in range(len(decisions))
        ),
        headers=headers,
        decisions=decisions,
        stack=stacks_of(headers)[0] if is_image else None,
        stacks=1,
        not_drawn="" if is_image else "no images of a kind that is looked at",
    )


def test_of_a_series_that_was_drawn_both_can_be_said() -> None:
    (asked,) = questions_of([finding(*[DOUBT] * 5)], PLAN).values()
    assert asked.data.keys() == {REMOVED, NO_FACE}
    assert [each.id for each in asked.objects] == [f"1-{n}" for n in range(5)]
    known = decode(asked.data[REMOVED])
    assert known.frame_of_reference_uid == "1.2.3.9"
    points = np.random.default_rng(0).uniform(-5, 15, (500, 3))
    assert known.mask is not None
    assert np.array_equal(known.mask.covers(points), MASK.covers(points))
    assert decode(asked.data[NO_FACE]).mask is None


def test_without_a_mask_there_is_none_to_be_right() -> None:
    (asked,) = questions_of([finding(*[UNCHECKED] * 5)], PLAN).values()
    assert asked.data.keys() == {NO_FACE}


def test_what_follows_can_only_follow_what_was_drawn() -> None:
    segments = finding(DOUBT, number=2, sop_class=str(SegmentationStorage))
    asked = questions_of([finding(*[DOUBT] * 5), segments], PLAN)
    assert asked[2].data.keys() == {REMOVED}
    assert questions_of([segments], PLAN) == {}
    other = replace(DOUBT, mask=replace(MASK))
    assert questions_of([finding(*[other] * 5), segments], PLAN).keys() == {1}


@pytest.mark.parametrize(
    "decision",
    [
        FaceDecision(outcome=FaceOutcome.REMOVED, mask=MASK),
        FaceDecision(outcome=FaceOutcome.NO_FACE),
        FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.rendering"),
        FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.unsupported"),
        replace(DOUBT, mask=replace(MASK)),
    ],
)
def test_a_series_that_is_not_in_one_doubt_is_no_question(decision: FaceDecision) -> None:
    assert questions_of([finding(*[DOUBT] * 4, decision)], PLAN) == {}


def test_what_is_not_drawn_is_not_asked() -> None:
    made = finding(*[DOUBT] * 5)
    assert questions_of([replace(made, stack=None)], PLAN) == {}
    assert made.stack is not None
    part = replace(made.stack, frames=made.stack.frames[:4])
    (asked,) = questions_of([replace(made, stack=part)], PLAN).values()
    assert len(asked.objects) == 4


def test_what_repeats_the_places_of_what_is_drawn_is_not_asked() -> None:
    """Its pixels may be others; it is drawn when the rest is no longer held."""
    made = finding(*[DOUBT] * 5)
    assert made.stack is not None
    again = replace(made.stack, frames=made.stack.frames[:4], left_out=made.stack.frames[4:])
    (asked,) = questions_of([replace(made, stack=again)], PLAN).values()
    assert [each.id for each in asked.objects] == [f"1-{n}" for n in range(4)]


def test_an_object_of_which_not_all_frames_are_drawn_is_not_asked() -> None:
    header = read_header(frames_of(4))
    made = finding(DOUBT)
    assert made.stack is not None
    stack = replace(made.stack, frames=tuple(FrameOf(0, n) for n in range(3)))
    assert questions_of([replace(made, headers=(header,), stack=stack)], PLAN) == {}
    whole = replace(stack, frames=tuple(FrameOf(0, n) for n in range(4)))
    assert questions_of([replace(made, headers=(header,), stack=whole)], PLAN)


def test_the_number_is_of_pixels_mask_and_plan() -> None:
    made = finding(*[DOUBT] * 5)

    def seen(shown: SeriesFinding, plan_hash: str = PLAN.hash) -> str:
        (asked,) = questions_of([shown], replace(PLAN, hash=plan_hash)).values()
        return asked.seen

    again = seen(finding(*[replace(DOUBT)] * 5))
    assert seen(made) == again
    first, *rest = made.inputs
    moved = replace(MASK, to_template=MASK.to_template + 1e-9 * np.eye(4))
    others = {
        "pixels": replace(made, inputs=(replace(first, content_digest=b"other"), *rest)),
        "object": replace(made, inputs=(replace(first, name="another"), *rest)),
        "reason": replace(made, inputs=(replace(first, held_for="face.unchecked"), *rest)),
        "mask": replace(made, decisions=(replace(DOUBT, mask=moved),) * 5),
        "no mask": replace(made, decisions=(UNCHECKED,) * 5),
    }
    numbers = {name: seen(each) for name, each in others.items()}
    numbers["plan"] = seen(made, "0" * 64)
    assert len({again, *numbers.values()}) == len(numbers) + 1
