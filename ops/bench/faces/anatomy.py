"""Where eyes, nose, mouth, chin and ears lie, by landmarks that a person placed.

Millimetres on the measuring grid (x to the left, y to the back, z up, from its corner). Placed on
renderings of the public heads after each was aligned; other heads get the mean.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from ops.bench.faces.frame import SHAPE, SPACING_MM
from ops.bench.faces.surface import Mask


class Region(StrEnum):
    """A part of the face that is judged for itself."""

    EYES = "eyes"
    NOSE = "nose"
    MOUTH = "mouth"
    CHIN = "chin"
    LEFT_EAR = "left ear"
    RIGHT_EAR = "right ear"


EARS = (Region.LEFT_EAR, Region.RIGHT_EAR)
FACE = tuple(region for region in Region if region not in EARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Points of one head, mm on the measuring grid."""

    middle_x: float = 110.0
    eye_distance: float = 70.0
    eyes_z: float = 117.0
    nose_y: float = 38.0
    nose_z: float = 89.0
    mouth_z: float = 57.0
    chin_z: float = 31.0
    ear_y: float = 172.0
    ear_z: float = 108.0
    ears_x: tuple[float, float] = (30.0, 190.0)  # right, left

    def with_shorter_face(self, brow_z: float, factor: float) -> "Landmarks":
        """Return them with all below `brow_z` drawn up towards it, but for the ears."""
        z = {
            name: brow_z - (brow_z - getattr(self, name)) * factor
            for name in ("eyes_z", "nose_z", "mouth_z", "chin_z")
        }
        return replace(self, **z)


MEAN = Landmarks()
PLACED = {
    "A": Landmarks(eyes_z=125, nose_y=38, nose_z=95, mouth_z=60, chin_z=36, ear_y=174, ear_z=102),
    "B": Landmarks(
        middle_x=112, eyes_z=106, nose_y=40, nose_z=73, mouth_z=47, chin_z=24, ear_y=174, ear_z=108
    ),
    "C": Landmarks(eyes_z=120, nose_y=44, nose_z=84, mouth_z=57, chin_z=40, ear_y=164, ear_z=112),
    "P": Landmarks(eyes_z=120, nose_y=28, nose_z=94, mouth_z=56, chin_z=26, ear_y=178, ear_z=102),
    "J": Landmarks(eyes_z=117, nose_y=38, nose_z=90, mouth_z=58, chin_z=34, ear_y=158, ear_z=110),
}
_FACE_DEPTH_MM = 62.0  # behind the tip of the nose


def _axes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return z * SPACING_MM, y * SPACING_MM, x * SPACING_MM


def regions_of(at: Landmarks) -> dict[Region, Mask]:
    """Return the room of each region, without overlap; only the surface in it is judged."""
    z, y, x = _axes()
    front = y < at.nose_y + _FACE_DEPTH_MM
    side = np.abs(x - at.middle_x)
    rooms = {
        Region.EYES: front
        & (np.abs(side - at.eye_distance / 2) < 19)
        & (np.abs(z - at.eyes_z) < 14),
        Region.NOSE: front & (side < 19) & (z > at.nose_z - 11) & (z < at.eyes_z + 4),
        Region.MOUTH: front & (side < 28) & (np.abs(z - at.mouth_z) < 11),
        Region.CHIN: front & (side < 26) & (z > at.chin_z - 14) & (z <= at.mouth_z - 11),
    }
    for region, ear_x in zip((Region.RIGHT_EAR, Region.LEFT_EAR), at.ears_x, strict=True):
        rooms[region] = (
            (np.abs(x - ear_x) < 18) & (np.abs(y - at.ear_y) < 20) & (np.abs(z - at.ear_z) < 30)
        )
    taken = np.zeros(SHAPE, dtype=bool)
    for region, room in rooms.items():
        rooms[region] = room & ~taken
        taken |= room
    return rooms


def generous_face(at: Landmarks) -> Mask:
    """Return where a tool may change voxels: brow and below, back to the ears, and the neck."""
    z, y, x = _axes()
    before_ears = (y < at.ear_y + 40) & (z < at.eyes_z + 40)
    below = z < at.chin_z + 10
    beside = (np.abs(y - at.ear_y) < 60) & (np.abs(z - at.ear_z) < 60)
    ears = beside & (np.abs(x - at.middle_x) > 55)
    room: Mask = before_ears | below | ears
    return room
