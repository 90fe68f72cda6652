"""What an image says about itself and about where its frames are."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from pipelines.volumes.acquisition import Acquisition, acquisition_of, frame_acquisition
from pipelines.volumes.attributes import (
    first_item,
    integer,
    items,
    number,
    numbers,
    text,
    texts,
)
from pipelines.volumes.errors import VolumeError
from pipelines.volumes.plane import FramePlane, plane_of

MAX_FRAMES = 1_000_000
_LOCALIZERS = frozenset(["LOCALIZER", "SCOUT", "TOPOGRAM", "SCANOGRAM", "SURVEY"])
_MOSAIC = "MOSAIC"
"""Siemens: many slices side by side in one frame, whose position is that of none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What is known of an object without its pixels. Source UIDs: in memory only.

    Attributes
    ----------
    frame_of_reference_uid : str
        "" where it is absent. Of a structure set: what it refers to.
    image_type : tuple[str, ...]
    body_part : str
        Body Part Examined; often wrong.
    rows, columns, samples : int
        0 where it is no image.
    planes : tuple[FramePlane | None, ...]
        One per frame; None where nothing says where it is.
    acquisition : tuple[Acquisition, ...]
        One per frame.
    instance_number : int
    says_dose : bool
        True where Exposure Dose Sequence or Comments on Radiation Dose has a value.
    """

    sop_class_uid: str
    sop_instance_uid: str = field(repr=False)
    series_instance_uid: str = field(repr=False)
    frame_of_reference_uid: str = field(repr=False)
    modality: str
    image_type: tuple[str, ...] = field(repr=False)
    body_part: str = field(repr=False)
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    pixel_representation: int
    photometric: str
    planes: tuple[FramePlane | None, ...] = field(repr=False)
    acquisition: tuple[Acquisition, ...] = field(repr=False)
    instance_number: int
    says_dose: bool = False

    @property
    def frames(self) -> int:
        """Return the number of frames; 0 where it is no image."""
        return len(self.planes)

    @property
    def is_localizer(self) -> bool:
        """Return True where Image Type says so: an image to plan others on."""
        return any(kind.upper() in _LOCALIZERS for kind in self.image_type)

    @property
    def has_pixels(self) -> bool:
        """Return True for an image."""
        return self.rows > 0 and self.columns > 0 and self.bits_allocated > 0


def read_header(dataset: Dataset) -> ImageHeader:
    """Read what places an object in a study.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Of any SOP class; Pixel Data may be missing. Not changed, though pydicom decodes
        sequences that are looked at.

    Raises
    ------
    VolumeError
        ``face.unsupported``: more frames than can be.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        return _read(dataset)


def _read(dataset: Dataset) -> ImageHeader:
    rows, columns = max(0, integer(dataset, "Rows")), max(0, integer(dataset, "Columns"))
    frames = max(1, integer(dataset, "NumberOfFrames", default=1)) if rows * columns else 0
    if frames > MAX_FRAMES:
        raise VolumeError("face.unsupported", where="number of frames")
    image_type = texts(dataset, "ImageType")
    planes, acquisition = _frames(dataset, frames)
    if any(kind.upper() == _MOSAIC for kind in image_type):
        planes = (None,) * frames
    return ImageHeader(
        sop_class_uid=text(dataset, "SOPClassUID"),
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        series_instance_uid=text(dataset, "SeriesInstanceUID"),
        frame_of_reference_uid=_frame_of_reference(dataset),
        modality=text(dataset, "Modality"),
        image_type=image_type,
        body_part=text(dataset, "BodyPartExamined"),
        rows=rows,
        columns=columns,
        samples=integer(dataset, "SamplesPerPixel", default=1) if frames else 0,
        bits_allocated=integer(dataset, "BitsAllocated"),
        bits_stored=integer(dataset, "BitsStored"),
        pixel_representation=integer(dataset, "PixelRepresentation"),
        photometric=text(dataset, "PhotometricInterpretation"),
        planes=planes,
        acquisition=acquisition,
        instance_number=integer(dataset, "InstanceNumber"),
        says_dose=bool(items(dataset, "ExposureDoseSequence"))
        or bool(text(dataset, "CommentsOnRadiationDose")),
    )


def _frames(
    dataset: Dataset, frames: int
) -> tuple[tuple[FramePlane | None, ...], tuple[Acquisition, ...]]:
    whole = acquisition_of(dataset)
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    own = items(dataset, "PerFrameFunctionalGroupsSequence")
    if shared is None and not own:
        return _classic_planes(dataset, frames), (whole,) * frames
    if own and len(own) != frames:
        return (None,) * frames, (whole,) * frames  # nobody knows which is whose
    groups: Sequence[Dataset | None] = own or (None,) * frames
    return (
        tuple(_group_plane(shared, group) for group in groups),
        tuple(frame_acquisition(whole, shared, group) for group in groups),
    )


def _classic_planes(dataset: Dataset, frames: int) -> tuple[FramePlane | None, ...]:
    position = numbers(dataset, "ImagePositionPatient")
    plane = plane_of(
        position,
        numbers(dataset, "ImageOrientationPatient"),
        spacing=numbers(dataset, "PixelSpacing"),
        thickness=number(dataset, "SliceThickness"),
    )
    if frames <= 1 or plane is None:
        return (plane,) * frames
    # Frames of a classic image have no position of their own, but those of a dose have
    # (PS3.3, C.8.8.3.2).
    offsets = numbers(dataset, "GridFrameOffsetVector") or ()
    if len(offsets) != frames:
        return (None,) * frames
    if offsets[0] != 0:  # not relative: positions along the patient's axis
        offsets = tuple(offset - plane.position[2] for offset in offsets)
    return tuple(_moved(plane, offset) for offset in offsets)


def _moved(plane: FramePlane, offset_mm: float) -> FramePlane | None:
    x, y, z = (p + offset_mm * n for p, n in zip(plane.position, plane.normal, strict=True))
    return plane_of(
        (x, y, z),
        (*plane.row, *plane.column),
        spacing=(plane.row_spacing, plane.column_spacing),
        thickness=plane.thickness,
    )


def _group_plane(shared: Dataset | None, own: Dataset | None) -> FramePlane | None:
    """Return the plane that functional groups say; those of the frame override."""

    def macro(sequence: str) -> Dataset | None:
        item = first_item(own, sequence)
        return first_item(shared, sequence) if item is None else item

    position = macro("PlanePositionSequence")
    orientation = macro("PlaneOrientationSequence")
    measures = macro("PixelMeasuresSequence")
    if position is None or orientation is None or measures is None:
        return None
    return plane_of(
        numbers(position, "ImagePositionPatient"),
        numbers(orientation, "ImageOrientationPatient"),
        spacing=numbers(measures, "PixelSpacing"),
        thickness=number(measures, "SliceThickness"),
    )


def _frame_of_reference(dataset: Dataset) -> str:
    own = text(dataset, "FrameOfReferenceUID")
    if own:
        return own
    referenced = {
        text(item, "FrameOfReferenceUID")
        for item in items(dataset, "ReferencedFrameOfReferenceSequence")
    } - {""}
    return referenced.pop() if len(referenced) == 1 else ""
