"""Whose studies these are: nobody's, under words that occur nowhere else."""

from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

UID_ROOT = "1.2.826.0.1.3680043.10.777.4"
"""Of every UID of the source: patient data."""
WORDS = ("quillfeather", "octavia", "qf-83112", "thistlewood", "zq-acc-5591")
"""Of every value that names somebody, in small letters."""


@dataclass
class Study:
    """One study of an invented person, written file by file.

    Attributes
    ----------
    folder : Path
        Gets files with numbers for names.
    number : int
        Tells studies apart; part of every UID.
    files : dict[str, Dataset]
        What was written, by file name.
    """

    folder: Path
    number: int = 1
    files: dict[str, Dataset] = field(default_factory=dict)
    _uids: "count[int]" = field(default_factory=lambda: count(1))

    def uid(self) -> str:
        """Return a new UID, the same in every run."""
        return f"{UID_ROOT}.{self.number}.{next(self._uids)}"

    @property
    def frame_of_reference(self) -> str:
        """Return the Frame of Reference UID of all that is scanned without getting up."""
        return f"{UID_ROOT}.{self.number}.0.1"

    def dataset(self, *, sop_class: str, modality: str, series: str = "") -> Dataset:
        """Return patient, study and equipment."""
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID, made.SOPInstanceUID = sop_class, self.uid()
        made.StudyInstanceUID = f"{UID_ROOT}.{self.number}.0"
        made.SeriesInstanceUID = series or self.uid()
        made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = "20210304"
        made.StudyTime = made.SeriesTime = made.AcquisitionTime = made.ContentTime = "101112"
        made.AccessionNumber = "ZQ-ACC-5591"
        made.PatientName, made.PatientID = "Quillfeather^Octavia", "QF-83112"
        made.PatientBirthDate, made.PatientSex, made.PatientAge = "19710910", "F", "049Y"
        made.ReferringPhysicianName = "Thistlewood^Ambrose"
        made.StudyID, made.SeriesNumber, made.InstanceNumber = "1", 1, 1
        made.Modality = modality
        made.Manufacturer = made.ManufacturerModelName = "Phantom works"
        made.PatientPosition, made.BodyPartExamined = "HFS", "HEAD"
        made.PositionReferenceIndicator = ""
        made.FrameOfReferenceUID = self.frame_of_reference
        return made

    def write(self, dataset: Dataset) -> Dataset:
        """Write one object under the next name."""
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        name = f"{len(self.files):04}.dcm"
        self.folder.mkdir(parents=True, exist_ok=True)
        dataset.save_as(self.folder / name, enforce_file_format=True)
        self.files[name] = dataset
        return dataset
