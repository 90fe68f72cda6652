"""The public heads beside the project, aligned once per run and kept in a cache.

The place of the brain was looked at on pictures for each of them (``--pictures`` makes them anew).
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its own short name
from numpy.typing import NDArray
from scipy import ndimage

from ops.bench.faces import align, series
from ops.bench.faces.anatomy import MEAN, PLACED
from ops.bench.faces.frame import SPACING_MM, Matrix, grid_of_template, sample
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import Mask

VOLUMES = {
    "mr_t1_sag_adultA": "A",
    "mr_t1_sag_adultB": "B",
    "mr_t2_thick_ax_adultB": "B",
    "mr_t1_thick_sag_adultC": "C",
    "ct_phantom_head": "P",
    "ct_tilt_thick_adultJ": "J",
}
SERIES = {  # made of one of the volumes, in its coordinates
    "mr_sag_2mm_A": "mr_t1_sag_adultA",
    "mr_cor_2mm_B": "mr_t1_sag_adultB",
    "mr_ax_thick5_B": "mr_t1_sag_adultB",
    "mr_sag_thick5_C": "mr_t1_thick_sag_adultC",
    "ct_ax_3mm_P": "ct_phantom_head",
    "ct_ax_thick_J": "ct_tilt_thick_adultJ",
}
_RIM_MM = 3.0
_BRAIN_HU = (0.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The mean head and its brain."""

    head: sitk.Image
    brain: sitk.Image

    @classmethod
    def read(cls, folder: Path) -> "Template":
        """Read it from the folder of heads."""
        return cls(
            head=sitk.ReadImage(str(folder / "template" / "t1_mean_2mm.nii.gz")),
            brain=sitk.ReadImage(str(folder / "template" / "brain_2mm.nii.gz")),
        )


def matrix_of(image: sitk.Image) -> Matrix:
    """Return what takes (column, row, slice, 1) to LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine


def image_of(values: NDArray[np.int16], affine: Matrix) -> sitk.Image:
    """Return a SimpleITK image; its directions must be at right angles.

    Raises
    ------
    SeriesError
        If they are not: a gantry was tilted.
    """
    image = sitk.GetImageFromArray(values)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / steps
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3):
        raise series.SeriesError("gantry tilt")
    image.SetSpacing(steps.tolist())
    image.SetDirection((affine[:3, :3] / steps).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


def _transform_matrix(transform: sitk.Transform) -> Matrix:
    matrix = np.eye(4)
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    for axis in range(3):
        point = [0.0, 0.0, 0.0]
        point[axis] = 1.0
        matrix[:3, axis] = np.array(transform.TransformPoint(point)) - origin
    matrix[:3, 3] = origin
    return matrix


def _aligned(
    template: Template, head: sitk.Image, *, is_ct: bool, cache: Path
) -> tuple[Matrix, Matrix]:
    key = hashlib.sha256(Path(align.__file__).read_bytes())
    key.update(sitk.GetArrayViewFromImage(head).tobytes())
    key.update(str(matrix_of(head)).encode())
    kept = cache / f"{key.hexdigest()[:24]}.npz"
    if kept.is_file():
        with np.load(kept) as held:
            return held["head"], held["brain"]
    found = align.align(template.head, template.brain, head, is_ct=is_ct)
    matrices = _transform_matrix(found.affine), _transform_matrix(found.brain)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(kept, head=matrices[0], brain=matrices[1])
    return matrices


def _brain(template: Template, to_brain: Matrix, placement: Matrix) -> Mask:
    # grid -> head -> template, by the transform that fits the brain
    back = np.linalg.inv(to_brain) @ placement
    mask = sitk.GetArrayFromImage(template.brain)
    found: Mask = np.nan_to_num(sample(mask, matrix_of(template.brain), back, order=0)) > 0
    return found


def _brain_of_ct(near: Mask, values: NDArray[np.float32]) -> Mask:
    # bone shows where the brain ends; the template only says on which side
    values = np.nan_to_num(values, nan=-1000.0)
    smooth = ndimage.gaussian_filter(values, 0.7)
    soft = (smooth > _BRAIN_HU[0]) & (smooth < _BRAIN_HU[1])
    soft &= ndimage.binary_dilation(near, iterations=4)
    core = ndimage.binary_opening(soft, iterations=2)
    labels, count = ndimage.label(core)
    if not count:
        return near
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    filled: Mask = ndimage.binary_closing(largest, iterations=4)
    return filled


def core_of(brain: Mask) -> Mask:
    """Return `brain` without its outer 3 mm."""
    inside: Mask = ndimage.distance_transform_edt(brain) * SPACING_MM > _RIM_MM
    return inside


def place(
    name: str,
    person: str,
    values: NDArray[np.int16],
    affine: Matrix,
    *,
    is_ct: bool,
    template: Template,
    cache: Path,
) -> Scan:
    """Return a scan whose brain and face the scorer has found for itself."""
    head = image_of(values, affine)
    to_head, to_brain = _aligned(template, head, is_ct=is_ct, cache=cache)
    grid = grid_of_template(template.head.GetDirection())
    placement = to_head @ grid
    brain = _brain(template, to_head if is_ct else to_brain, placement)
    if is_ct:
        brain = _brain_of_ct(brain, sample(values, affine, placement, order=1))
    return Scan(
        name=name,
        person=person,
        is_ct=is_ct,
        values=values,
        affine=affine,
        placement=placement,
        landmarks=PLACED.get(person, MEAN),
        brain=brain,
        core=core_of(brain),
        seen=ndimage.binary_erosion(np.isfinite(sample(values, affine, placement, order=0))),
    )


def read_volumes(folder: Path, template: Template, cache: Path) -> dict[str, Scan]:
    """Return the NIfTI heads by name."""
    scans = {}
    for name, person in VOLUMES.items():
        image = sitk.ReadImage(str(folder / f"{name}.nii.gz"))
        scans[name] = place(
            name,
            person,
            sitk.GetArrayFromImage(image).astype(np.int16),
            matrix_of(image),
            is_ct=name.startswith("ct"),
            template=template,
            cache=cache,
        )
    return scans


def read_unknown(name: str, folder: Path, template: Template, cache: Path) -> Scan:
    """Return a series that nobody has looked at: mean landmarks, nobody in the gallery."""
    values, affine = series.read(folder)
    is_ct = series.modality(folder) == "CT"
    return place(name, "?", values, affine, is_ct=is_ct, template=template, cache=cache)


def read_series(folder: Path, volumes: dict[str, Scan]) -> dict[str, Scan]:
    """Return the DICOM heads by name, each with what is known of the volume it was made of."""
    scans = {}
    for name, origin in SERIES.items():
        values, affine = series.read(folder / "dicom" / name)
        known = volumes[origin]
        scans[name] = replace(known, name=name, values=values, affine=affine)
    return scans
