"""Write a scan as a DICOM series of an invented patient, and read a series back.

The reader is the scorer's own: it knows nothing of the product, and takes slices as they lie.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from ops.bench.faces.frame import Matrix
from ops.bench.faces.scan import Scan


class SeriesError(Exception):
    """The files are no series of one grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One file of a series."""

    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    values: NDArray[np.int16]


def write(scan: Scan, folder: Path, *, rng: random.Random) -> None:
    """Write one file a slice, names and instance numbers in an order of their own."""
    folder.mkdir(parents=True)
    study, whole, frame = (generate_uid(entropy_srcs=[scan.name, str(i)]) for i in range(3))
    numbers = rng.sample(range(1, 10 * len(scan.values)), len(scan.values))
    for index, number in enumerate(numbers):
        dataset = _header(scan, index)
        dataset.StudyInstanceUID = study
        dataset.SeriesInstanceUID = whole
        dataset.FrameOfReferenceUID = frame
        dataset.InstanceNumber = str(index + 1)
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{number:08d}.dcm"
        FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128).save_as(
            path, enforce_file_format=True
        )


def _header(scan: Scan, index: int) -> Dataset:
    steps = np.linalg.norm(scan.affine[:3, :3], axis=0)
    axes = scan.affine[:3, :3] / steps
    position = scan.affine @ [0, 0, index, 1]
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if scan.is_ct else "M"]
    dataset.SOPClassUID = CTImageStorage if scan.is_ct else MRImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[scan.name, "slice", str(index)])
    for name in ("StudyDate", "SeriesDate", "ContentDate"):
        setattr(dataset, name, "20240115")
    dataset.StudyTime = "101500"
    dataset.AccessionNumber = "A4711"
    dataset.Modality = scan.modality
    dataset.Manufacturer = "INVENTED"
    dataset.ReferringPhysicianName = "DOE^REFERRER"
    dataset.PatientName = f"FACES^{scan.person}"
    dataset.PatientID = f"F{scan.name}"
    dataset.PatientBirthDate = "19700101"
    dataset.PatientSex = "O"
    dataset.PatientPosition = "HFS"
    dataset.StudyID = "1"
    dataset.SeriesNumber = "1"
    dataset.PositionReferenceIndicator = ""
    dataset.SliceThickness = f"{steps[2]:.4f}"
    if scan.is_ct:
        dataset.KVP = "120"
        dataset.AcquisitionNumber = "1"
        dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"
        dataset.RescaleType = "HU"
    else:
        dataset.ScanningSequence, dataset.SequenceVariant = "GR", "NONE"
        dataset.ScanOptions, dataset.MRAcquisitionType = "", "3D"
        dataset.EchoTime, dataset.RepetitionTime, dataset.EchoTrainLength = "3", "2000", "1"
    dataset.ImagePositionPatient = [f"{x:.6f}" for x in position[:3]]
    dataset.ImageOrientationPatient = [f"{x:.9f}" for x in (*axes[:, 0], *axes[:, 1])]
    dataset.PixelSpacing = [f"{steps[1]:.6f}", f"{steps[0]:.6f}"]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = scan.values.shape[1:]
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 1
    dataset.PixelData = np.ascontiguousarray(scan.values[index], dtype="<i2").tobytes()
    return dataset


def slices(folder: Path) -> list[Slice]:
    """Return the images under `folder`, in no order."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        dataset = pydicom.dcmread(path, force=True)
        if "PixelData" not in dataset:
            continue
        slope = float(dataset.get("RescaleSlope", 1) or 1)
        intercept = float(dataset.get("RescaleIntercept", 0) or 0)
        found.append(
            Slice(
                position=tuple(map(float, dataset.ImagePositionPatient)),
                orientation=tuple(map(float, dataset.ImageOrientationPatient)),
                spacing=tuple(map(float, dataset.PixelSpacing)),
                values=np.round(dataset.pixel_array * slope + intercept).astype(np.int16),
            )
        )
    return found


def modality(folder: Path) -> str:
    """Return the Modality of the first file under `folder`."""
    first = min(path for path in folder.rglob("*") if path.is_file())
    return str(pydicom.dcmread(first, force=True, stop_before_pixels=True).Modality)


def read(folder: Path) -> tuple[NDArray[np.int16], Matrix]:
    """Return values ``(slices, rows, columns)`` and their matrix to LPS mm.

    Raises
    ------
    SeriesError
        If the slices have no common grid with even steps.
    """
    found = slices(folder)
    if len(found) < 2 or len({s.orientation for s in found}) > 1:
        raise SeriesError("no stack")
    first = found[0]
    row, column = np.array(first.orientation).reshape(2, 3)
    normal = np.cross(row, column)
    found.sort(key=lambda s: float(normal @ s.position))
    positions = np.array([s.position for s in found])
    step = (positions[-1] - positions[0]) / (len(found) - 1)
    if np.abs(positions - positions[0] - np.outer(np.arange(len(found)), step)).max() > 0.1:
        raise SeriesError("uneven steps")
    affine = np.eye(4)
    affine[:3, 0] = row * first.spacing[1]
    affine[:3, 1] = column * first.spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = positions[0]
    return np.stack([s.values for s in found]), affine


def matched(scan: Scan, folder: Path) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Return what `folder` holds of `scan`, and which slices are there.

    Slices are known by their place. One that is not there keeps the values it had.

    Raises
    ------
    SeriesError
        If a slice lies where none was, or has another grid.
    """
    after, there = scan.values.copy(), np.zeros(len(scan.values), dtype=bool)
    places = np.array([(scan.affine @ [0, 0, i, 1])[:3] for i in range(len(after))])
    steps = np.linalg.norm(scan.affine[:3, :3], axis=0)
    axes = (scan.affine[:3, :2] / steps[:2]).T.ravel()
    for one in slices(folder):
        far = np.linalg.norm(places - one.position, axis=1)
        index = int(far.argmin())
        fits = one.values.shape == after.shape[1:] and np.allclose(axes, one.orientation, atol=1e-3)
        if far[index] > 0.05 or not fits or there[index]:
            raise SeriesError("a slice of another grid")
        after[index], there[index] = one.values, True
    return after, there
