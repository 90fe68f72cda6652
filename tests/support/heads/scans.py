"""Scan a phantom: pixels of planes, and what they are."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tests.support.heads.anatomy import Body
from tests.support.heads.planes import Plane
from tests.support.heads.poses import Pose
from tests.support.heads.tissues import BLUR_MM, NOISE, Contrast, lookup

Frames = NDArray[np.float32]
"""Real-world values, ``(frames, rows, columns)``."""
_BODIES: dict[str, Body] = {}


@lru_cache(maxsize=24)
def _shown(name: str, contrast: Contrast) -> Frames:
    body = _BODIES[name]
    values = lookup(contrast)[body.tissues]
    if contrast is Contrast.T1 and body.t1 is not None:
        values = body.t1
    result: Frames = ndimage.gaussian_filter(values, BLUR_MM[contrast] / body.step_mm)
    return result


def scan(
    body: Body, pose: Pose, contrast: Contrast, planes: tuple[Plane, ...], *, seed: int = 0
) -> Frames:
    """Return what a scanner would show, with noise and, for MR, a coil's shading."""
    _BODIES[body.name] = body
    values, outside = _shown(body.name, contrast), float(lookup(contrast)[0])
    random = np.random.default_rng(seed)
    frames = []
    for plane in planes:
        half = plane.thickness / 2
        offsets = (0.0,) if plane.thickness < 2.6 else (-0.6 * half, 0.0, 0.6 * half)
        parts = [
            _at(body, values, pose.to_phantom(plane.points(offset_mm=o)), order=1, outside=outside)
            for o in offsets
        ]
        frame = np.mean(parts, axis=0)
        frames.append(_noisy(frame, contrast, plane, random))
    return np.asarray(frames, dtype=np.float32)


def _noisy(
    frame: NDArray[np.float64], contrast: Contrast, plane: Plane, random: np.random.Generator
) -> NDArray[np.float64]:
    sigma = NOISE[contrast]
    if contrast.modality != "MR":
        noisy = frame + random.normal(0, sigma, frame.shape)
        return noisy if contrast.modality == "CT" else np.maximum(noisy, 0)
    points = plane.points()
    shading = 1 + 0.12 * np.sin(points[..., 0] / 90 + 0.5) + 0.1 * np.cos(points[..., 2] / 110)
    real = frame * shading + random.normal(0, sigma, frame.shape)
    result: NDArray[np.float64] = np.hypot(real, random.normal(0, sigma, frame.shape))
    return result


def _at(
    body: Body,
    values: NDArray[np.generic],
    points: NDArray[np.float64],
    *,
    order: int,
    outside: float = 0.0,
) -> NDArray[np.float64]:
    index = (points - np.array(body.low)) / body.step_mm
    where = np.moveaxis(index, -1, 0)[::-1]
    return np.asarray(
        ndimage.map_coordinates(values, where, order=order, cval=outside, output=np.float64)
    )


def sampled(
    body: Body, pose: Pose, part: NDArray[np.bool_], planes: tuple[Plane, ...]
) -> NDArray[np.bool_]:
    """Return a part of the phantom on the pixels of planes, ``(frames, rows, columns)``."""
    flat = part.astype(np.float32)
    return np.array([_at(body, flat, pose.to_phantom(p.points()), order=1) > 0.5 for p in planes])
