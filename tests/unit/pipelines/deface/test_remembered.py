"""What was found of a face, as bytes and back; and what a verdict does to a doubt."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.deface.decision import DecidedBy, Depth, FaceDecision, FaceOutcome, Known
from pipelines.deface.grid import Grid
from pipelines.deface.mask import FaceMask
from pipelines.deface.remembered import LARGEST_BYTES, Remembered, decode, encode, settled

UID = "1.2.3.10"


def made(seed: int, *, spacing_mm: float = 3.0) -> FaceMask:
    """Return a mask of blobs, at any place."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 4, (5, 6, 7)).astype(np.float32)
    values = np.kron(coarse, np.ones((3, 3, 3), dtype=np.float32))
    values += random.normal(0, 1, values.shape).astype(np.float32)
    matrix = np.eye(4)
    matrix[:3, :3] += random.normal(0, 0.05, (3, 3))
    matrix[:3, 3] = random.normal(0, 30, 3)
    grid = Grid(values=values, origin=random.normal(0, 20, 3), spacing_mm=spacing_mm)
    return FaceMask(depth=Depth.WIDE, distance=grid, to_template=matrix)


def known(mask: FaceMask | None, outcome: Known = Known.REMOVED) -> Remembered:
    return Remembered(frame_of_reference_uid=UID, outcome=outcome, mask=mask)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 3.0]))
def test_the_same_points_are_covered(seed: int, spacing_mm: float) -> None:
    mask = made(seed, spacing_mm=spacing_mm)
    data = encode(known(mask))
    read = decode(data)
    assert (read.frame_of_reference_uid, read.outcome) == (UID, Known.REMOVED)
    assert read.mask is not None
    assert read.mask.depth is Depth.WIDE
    points = np.random.default_rng(seed).uniform(-80, 80, (4000, 3))
    assert np.array_equal(read.mask.covers(points), mask.covers(points))
    assert mask.covers(points).any()
    assert encode(read) == data, "kept again it is the same"


@given(data=st.binary(max_size=200), is_like=st.booleans())
def test_other_bytes_are_refused(data: bytes, *, is_like: bool) -> None:
    whole = encode(known(made(1)))
    with pytest.raises(ValueError, match="can't be read"):
        decode(whole[: len(data)] + data if is_like else data)


def test_what_is_no_place_is_refused() -> None:
    mask = made(2)
    for shape, origin in (((2, 2), 0.0), ((2, 2, 2), np.nan)):
        values = np.ones(shape, dtype=np.float32)
        grid = Grid(values=values, origin=np.full(3, origin), spacing_mm=3.0)
        with pytest.raises(ValueError, match="can't be read"):
            decode(encode(known(dataclasses.replace(mask, distance=grid))))
    flat = dataclasses.replace(mask, to_template=np.zeros((4, 4)))
    with pytest.raises(ValueError, match="can't be read"):
        decode(encode(known(flat)))


def test_outcome_and_mask_belong_together() -> None:
    for outcome in Known:
        needs_mask = outcome in (Known.REMOVED, Known.ALREADY, Known.MOVED)
        mask = made(3)
        assert decode(encode(known(mask if needs_mask else None, outcome))).outcome is outcome
        with pytest.raises(ValueError, match="belong"):
            known(None if needs_mask else mask, outcome)


def test_one_point_is_covered_as_it_is_among_others() -> None:
    mask = made(11)
    points = np.random.default_rng(1).uniform(-40, 40, (50, 3))
    one_by_one = [mask.covers(point) for point in points]
    assert np.array_equal(one_by_one, mask.covers(points))
    assert mask.covers(points[0]).shape == ()
    assert mask.covers(points.reshape(5, 10, 3)).shape == (5, 10)


def test_all_that_a_mask_is_made_of_is_kept() -> None:
    """A new attribute of a mask must be kept, too: this test then says so."""
    names = {each.name for each in dataclasses.fields(FaceMask)}
    assert names == {"depth", "distance", "to_template"}
    assert {each.name for each in dataclasses.fields(Grid)} == {"values", "origin", "spacing_mm"}
    assert len(encode(known(made(4)))) < LARGEST_BYTES


def test_a_verdict_settles_a_doubt() -> None:
    mask = made(5)
    doubt = FaceDecision(
        outcome=FaceOutcome.DOUBTFUL,
        code="face.doubtful",
        mask=made(6),
        figures={"overlap": 0.7},
        is_projection=True,
    )
    right = settled(doubt, known(mask))
    assert (right.outcome, right.code, right.mask) == (FaceOutcome.REMOVED, "", mask)
    assert right.decided_by is DecidedBy.PERSON
    assert (right.figures, right.is_projection) == ({"overlap": 0.7}, True)
    none = settled(doubt, known(None, Known.NO_FACE))
    assert (none.outcome, none.mask, none.decided_by) == (
        FaceOutcome.NO_FACE,
        None,
        DecidedBy.PERSON,
    )


@pytest.mark.parametrize(
    "code",
    ["face.rendering", "face.no-geometry", "face.missing-reference", "face.no-template", ""],
)
def test_a_verdict_settles_no_other_doubt(code: str) -> None:
    doubt = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code=code)
    assert settled(doubt, known(made(7))) is doubt
    assert settled(doubt, known(None, Known.NO_FACE)) is doubt


def test_what_is_no_verdict_settles_nothing() -> None:
    doubt = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.doubtful")
    for each in (known(made(8), Known.ALREADY), known(None, Known.UNCLEAR)):
        assert settled(doubt, each) is doubt


def test_where_the_look_is_sure_by_now_the_look_counts() -> None:
    removed = FaceDecision(outcome=FaceOutcome.REMOVED, mask=made(9))
    no_face = FaceDecision(outcome=FaceOutcome.NO_FACE)
    assert settled(removed, known(made(10))) is removed
    assert settled(removed, known(None, Known.NO_FACE)) is removed
    assert settled(no_face, known(None, Known.NO_FACE)) is no_face
    contrary = settled(no_face, known(made(10)))
    assert (contrary.outcome, contrary.code) == (FaceOutcome.DOUBTFUL, "face.doubtful")
