"""A head, neck and chest made of surfaces: every voxel is known.

Coordinates are LPS in mm with the middle of the brain as origin: x to the left, y to the
back, z to the top. An adult.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tests.support.heads.shapes import Field, Space, both, joined, without
from tests.support.heads.tissues import Tissue

Labels = NDArray[np.uint8]
SIDES = (-1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Tissues on a regular box.

    Attributes
    ----------
    tissues : numpy.ndarray
        `Tissue` numbers, ``(z, y, x)``.
    brain, ears : numpy.ndarray
        Bool, the same shape: grey and white matter; both pinnae.
    low : tuple[float, float, float]
        LPS of the first voxel.
    name : str
    t1 : numpy.ndarray | None
        What T1 shows where that is known better than by tissue.
    """

    tissues: Labels
    brain: NDArray[np.bool_]
    ears: NDArray[np.bool_]
    low: tuple[float, float, float]
    step_mm: float
    name: str
    t1: NDArray[np.float32] | None = None


@cache
def head(*, with_chest: bool = False) -> Body:
    """Return the adult; with chest in a wider, coarser box."""
    if with_chest:
        space = Space((-230, -140, -430), (230, 150, 96), step_mm=3.5)
    else:
        space = Space((-100, -142, -210), (100, 110, 94), step_mm=2.0)
    tissues = np.zeros(space.shape, dtype=np.uint8)
    skin, ears = _skin(space, with_chest=with_chest), _ears(space)
    surface = joined(skin, ears, smooth_mm=3)
    _soft(tissues, surface)
    if with_chest:
        _chest(tissues, space)
    _face(tissues, space, surface)
    _neck(tissues, space)
    brain = _inside_skull(tissues, space)
    _vessels(tissues, space)
    return Body(
        tissues=tissues,
        brain=brain & np.isin(tissues, (Tissue.GREY, Tissue.WHITE)),
        ears=(ears < 0) & (skin > 0.5),
        low=space.low,
        step_mm=space.step_mm,
        name="chest" if with_chest else "head",
    )


def _skin(space: Space, *, with_chest: bool) -> Field:
    cranium = space.ellipsoid((0, -7, 0), (75, 98, 78))
    neck = both(space.tube((0, 20), (53, 55)), space.z + 40)
    face = joined(
        cranium,
        space.ellipsoid((0, -55, -60), (60, 49, 52)),
        space.ellipsoid((0, -90, -17), (48, 18, 14)),  # brows
        *(space.ellipsoid((s * 40, -68, -60), (26, 31, 28)) for s in SIDES),  # cheeks
        *(space.ellipsoid((s * 46, -28, -82), (18, 32, 36)) for s in SIDES),  # jaw
        space.ellipsoid((0, -60, -100), (44, 42, 23)),
        space.ellipsoid((0, -91, -108), (17, 17, 13)),  # chin
        smooth_mm=14,
    )
    face = joined(face, neck, smooth_mm=18)
    for s in SIDES:
        face = without(face, space.ellipsoid((s * 31, -116, -32), (18, 17, 12)), smooth_mm=9)
        face = joined(face, space.ellipsoid((s * 31, -86, -32), (14, 14, 14)), smooth_mm=3)
    nose = joined(
        space.capsule((0, -100, -22), (0, -116, -62), (5, 8)),
        *(space.ellipsoid((s * 10, -108, -65), (8, 9, 7)) for s in SIDES),
        smooth_mm=6,
    )
    lips = joined(
        space.ellipsoid((0, -103, -82), (23, 9, 5)),
        space.ellipsoid((0, -102, -91), (20, 9, 5)),
    )
    face = joined(face, nose, smooth_mm=6)
    face = joined(face, lips, smooth_mm=4)
    if not with_chest:
        return face
    shoulders = space.ellipsoid((0, 25, -255), (205, 72, 60))
    chest = both(space.tube((0, 22), (160, 105)), space.z + 245)
    return joined(face, shoulders, chest, smooth_mm=30)


def _ears(space: Space) -> Field:
    parts = []
    for s in SIDES:
        out = (s * space.x - (70 + 0.4 * (space.y + 5))) / 3.5
        away = np.sqrt(out**2 + ((space.y - 11) / 19) ** 2 + ((space.z + 35) / 31) ** 2)
        pinna = ((away - 1) * 3.5).astype(np.float32)
        parts.append(joined(pinna, space.ellipsoid((s * 72, 6, -56), (5, 7, 9)), smooth_mm=3))
    return joined(*parts)


def _soft(tissues: Labels, surface: Field) -> None:
    tissues[surface < 0] = Tissue.SKIN
    tissues[surface < -2.2] = Tissue.FAT
    tissues[surface < -5.0] = Tissue.MUSCLE


def _put(tissues: Labels, field: Field, tissue: Tissue, *, where: NDArray[np.bool_]) -> None:
    tissues[(field < 0) & where] = tissue


def _face(tissues: Labels, space: Space, surface: Field) -> None:
    deep = surface < -3.0
    bones = [
        space.ellipsoid((0, -72, -72), (34, 31, 14)),  # upper jaw
        space.arc((0, -55, -104), (41, 40), thick=8) + np.where(space.y > -15, 99, 0),
        *(space.capsule((s * 45, -22, -98), (s * 49, -6, -46), (7, 6)) for s in SIDES),
        *(space.capsule((s * 50, -74, -52), (s * 64, -22, -42), (7, 4)) for s in SIDES),
        space.capsule((0, -101, -24), (0, -108, -38), (4, 3)),
        space.capsule((0, -84, -62), (0, -98, -10), (12, 12)),
        *(space.ellipsoid((s * 31, -70, -32), (21, 31, 20)) for s in SIDES),  # orbits
    ]
    for bone in bones:
        _put(tissues, bone, Tissue.BONE, where=deep)
        _put(tissues, bone + 4, Tissue.MARROW, where=deep)
    for s in SIDES:
        orbit = space.ellipsoid((s * 31, -72, -32), (19, 32, 17.5))
        _put(tissues, orbit, Tissue.FAT, where=surface < -2.0)
        nerve = space.capsule((s * 31, -74, -32), (s * 14, -42, -30), (2.5, 2.5))
        _put(tissues, nerve, Tissue.WHITE, where=deep)
        globe = space.ellipsoid((s * 31, -86, -32), (12, 12, 12))
        _put(tissues, globe, Tissue.EYE, where=surface < -1.0)
        _put(tissues, space.ellipsoid((s * 31, -94, -32), (5, 2.5, 5)), Tissue.MUSCLE, where=deep)
        sinus = space.ellipsoid((s * 29, -70, -61), (14, 21, 14))
        _put(tissues, sinus - 1.8, Tissue.BONE, where=deep)
        _put(tissues, sinus, Tissue.CAVITY, where=deep)
        concha = space.capsule((s * 6, -98, -60), (s * 7, -50, -56), (3, 5))
        _put(tissues, concha - 2, Tissue.CAVITY, where=deep)
        _put(tissues, concha, Tissue.MUCOSA, where=deep)
        nostril = space.capsule((s * 6, -108, -74), (s * 5, -96, -58), (3, 4))
        _put(tissues, nostril, Tissue.CAVITY, where=np.ones_like(deep))
        canal = space.capsule((s * 74, 8, -38), (s * 46, 8, -38), (4, 3))
        _put(tissues, canal, Tissue.CAVITY, where=np.ones_like(deep))
    _put(tissues, space.ellipsoid((0, -97, -8), (16, 4, 9)), Tissue.CAVITY, where=surface < -6)
    septum = (np.abs(space.x) < 1.2) & (space.y < -50) & (space.y > -106) & (space.z > -72)
    tissues[septum & (tissues == Tissue.CAVITY)] = Tissue.MUCOSA
    for z in (-82.5, -91.0):
        teeth = space.arc((0, -62, z), (28, 33), thick=4.2) + np.where(space.y > -45, 99, 0)
        _put(tissues, teeth, Tissue.TEETH, where=deep)
    gap = (np.abs(space.z + 86.5) < 1.3) & (np.abs(space.x) < 20) & (space.y < -40)
    tissues[gap & deep & (tissues != Tissue.TEETH) & (surface < -4)] = Tissue.CAVITY


def _neck(tissues: Labels, space: Space) -> None:
    body = tissues != Tissue.AIR
    spine = space.capsule((0, 14, -74), (0, 20, -440), (13, 15))
    _put(tissues, spine, Tissue.BONE, where=body)
    _put(tissues, spine + 3, Tissue.MARROW, where=body)
    disc = np.mod(space.z, 18) < 4
    tissues[(spine < 0) & disc] = Tissue.MUSCLE
    canal = space.capsule((0, 36, -78), (0, 44, -440), (9, 10))
    _put(tissues, canal - 4, Tissue.BONE, where=body)
    _put(tissues, canal, Tissue.CSF, where=body)
    _put(tissues, canal + 4, Tissue.WHITE, where=body)
    for start, end in (((0, -34, -62), (0, -16, -112)), ((0, -16, -112), (0, -14, -300))):
        _put(tissues, space.capsule(start, end, (8, 8)), Tissue.CAVITY, where=body)


def _inside_skull(tissues: Labels, space: Space) -> NDArray[np.bool_]:
    cerebrum = space.ellipsoid((0, -5, 4), (64, 85, 61))
    cerebrum = both(cerebrum, np.broadcast_to(-(space.z + 17), space.shape).astype(np.float32))
    cerebrum = joined(
        cerebrum,
        *(space.ellipsoid((s * 38, -8, -20), (25, 42, 23)) for s in SIDES),
        smooth_mm=6,
    )
    cerebellum = space.ellipsoid((0, 44, -36), (48, 34, 24))
    stem = space.capsule((0, 12, -20), (0, 32, -82), (15, 8))
    brain = joined(cerebrum, cerebellum, stem, smooth_mm=5)
    skull = without(brain, space.capsule((0, 30, -76), (0, 38, -110), (14, 14)), smooth_mm=1)
    body = tissues != Tissue.AIR
    shell = (skull < 8) & body & np.isin(tissues, (Tissue.MUSCLE, Tissue.FAT, Tissue.BONE))
    shell &= space.z > -72
    tissues[shell] = Tissue.BONE
    tissues[shell & (skull > 3.5) & (skull < 6)] = Tissue.MARROW
    tissues[brain < 2] = Tissue.CSF
    tissues[brain < 0] = Tissue.GREY
    folds = 1.6 * (
        np.sin(space.x / 4.1 + 1.3 * np.sin(space.z / 9))
        + np.sin(space.y / 4.7 + 1.1 * np.sin(space.x / 11))
        + np.sin(space.z / 4.4 + 1.2 * np.sin(space.y / 10))
    )
    tissues[(brain < 0) & (brain > -6) & (folds > 3.2)] = Tissue.CSF
    tissues[(cerebrum < 0) & (cerebrum < -4.5 - folds)] = Tissue.WHITE
    tissues[(cerebellum < -5) & (np.mod(space.z, 7) < 4)] = Tissue.WHITE
    tissues[stem < -1] = Tissue.WHITE
    fissure = (np.abs(space.x) < 1.3) & (space.z > 30) & (brain < 0)
    tissues[fissure] = Tissue.CSF
    for s in SIDES:
        for centre, radii in (((s * 25, -12, 4), (9, 18, 12)), ((s * 12, 6, 2), (9, 14, 9))):
            tissues[space.ellipsoid(centre, radii) < 0] = Tissue.GREY
        tissues[space.ellipsoid((s * 10, -6, 18), (6, 33, 7)) < 0] = Tissue.CSF
        tissues[space.ellipsoid((s * 26, 30, 4), (5, 16, 8)) < 0] = Tissue.CSF
    tissues[space.ellipsoid((0, 2, 2), (2.5, 14, 9)) < 0] = Tissue.CSF
    tissues[space.ellipsoid((0, 27, -40), (5, 5, 9)) < 0] = Tissue.CSF
    result: NDArray[np.bool_] = brain < 0
    return result


def _vessels(tissues: Labels, space: Space) -> None:
    tracks = [((0, 6, -80), (0, 0, -28))]
    for s in SIDES:
        tracks += [
            ((s * 30, -4, -320), (s * 24, -2, -100)),
            ((s * 24, -2, -100), (s * 13, -8, -22)),
            ((s * 13, -8, -22), (s * 52, -14, -6)),
            ((s * 5, -14, -20), (s * 3, -50, 8)),
            ((0, 0, -28), (s * 22, 30, -22)),
        ]
    for start, end in tracks:
        _put(
            tissues,
            space.capsule(start, end, (2.6, 2.0)),
            Tissue.VESSEL,
            where=tissues != Tissue.AIR,
        )


def _chest(tissues: Labels, space: Space) -> None:
    for s in SIDES:
        lung = space.ellipsoid((s * 68, 15, -370), (58, 78, 120))
        _put(tissues, lung - 6, Tissue.BONE, where=np.mod(space.z, 24) < 8)
        _put(tissues, lung, Tissue.LUNG, where=np.ones(space.shape, dtype=bool))
        arm = space.capsule((s * 150, 30, -255), (s * 190, 30, -440), (14, 14))
        _put(tissues, arm, Tissue.BONE, where=tissues != Tissue.AIR)
    heart = space.ellipsoid((15, -20, -400), (50, 45, 55))
    _put(tissues, heart, Tissue.MUSCLE, where=np.ones(space.shape, dtype=bool))
    _put(tissues, heart + 12, Tissue.VESSEL, where=np.ones(space.shape, dtype=bool))
