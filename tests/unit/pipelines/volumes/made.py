"""Images in space, made up: classic and enhanced, in any orientation."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from pipelines.metadata.normalise import BytesReader

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
SERIES, SPACE = "1.2.3.1", "1.2.3.2"


def image(
    position: Sequence[float] | None = (0, 0, 0),
    orientation: Sequence[float] | None = AXIAL,
    **attributes: Any,  # noqa: ANN401  (values of attributes)
) -> Dataset:
    """Return a classic image of 4 rows x 5 columns without pixels."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    said = {
        "SOPClassUID": CT,
        "SOPInstanceUID": generate_uid(),
        "SeriesInstanceUID": SERIES,
        "FrameOfReferenceUID": SPACE,
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "InstanceNumber": 1,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 4,
        "Columns": 5,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelSpacing": [2.0, 0.5],
        "SliceThickness": 3.0,
        "ImagePositionPatient": None if position is None else [_decimal(v) for v in position],
        "ImageOrientationPatient": None
        if orientation is None
        else [_decimal(v) for v in orientation],
        **attributes,
    }
    for keyword, value in said.items():
        if value is not None:
            setattr(dataset, keyword, value)
    return dataset


def _decimal(value: float) -> str:
    return f"{value:.10g}"[:16]


def group(
    position: Sequence[float] | None = None,
    orientation: Sequence[float] | None = None,
    spacing: Sequence[float] | None = None,
    **sequences: dict[str, Any],
) -> Dataset:
    """Return an item of a functional groups sequence; more by name, as attributes."""
    item = Dataset()
    macros: dict[str, dict[str, Any]] = dict(sequences)
    if position is not None:
        macros["PlanePositionSequence"] = {"ImagePositionPatient": list(position)}
    if orientation is not None:
        macros["PlaneOrientationSequence"] = {"ImageOrientationPatient": list(orientation)}
    if spacing is not None:
        macros["PixelMeasuresSequence"] = {"PixelSpacing": list(spacing), "SliceThickness": 4}
    for sequence, attributes in macros.items():
        inner = Dataset()
        for keyword, value in attributes.items():
            setattr(inner, keyword, value)
        setattr(item, sequence, [inner])
    return item


def enhanced(
    shared: Dataset | None,
    own: Sequence[Dataset],
    frames: int | None = None,
    **attributes: Any,  # noqa: ANN401  (values of attributes)
) -> Dataset:
    """Return an enhanced image without pixels."""
    dataset = image(None, None, PixelSpacing=None, SliceThickness=None, **attributes)
    dataset.SOPClassUID = ENHANCED_CT
    dataset.NumberOfFrames = len(own) if frames is None else frames
    if shared is not None:
        dataset.SharedFunctionalGroupsSequence = [shared]
    if own:
        dataset.PerFrameFunctionalGroupsSequence = list(own)
    return dataset


def encoded(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> BytesReader:
    """Return a data set as a file."""
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    out = io.BytesIO()
    dcmwrite(out, dataset, enforce_file_format=True)
    return BytesReader(out.getvalue())


def with_pixels(
    values: NDArray[Any],
    *,
    stored: int | None = None,
    planar: int = 0,
    photometric: str | None = None,
    **attributes: Any,  # noqa: ANN401  (values of attributes)
) -> Dataset:
    """Return an image of these stored values, ``(frames, rows, columns[, samples])``."""
    allocated = 8 * values.dtype.itemsize
    bits = stored or allocated
    samples = values.shape[3] if values.ndim == 4 else 1
    dataset = image(
        NumberOfFrames=len(values),
        Rows=values.shape[1],
        Columns=values.shape[2],
        SamplesPerPixel=samples,
        PlanarConfiguration=planar if samples > 1 else None,
        PhotometricInterpretation=photometric or ("RGB" if samples > 1 else "MONOCHROME2"),
        BitsAllocated=allocated,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(np.issubdtype(values.dtype, np.signedinteger)),
        **attributes,
    )
    if planar and samples > 1:
        values = np.moveaxis(values, 3, 1)
    data = np.ascontiguousarray(values).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if allocated == 8 else "OW"
    return dataset
