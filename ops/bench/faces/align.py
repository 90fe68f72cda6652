"""Map the template head onto a head, slowly and carefully, for the scorer alone.

Many starts (pitch, height, depth), the best refined from rigid to affine on ever finer grids,
then an affine of the brain alone. Nothing of it is shared with the product.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its own short name

Kind = TypeVar("Kind", bound=sitk.Transform)
CT_WINDOW = (-200.0, 400.0)
_STARTS_KEPT = 5
_PITCHES = (-24.0, -12.0, 0.0, 12.0, 24.0)
_HEIGHTS_MM = (-40.0, -20.0, 0.0, 20.0, 40.0)
_DEPTHS_MM = (-15.0, 15.0)


class AlignmentError(Exception):
    """No start led to a head of plausible size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Where points of the template lie in a head.

    Attributes
    ----------
    affine : SimpleITK.AffineTransform
        Template LPS mm to head LPS mm.
    brain : SimpleITK.AffineTransform
        The same, made to fit the brain rather than the head.
    metric : float
        Mattes mutual information of `affine`; the lower, the better.
    """

    affine: sitk.AffineTransform
    brain: sitk.AffineTransform
    metric: float


def window(image: sitk.Image, *, is_ct: bool) -> sitk.Image:
    """Return `image` as float with the values that say nothing cut off."""
    image = sitk.Cast(image, sitk.sitkFloat32)
    low, high = CT_WINDOW
    if not is_ct:
        values = sitk.GetArrayViewFromImage(image)
        low, high = (float(p) for p in np.percentile(values[::2, ::2, ::2], (1.0, 99.5)))
    kept: sitk.Image = sitk.Clamp(image, sitk.sitkFloat32, low, max(high, low + 1))
    return kept


def isotropic(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    """Return `image` smoothed and resampled to cubes of `spacing_mm` along its own axes."""
    sigmas = [
        max(0.01, 0.4 * math.sqrt(max(0.0, spacing_mm**2 - s**2))) for s in image.GetSpacing()
    ]
    smooth = sitk.SmoothingRecursiveGaussian(image, sigmas) if max(sigmas) > 0.2 else image
    size = [
        max(4, round(n * s / spacing_mm))
        for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)
    ]
    low = float(sitk.GetArrayViewFromImage(image).min())
    identity = sitk.Transform()
    # the first voxel's outer corner stays where it is
    shift = [(spacing_mm / s - 1) / 2 for s in image.GetSpacing()]
    origin = image.TransformContinuousIndexToPhysicalPoint(shift)
    return sitk.Resample(
        smooth, size, identity, sitk.sitkLinear, origin, [spacing_mm] * 3, image.GetDirection(), low
    )


def align(template: sitk.Image, brain: sitk.Image, head: sitk.Image, *, is_ct: bool) -> Alignment:
    """Return where the template, whose brain is `brain`, lies in `head`.

    Raises
    ------
    AlignmentError
        If all that was found is no head: shrunk, stretched or out of the picture.
    """
    fixed, moving = window(template, is_ct=False), window(head, is_ct=is_ct)
    coarse = _metric_at(fixed, moving, 6.0)
    starts = sorted(_starts(template, head), key=coarse)
    found = []
    for start in starts[:_STARTS_KEPT]:
        rigid = _refined(fixed, moving, start, spacing_mm=6.0)
        similar = sitk.Similarity3DTransform()
        similar.SetMatrix(rigid.GetMatrix())
        similar.SetTranslation(rigid.GetTranslation())
        similar.SetCenter(rigid.GetCenter())
        found.append(_refined(fixed, moving, similar, spacing_mm=4.0))
    judge = _metric_at(fixed, moving, 4.0)
    best = min(found, key=judge)
    affine = sitk.AffineTransform(3)
    affine.SetMatrix(best.GetMatrix())
    affine.SetTranslation(best.GetTranslation())
    affine.SetCenter(best.GetCenter())
    refined = _refined(fixed, moving, affine, spacing_mm=3.0)
    if not _is_head(refined):
        refined = affine
    if not _is_head(refined):
        raise AlignmentError("nothing like a head was found")
    return Alignment(
        affine=refined,
        brain=_brain_affine(fixed, moving, brain, refined),
        metric=judge(refined),
    )


def _is_head(transform: sitk.AffineTransform) -> bool:
    matrix = np.array(transform.GetMatrix()).reshape(3, 3)
    sizes = np.linalg.svd(matrix, compute_uv=False)
    return bool(sizes.min() > 0.6 and sizes.max() < 1.5 and sizes.max() / sizes.min() < 1.4)


def _centre(image: sitk.Image) -> np.ndarray:
    middle = [(n - 1) / 2 for n in image.GetSize()]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(middle))


def _starts(template: sitk.Image, head: sitk.Image) -> list[sitk.Euler3DTransform]:
    centre = _centre(template)
    shift = _centre(head) - centre
    starts = []
    for pitch, height, depth in itertools.product(_PITCHES, _HEIGHTS_MM, _DEPTHS_MM):
        start = sitk.Euler3DTransform()
        start.SetCenter(centre.tolist())
        start.SetRotation(math.radians(pitch), 0.0, 0.0)
        start.SetTranslation([shift[0], shift[1] + depth, shift[2] + height])
        starts.append(start)
    return starts


def _metric_at(
    fixed: sitk.Image, moving: sitk.Image, spacing_mm: float
) -> Callable[[sitk.Transform], float]:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetInterpolator(sitk.sitkLinear)
    small, other = isotropic(fixed, spacing_mm), isotropic(moving, spacing_mm)

    def evaluated(transform: sitk.Transform) -> float:
        method.SetInitialTransform(transform)
        try:
            return float(method.MetricEvaluate(small, other))
        except RuntimeError:  # no overlap
            return 0.0

    return evaluated


def _refined(
    fixed: sitk.Image,
    moving: sitk.Image,
    start: Kind,
    *,
    spacing_mm: float,
    mask: sitk.Image | None = None,
) -> Kind:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(0.5)
    if mask is not None:
        method.SetMetricFixedMask(mask)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=0.01, numberOfIterations=120, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    transform = type(start)(start)
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(isotropic(fixed, spacing_mm), isotropic(moving, spacing_mm))
    except RuntimeError:  # it walked out of the picture
        return start
    return transform


def _brain_affine(
    fixed: sitk.Image, moving: sitk.Image, brain: sitk.Image, start: sitk.AffineTransform
) -> sitk.AffineTransform:
    near = sitk.BinaryDilate(sitk.Cast(brain > 0, sitk.sitkUInt8), [4, 4, 4])
    refined = _refined(fixed, moving, start, spacing_mm=3.0, mask=near)
    return refined if _is_head(refined) else start
