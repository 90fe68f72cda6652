"""Describe the brain of the template by 169 numbers: ``python ops/templates/brain.py MASK``.

MASK is a brain mask in the space of the template (NIfTI, LPS mm after reading), e.g.
``../shared/data/heads/template/brain_2mm.nii.gz``, made of the Colin27 brain of Debian's
mricron-data by affine registration. What is written is the distance of its surface from a
centre, as real spherical harmonics: `pipelines.deface.brain` reads it.
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813  (its own short name)
from scipy import ndimage
from scipy.special import sph_harm_y

DEGREE = 12
CENTRE_MM = (6.0, 4.5, 4.5)
RAYS = 20_000
STEP_MM = 0.5
REACH_MM = 130.0
TARGET = Path("pipelines/deface/brain.json")


def directions(count: int) -> np.ndarray:
    """Return unit vectors spread evenly over the sphere, shape ``(count, 3)``."""
    number = np.arange(count) + 0.5
    angle = np.pi * (1 + 5**0.5) * number
    z = 1 - 2 * number / count
    ring = np.sqrt(1 - z**2)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], -1)


def harmonics(directions: np.ndarray, degree: int) -> np.ndarray:
    """Return the real spherical harmonics of unit vectors.

    Parameters
    ----------
    directions : numpy.ndarray
        Shape ``(n, 3)``.
    degree : int

    Returns
    -------
    numpy.ndarray
        Shape ``(n, (degree + 1) ** 2)``.
    """
    theta = np.arccos(np.clip(directions[:, 2], -1, 1))
    phi = np.arctan2(directions[:, 1], directions[:, 0])
    columns = []
    for order in range(degree + 1):
        for step in range(-order, order + 1):
            value = sph_harm_y(order, abs(step), theta, phi)
            columns.append(value.imag if step < 0 else value.real)
    return np.stack(columns, axis=-1)


def main(path: str) -> None:
    """Fit and write."""
    image = sitk.ReadImage(path)
    mask = ndimage.binary_fill_holes(sitk.GetArrayFromImage(image) > 0).astype(np.float32)
    to_index = np.linalg.inv(
        np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    )
    rays = directions(RAYS)
    reach = np.arange(0, REACH_MM, STEP_MM)
    points = np.array(CENTRE_MM) + rays[:, None, :] * reach[:, None]
    index = (points - image.GetOrigin()) @ to_index.T
    inside = ndimage.map_coordinates(mask, np.moveaxis(index[..., ::-1], -1, 0), order=1) > 0.5
    last = inside.shape[1] - 1 - np.argmax(inside[:, ::-1], axis=1)
    radius = np.where(inside.any(axis=1), last, 0) * STEP_MM
    fitted = np.linalg.lstsq(harmonics(rays, DEGREE), radius, rcond=None)[0]
    shape = {
        "centre_mm": list(CENTRE_MM),
        "degree": DEGREE,
        "coefficients_mm": [round(float(value), 2) for value in fitted],
    }
    TARGET.write_text(json.dumps(shape) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
