"""Small steps away from a placement: ways to a better one, and what must not be better."""

from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.template import CENTRE_MM

_STEPS_MM, _TURNS = (5.0, 10.0), (5.0, 10.0)
_SCALES = (0.9, 0.95, 1.05, 1.1)
_STRETCHES = (0.9, 1.1)
_SHEARS = (-0.1, 0.1)
_RADIUS_MM = 80.0

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


@lru_cache(maxsize=16)
def steps_of(size: float, *, is_even: bool) -> tuple[Matrix, ...]:
    """Return steps of one size in each direction: shifts, turns, scales; shears.

    Parameters
    ----------
    size : float
        Part of a head's radius by which its surface moves.
    is_even : bool
        True: without stretches of one axis, and without shears.
    """
    steps: list[Matrix] = []
    for axis, sign in product(range(3), (-1, 1)):
        first, second = [other for other in range(3) if other != axis]
        shift = np.eye(4)
        shift[axis, 3] = sign * size * _RADIUS_MM
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(size)
        turn[first, second], turn[second, first] = -sign * np.sin(size), sign * np.sin(size)
        steps += [shift, _about_centre(turn)]
        if not is_even:
            stretch, shear = np.eye(3), np.eye(3)
            stretch[axis, axis] += sign * size
            shear[first, second] = sign * size
            steps += [_about_centre(stretch), _about_centre(shear)]
    steps += [_about_centre(np.eye(3) * (1 + sign * size)) for sign in (-1, 1)]
    return tuple(steps)


def _about_centre(linear: NDArray[np.float64]) -> Matrix:
    matrix = np.eye(4)
    matrix[:3, :3] = linear
    matrix[:3, 3] = np.array(CENTRE_MM) - linear @ np.array(CENTRE_MM)
    return matrix
