"""Heads to which something was done before, and bodies without a head."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tests.support.heads.anatomy import SIDES, Body, head
from tests.support.heads.shapes import Space, joined
from tests.support.heads.tissues import Tissue


@cache
def defaced() -> Body:
    """Return the head after somebody else's defacing: face and ears are air."""
    body = head()
    x, y, z = coordinates(body)
    far = ndimage.distance_transform_edt(~body.brain) * body.step_mm > 4
    cut = (z < -19) & (y < -58 + (-19 - z) * 0.45) & far
    cut |= body.ears | ((np.abs(x) > 66) & (z < 0) & (z > -80) & (y > -20) & (y < 40))
    tissues = np.where(cut, Tissue.AIR, body.tissues).astype(np.uint8)
    return replace(body, tissues=tissues, ears=body.ears & ~cut, name="defaced")


@cache
def half_defaced() -> Body:
    """Return the head after a bad defacing: the eyes are gone, nose, mouth and chin are not."""
    body = head()
    _, y, z = coordinates(body)
    cut = (z < -19) & (z > -46) & (y < -70)
    tissues = np.where(cut, Tissue.AIR, body.tissues).astype(np.uint8)
    return replace(body, tissues=tissues, name="half defaced")


@cache
def stripped() -> Body:
    """Return the brain alone."""
    body = head()
    near = ndimage.distance_transform_edt(~body.brain) * body.step_mm < 3
    inside = np.isin(body.tissues, (Tissue.GREY, Tissue.WHITE, Tissue.CSF, Tissue.VESSEL))
    tissues = np.where(near & inside, body.tissues, Tissue.AIR).astype(np.uint8)
    return replace(body, tissues=tissues, ears=np.zeros_like(body.ears), name="stripped")


@cache
def abdomen() -> Body:
    """Return a belly with liver, spleen, kidneys and spine."""
    space, tissues = _empty((-190, -130, -110), (190, 150, 110))
    skin = np.broadcast_to(space.tube((0, 0), (165, 108)), space.shape)
    _fill(tissues, skin, Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)
    for centre, radii, tissue in (
        ((75, -10, 30), (70, 75, 75), Tissue.LIVER),
        ((-95, 35, 40), (30, 40, 45), Tissue.LIVER),
        ((-60, 45, -20), (25, 25, 50), Tissue.MUCOSA),
        ((60, 45, -30), (25, 25, 50), Tissue.MUCOSA),
        ((-30, -50, 20), (50, 35, 30), Tissue.WATER),
        ((-10, -45, -50), (70, 40, 40), Tissue.FAT),
    ):
        tissues[space.ellipsoid(centre, radii) < 0] = tissue
    _spine(tissues, space, y=70.0)
    return _body(tissues, space, "abdomen")


@cache
def knee() -> Body:
    """Return a knee: two bones, a knee cap, muscles, fat."""
    space, tissues = _empty((-90, -100, -120), (90, 100, 120))
    leg = joined(
        space.capsule((0, 10, -140), (0, 0, 0), (48, 56)),
        space.capsule((0, 0, 0), (0, 5, 140), (56, 68)),
        space.ellipsoid((0, -52, 5), (24, 14, 26)),
        smooth_mm=12,
    )
    _fill(tissues, leg, Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)
    bones = [
        space.capsule((0, 0, 24), (0, 4, 140), (24, 15)),
        *(space.ellipsoid((s * 23, 4, 24), (22, 32, 23)) for s in SIDES),
        space.capsule((0, 2, -14), (0, -4, -140), (32, 14)),
        space.ellipsoid((0, -50, 6), (18, 8, 20)),
        space.capsule((-36, 22, -30), (-36, 18, -140), (9, 7)),
    ]
    for bone in bones:
        tissues[bone < 0] = Tissue.BONE
        tissues[bone < -3] = Tissue.MARROW
    tissues[(np.abs(space.z - 2) < 3) & (joined(*bones[:2]) < 8) & (leg < -14)] = Tissue.CSF
    return _body(tissues, space, "knee")


@cache
def spine() -> Body:
    """Return a lower back as a narrow field of view shows it: no outline but the skin behind."""
    space, tissues = _empty((-60, -90, -150), (60, 110, 150))
    skin = np.broadcast_to(space.y - 85, space.shape).astype(np.float32)
    _fill(tissues, skin, Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)
    tissues[(skin < -6) & (skin > -28)] = Tissue.FAT
    _spine(tissues, space, y=20.0)
    return _body(tissues, space, "spine")


@cache
def water() -> Body:
    """Return a sphere of water with a few tubes: what physicists scan."""
    space, tissues = _empty((-110, -110, -110), (110, 110, 110))
    ball = space.ellipsoid((0, 0, 0), (88, 88, 88))
    tissues[ball < 0] = Tissue.TEETH
    tissues[ball < -4] = Tissue.WATER
    for x, y in ((40, 0), (-40, 0), (0, 40), (0, -40)):
        tube = space.capsule((x, y, -50), (x, y, 50), (10, 10))
        tissues[tube < 0] = Tissue.FAT if x else Tissue.BONE
    return _body(tissues, space, "water")


@cache
def nothing() -> Body:
    """Return air: its images are noise."""
    space, tissues = _empty((-110, -110, -110), (110, 110, 110))
    return _body(tissues, space, "nothing")


def coordinates(body: Body) -> tuple[NDArray[np.float32], ...]:
    """Return x, y and z of the voxels, in shapes that broadcast."""
    shape = body.tissues.shape
    x, y, z = (
        (np.arange(n) * body.step_mm + a).astype(np.float32)
        for n, a in zip(shape[::-1], body.low, strict=True)
    )
    return x[None, None, :], y[None, :, None], z[:, None, None]


def _empty(
    low: tuple[float, float, float], high: tuple[float, float, float]
) -> tuple[Space, NDArray[np.uint8]]:
    space = Space(low, high, step_mm=2.5)
    return space, np.zeros(space.shape, dtype=np.uint8)


def _fill(tissues: NDArray[np.uint8], surface: NDArray[np.float32], *layers: Tissue) -> None:
    for depth, tissue in zip((0.0, -3.0, -9.0), layers, strict=True):
        tissues[surface < depth] = tissue


def _spine(tissues: NDArray[np.uint8], space: Space, *, y: float) -> None:
    column = space.capsule((0, y, -200), (0, y, 200), (22, 22))
    tissues[column < 0] = Tissue.BONE
    tissues[column < -3] = Tissue.MARROW
    tissues[(column < 0) & (np.mod(space.z, 36) < 9)] = Tissue.MUCOSA
    canal = space.capsule((0, y + 32, -200), (0, y + 32, 200), (10, 10))
    tissues[canal < 3] = Tissue.BONE
    tissues[canal < 0] = Tissue.CSF
    tissues[canal < -5] = Tissue.WHITE


def _body(tissues: NDArray[np.uint8], space: Space, name: str) -> Body:
    none = np.zeros(space.shape, dtype=bool)
    return Body(
        tissues=tissues, brain=none, ears=none, low=space.low, step_mm=space.step_mm, name=name
    )
