"""A mask that anybody can check, and images of nothing to lay it on."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from pipelines.deface.decision import FaceDecision, FaceOutcome

SIZE = 16
FILL = -1000


@dataclass(frozen=True, slots=True)
class Half:
    """A mask: all that is before a plane (LPS, y in mm)."""

    y_mm: float = 0.0

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which points are before the plane."""
        return np.asarray(points[..., 1] < self.y_mm)


REMOVED = FaceDecision(
    outcome=FaceOutcome.REMOVED, mask=Half(), figures={"confidence": 0.9}, is_projection=False
)
"""Of an image of `slice_of`, rows 0 to 7."""


def doubtful(code: str) -> FaceDecision:
    """Return the decision to hold an object."""
    return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code=code)


def slice_of(
    *,
    patient_id: str = "4711",
    study: str = "1.2.3",
    sop: str | None = None,
    number: int = 0,
    syntax: UID = ExplicitVRLittleEndian,
    **attributes: Any,  # noqa: ANN401  (values of any attribute)
) -> Dataset:
    """Return an axial CT slice with a plane; values are noise.

    The rows run from front to back, 1 mm apart, and row 8 is at y = 0.
    """
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = sop or generate_uid()
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{study}.1"
    dataset.FrameOfReferenceUID = f"{study}.9"
    dataset.Modality = "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName = "Gartenzwerg^Adalbert"
    dataset.PatientID = patient_id
    dataset.StudyDate = "20200203"
    dataset.InstanceNumber = number + 1
    dataset.ImagePositionPatient = [-8.0, -8.0, float(number)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [1, 1]
    dataset.SliceThickness = 1
    dataset.Rows = dataset.Columns = SIZE
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    noise = np.random.default_rng(number).integers(-500, 2000, (SIZE, SIZE), dtype=np.int16)
    dataset.PixelData = noise.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if syntax == RLELossless:
        dataset.compress(RLELossless, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    else:
        dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def frames_of(count: int, **attributes: Any) -> Dataset:  # noqa: ANN401  (the same)
    """Return a multi-frame object with a plane per frame; `attributes` say its pixels."""
    dataset = slice_of(**attributes)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        del dataset[keyword]
    dataset.NumberOfFrames = count
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing, measures.SliceThickness = [1, 1], 1
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for number in range(count):
        group, position = Dataset(), Dataset()
        # the second frame is behind the face
        y_mm = 100.0 if number == 1 else -8.0
        position.ImagePositionPatient = [-8.0, y_mm, float(number)]
        group.PlanePositionSequence = [position]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    return dataset


def screenshot_of(**attributes: Any) -> Dataset:  # noqa: ANN401  (the same)
    """Return a picture in colour that says that it is a rendering of the head."""
    dataset = slice_of(
        SOPClassUID=SecondaryCaptureImageStorage,
        ImageType=["DERIVED", "SECONDARY", "VRT"],
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
        PixelData=bytes(3 * SIZE * SIZE),
        **attributes,
    )
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "FrameOfReferenceUID"):
        del dataset[keyword]
    return dataset


def as_file(dataset: Dataset) -> bytes:
    """Return the file."""
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
