"""Where a phantom lies and who it is: rotation, shift, scale, and a smooth warp.

The way back, from a point of the patient to one of the phantom, is a formula; the way
there is found by repeating it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""LPS in mm, ``(..., 3)``."""
_REPEATS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """A person in a scanner.

    Attributes
    ----------
    pitch, yaw, roll : float
        Degrees about x (chin down is positive), z and y.
    shift : tuple[float, float, float]
    scale : tuple[float, float, float]
    seed : int
        Of the warp.
    warp_mm : float
        About the largest displacement.
    is_child : bool
        A 3-year-old: a smaller head, and a face that is smaller still.
    """

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    seed: int = 0
    warp_mm: float = 0.0
    is_child: bool = False

    def matrix(self) -> NDArray[np.float64]:
        """Return the linear part, phantom to patient."""
        p, y, r = np.radians((self.pitch, self.yaw, self.roll))
        about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
        about_y = np.array([[np.cos(r), 0, np.sin(r)], [0, 1, 0], [-np.sin(r), 0, np.cos(r)]])
        about_z = np.array([[np.cos(y), -np.sin(y), 0], [np.sin(y), np.cos(y), 0], [0, 0, 1]])
        result: NDArray[np.float64] = about_z @ about_y @ about_x @ np.diag(self.scale)
        return result

    def to_phantom(self, points: Points) -> Points:
        """Return points of the patient in the space of the phantom."""
        straight = (points - np.array(self.shift)) @ np.linalg.inv(self.matrix()).T
        return np.asarray(straight + self._displacement(straight))

    def to_patient(self, points: Points) -> Points:
        """Return points of the phantom in the patient."""
        straight = np.array(points, dtype=np.float64)
        for _ in range(_REPEATS):
            straight = 0.5 * straight + 0.5 * (points - self._displacement(straight))
        return np.asarray(straight @ self.matrix().T + np.array(self.shift))

    def _displacement(self, points: Points) -> Points:
        moved = np.zeros_like(points)
        if self.warp_mm:
            random = np.random.default_rng(self.seed)
            for axis in range(3):
                for _ in range(3):
                    wave = random.normal(size=3) / 45.0
                    phase = random.uniform(0, 2 * np.pi)
                    moved[..., axis] += self.warp_mm / 2 * np.sin(points @ wave + phase)
        if self.is_child:
            moved += _child(points)
        return moved


def _below(values: NDArray[np.float64], edge: float) -> NDArray[np.float64]:
    """Return how far values are below the edge, as negative numbers, with a soft knee of 6 mm."""
    return np.asarray(-6.0 * np.logaddexp(0, (edge - values) / 6.0))


def _child(points: Points) -> Points:
    """Return the displacement back to an adult: braincase / 0.94, face / 0.72."""
    result = points * (1 / 0.94 - 1)
    in_face = 1 / (1 + np.exp((points[..., 2] + 14) / 7))
    result[..., 2] += (1 / 0.72 - 1 / 0.94) * _below(points[..., 2], -16)
    result[..., 1] += (1 / 0.78 - 1 / 0.94) * _below(points[..., 1], -50) * in_face
    return result


ADULT = Pose(shift=(3, -4, 6), pitch=4, yaw=-3, scale=(1.02, 0.98, 1.03), seed=1, warp_mm=2.0)
OTHER_ADULT = Pose(shift=(-6, 8, -5), pitch=-6, roll=3, scale=(0.95, 1.0, 0.96), seed=2, warp_mm=3)
CHILD = Pose(shift=(2, 3, 0), pitch=6, yaw=5, seed=3, warp_mm=2.0, is_child=True)
TILTED = Pose(shift=(0, 5, 10), pitch=20, yaw=8, roll=-6, seed=4, warp_mm=2.0)
LOOKING_UP = Pose(shift=(0, 5, 0), pitch=-20, seed=5, warp_mm=2.0)
