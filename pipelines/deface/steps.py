"""Small steps away from a placement: what must not be better than the placement itself."""

from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.template import CENTRE_MM

_STEPS_MM, _TURNS = (5.0, 10.0), (5.0, 10.0)
_SCALES = (0.9, 0.95, 1.05, 1.1)
_STRETCHES = (0.9, 1.1)
_SHEARS = (-0.1, 0.1)

Matrix = NDArray[np.float64]


@lru_cache(maxsize=1)
def steps_nearby() -> tuple[Matrix, ...]:
    """Return shifts, turns, shears and scales; the first twelve are the small ones."""
    shifts: list[Matrix] = []
    turns: list[Matrix] = []
    shears: list[Matrix] = []
    for size in (0, 1):  # small steps first
        for axis in range(3):
            first, second = [other for other in range(3) if other != axis]
            for sign in (-1, 1):
                shift = np.eye(4)
                shift[axis, 3] = sign * _STEPS_MM[size]
                shifts.append(shift)
                turn = np.eye(3)
                angle = np.radians(sign * _TURNS[size])
                turn[first, first] = turn[second, second] = np.cos(angle)
                turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
                turns.append(_about_centre(turn))
    for axis, other in permutations(range(3), 2):
        for amount in _SHEARS:
            shear = np.eye(3)
            shear[axis, other] = amount
            shears.append(_about_centre(shear))
    steps = [*shifts[:6], *turns[:6], *shifts[6:], *turns[6:], *shears]
    for axis in range(3):  # longer, wider, higher
        for scale in _STRETCHES:
            stretch = np.eye(3)
            stretch[axis, axis] = scale
            steps.append(_about_centre(stretch))
    steps += [_about_centre(np.eye(3) * scale) for scale in _SCALES]
    return tuple(steps)


def _about_centre(linear: NDArray[np.float64]) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = np.array(CENTRE_MM) - linear @ np.array(CENTRE_MM)
    return matrix
