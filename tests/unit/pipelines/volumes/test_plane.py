import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.volumes.plane import plane_of
from tests.unit.pipelines.volumes.made import AXIAL, SAGITTAL

angles = st.floats(-math.pi, math.pi)


def rotated(a: float, b: float, c: float) -> tuple[float, ...]:
    """Return direction cosines of a row and a column, turned about three axes."""
    turn = np.eye(3)
    for axis, angle in enumerate((a, b, c)):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        step = np.eye(3)
        step[[i, i, j, j], [i, j, i, j]] = (
            *(math.cos(angle), -math.sin(angle)),
            *(math.sin(angle), math.cos(angle)),
        )
        turn = turn @ step
    return tuple(turn[:, 0].tolist() + turn[:, 1].tolist())


def test_points_of_an_axial_plane() -> None:
    plane = plane_of((10, 20, 30), AXIAL, spacing=(2, 0.5), thickness=3)
    assert plane is not None
    points = plane.points(3, 4)
    assert points.shape == (3, 4, 3)
    assert points[0, 0].tolist() == [10, 20, 30]
    assert points[0, 3].tolist() == [11.5, 20, 30]  # along a row the column index grows
    assert points[2, 0].tolist() == [10, 24, 30]
    assert plane.points(1, 1, offset_mm=5)[0, 0].tolist() == [10, 20, 35]


def test_a_sagittal_plane_looks_along_x() -> None:
    plane = plane_of((0, 0, 0), SAGITTAL, spacing=(1, 1), thickness=None)
    assert plane is not None
    assert tuple(plane.normal) == (-1, 0, 0)
    assert plane.thickness == 0


@given(
    st.tuples(angles, angles, angles),
    st.tuples(*[st.floats(-500, 500)] * 3),
    st.tuples(*[st.floats(0.1, 8)] * 2),
    st.floats(-100, 100),
)
def test_points_are_those_of_the_equation(
    turned: tuple[float, float, float],
    position: tuple[float, float, float],
    spacing: tuple[float, float],
    offset: float,
) -> None:
    cosines = rotated(*turned)
    plane = plane_of(position, cosines, spacing=spacing, thickness=1)
    assert plane is not None
    points = plane.points(5, 7, offset_mm=offset)
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    for i, j in ((0, 0), (4, 0), (0, 6), (3, 5)):
        said = np.array(position) + row * spacing[1] * j + column * spacing[0] * i
        said += offset * np.cross(row, column)
        assert np.allclose(points[i, j], said, atol=1e-3)


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [
        (None, AXIAL, (1, 1)),
        ((0, 0, 0), None, (1, 1)),
        ((0, 0, 0), AXIAL, None),
        ((0, 0), AXIAL, (1, 1)),
        ((0, 0, 0), AXIAL[:5], (1, 1)),
        ((0, 0, 0), AXIAL, (1,)),
        ((0, 0, math.nan), AXIAL, (1, 1)),
        ((0, 0, 1e9), AXIAL, (1, 1)),
        ((0, 0, 0), AXIAL, (0, 1)),
        ((0, 0, 0), AXIAL, (1, -1)),
        ((0, 0, 0), AXIAL, (1, math.inf)),
        ((0, 0, 0), (0.0,) * 6, (1, 1)),
        ((0, 0, 0), (1.02, 0, 0, 0, 1, 0), (1, 1)),
        ((0, 0, 0), (1, 0, 0, 0, 0.98, 0), (1, 1)),
        ((0, 0, 0), (1, 0, 0, 0.02, 0.9998, 0), (1, 1)),
        ((0, 0, 0), (1, 0, 0, 1, 0, 0), (1, 1)),
    ],
)
def test_what_describes_no_plane_is_none(
    position: tuple[float, ...] | None,
    orientation: tuple[float, ...] | None,
    spacing: tuple[float, ...] | None,
) -> None:
    assert plane_of(position, orientation, spacing=spacing, thickness=1) is None


def test_cosines_that_were_rounded_are_a_plane() -> None:
    assert plane_of((0, 0, 0), (0.996, 0.08, 0, -0.08, 0.996, 0), spacing=(1, 1), thickness=1)


@pytest.mark.parametrize("thickness", [None, -1.0, math.nan, math.inf, 0.0])
def test_a_thickness_that_is_none_is_zero(thickness: float | None) -> None:
    plane = plane_of((0, 0, 0), AXIAL, spacing=(1, 1), thickness=thickness)
    assert plane is not None
    assert plane.thickness == 0
