"""What is known of a phantom, against what was taken from its images."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tests.support.heads.anatomy import Body
from tests.support.heads.planes import Plane
from tests.support.heads.poses import Pose
from tests.support.heads.scans import sampled
from tests.support.heads.variants import coordinates

Points = NDArray[np.float64]
FACE = ("eyes", "nose", "mouth", "chin")
_CORE_MM = 3.0
_BODIES: dict[str, Body] = {}


def surface(body: Body, part: str) -> Points:
    """Return points just under the skin of one part, in the space of the phantom."""
    _BODIES[body.name] = body
    return _surface(body.name)[part]


@cache
def _surface(name: str) -> dict[str, Points]:
    body = _BODIES[name]
    inside = np.pad(body.tissues > 0, 1)  # the box cuts the neck: that is no skin
    outside = _open_air(inside)[1:-1, 1:-1, 1:-1]
    skin = (body.tissues > 0) & ndimage.binary_dilation(outside)
    blurred = ndimage.gaussian_filter((~outside).astype(np.float32), 1.2)
    slopes = np.stack(np.gradient(blurred), axis=-1)
    inwards = slopes / np.maximum(np.linalg.norm(slopes, axis=-1, keepdims=True), 1e-6)
    x, y, z = coordinates(body)
    front = skin & (inwards[..., 1] > 0.15)
    boxes = {
        "eyes": front & (np.abs(np.abs(x) - 31) < 17) & (np.abs(z + 33) < 11) & (y < -78),
        "nose": front & (np.abs(x) < 16) & (z < -34) & (z > -72) & (y < -96),
        "mouth": front & (np.abs(x) < 25) & (z <= -76) & (z > -97) & (y < -88),
        "chin": front & (np.abs(x) < 22) & (z <= -98) & (z > -122) & (y < -82),
        "ears": skin & body.ears,
        "vertex": skin & (z > 45),
        "back": skin & (y > 60) & (z > -20),
    }
    return {part: _points(body, where, inwards) for part, where in boxes.items()}


def _open_air(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(~inside)
    result: NDArray[np.bool_] = parts == parts[-1, 0, 0]
    return result


def _points(body: Body, where: NDArray[np.bool_], inwards: NDArray[np.float32]) -> Points:
    z, y, x = np.nonzero(where)
    voxels = np.stack([x, y, z], axis=-1) * body.step_mm + np.array(body.low)
    return np.asarray(voxels + 0.5 * inwards[z, y, x][:, ::-1])


def core_brain(body: Body, pose: Pose, planes: tuple[Plane, ...]) -> NDArray[np.bool_]:
    """Return the brain less its outermost 3 mm, on the pixels of planes."""
    deep = ndimage.distance_transform_edt(body.brain) * body.step_mm > _CORE_MM
    return sampled(body, pose, deep, planes)


def values_at(
    mask: NDArray[np.bool_], planes: tuple[Plane, ...], points: Points
) -> NDArray[np.int8]:
    """Return for each point of the patient 1 or 0 as its pixel is in `mask`; -1 outside."""
    normal = planes[0].normal
    depth = np.array([float(normal @ np.array(p.position)) for p in planes])
    order = np.argsort(depth)
    found = np.full(len(points), -1, dtype=np.int8)
    along = points @ normal
    nearest = np.abs(along[:, None] - depth[order][None, :]).argmin(axis=1)
    limit = max(np.diff(depth[order]).max() / 2, 0.5) + 1e-6 if len(planes) > 1 else 1.0
    for k in np.unique(nearest):
        plane = planes[order[k]]
        here = np.flatnonzero((nearest == k) & (np.abs(along - depth[order[k]]) <= limit))
        offset = points[here] - np.array(plane.position)
        i = np.rint(offset @ np.array(plane.column) / plane.spacing[0]).astype(int)
        j = np.rint(offset @ np.array(plane.row) / plane.spacing[1]).astype(int)
        seen = (i >= 0) & (i < plane.rows) & (j >= 0) & (j < plane.columns)
        found[here[seen]] = mask[order[k], i[seen], j[seen]]
    return found


def removed_share(
    body: Body, pose: Pose, part: str, *, mask: NDArray[np.bool_], planes: tuple[Plane, ...]
) -> float | None:
    """Return how much of a part's surface in the field of view is in `mask`; None: none is seen."""
    seen = values_at(mask, planes, pose.to_patient(surface(body, part)))
    seen = seen[seen >= 0]
    return float(seen.mean()) if seen.size >= 10 else None
