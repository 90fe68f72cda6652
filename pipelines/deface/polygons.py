"""Polygons on a raster: how much of each pixel they fill, and the way back to polygons.

Coordinates are pixels: the centre of the pixel in row 0, column 0 is at (0, 0). Points are
``(column, row)``.
"""

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours

from pipelines.errors import HeldError

MAX_CROSSINGS = 16_000_000
_LINES = 4
"""Lines through each row on which the polygon is cut."""
_ROUNDS, _TOLERANCE = 6, 0.02
"""Of thinning; how far a vertex that goes may be from the edge that is left, pixels."""
_LEAST_AREA = 4.0
"""Traces of fewer pixels are noise of the raster."""

Loop = NDArray[np.float64]
"""Vertices of a closed polygon, shape ``(n, 2)``; the last one is joined to the first."""


def coverage(loop: Loop, *, rows: int, columns: int) -> NDArray[np.float32]:
    """Return the part of each pixel that is inside, 0 to 1.

    Inside is what an odd number of edges encloses: a keyhole (PS3.3, C.8.8.6.3) and an
    outline that crosses itself are read alike.

    Parameters
    ----------
    loop : numpy.ndarray
        Shape ``(n, 2)``. Not changed.

    Returns
    -------
    numpy.ndarray
        Shape ``(rows, columns)``. Exact along the rows, four lines to a row across.

    Raises
    ------
    HeldError
        `face.unsupported`: an outline so long that it was made to keep somebody busy.
    """
    x0, y0 = loop.T
    x1, y1 = np.roll(loop, -1, axis=0).T
    low, high = _first_line(np.minimum(y0, y1)), _first_line(np.maximum(y0, y1))
    low, high = np.clip(low, 0, rows * _LINES), np.clip(high, 0, rows * _LINES)
    counts = high - low
    total = int(counts.sum())
    if total > MAX_CROSSINGS:
        raise HeldError("face.unsupported", where="contour with too many edges")
    edge = np.repeat(np.arange(len(loop)), counts)
    line = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts) + low[edge]
    y = (line + 0.5) / _LINES - 0.5
    x = x0[edge] + (y - y0[edge]) * (x1[edge] - x0[edge]) / (y1[edge] - y0[edge])
    order = np.lexsort((x, line))
    x, line = np.clip(x[order] + 0.5, 0, columns), line[order]
    sign = np.where(np.arange(total) % 2, -1.0, 1.0)  # a closed outline crosses in pairs
    pixel = np.floor(x).astype(np.int64)
    share = sign * (x - pixel)
    first = line // _LINES * (columns + 2) + pixel
    size = rows * (columns + 2)
    steps = np.bincount(first, weights=sign - share, minlength=size)
    steps += np.bincount(first + 1, weights=share, minlength=size)
    filled = np.cumsum(steps.reshape(rows, columns + 2), axis=1)[:, :columns]
    return (filled / _LINES).astype(np.float32)


def _first_line(y: Loop) -> NDArray[np.int64]:
    """Return the first line at or below `y`; the same for every edge that ends there."""
    lines: NDArray[np.float64] = np.ceil((y + 0.5) * _LINES - 0.5)
    return lines.astype(np.int64)


def signed_area(loop: Loop) -> float:
    """Return the area in square pixels, positive from column to row (x to y)."""
    x, y = loop.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def trace(filled: NDArray[np.float32]) -> list[tuple[Loop, list[Loop]]]:
    """Return the outlines of what is filled more than half, each with its holes.

    Parameters
    ----------
    filled : numpy.ndarray
        Shape ``(rows, columns)``; 0 along all four edges. Not changed.

    Returns
    -------
    list[tuple[Loop, list[Loop]]]
        Outlines have positive, holes negative area.
    """
    outlines: list[Loop] = []
    holes: list[Loop] = []
    for found in find_contours(filled, 0.5):
        loop = _thinned(np.asarray(found, dtype=np.float64)[:-1, ::-1])
        area = signed_area(loop) if len(loop) > 2 else 0.0
        if abs(area) >= _LEAST_AREA:
            (outlines if area > 0 else holes).append(loop)
    outlines.sort(key=signed_area)
    pieces: list[tuple[Loop, list[Loop]]] = [(loop, []) for loop in outlines]
    for hole in holes:
        point = _rightmost(hole)
        for outline, own in pieces:  # the smallest that encloses it
            if _hits(outline, point)[0].size % 2:
                own.append(hole)
                break
    return pieces


def _thinned(loop: Loop) -> Loop:
    """Return `loop` without vertices that hardly bend it, every other one at a time."""
    for _ in range(_ROUNDS):
        before, after = np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0)
        (x, y), (dx, dy) = (loop - before).T, (after - before).T
        length = np.hypot(dx, dy)
        bend = np.abs(x * dy - y * dx) / np.where(length > 0, length, np.inf)
        goes = (bend <= _TOLERANCE) & (x * dx + y * dy >= 0) & (x * dx + y * dy <= length**2)
        goes[::2] = False
        if len(loop) - int(goes.sum()) < 3:
            break
        loop = loop[~goes]
    return loop


def keyholed(outline: Loop, holes: list[Loop]) -> Loop:
    """Return one outline that leaves the holes out (PS3.3, C.8.8.6.3).

    A channel of no width joins each hole to what is to the right of it: the outline, or a
    hole that is joined already.
    """
    joined = outline
    for hole in sorted(holes, key=lambda loop: -float(loop[:, 0].max())):
        point = _rightmost(hole)
        edges, where = _hits(joined, point)
        nearest = int(np.argmin(where))
        bridge = np.array([[where[nearest], point[1]]])
        start = int(np.argmax(hole[:, 0]))
        around = np.concatenate([hole[start:], hole[: start + 1]])
        after = int(edges[nearest]) + 1
        joined = np.concatenate([joined[:after], bridge, around, bridge, joined[after:]])
    return joined


def _rightmost(loop: Loop) -> NDArray[np.float64]:
    point: NDArray[np.float64] = loop[int(np.argmax(loop[:, 0]))]
    return point


def _hits(loop: Loop, point: NDArray[np.float64]) -> tuple[NDArray[np.int64], Loop]:
    """Return the edges that a ray to the right of `point` meets, and the columns there."""
    x0, y0 = loop.T
    x1, y1 = np.roll(loop, -1, axis=0).T
    edges = np.flatnonzero((y0 <= point[1]) != (y1 <= point[1]))
    slope = (x1[edges] - x0[edges]) / (y1[edges] - y0[edges])
    x = x0[edges] + (point[1] - y0[edges]) * slope
    ahead = x >= point[0]
    return edges[ahead], x[ahead]
