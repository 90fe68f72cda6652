"""Who is it? Detectors and two recognisers over renderings, before and after.

The recogniser of shapes (depth of the face against the skull) is always there. dlib's network
runs in an environment of its own (``--faces-python``), for it is no dependency of the project.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from skimage.feature import Cascade

from ops.bench.faces.anatomy import Landmarks
from ops.bench.faces.frame import SPACING_MM
from ops.bench.faces.portrait import View, depth_from, picture
from ops.bench.faces.surface import Mask, Values

DOOR = Path(__file__).with_name("dlib_door.py")
_ZOOM = 4
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a recogniser makes of one picture.

    Attributes
    ----------
    rank : int
        Of the true person in the gallery; 1 is recognised.
    gallery : int
        Persons in it.
    similarity : float
        To the true person; its scale is that of the recogniser.
    """

    rank: int
    gallery: int
    similarity: float


def portrait(tissue: Mask, values: Values) -> Picture:
    """Return the head from the front, large enough for detectors."""
    depth = depth_from(tissue, View.FRONT, spacing_mm=SPACING_MM, values=values)
    there = np.isfinite(depth)
    far = float(np.nanmax(depth)) if there.any() else 0.0
    fine = ndimage.zoom(np.where(there, depth, far), _ZOOM, order=1)
    fine = ndimage.gaussian_filter(fine, 0.9 * _ZOOM)
    fine[ndimage.zoom(there.astype(np.float32), _ZOOM, order=1) < 0.5] = np.nan
    return picture(fine, spacing_mm=SPACING_MM / _ZOOM)


@cache
def _cascade() -> Cascade:
    return Cascade(skimage.data.lbp_frontal_face_cascade_filename())


def cascade_sees(shown: Picture) -> bool:
    """Say whether scikit-image's LBP cascade finds a face."""
    found = _cascade().detect_multi_scale(
        img=shown, scale_factor=1.15, step_ratio=1, min_size=(120, 120), max_size=(520, 520)
    )
    return bool(found)


def face_depth(tissue: Mask, at: Landmarks) -> NDArray[np.float32]:
    """Return the depth of the face as seen from the front, brow to chin, NaN beside it."""
    depth = depth_from(tissue, View.FRONT, spacing_mm=SPACING_MM)[::-1]
    low, high = (int(v / SPACING_MM) for v in (at.chin_z - 8, at.eyes_z + 26))
    left, right = (int((at.middle_x + side) / SPACING_MM) for side in (-52, 52))
    return depth[max(0, low) : high, left:right]


def shape_similarity(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return minus the mean distance in mm of two faces, after the best small shift."""
    best = np.inf
    rows, columns = (min(a, b) for a, b in zip(one.shape, other.shape, strict=True))
    one, other = one[-rows:, :columns], other[-rows:, :columns]
    for up in range(-6, 7, 2):
        for side in (-2, 0, 2):
            gap = one - np.roll(other, (up, side), axis=(0, 1))
            gap = gap[6:-6, 2:-2]
            there = np.isfinite(gap)
            if there.sum() < 300:
                continue
            gap = gap[there]
            best = min(best, float(np.abs(np.clip(gap - np.median(gap), -15, 15)).mean()))
    return -best


def likeness(similarities: Mapping[str, float], person: str) -> Likeness | None:
    """Return the rank of `person`; nothing where that person is not in the gallery."""
    if person not in similarities or not np.isfinite(similarities[person]):
        return None
    own = similarities[person]
    rank = 1 + sum(value > own for other, value in similarities.items() if other != person)
    return Likeness(rank=rank, gallery=len(similarities), similarity=own)


def embed(
    pictures: Sequence[Path], python: Path
) -> dict[str, tuple[bool, NDArray[np.float64]]] | None:
    """Return of each picture whether dlib's HOG finds a face, and its 128 numbers.

    The numbers are of the same box in each picture, for the heads are aligned. Nothing where the
    environment `python` lacks dlib or its models.
    """
    if not python.is_file():
        return None
    done = subprocess.run(
        [str(python), str(DOOR)],
        input=json.dumps([str(p) for p in pictures]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return None
    return {
        name: (bool(row["found"]), np.array(row["numbers"]))
        for name, row in json.loads(done.stdout).items()
    }


def save(shown: Picture, path: Path) -> Path:
    """Write a picture and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shown).save(path)
    return path
