"""The scans that a run is over: the heads as they lie, wrapped, and variants of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from ops.bench.faces import variants as make
from ops.bench.faces.scan import Scan

_A, _B, _C = "mr_t1_sag_adultA", "mr_t1_sag_adultB", "mr_t1_thick_sag_adultC"
_P, _J = "ct_phantom_head", "ct_tilt_thick_adultJ"
_AXIAL, _CORONAL, _SAGITTAL = (make.DIRECTIONS[n] for n in ("axial", "coronal", "sagittal"))

VARIANTS: dict[str, tuple[str, Callable[[Scan], Scan]]] = {
    "B_flair_ax5": (
        _B,
        lambda s: make.resampled(
            make.recoloured(s, make.like_flair), directions=_AXIAL, spacing_mm=(0.9, 0.9, 5.0)
        ),
    ),
    "A_t2_cor3": (
        _A,
        lambda s: make.resampled(
            make.recoloured(s, make.like_t2), directions=_CORONAL, spacing_mm=(1.2, 1.2, 3.0)
        ),
    ),
    "B_cor6_noise": (
        _B,
        lambda s: make.noisy(
            make.resampled(s, directions=_CORONAL, spacing_mm=(1.0, 1.0, 6.0)), share=0.04, seed=1
        ),
    ),
    "A_oblique3": (
        _A,
        lambda s: make.resampled(
            s,
            directions=make.turned(18, 0) @ make.turned(10, 2) @ _AXIAL,
            spacing_mm=(1.1, 1.1, 3.0),
        ),
    ),
    "B_nodding25": (
        _B,
        lambda s: make.resampled(
            make.moved(s, make.turned(25, 0)), directions=_SAGITTAL, spacing_mm=(1.3, 1.3, 1.5)
        ),
    ),
    "C_bias_noise": (_C, lambda s: make.noisy(make.biased(s, strength=0.7), share=0.03, seed=2)),
    "B_child": (
        _B,
        lambda s: make.resampled(
            make.child_of(s), directions=_SAGITTAL, spacing_mm=(1.1, 1.1, 1.2)
        ),
    ),
    "P_child_ax": (
        _P,
        lambda s: make.resampled(make.child_of(s), directions=_AXIAL, spacing_mm=(0.9, 0.9, 2.5)),
    ),
    "P_tilt_noise": (
        _P,
        lambda s: make.noisy(
            make.resampled(
                s,
                directions=make.turned(15, 0) @ _AXIAL,
                spacing_mm=(1.0, 1.0, 4.0),
                shear=float(np.tan(np.radians(15))),
            ),
            share=0.02,
            seed=3,
        ),
    ),
    "B_crop_top": (
        _B,
        lambda s: make.cropped(
            make.resampled(s, directions=_AXIAL, spacing_mm=(1.1, 1.1, 2.0)),
            low=(0.0, 0.0, 0.0),
            high=(0.62, 1.0, 1.0),
        ),
    ),
    "A_crop_low": (
        _A,
        lambda s: make.cropped(
            make.resampled(s, directions=_AXIAL, spacing_mm=(1.1, 1.1, 2.0)),
            low=(0.22, 0.0, 0.0),
            high=(1.0, 1.0, 1.0),
        ),
    ),
}
QUICK = ("mr_cor_2mm_B", "ct_ax_3mm_P", "B_flair_ax5", "P_child_ax")


def names(volumes: Mapping[str, Scan], series: Mapping[str, Scan]) -> list[str]:
    """Return the names of all cases, in the order of the table."""
    return [*series, *volumes, *VARIANTS]


def made(name: str, volumes: Mapping[str, Scan], series: Mapping[str, Scan]) -> Scan:
    """Return the case of `name`."""
    if name in series:
        return series[name]
    if name in volumes:
        return volumes[name]
    origin, variant = VARIANTS[name]
    return replace(variant(volumes[origin]), name=name)
