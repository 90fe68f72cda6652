"""Make the files that are timed: whole headers of real scanners, as many as are asked for.

Headers come from the files that pydicom ships; pixels are random, so that nothing can
compress or share them.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

SUBJECTS = 5


def _read(name: str) -> Dataset:
    path = get_testdata_file(name)
    if path is None:
        raise FileNotFoundError(name)
    return dcmread(str(path))


def _image(name: str, *, rows: int, columns: int) -> Dataset:
    dataset = _read(name)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = 16
    dataset.PixelData = random.Random(0).randbytes(rows * columns * 2)  # noqa: S311  (filler)
    dataset["PixelData"].VR = "OW"
    return dataset


def _mammogram() -> Dataset:
    dataset = _image("CT_small.dcm", rows=2800, columns=2700)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.Modality = "MG"
    return dataset


def _report() -> Dataset:
    dataset = _read("reportsi.dcm")
    dataset.PatientID = "SR"
    item = dataset.ContentSequence[0]
    dataset.ContentSequence = [item] * 40
    return dataset


KINDS = {
    "ct": lambda: _image("CT_small.dcm", rows=512, columns=512),
    "mr": lambda: _image("MR_small.dcm", rows=256, columns=256),
    "mg": _mammogram,
    "sr": _report,
}
"""CT 0.53 MB with 250 elements, MR 0.13 MB, MG 15 MB, SR with 40 content items."""


def write(kind: str, folder: Path, *, count: int) -> int:
    """Write `count` instances of `kind`, of five subjects; return their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    return sum(path.stat().st_size for path in _write(KINDS[kind](), folder, count))


def _write(dataset: Dataset, folder: Path, count: int) -> Iterator[Path]:
    for number in range(count):
        subject = number * SUBJECTS // count
        dataset.PatientID = f"BENCH{subject:04d}"
        dataset.PatientName = f"Benchmark^Subject {subject}"
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.8.498.1.{subject}"
        dataset.SeriesInstanceUID = f"1.2.826.0.1.3680043.8.498.2.{subject}"
        dataset.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.3.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.InstanceNumber = number
        path = folder / f"{number:05d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        yield path
