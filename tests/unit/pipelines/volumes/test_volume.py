import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.volumes import FrameOf, VolumeError, affine_of, assemble, read_header, stacks_of
from tests.unit.pipelines.volumes.made import AXIAL, image
from tests.unit.pipelines.volumes.test_plane import angles, rotated
from tests.unit.pipelines.volumes.test_stacks import headers_at

SHAPE = (4, 5)


def flat(value: float) -> NDArray[np.float32]:
    return np.full(SHAPE, value, dtype=np.float32)


@given(
    st.tuples(angles, angles, angles),
    st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    st.floats(0.5, 12),
    st.integers(1, 9),
)
def test_the_affine_finds_every_voxel_where_its_plane_has_it(
    turned: tuple[float, float, float], shear: tuple[float, float], spacing: float, count: int
) -> None:
    cosines = rotated(*turned)
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    step = spacing * (np.cross(row, column) + shear[0] * row + shear[1] * column)
    headers = [
        read_header(image((place * step).tolist(), cosines)) for place in reversed(range(count))
    ]
    (stack,) = stacks_of(headers)
    values = np.random.default_rng(0).random((count, *SHAPE), dtype=np.float32)
    volume = assemble(stack, headers, lambda f: values[f.image])
    assert np.array_equal(volume.values, values[::-1])
    assert np.linalg.det(volume.affine[:3, :3]) > 0
    for number, which in enumerate(stack.frames):
        plane = headers[which.image].planes[0]
        assert plane is not None
        points = plane.points(*SHAPE)
        for i, j in ((0, 0), (3, 4)):
            found = volume.affine @ np.array([j, i, number, 1])
            assert np.allclose(found[:3], points[i, j], atol=2e-3)


@given(st.lists(st.integers(1, 3), min_size=3, max_size=12), st.floats(-3, 3), st.floats(-9, 9))
def test_what_is_linear_stays_linear_where_spacing_is_uneven(
    steps: list[int], slope: float, start: float
) -> None:
    heights = np.cumsum([0, *steps]).astype(float) + start
    headers = headers_at(heights.tolist())
    stacks = stacks_of(headers)
    for stack in stacks:
        volume = assemble(stack, headers, lambda f: flat(slope * heights[f.image]))
        for number, slab in enumerate(volume.values):
            z = (volume.affine @ np.array([0, 0, number, 1]))[2]
            assert stack.positions_mm[0] - 0.01 <= z <= stack.positions_mm[-1] + 0.01
            assert np.allclose(slab, slope * z, atol=1e-3)


def test_uneven_spacing_becomes_the_median() -> None:
    headers = headers_at([0, 2, 4, 9, 11])
    (stack,) = stacks_of(headers)
    volume = assemble(stack, headers, lambda f: flat(float(f.image)))
    assert volume.affine[2, 2] == pytest.approx(2)
    assert volume.values[:, 0, 0].tolist() == pytest.approx([0, 1, 2, 2.4, 2.8, 3.5])


def test_each_frame_is_asked_for_once_in_order() -> None:
    headers = headers_at([4, 0, 2])
    (stack,) = stacks_of(headers)
    asked: list[FrameOf] = []

    def frame(which: FrameOf) -> NDArray[np.float32]:
        asked.append(which)
        return flat(0)

    assemble(stack, headers, frame)
    assert asked == list(stack.frames)


def test_a_single_slice_is_as_thick_as_it_says() -> None:
    (stack,) = stacks_of(headers_at([7]))
    assert affine_of(stack).tolist() == [
        [0.5, 0, 0, 0],
        [0, 2, 0, 0],
        [0, 0, 3, 7],
        [0, 0, 0, 1],
    ]
    (stack,) = stacks_of([read_header(image((0, 0, 7), AXIAL, SliceThickness=None))])
    assert affine_of(stack)[2, 2] == 1


def test_gantry_tilt_is_in_the_affine() -> None:
    headers = [read_header(image((0, 0.5 * k, 2 * k))) for k in range(4)]
    (stack,) = stacks_of(headers)
    assert affine_of(stack)[:3, 2].tolist() == [0, 0.5, 2]
    assert stack.spacing_mm == 2


@pytest.mark.parametrize("shape", [(4, 5, 3), (5, 4), ()])
def test_a_frame_of_another_shape_is_held(shape: tuple[int, ...]) -> None:
    headers = headers_at([0, 2])
    (stack,) = stacks_of(headers)
    with pytest.raises(VolumeError) as caught:
        assemble(stack, headers, lambda _: np.zeros(shape))
    assert caught.value.code == "face.unsupported"
