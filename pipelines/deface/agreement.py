"""How well an image agrees with the template at a placement: mutual information.

Studholme's normalised measure needs the same samples at each placement; here samples that
fall outside the image are left out, and a placement that leaves out many counts less.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.grid import Grid
from pipelines.deface.steps import steps_nearby
from pipelines.deface.template import Template

_BINS = 24
LEAST_INSIDE = 0.12
"""Part of the head that must be in view for anything to be said."""
_EVERY = 5
_EVERY_START = 29


class Agreement:
    """Of one image with the template.

    Parameters
    ----------
    image : Grid
        Values at 4 mm.
    template : Template
    in_view : numpy.ndarray
        True where the field of view is; shape of ``image.values``.

    Attributes
    ----------
    template : Template
    """

    def __init__(self, image: Grid, template: Template, *, in_view: NDArray[np.bool_]) -> None:
        self._image = image
        self.template = template
        self._improvements: dict[bytes, tuple[float, NDArray[np.float64]]] = {}
        self._in_view = in_view
        low, high = np.percentile(image.values, [1, 99.5])
        self._low, self._range = float(low), float(max(high - low, 1e-6))
        points = template.head.points()[template.near]
        values = template.head.values[template.near]
        top = float(np.percentile(values, 99.5))
        bins = np.clip(values / top * _BINS, 0, _BINS - 1).astype(np.intp)
        self._points, self._bins = points[::_EVERY], bins[::_EVERY]
        self._few, self._few_bins = points[::_EVERY_START], bins[::_EVERY_START]

    def of(self, to_patient: NDArray[np.float64]) -> float:
        """Return mutual information over the template's entropy, 0 to 1."""
        value, _ = self._measure(to_patient, self._points, self._bins)
        return value

    def improvement(self, to_patient: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return by how much the best small step would raise it, and that step.

        Negative at an optimum: the relative loss of the least harmful step.
        """
        key = to_patient.tobytes()
        if key not in self._improvements:
            reached = self.of(to_patient)
            values = [self.of(to_patient @ step) for step in steps_nearby()]
            best = int(np.argmax(values))
            gain = float(values[best] / reached - 1) if reached > 0 else 1.0
            self._improvements[key] = gain, steps_nearby()[best]
        return self._improvements[key]

    def rank(self, to_patient: NDArray[np.float64], *, quick: bool) -> float:
        """Return a measure that also counts how much of the head is in the image.

        Parameters
        ----------
        quick : bool
            True: an estimate from few points.
        """
        points, bins = (self._few, self._few_bins) if quick else (self._points, self._bins)
        value, inside = self._measure(to_patient, points, bins)
        return float(value * inside**0.5)

    def inside(self, to_patient: NDArray[np.float64]) -> float:
        """Return the fraction of the template's head that the field of view holds."""
        return self._measure(to_patient, self._few, self._few_bins)[1]

    def _measure(
        self,
        to_patient: NDArray[np.float64],
        points: NDArray[np.float64],
        bins: NDArray[np.intp],
    ) -> tuple[float, float]:
        image = self._image
        placed = points @ to_patient[:3, :3].T + to_patient[:3, 3]
        index = (placed - image.origin) / image.spacing_mm
        nearest = np.rint(index).astype(np.intp)
        size = np.array(image.values.shape[::-1])
        in_view = ((nearest >= 0) & (nearest < size)).all(axis=1)
        x, y, z = np.clip(nearest, 0, size - 1).T
        in_view &= self._in_view[z, y, x]
        inside = float(in_view.mean())
        if inside < LEAST_INSIDE:
            return 0.0, inside
        values = image.at(placed[in_view], outside=None)
        scaled = np.clip((values - self._low) / self._range, 0, 1) * (_BINS - 1.001)
        lower = scaled.astype(np.intp)
        weight = scaled - lower
        first = bins[in_view] * _BINS
        joint = np.bincount(first + lower, 1 - weight, _BINS * _BINS)
        joint = joint + np.bincount(first + lower + 1, weight, _BINS * _BINS)
        table = (joint / joint.sum()).reshape(_BINS, _BINS)
        rows, columns = table.sum(axis=1), table.sum(axis=0)
        entropy = _entropy(rows)
        if entropy < 1e-6:
            return 0.0, inside
        return (entropy + _entropy(columns) - _entropy(table.ravel())) / entropy, inside


def _entropy(probabilities: NDArray[np.float64]) -> float:
    some = probabilities[probabilities > 0]
    return float(-(some * np.log(some)).sum())
