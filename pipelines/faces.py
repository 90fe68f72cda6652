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
from pipelines.deface.decision import FaceDecision, FaceOutcome
from pipelines.deface.derived import Treatment, follows_images, treatment
from pipelines.deface.renderings import StudyHead, appearance_of
from pipelines.errors import HeldError, RefusedError
from pipelines.files import as_file
from pipelines.metadata.encode import encode_element
from pipelines.metadata.normalise import tolerant
from pipelines.metadata.opening import open_object
from pipelines.metadata.outline import Outline
from pipelines.objects import FaceEvidence
from pipelines.volumes.header import ImageHeader, read_header
from pipelines.volumes.values import masked
from rules.plan import Plan
from rules.vocabulary import Option, RenderingPolicy

PIXEL_TAGS = frozenset([0x7FE00008, 0x7FE00009, 0x7FE00010])
RECOGNIZABLE_VISUAL_FEATURES = 0x00280302
UNEXAMINED = f"{Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}.unexamined"
"""Note of an image that was not looked at: its method code is withheld."""

RENDERING = "face.rendering"
RENDERING_REMOVED = "face.rendering.removed"
"""Reason codes of pictures of a face: held, or not wanted by the plan."""

EXAMINED = frozenset([FaceOutcome.REMOVED, FaceOutcome.NO_FACE, FaceOutcome.ALREADY])
_ROI_CONTOUR_SEQUENCE = 0x30060039
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
    try:
        header = read_header(read_dataset(source, with_pixels=False))
    except (HeldError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (pydicom raises anything on hostile bytes)
        kind = type(error).__name__
    else:
        return replace(header, modality=modality_of(header.sop_class_uid, header.modality))
    raise HeldError("face.unsupported", where=kind) from None


class FrameMasks(Mapping[int, NDArray[np.bool_]]):
    """Masks of frames, by number from 0, a bit per pixel; frames that stay are not in it.

    Parameters
    ----------
    header : ImageHeader
    decision : FaceDecision
        With a mask.
    """

    def __init__(self, header: ImageHeader, decision: FaceDecision) -> None:
        self._shape = header.rows, header.columns
        self._packed: dict[int, NDArray[np.uint8]] = {}
        from pipelines.deface.apply import frame_mask  # noqa: PLC0415  (scipy: only here)

        mask = decision.mask
        if mask is None:
            raise HeldError("face.doubtful", where="no mask")
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
    is_examined : bool
        Its pixels were looked at: no face is left in them.
    notes : frozenset[str]
    evidence : FaceEvidence or None
        None where no pixel was changed.
    """

    outline: Outline = field(repr=False)
    outcome: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
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
    header = header_of(outline.source)
    decision = _unseen(header, plan, has_pixels=has_pixels) if face is None else face
    if decision.outcome is FaceOutcome.DOUBTFUL:
        if decision.code == RENDERING and plan.deface_renderings is RenderingPolicy.REMOVE:
            raise RefusedError(RENDERING_REMOVED)
        raise HeldError(decision.code or "face.doubtful")
    notes: frozenset[str] = frozenset()
    if has_pixels and decision.outcome is FaceOutcome.UNCONCERNED:
        is_named = header.modality in plan.deface_modalities or follows_images(header.sop_class_uid)
        notes = notes if is_named else frozenset([UNEXAMINED])
    filled, evidence = outline, None
    if decision.outcome is FaceOutcome.REMOVED:
        filled, evidence = _without_face(outline, header, decision, has_pixels=has_pixels)
    return Faced(
        outline=filled,
        outcome=decision.outcome,
        figures=decision.figures,
        is_examined=has_pixels and decision.outcome in EXAMINED,
        notes=notes,
        evidence=evidence,
    )


def _unseen(header: ImageHeader, plan: Plan, *, has_pixels: bool) -> FaceDecision:
    """Return what is to be done with an object that nobody looked at."""
    code = ""
    match treatment(appearance_of(header), head=StudyHead.UNSEEN):
        case Treatment.RENDERING:
            code = RENDERING
        case Treatment.CONTOURS:
            code = "face.unchecked"
        case Treatment.IMAGE:
            is_named = header.modality in plan.deface_modalities
            if has_pixels and (is_named or follows_images(header.sop_class_uid)):
                code = "face.unchecked"
        case Treatment.NONE:
            pass
    if code:
        return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code=code)
    return FaceDecision(outcome=FaceOutcome.UNCONCERNED)


def _without_face(
    outline: Outline, header: ImageHeader, decision: FaceDecision, *, has_pixels: bool
) -> tuple[Outline, FaceEvidence | None]:
    source, evidence = outline.source, None
    if has_pixels:
        # frames beside the face stay as they are
        masks = FrameMasks(header, decision)
        if masks:
            from pipelines.deface.apply import fill_value  # noqa: PLC0415  (scipy: only here)

            fill = fill_value(read_dataset(source, with_pixels=False))
            evidence = FaceEvidence(
                original=source,
                transfer_syntax_uid=outline.head.transfer_syntax_uid,
                masks=masks,
                fill=fill,
            )
            source = masked(source, masks, fill)
    if _ROI_CONTOUR_SEQUENCE in outline.by_tag:
        source = _clipped(source, decision)
    if source is outline.source:
        return outline, evidence
    return open_object(source)[0], evidence


def _clipped(source: RangeReader, decision: FaceDecision) -> RangeReader:
    # scikit-image: only contours need it
    from pipelines.deface.structures import clip, frames_of_reference  # noqa: PLC0415

    frames = frames_of_reference(source)
    if len(frames) > 1:  # the mask is in one of them
        raise HeldError("face.missing-reference", where=f"{len(frames)} frames of reference")
    return clip(source, dict.fromkeys(frames, decision.mask))


def features_removed(*, implicit: bool) -> bytes:
    """Return Recognizable Visual Features (PS3.3, C.7.6.1.1.1): there are none any more."""
    return encode_element(RECOGNIZABLE_VISUAL_FEATURES, b"CS", b"NO", implicit=implicit)
