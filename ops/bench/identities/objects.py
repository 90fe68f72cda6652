"""Objects made from nothing: those whose content no real header of the corpus has."""

from collections.abc import Callable

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ops.bench.identities import annotations, documents, reports
from ops.bench.identities.work import Work

Builder = Callable[[Work], None]

_STORAGE = "1.2.840.10008.5.1.4.1.1."
BUILDERS: dict[str, tuple[str, str, Builder]] = {
    "radiology-report": (f"{_STORAGE}88.33", "SR", reports.radiology_report),
    "measurement-report": (f"{_STORAGE}88.34", "SR", reports.measurement_report),
    "dose-report": (f"{_STORAGE}88.67", "SR", reports.dose_report),
    "cad-report": (f"{_STORAGE}88.50", "SR", reports.cad_report),
    "key-objects": (f"{_STORAGE}88.59", "KO", reports.key_objects),
    "presentation-state": (f"{_STORAGE}11.1", "PR", annotations.presentation_state),
    "waveform": (f"{_STORAGE}9.1.2", "ECG", annotations.waveform),
    "structure-set": (f"{_STORAGE}481.3", "RTSTRUCT", annotations.structure_set),
    "plan": (f"{_STORAGE}481.5", "RTPLAN", annotations.plan),
    "segmentation": (f"{_STORAGE}66.4", "SEG", annotations.segmentation),
    "pdf": (f"{_STORAGE}104.1", "DOC", documents.pdf),
    "cda": (f"{_STORAGE}104.2", "DOC", documents.cda),
}
"""Name to SOP Class, Modality and what fills the dataset."""


def blank(name: str, *, implicit: bool) -> FileDataset:
    """Return an empty object of the kind `name`, ready to be filled."""
    sop_class, modality, _ = BUILDERS[name]
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID("1.2.826.0.1.3680043.8.498.1")
    dataset = FileDataset(
        name,
        {},
        file_meta=meta,
        preamble=b"\0" * 128,
        is_implicit_VR=implicit,
        is_little_endian=True,
    )
    dataset.SOPClassUID = UID(sop_class)
    dataset.Modality = modality
    dataset.Manufacturer = "ACME"
    dataset.SeriesNumber = "1"
    return dataset
