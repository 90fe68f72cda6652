"""What holds an object whatever the rules say (ops/manual/metadata.md, section 4)."""

import re

from pydicom import Dataset, FileDataset
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import FileMetaDataset

from tests.support.oracle_reading import PADDING, bytes_of, elements, vr_of

PATIENT_ID = 0x00100020
DICOMDIR = "1.2.840.10008.1.3.10"
SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E

IMAGE_TYPE, LABEL_IN_IMAGE = 0x00080008, 0x00480010
MODALITY = 0x00080060
CAPTURES = ("Secondary Capture", "Hardcopy", "Raw Data")
DOCUMENTS = set(b"DOC SR ECG EEG EMG EOG EPS HD RESP".split())
SHEETS = set(b"PROT PROTOCOL DOSE DOSEREPORT DOSEINFO DOSESUMMARY REPORT CURVE GRAPH CHART".split())


class OracleHeld(Exception):  # noqa: N818  the word of the house
    """The object is held, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def value_at(ds: Dataset, tag: int) -> bytes:
    """Return the value at the root without padding; b"" if it is absent or a sequence."""
    for element in elements(ds):
        if element.tag == tag and vr_of(element) != "SQ":
            return bytes_of(element).strip(PADDING)
    return b""


def is_storage(sop_class_uid: str) -> bool:
    """Return whether PS3.6 knows the UID as a storage SOP class of patients' objects."""
    name, kind, *_ = UID_dictionary.get(sop_class_uid, ("", ""))
    return kind == "SOP Class" and "Storage" in name and "Commitment" not in name


def unexamined_face(ds: FileDataset) -> bool:
    """Return whether an image passes that nobody looked at, as no rule names its modality.

    Raises
    ------
    OracleHeld
        An image of CT, MR or PET, or a segmentation, that nobody looked at; a capture that
        does not say that it is a sheet of text.
    """
    name = UID_dictionary.get(value_at(ds, SOP_CLASS).decode("latin-1"), ("",))[0]
    if any(kind in name for kind in CAPTURES) and not _is_sheet(ds, name):
        raise OracleHeld("face.rendering")
    if not {0x7FE00008, 0x7FE00009, 0x7FE00010} & {int(e.tag) for e in elements(ds)}:
        return False
    kinds = ("CT Image", "MR Image", "MR Color", "PET Image", "Positron", "Segmentation")
    said = value_at(ds, 0x00080060).upper()
    if said in (b"CT", b"MR", b"PT") or any(kind in name for kind in kinds):
        raise OracleHeld("face.unchecked")
    return True


def _is_sheet(ds: FileDataset, name: str) -> bool:
    """Return whether a capture says that it is a page, as far as the engine asks it."""
    if "Raw Data" in name:
        return False
    words = set(re.findall(rb"[A-Z0-9]+", value_at(ds, IMAGE_TYPE).upper()))
    modality = value_at(ds, MODALITY).upper()
    return "Single Bit" in name or modality in DOCUMENTS or bool(words & SHEETS)


def check(ds: FileDataset) -> None:
    """Raise if the object must be held whatever the rules say."""
    meta = getattr(ds, "file_meta", FileMetaDataset())
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if syntax and not re.fullmatch(r"1\.2\.840\.10008\.1\.2(\.[0-9]+)*", syntax):
        raise OracleHeld("transfer-syntax.unsupported")
    media = str(meta.get("MediaStorageSOPClassUID", ""))
    if media == DICOMDIR:
        raise OracleHeld("sop-class.unsupported")
    sop_class = value_at(ds, SOP_CLASS).decode("latin-1")
    if sop_class and not is_storage(sop_class):
        raise OracleHeld("sop-class.unsupported")
    if not all(value_at(ds, tag) for tag in (SOP_CLASS, SOP_INSTANCE, STUDY, SERIES)):
        raise OracleHeld("metadata.no-uid")
    if not value_at(ds, PATIENT_ID):
        raise OracleHeld("identity.missing")
    kinds = {kind.strip() for kind in value_at(ds, IMAGE_TYPE).upper().split(b"\\")}
    labelled = value_at(ds, LABEL_IN_IMAGE).upper()
    if labelled == b"YES" or b"LABEL" in kinds or (b"OVERVIEW" in kinds and labelled != b"NO"):
        raise OracleHeld("pixels.label")
