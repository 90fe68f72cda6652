"""To a raster and back: areas stay, holes stay holes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.deface.polygons import _thinned, coverage, keyholed, signed_area, trace

Points = NDArray[np.float64]


def _disc(x: float, y: float, radius: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


def _slow(loop: Points, *, rows: int, columns: int, parts: int) -> Points:
    """Count sub-pixels whose centre an odd number of edges encloses."""
    at = (np.arange(parts) + 0.5) / parts - 0.5
    y = (np.arange(rows)[:, None] + at).ravel()
    x = (np.arange(columns)[:, None] + at).ravel()
    odd = np.zeros((len(y), len(x)), dtype=bool)
    for (x0, y0), (x1, y1) in zip(loop, np.roll(loop, -1, axis=0), strict=True):
        crosses = (y0 <= y) != (y1 <= y)
        with np.errstate(divide="ignore", invalid="ignore"):
            where = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        odd ^= crosses[:, None] & (x[None, :] < where[:, None])
    shares: Points = odd.reshape(rows, parts, columns, parts).mean(axis=(1, 3))
    return shares


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-6, 26), st.floats(-6, 26)).map(lambda p: tuple(np.round(p, 3))),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_filled_is_what_points_say(points: list[tuple[float, float]]) -> None:
    """Whatever crosses itself, touches itself, leaves the raster or has no area."""
    loop = np.array(points)
    fast = coverage(loop, rows=20, columns=21)
    assert fast.min() >= -1e-6
    assert fast.max() <= 1 + 1e-6
    assert np.abs(fast - _slow(loop, rows=20, columns=21, parts=16)).mean() < 0.06


def test_boxes_are_filled_exactly() -> None:
    box = np.array([[2.25, 3.5], [7.0, 3.5], [7.0, 9.5], [2.25, 9.5]])
    filled = coverage(box, rows=12, columns=12)
    assert filled[4:10, 3:7].tolist() == [[1.0] * 4] * 6
    assert filled[4:10, 2].tolist() == [0.25] * 6
    assert filled[4:10, 7].tolist() == [0.5] * 6
    assert filled.sum() == pytest.approx(4.75 * 6)


@pytest.mark.parametrize("radius", [3.0, 10.3, 44.7])
def test_a_trace_of_what_was_filled_is_the_outline(radius: float) -> None:
    disc = _disc(50.2, 49.7, radius)
    ((outline, holes),) = trace(coverage(disc, rows=100, columns=101))
    assert not holes
    assert signed_area(outline) == pytest.approx(np.pi * radius**2, rel=0.04)
    away = np.linalg.norm(outline - [50.2, 49.7], axis=1)
    assert np.abs(away - radius).max() < 0.2


def test_nested_outlines_and_holes_find_each_other() -> None:
    filled = np.zeros((120, 120), dtype=np.float32)
    for radius, value in ((50, 1), (40, 0), (30, 1), (20, 0)):
        filled[coverage(_disc(60, 60, radius), rows=120, columns=120) > 0.5] = value
    filled[coverage(_disc(60, 104, 2.5), rows=120, columns=120) > 0.5] = 0
    pieces = trace(filled)
    assert [len(holes) for _, holes in pieces] == [1, 2]
    assert all(signed_area(outline) > 0 for outline, _ in pieces)
    assert all(signed_area(hole) < 0 for _, holes in pieces for hole in holes)
    again = sum(coverage(keyholed(*piece), rows=120, columns=120) for piece in pieces)
    assert np.abs(again - filled).mean() < 0.02


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(20, 80), st.integers(20, 80), st.integers(2, 9)),
        min_size=1,
        max_size=12,
    )
)
def test_keyholes_leave_out_every_hole(discs: list[tuple[int, int, int]]) -> None:
    filled = coverage(_disc(50, 50, 46), rows=100, columns=100)
    for x, y, radius in discs:
        filled[coverage(_disc(x, y, radius), rows=100, columns=100) > 0] = 0
    again = np.zeros_like(filled)
    for outline, holes in trace(filled):
        again += coverage(keyholed(outline, holes), rows=100, columns=100)
    assert np.abs(again - filled).sum() <= 0.6 * (filled.size - (filled == 0).sum()) ** 0.5 + 40
    assert again[filled == 0].sum() < 30
    assert ((again > 0.5) == (filled > 0.5)).mean() > 0.995


def test_noise_of_the_raster_is_no_outline() -> None:
    filled = np.zeros((20, 20), dtype=np.float32)
    filled[5, 5] = filled[9:11, 9] = 1
    assert trace(filled) == []


def test_thinning_leaves_corners_and_no_less_than_a_triangle() -> None:
    side = np.arange(40.0)
    box = np.concatenate([
        np.stack([side, side * 0], axis=1), np.stack([side * 0 + 40, side], axis=1),
        np.stack([40 - side, side * 0 + 40], axis=1), np.stack([side * 0, 40 - side], axis=1),
    ])  # fmt: skip
    thin = _thinned(box)
    assert len(thin) < 20
    assert signed_area(thin) == signed_area(box) == 1600
    sliver = np.array([[0, 0], [5, 0], [10, 0], [5, 0.001]])
    assert len(_thinned(sliver)) >= 3
