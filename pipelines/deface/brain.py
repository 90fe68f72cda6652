"""The brain of the template: a surface in template coordinates, LPS mm.

Made by ``ops/templates/brain.py``: the distance of the surface from a centre, as real
spherical harmonics, widened to the largest within 4 degrees: the brain it was made of lies inside,
or less than 4 mm outside.
"""

import json
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import sph_harm_y

BRAIN_ML = 1218.0
"""Volume of the brain that the surface was made of."""
_THETAS, _PHIS = 91, 181


@lru_cache(maxsize=1)
def _shape() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centre, and the radius at every 2 degrees, shape ``(91, 181)``."""
    text = (resources.files("pipelines.deface") / "brain.json").read_text(encoding="ascii")
    shape = json.loads(text)
    theta = np.linspace(0, np.pi, _THETAS)
    phi = np.linspace(-np.pi, np.pi, _PHIS)
    radius = np.zeros((_THETAS, _PHIS))
    coefficients = iter(shape["coefficients_mm"])
    for order in range(shape["degree"] + 1):  # in the order of the generator
        for step in range(-order, order + 1):
            north_south = sph_harm_y(order, abs(step), theta, 0.0).real
            around = np.sin(-step * phi) if step < 0 else np.cos(step * phi)
            radius += next(coefficients) * np.outer(north_south, around)
    # what is smooth cuts off the gyri: the largest radius within 4 degrees has them
    widest = ndimage.maximum_filter(radius, size=(5, 5), mode=("nearest", "wrap"))
    return np.array(shape["centre_mm"]), widest


def height_over_brain(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return how far `points` lie outside the brain, along the ray from its centre.

    Parameters
    ----------
    points : numpy.ndarray
        Template coordinates, LPS mm, shape ``(..., 3)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(...)``, mm; negative inside. Never less than the distance to the surface.
    """
    centre, radius = _shape()
    from_centre = points - centre
    length = np.linalg.norm(from_centre, axis=-1)
    theta = np.arccos(np.clip(from_centre[..., 2] / np.maximum(length, 1e-6), -1, 1))
    phi = np.arctan2(from_centre[..., 1], from_centre[..., 0])
    row = theta / np.pi * (_THETAS - 1)
    column = (phi + np.pi) / (2 * np.pi) * (_PHIS - 1)
    top = np.clip(row.astype(np.intp), 0, _THETAS - 2)
    left = np.clip(column.astype(np.intp), 0, _PHIS - 2)
    down, right = row - top, column - left
    upper = radius[top, left] * (1 - right) + radius[top, left + 1] * right
    lower = radius[top + 1, left] * (1 - right) + radius[top + 1, left + 1] * right
    height: NDArray[np.float64] = length - (upper * (1 - down) + lower * down)
    return height
