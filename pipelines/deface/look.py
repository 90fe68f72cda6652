"""Look at one stack: whether a head is there, where it is, and whether it has a face."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.agreement import Agreement
from pipelines.deface.brain import BRAIN_ML
from pipelines.deface.decision import FaceDecision, FaceOutcome
from pipelines.deface.locate import BodyPart, no_head_below
from pipelines.deface.mask import FaceMask
from pipelines.deface.quality import (
    LEAST_EVEN_AGREEMENT,
    Quality,
    has_no_face,
    judge,
    scalp_points,
    tissue,
)
from pipelines.deface.registration import is_plausible, register
from pipelines.deface.scan import Scan
from pipelines.deface.steps import steps_nearby
from pipelines.deface.template import load_brain, load_template

_LEAST_SCALP = 0.05
_LEAST_BRAIN_ML, _MOST_BRAIN_ML, _MOST_STRIPPED_ML = 600.0, 1800.0, 2200.0
_MOST_BESIDE = 1.25
"""Of the volume of the brain: what is no air in an image of the brain alone."""
_MOST_GAIN, _MOST_GAIN_WITHOUT = 0.05, 0.075
_LEAST_STRIPPED = 0.085
_LEAST_FOLLOWED = 0.1


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found; the mask of a doubtful one is for reviewers.

    Attributes
    ----------
    outcome : FaceOutcome
    code : str
        Reason code of a doubtful one.
    mask : FaceMask or None
    quality : Quality or None
        None where there was nothing to measure.
    """

    outcome: FaceOutcome
    code: str = field(default="", kw_only=True)
    mask: FaceMask | None = field(default=None, repr=False, kw_only=True)
    quality: Quality | None = field(default=None, kw_only=True)

    def decision(self, *, is_projection: bool = False) -> FaceDecision:
        """Return what to do with an object."""
        return FaceDecision(
            outcome=self.outcome,
            code=self.code,
            mask=self.mask,
            figures=self.quality.figures() if self.quality else {},
            is_projection=is_projection,
        )


UNCHECKED = Finding(FaceOutcome.DOUBTFUL, code="face.unchecked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one stack shows.

    Attributes
    ----------
    outcome : FaceOutcome
    quality : Quality or None
    to_patient : numpy.ndarray or None
        Where the template lies, shape ``(4, 4)``; None where that is not known.
    is_weak : bool
        It hardly agrees with a head, wherever that is placed.
    """

    outcome: FaceOutcome
    quality: Quality | None = None
    to_patient: NDArray[np.float64] | None = field(default=None, repr=False)
    is_weak: bool = False

    @property
    def is_sure(self) -> bool:
        """Return whether the head was found."""
        return self.to_patient is not None and self.outcome is not FaceOutcome.DOUBTFUL


def look_at(scan: Scan, part: BodyPart) -> Look:
    """Look at a stack by itself.

    Parameters
    ----------
    part : BodyPart
        What its header says.
    """
    agreement = scan.agreement(load_template())
    placed = None if scan.body.is_empty else register(scan, agreement)
    if placed is None:
        # Only of CT is air known: where vessels or a bladder outshine the rest, skin is dark.
        is_air = scan.body.is_empty and (scan.modality == "CT" or part is BodyPart.EXTREMITY)
        is_empty = is_air and part is not BodyPart.HEAD
        return Look(outcome=FaceOutcome.NO_FACE if is_empty else FaceOutcome.DOUBTFUL)
    quality = judge(scan, agreement, placed.to_patient)
    even = judge(scan, agreement, placed.even)
    is_sure = quality.is_sure and even.agreement >= LEAST_EVEN_AGREEMENT
    is_weak = even.agreement < no_head_below(part)
    if is_weak and not is_sure and _is_top(agreement, placed.to_patient):
        return Look(outcome=FaceOutcome.NO_FACE, quality=quality)
    if has_no_face(scan, quality, placed.to_patient):
        outcome = FaceOutcome.ALREADY
    elif has_no_face(scan, even, placed.even):
        return Look(outcome=FaceOutcome.ALREADY, quality=even, to_patient=placed.even)
    elif is_sure:
        outcome = FaceOutcome.REMOVED
    else:
        stripped = _stripped(scan) if quality.agreement >= _LEAST_STRIPPED else None
        if stripped is not None:
            return Look(outcome=FaceOutcome.ALREADY, quality=quality, to_patient=stripped)
        outcome = FaceOutcome.DOUBTFUL
    is_weak = even.agreement < no_head_below(BodyPart.TRUNK)
    return Look(outcome=outcome, quality=quality, to_patient=placed.to_patient, is_weak=is_weak)


def _is_top(agreement: Agreement, to_patient: NDArray[np.float64]) -> bool:
    """Return whether no small step that a head can take agrees much better."""
    if not is_plausible(to_patient):
        return False
    most = agreement.of(to_patient) * (1 + _MOST_GAIN_WITHOUT)
    tried = (to_patient @ step for step in steps_nearby())
    return all(agreement.of(each) <= most for each in tried if is_plausible(each))


def follow(scan: Scan, to_patient: NDArray[np.float64], *, may_be_removed: bool) -> Look | None:
    """Look at a stack where another one of its frame of reference has the head.

    Parameters
    ----------
    may_be_removed : bool
        True: the face may have been removed before, as in the other.

    Returns
    -------
    Look or None
        None where it is not plain that the head is at the same place.
    """
    agreement: Agreement = scan.agreement(load_template())
    if agreement.of(to_patient) < _LEAST_FOLLOWED:
        return None
    if agreement.improvement(to_patient)[0] > _MOST_GAIN:
        return None
    quality = judge(scan, agreement, to_patient)
    is_defaced = may_be_removed and has_no_face(scan, quality, to_patient)
    outcome = FaceOutcome.ALREADY if is_defaced else FaceOutcome.REMOVED
    return Look(outcome=outcome, quality=quality, to_patient=to_patient)


def takes_nothing(scan: Scan, mask: FaceMask) -> bool:
    """Return whether the field of view holds nothing of the mask, be it body or air."""
    return not mask.covers(scan.grid.points()[scan.in_view]).any()


def _stripped(scan: Scan) -> NDArray[np.float64] | None:
    """Return where the brain lies in an image without skull and skin; None for others."""
    body_ml = float(scan.body.inside.sum()) * scan.grid.spacing_mm**3 / 1000
    if body_ml > _MOST_STRIPPED_ML:
        return None
    agreement = scan.agreement(load_brain())
    placed = register(scan, agreement)
    if placed is None or not judge(scan, agreement, placed.to_patient).is_sure:
        return None
    brain_ml = BRAIN_ML * float(np.linalg.det(placed.to_patient[:3, :3]))
    if not (_LEAST_BRAIN_ML < brain_ml < _MOST_BRAIN_ML and body_ml < _MOST_BESIDE * brain_ml):
        return None  # the outline of a whole head is round, too
    in_view, part = tissue(scan, placed.to_patient, scalp_points())
    return placed.to_patient if in_view > 0.5 and part < _LEAST_SCALP else None
