"""Hold what the door released against the truth of the phantom, by the bars of the product."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tests.support.heads.door import METHOD, Door, methods
from tests.support.heads.images import Series
from tests.support.heads.truth import FACE, core_brain, removed_share

FACE_SHARE = 0.98
EARS_SHARE = 0.65
BRAIN_SHARE = 0.0005


def shares(door: Door, series: Series) -> dict[str, float]:
    """Return how much of each part's surface in the field of view was removed."""
    mask = door.filled(series) & door.changed(series).any()
    found = {
        part: removed_share(series.body, series.pose, part, mask=mask, planes=series.planes)
        for part in (*FACE, "ears")
    }
    return {part: share for part, share in found.items() if share is not None}


def brain_share(door: Door, series: Series) -> float:
    """Return how much of the core brain is another now."""
    brain = core_brain(series.body, series.pose, series.planes)
    return float(door.changed(series)[brain].mean()) if brain.any() else 0.0


def faults(door: Door, series: Series) -> Iterator[str]:
    """Yield in words what is wrong with a released series of a head with a face."""
    for part, share in shares(door, series).items():
        bar = EARS_SHARE if part == "ears" else FACE_SHARE
        if share < bar:
            yield f"{part}: {share:.1%} of the surface removed, not {bar:.0%}"
    yield from harm(door, series)
    if not door.changed(series).any():
        return
    for source in series.datasets:
        cleaned = door.cleaned(source)
        if cleaned.get("RecognizableVisualFeatures") != "NO":
            yield "Recognizable Visual Features is not NO"
            return
        if METHOD not in methods(cleaned):
            yield f"{METHOD} is not among the methods"
            return


def harm(door: Door, series: Series) -> Iterator[str]:
    """Yield what was altered that must not be: brain, vertex, back of the head."""
    share = brain_share(door, series)
    if share > BRAIN_SHARE:
        yield f"brain: {share:.3%} altered"
    changed = door.changed(series)
    for part in ("vertex", "back"):
        lost = removed_share(series.body, series.pose, part, mask=changed, planes=series.planes)
        if lost is not None and lost > 0.01:
            yield f"{part}: {lost:.1%} altered"


def fate(door: Door, series: Series) -> str:
    """Return ``cleaned`` or the one reason of a series; several are told apart by commas."""
    return ", ".join(sorted(door.outcomes(series)))


def is_unchanged(door: Door, series: Series) -> bool:
    """Return whether every pixel of a released series is as it was."""
    return not bool(door.changed(series).any())


def agreement(one: NDArray[np.int8], other: NDArray[np.int8]) -> float:
    """Return the share of points, seen by both, that both have or neither."""
    seen = (one >= 0) & (other >= 0)
    return float((one[seen] == other[seen]).mean())
