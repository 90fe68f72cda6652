"""What tells the frames of one series apart, beside where they are."""

from collections.abc import Sequence
from typing import NamedTuple

from pydicom.dataset import Dataset

from pipelines.volumes.attributes import first_item, integer, number, text, texts


class Acquisition(NamedTuple):
    """How a frame was made. Frames of one stack agree in the first eight.

    The others are labels of a volume in some series and numbers of a slice in others;
    they separate stacks only where positions are met more than once.

    Attributes
    ----------
    image_type : str
        Image Type or Frame Type.
    echo_time : str
    inversion_time : str
    b_value : str
    kilovolts : str
        KVP.
    kernel : str
        Convolution Kernel.
    segment : str
        Referenced Segment Number.
    component : str
        Complex Image Component, or Contrast/Bolus Agent.
    temporal_position, phase, direction, number, trigger_time : str
        Temporal Position Identifier, cardiac or nominal phase, diffusion gradient
        direction, Acquisition Number, Trigger Time.
    """

    image_type: str = ""
    echo_time: str = ""
    inversion_time: str = ""
    b_value: str = ""
    kilovolts: str = ""
    kernel: str = ""
    segment: str = ""
    component: str = ""
    temporal_position: str = ""
    phase: str = ""
    direction: str = ""
    number: str = ""
    trigger_time: str = ""


KIND = 8
"""The first so many always separate stacks; the others where they must."""

_FRAME_TYPES = (
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "MRSpectroscopyFrameTypeSequence",
    "ParametricMapFrameTypeSequence",
)


def _figure(dataset: Dataset | None, keyword: str) -> str:
    value = None if dataset is None else number(dataset, keyword)
    return "" if value is None else f"{value:.6g}"


def acquisition_of(dataset: Dataset) -> Acquisition:
    """Return how a classic image was made."""
    return Acquisition(
        image_type="\\".join(texts(dataset, "ImageType")),
        echo_time=_figure(dataset, "EchoTime"),
        inversion_time=_figure(dataset, "InversionTime"),
        b_value=_figure(dataset, "DiffusionBValue"),
        kilovolts=_figure(dataset, "KVP"),
        kernel="\\".join(texts(dataset, "ConvolutionKernel")),
        component=text(dataset, "ComplexImageComponent"),
        temporal_position=_figure(dataset, "TemporalPositionIdentifier"),
        phase=_figure(dataset, "NominalPercentageOfCardiacPhase"),
        direction="\\".join(texts(dataset, "DiffusionGradientOrientation")),
        number=_figure(dataset, "AcquisitionNumber"),
        trigger_time=_figure(dataset, "TriggerTime"),
    )


def frame_acquisition(
    whole: Acquisition, shared: Dataset | None, own: Dataset | None
) -> Acquisition:
    """Return how a frame of an enhanced image was made.

    Parameters
    ----------
    whole : Acquisition
        Of the root.
    shared, own : pydicom.Dataset or None
        Items of the Shared and the Per-Frame Functional Groups Sequence; the latter
        overrides.
    """
    groups = [group for group in (own, shared) if group is not None]
    content = _group(groups, ("FrameContentSequence",))
    diffusion = _group(groups, ("MRDiffusionSequence",))
    gradient = first_item(diffusion, "DiffusionGradientDirectionSequence")
    frame_type = _group(groups, _FRAME_TYPES)
    kernel = _group(groups, ("CTReconstructionSequence",))
    segment = _group(groups, ("SegmentIdentificationSequence",))
    types = () if frame_type is None else texts(frame_type, "FrameType")
    return whole._replace(
        image_type="\\".join(types) or whole.image_type,
        echo_time=_figure(_group(groups, ("MREchoSequence",)), "EffectiveEchoTime")
        or whole.echo_time,
        inversion_time=_figure(_group(groups, ("MRModifierSequence",)), "InversionTimes")
        or whole.inversion_time,
        b_value=_figure(diffusion, "DiffusionBValue") or whole.b_value,
        kilovolts=_figure(_group(groups, ("CTXRayDetailsSequence",)), "KVP") or whole.kilovolts,
        kernel="\\".join(() if kernel is None else texts(kernel, "ConvolutionKernel"))
        or whole.kernel,
        segment="" if segment is None else str(integer(segment, "ReferencedSegmentNumber")),
        component="" if frame_type is None else text(frame_type, "ComplexImageComponent"),
        temporal_position=_figure(content, "TemporalPositionIndex")
        or _figure(_group(groups, ("TemporalPositionSequence",)), "TemporalPositionTimeOffset")
        or whole.temporal_position,
        phase=_figure(
            _group(groups, ("CardiacSynchronizationSequence",)), "NominalPercentageOfCardiacPhase"
        )
        or whole.phase,
        direction=""
        if gradient is None
        else "\\".join(texts(gradient, "DiffusionGradientOrientation")),
        number=_figure(content, "FrameAcquisitionNumber") or whole.number,
    )


def _group(groups: Sequence[Dataset], keywords: Sequence[str]) -> Dataset | None:
    for group in groups:
        for keyword in keywords:
            item = first_item(group, keyword)
            if item is not None:
                return item
    return None
