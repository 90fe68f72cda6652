import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from pipelines.volumes import ImageHeader, Stack, read_header, stacks_of
from pipelines.volumes.stacks import FrameOf
from tests.unit.pipelines.volumes.made import AXIAL, CORONAL, SAGITTAL, enhanced, group, image
from tests.unit.pipelines.volumes.test_plane import angles, rotated


def headers_at(positions: Sequence[float], **attributes: object) -> list[ImageHeader]:
    """Return axial images at these heights, numbered in this order."""
    return [
        read_header(image((0, 0, z), AXIAL, InstanceNumber=n, **attributes))
        for n, z in enumerate(positions)
    ]


def heights(stacks: Sequence[Stack]) -> list[list[float]]:
    return [stack.positions_mm.tolist() for stack in stacks]


def images_of(stacks: Sequence[Stack]) -> list[list[int]]:
    return [[frame.image for frame in stack.frames] for stack in stacks]


def test_frames_are_ordered_along_the_normal_not_by_number() -> None:
    (stack,) = stacks_of(headers_at([9, 0, 6, 3]))
    assert [f.image for f in stack.frames] == [1, 3, 2, 0]
    assert stack.positions_mm.tolist() == [0, 3, 6, 9]
    assert (stack.spacing_mm, stack.is_regular, stack.is_single) == (3, True, False)
    assert (stack.rows, stack.columns, stack.modality) == (4, 5, "CT")


@given(
    st.tuples(angles, angles, angles),
    st.tuples(*[st.floats(-300, 300)] * 3),
    st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    st.floats(0.3, 12),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_any_shuffled_sheared_stack_is_one(  # noqa: PLR0917  (what is drawn)
    turned: tuple[float, float, float],
    start: tuple[float, float, float],
    shear: tuple[float, float],
    spacing: float,
    count: int,
    random: object,
) -> None:
    cosines = rotated(*turned)
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    step = spacing * (np.cross(row, column) + shear[0] * row + shear[1] * column)
    places = list(range(count))
    random.shuffle(places)  # type: ignore[attr-defined]  # a random.Random of hypothesis
    headers = [
        read_header(
            image((np.array(start) + place * step).tolist(), cosines, InstanceNumber=number)
        )
        for number, place in enumerate(places)
    ]
    (stack,) = stacks_of(headers)
    assert [places[frame.image] for frame in stack.frames] == list(range(count))
    assert stack.is_regular
    assert stack.left_out == ()
    if count > 1:
        assert stack.spacing_mm == pytest.approx(spacing, rel=1e-3)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_every_frame_is_in_one_stack_or_left_out_of_one(positions: list[int]) -> None:
    stacks = stacks_of(headers_at(positions))
    frames = [frame for stack in stacks for frame in (*stack.frames, *stack.left_out)]
    assert sorted(frames) == [FrameOf(i, 0) for i in range(len(positions))]
    for stack in stacks:
        steps = np.diff(stack.positions_mm)
        assert (steps > 0).all()
        for other in stack.left_out:
            assert positions[other.image] in stack.positions_mm.tolist()


def test_a_gap_splits_and_uneven_spacing_does_not() -> None:
    assert heights(stacks_of(headers_at([0, 2, 4, 9, 11, 20, 22]))) == [
        [0, 2, 4, 9, 11],
        [20, 22],
    ]
    (stack,) = stacks_of(headers_at([0, 2, 4, 9, 11]))
    assert not stack.is_regular
    assert stack.spacing_mm == 2


def test_left_out_frames_stay_with_their_piece() -> None:
    stacks = stacks_of(headers_at([0, 2, 4, 50, 52, 54, 4, 54]))
    assert images_of(stacks) == [[0, 1, 2], [3, 4, 5]]
    assert [[f.image for f in s.left_out] for s in stacks] == [[6], [7]]


def test_of_two_at_one_position_the_first_by_number_stays() -> None:
    headers = [
        read_header(image((0, 0, z), InstanceNumber=n)) for n, z in ((9, 3), (2, 3), (1, 0), (3, 6))
    ]
    (stack,) = stacks_of(headers)
    assert [f.image for f in stack.frames] == [2, 1, 3]
    assert stack.left_out == (FrameOf(0, 0),)


def test_directions_grids_and_kinds_are_separate() -> None:
    headers = [
        read_header(image((p, p, p), orientation, **attributes))
        for orientation, attributes in (
            (AXIAL, {}),
            (CORONAL, {}),
            (SAGITTAL, {}),
            (AXIAL, {"PixelSpacing": [1, 1]}),
            (AXIAL, {"Rows": 8}),
            (AXIAL, {"EchoTime": 10}),
            (AXIAL, {"ImageType": ["DERIVED", "SECONDARY", "MPR"]}),
            (AXIAL, {"SeriesInstanceUID": "1.2.9"}),
            (AXIAL, {"FrameOfReferenceUID": "1.2.9"}),
        )
        for p in (0, 2, 4)
    ]
    found = [sorted(images) for images in images_of(stacks_of(headers))]
    assert found == [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(9)]


def test_directions_that_differ_by_rounding_are_the_same() -> None:
    turned = (0.99999, 0.0, 0.004, 0.0, 1.0, 0.0)
    rounded = (1.0, 0.0, 0.0045, 0.0, 1.0, 0.0)
    headers = [read_header(image((0, 0, z), (turned, rounded)[z % 2])) for z in range(6)]
    assert len(stacks_of(headers)) == 1


def test_volumes_are_told_apart_by_their_acquisition() -> None:
    headers = [
        header
        for acquisition in (1, 2, 3)
        for header in headers_at([0, 2, 4, 6], AcquisitionNumber=acquisition)
    ]
    assert images_of(stacks_of(headers)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]


def test_an_acquisition_number_that_counts_slices_separates_nothing() -> None:
    headers = [
        read_header(image((0, 0, z), AcquisitionNumber=n, InstanceNumber=n))
        for n, z in enumerate([0, 2, 4, 6, 8, 4])
    ]
    (stack,) = stacks_of(headers)
    assert [f.image for f in stack.frames] == [0, 1, 2, 3, 4]
    assert stack.left_out == (FrameOf(5, 0),)


def test_frames_beside_each_other_are_no_stack() -> None:
    headers = [
        read_header(image((x, 0, z), InstanceNumber=z)) for x in (0, 100) for z in (0, 2, 4, 6)
    ]
    assert images_of(stacks_of(headers)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    tilted = [
        read_header(image((x, 0.3 * z, z), InstanceNumber=z)) for x in (0, 100) for z in range(9)
    ]
    assert images_of(stacks_of(tilted)) == [list(range(9)), list(range(9, 18))]


def test_each_scout_of_a_ct_is_alone() -> None:
    scouts = [
        read_header(image((0, 0, z), CORONAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]))
        for z in (0, 5)
    ]
    stacks = stacks_of([*scouts, *headers_at([0, 2, 4])])
    assert images_of(stacks) == [[0], [1], [2, 3, 4]]
    assert [stack.is_localizer for stack in stacks] == [True, True, False]
    assert stacks[0].spacing_mm == 3  # its thickness


def test_a_few_slices_in_three_directions_are_a_localizer() -> None:
    headers = [
        read_header(image((p, p, p), orientation, Modality="MR"))
        for orientation in (AXIAL, CORONAL, SAGITTAL)
        for p in (0, 20, 40)
    ]
    assert [stack.is_localizer for stack in stacks_of(headers)] == [True] * 3
    many = [
        read_header(image((p, p, p), orientation, Modality="MR"))
        for orientation in (AXIAL, CORONAL, SAGITTAL)
        for p in range(40)
    ]
    assert [stack.is_localizer for stack in stacks_of(many)] == [False] * 3


def test_frames_of_one_enhanced_image_are_stacks() -> None:
    def frame(z: float, echo: float) -> Dataset:
        return group((0, 0, z), MREchoSequence={"EffectiveEchoTime": echo})

    own = [frame(z, echo) for z in (4, 0, 2) for echo in (10, 80)]
    stacks = stacks_of([read_header(enhanced(group(None, AXIAL, (1, 1)), own, Modality="MR"))])
    assert [[f.frame for f in stack.frames] for stack in stacks] == [[2, 4, 0], [3, 5, 1]]


def test_frames_without_a_plane_are_in_no_stack() -> None:
    headers = [read_header(image(None)), *headers_at([0, 2])]
    assert images_of(stacks_of(headers)) == [[1, 2]]
    assert stacks_of([read_header(image(None))]) == []
    assert stacks_of([]) == []


def test_nothing_of_the_source_is_shown() -> None:
    (stack,) = stacks_of(headers_at([0, 2]))
    assert "1.2.3" not in repr(stack)


def test_two_thousand_headers_take_no_time() -> None:
    headers = headers_at([float(z) for z in range(500)])
    many = [header for header in headers for _ in range(4)]
    start = time.process_time()
    (stack,) = stacks_of(many)
    assert time.process_time() - start < 1
    assert (len(stack.frames), len(stack.left_out)) == (500, 1500)
    assert all(a < b for a, b in pairwise(stack.positions_mm.tolist()))
