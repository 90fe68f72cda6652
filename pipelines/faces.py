"""Carry out what was decided about the face in one object: hold, refuse, fill, or leave it.

Serves the Clean Recognizable Visual Features Option (PS3.15, E.3.2). What is decided, and
how: `pipelines.deface`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.context import RangeReader
from pipelines.copies import PIXEL_TAGS
from pipelines.deface.decision import FaceDecision, FaceOutcome, Mask
from pipelines.deface.derived import (
    Treatment,
    follows_images,
    is_volume_of_head,
    treatment,
)
from pipelines.deface.renderings import StudyHead, appearance_of
from pipelines.errors import HeldError, RefusedError
from pipelines.files import as_file
from pipelines.metadata.encode import encode_element
from pipelines.metadata.normalise import tolerant
from pipelines.metadata.opening import open_object
from pipelines.metadata.outline import Outline
from pipelines.objects import FaceEvidence
from pipelines.volumes.header import ImageHeader, read_header
from pipelines.volumes.values import hold_surplus, masked
from rules.plan import Plan
from rules.vocabulary import Option, RenderingPolicy

RECOGNIZABLE_VISUAL_FEATURES = 0x00280302
UNEXAMINED = f"{Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}.unexamined"
"""Note of an image that was not looked at: its method code is withheld."""

RENDERING = "face.rendering"
RENDERING_REMOVED = "face.rendering.removed"
"""Reason codes of pictures of a face: held, or not wanted by the plan."""

EXAMINED = frozenset([FaceOutcome.REMOVED, FaceOutcome.NO_FACE, FaceOutcome.ALREADY])
_ROI_CONTOUR_SEQUENCE = 0x30060039
NO_TEMPLATE = "face.no-template"
"""Reason code of a study that could not be looked at: it concerns its images only."""
_MODALITIES: Mapping[str, str] = {
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.2.1": "CT",
    "1.2.840.10008.5.1.4.1.1.2.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.4.1": "MR",
    "1.2.840.10008.5.1.4.1.1.4.3": "MR",
    "1.2.840.10008.5.1.4.1.1.4.4": "MR",
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.130": "PT",
    "1.2.840.10008.5.1.4.1.1.128.1": "PT",
}
"""What a storage SOP class can be (PS3.4, B.5), whatever Modality says."""


def modality_of(sop_class_uid: str, modality: str) -> str:
    """Return the modality of an object: its SOP class knows better than its header."""
    return _MODALITIES.get(sop_class_uid, modality.strip("\0 ").upper())


def read_dataset(source: RangeReader, *, with_pixels: bool) -> Dataset:
    """Return an object as pydicom reads it; it raises anything on hostile bytes.

    Parameters
    ----------
    source : RangeReader
        Of `Outline.source`: deflated and big endian objects are normalised there.
    """
    with tolerant():
        return pydicom.dcmread(as_file(source), stop_before_pixels=not with_pixels, force=True)


def header_of(source: RangeReader) -> ImageHeader:
    """Return the header of an object.

    Parameters
    ----------
    source : RangeReader
        See `read_dataset`.

    Raises
    ------
    pipelines.errors.HeldError
        `face.unsupported`: nobody can read it.
    """
    return _header_and_dataset(source)[0]


def _header_and_dataset(source: RangeReader) -> tuple[ImageHeader, Dataset]:
    try:
        dataset = read_dataset(source, with_pixels=False)
        header = read_header(dataset)
    except (HeldError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (pydicom raises anything on hostile bytes)
        kind = type(error).__name__
    else:
        modality = modality_of(header.sop_class_uid, header.modality)
        return replace(header, modality=modality), dataset
    raise HeldError("face.unsupported", where=kind) from None


def _mask_of(decision: FaceDecision) -> Mask:
    if decision.mask is None:
        raise HeldError("face.doubtful", where="no mask")
    return decision.mask


class FrameMasks(Mapping[int, NDArray[np.bool_]]):
    """Masks of frames, by number from 0, a bit per pixel; frames that stay are not in it.

    Parameters
    ----------
    header : ImageHeader
    decision : FaceDecision
        With a mask.

    Raises
    ------
    pipelines.errors.HeldError
        `face.no-geometry`: a frame without a plane. `face.doubtful`: there is no mask.
    """

    def __init__(self, header: ImageHeader, decision: FaceDecision) -> None:
        self._shape = header.rows, header.columns
        self._packed: dict[int, NDArray[np.uint8]] = {}
        from pipelines.deface.apply import frame_mask  # noqa: PLC0415  (scipy: only here)

        mask = _mask_of(decision)
        for number, plane in enumerate(header.planes):
            if plane is None:
                raise HeldError("face.no-geometry", where=f"frame {number + 1}")
            covered = frame_mask(
                mask,
                plane,
                rows=header.rows,
                columns=header.columns,
                is_projection=decision.is_projection,
            )
            if covered.any():
                self._packed[number] = np.packbits(covered)

    def __getitem__(self, number: int) -> NDArray[np.bool_]:
        """Return the mask of a frame."""
        rows, columns = self._shape
        bits = np.unpackbits(self._packed[number], count=rows * columns)
        return bits.reshape(self._shape).view(np.bool_)

    def __iter__(self) -> Iterator[int]:
        """Return the numbers of the frames that change."""
        return iter(self._packed)

    def __len__(self) -> int:
        """Return how many frames change."""
        return len(self._packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faced:
    """An object after what was decided about its face.

    Attributes
    ----------
    outline : Outline
        Of the object as it is now.
    outcome : str
        "" where the plan does not ask.
    figures : Mapping[str, float]
    decided_by : str
        "" where the plan does not ask.
    is_examined : bool
        Its pixels were looked at: no face is left in them.
    notes : frozenset[str]
    evidence : FaceEvidence or None
        None where no pixel was changed.
    """

    outline: Outline = field(repr=False)
    outcome: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    decided_by: str = ""
    is_examined: bool = False
    notes: frozenset[str] = frozenset()
    evidence: FaceEvidence | None = field(default=None, repr=False)


def is_asked(plan: Plan) -> bool:
    """Return whether the plan asks for faces to be removed."""
    return Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES in plan.options


def carry_out(outline: Outline, *, plan: Plan, face: FaceDecision | None) -> Faced:
    """Do what was decided about the face in an object.

    Parameters
    ----------
    face : FaceDecision or None
        None: nobody looked at it.

    Raises
    ------
    pipelines.errors.RefusedError
        `face.rendering.removed`: a picture of a face, and the plan wants none.
    pipelines.errors.HeldError
        `face.unchecked`, and the codes of doubtful decisions.
    """
    if not is_asked(plan):
        return Faced(outline=outline)
    has_pixels = bool(PIXEL_TAGS & outline.by_tag.keys())
    header, dataset = _header_and_dataset(outline.source)
    decision = face
    if decision is None or decision.code == NO_TEMPLATE:
        decision = _unseen(header, plan, has_pixels=has_pixels, why=face)
    if decision.outcome is FaceOutcome.DOUBTFUL:
        if decision.code == RENDERING and plan.deface_renderings is RenderingPolicy.REMOVE:
            raise RefusedError(RENDERING_REMOVED)
        raise HeldError(decision.code or "face.doubtful")
    is_passed = has_pixels and decision.outcome is FaceOutcome.UNCONCERNED
    if is_passed and not header.has_pixels and _is_named(header, plan):
        raise HeldError("face.unchecked", where="no rows, columns or bits")
    notes = frozenset([UNEXAMINED] if is_passed and not _is_named(header, plan) else [])
    filled, evidence = outline, None
    if has_pixels and decision.outcome in EXAMINED:
        hold_surplus(outline)
    if decision.outcome is FaceOutcome.REMOVED:
        filled, evidence = _without_face(outline, header, decision, dataset if has_pixels else None)
    elif _ROI_CONTOUR_SEQUENCE in outline.by_tag:
        _hold_elsewhere(outline.source, header)
    return Faced(
        outline=filled,
        outcome=decision.outcome,
        figures=decision.figures,
        decided_by=decision.decided_by,
        is_examined=has_pixels and decision.outcome in EXAMINED,
        notes=notes,
        evidence=evidence,
    )


def _is_named(header: ImageHeader, plan: Plan) -> bool:
    """Return whether an image is one of those that the plan asks to be looked at."""
    uid = header.sop_class_uid
    is_modality = header.modality in plan.deface_modalities
    return is_modality or follows_images(uid) or is_volume_of_head(uid)


def _unseen(
    header: ImageHeader, plan: Plan, *, has_pixels: bool, why: FaceDecision | None
) -> FaceDecision:
    """Return what is to be done with an object that nobody looked at.

    Parameters
    ----------
    why : FaceDecision or None
        Says why nobody could.
    """
    unchecked = "face.unchecked" if why is None else why.code
    code = ""
    match treatment(appearance_of(header), head=StudyHead.UNSEEN):
        case Treatment.RENDERING:
            code = RENDERING
        case Treatment.CONTOURS:
            code = unchecked
        case Treatment.IMAGE if has_pixels and _is_named(header, plan):
            code = unchecked
    if code:
        return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code=code)
    return FaceDecision(outcome=FaceOutcome.UNCONCERNED)


def _without_face(
    outline: Outline, header: ImageHeader, decision: FaceDecision, image: Dataset | None
) -> tuple[Outline, FaceEvidence | None]:
    source, evidence, mask = outline.source, None, _mask_of(decision)
    if image is not None:
        # frames beside the face stay as they are
        masks = FrameMasks(header, decision)
        if masks:
            from pipelines.deface.apply import fill_value  # noqa: PLC0415  (scipy: only here)

            fill = fill_value(image)
            evidence = FaceEvidence(
                original=source,
                transfer_syntax_uid=outline.head.transfer_syntax_uid,
                mask=mask,
                masks=masks,
                fill=fill,
            )
            source = masked(source, masks, fill)
    if _ROI_CONTOUR_SEQUENCE in outline.by_tag:
        source = _clipped(source, header, mask)
    if source is outline.source:
        return outline, evidence
    return open_object(source)[0], evidence


def _clipped(source: RangeReader, header: ImageHeader, mask: Mask) -> RangeReader:
    # scikit-image: only contours need it
    from pipelines.deface.structures import clip  # noqa: PLC0415

    # the mask is in the space that the header names: contours of any other are held
    return clip(source, {header.frame_of_reference_uid: mask})


def _hold_elsewhere(source: RangeReader, header: ImageHeader) -> None:
    """Hold contours in another space than the one that was decided about.

    Raises
    ------
    pipelines.errors.HeldError
        `face.missing-reference`.
    """
    # scikit-image: only contours need it
    from pipelines.deface.structures import frames_of_reference  # noqa: PLC0415

    if not frames_of_reference(source) <= {header.frame_of_reference_uid} - {""}:
        raise HeldError("face.missing-reference", where="(3006,0024)")


def features_removed(*, implicit: bool) -> bytes:
    """Return Recognizable Visual Features (PS3.3, C.7.6.1.1.1): there are none any more."""
    return encode_element(RECOGNIZABLE_VISUAL_FEATURES, b"CS", b"NO", implicit=implicit)
