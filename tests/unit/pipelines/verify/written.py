"""Cleaned objects made by pydicom alone, and the gate called on them."""

from collections.abc import Mapping, Sequence
from functools import cache

from pydicom import DataElement, Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence as Items

from pipelines.context import SubjectContext
from pipelines.objects import Cleaned, Evidence, IdentityValue
from pipelines.report import Report
from pipelines.verify import verify_written
from rules.load import compile_rules
from rules.plan import Plan
from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, VERSION

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4.50"
PSEUDONYM = "N7QK-20WD-X"
CONTEXT = SubjectContext(
    pseudonym=PSEUDONYM, shift_days=-400, uid_secret=bytes(32), uid_generation=1
)
NEW = {
    name: f"2.25.{17 * 10**23 + number}" for number, name in enumerate(("sop", "study", "series"))
}
"""As long as those of the source, to be changed in place."""
SOURCE = {name: f"1.2.826.0.1.3680043.2.1125.7.{number}" for number, name in enumerate(NEW)}
UIDS = {SOURCE[name]: NEW[name] for name in NEW}

PATIENT_NAME, PATIENT_ID, BIRTH_DATE = 0x00100010, 0x00100020, 0x00100030
INSTITUTION, ADDRESS, PHONE, ACCESSION = 0x00080080, 0x00101040, 0x00102154, 0x00080050
REFERRING = 0x00080090


class Bytes:
    """A reader over bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


def identity(
    *values: tuple[int, str | bytes], charset: str = "latin_1"
) -> tuple[IdentityValue, ...]:
    return tuple(
        IdentityValue(
            tag=tag,
            value=value if isinstance(value, bytes) else value.encode(charset),
            encodings=(charset,),
        )
        for tag, value in values
    )


DOE = identity(
    (PATIENT_NAME, "Doe^Jane"),
    (PATIENT_ID, "00-4711-885"),
    (BIRTH_DATE, "19580317"),
    (ACCESSION, "ACC2024-3391"),
    (PHONE, "+49 351 4588 2210"),
    (ADDRESS, "Hauptstrasse 17, 01067 Dresden"),
    (INSTITUTION, "St Elswhere Memorial"),
    (REFERRING, "Okonkwo^Chidi^^Dr"),
)


@cache
def plan_of(rules: str = "", options: str = "") -> Plan:
    text = f"name: test\nprofile: basic\noptions: [{options}]\nunknown: remove\n"
    return compile_rules(text + (f"rules:\n{rules}" if rules else ""), source="test.yaml")


def dataset(plan: Plan) -> Dataset:
    """Return a small cleaned CT."""
    d = Dataset()
    d.SOPClassUID, d.SOPInstanceUID = CT, NEW["sop"]
    d.StudyInstanceUID, d.SeriesInstanceUID = NEW["study"], NEW["series"]
    d.Modality, d.Manufacturer = "CT", "ACME"
    d.StudyDate, d.StudyTime, d.AccessionNumber = "", "", ""
    d.PatientName, d.PatientID = PSEUDONYM, PSEUDONYM
    d.PatientBirthDate, d.PatientSex = "", ""
    d.PatientIdentityRemoved = "YES"
    d.DeidentificationMethod = [f"Narthex {VERSION}", plan.name, f"sha256:{plan.hash[:32]}"]
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    d.DeidentificationMethodCodeSequence = [code]
    d.ContributingEquipmentSequence = [equipment()]
    d.LongitudinalTemporalInformationModified = "REMOVED"
    d.InstanceNumber = 1
    d.Rows, d.Columns, d.BitsAllocated = 2, 2, 16
    d.add_new(0x7FE00010, "OW", bytes(range(8)))
    return d


def equipment() -> Dataset:
    """Return the item that says who cleaned the object."""
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109104", "DCM"
    purpose.CodeMeaning = "De-identifying Equipment"
    item = Dataset()
    item.Manufacturer = item.ManufacturerModelName = "Narthex"
    item.SoftwareVersions = VERSION
    item.PurposeOfReferenceCodeSequence = [purpose]
    return item


def blocks(d: Dataset) -> list[Dataset]:
    """Return the items that call the private blocks of the root safe."""
    items = []
    for element in d:
        if element.tag.is_private_creator:
            item = Dataset()
            item.PrivateGroupReference = element.tag.group
            item.PrivateCreatorReference = element.value
            item.BlockIdentifyingInformationStatus = "SAFE"
            items.append(item)
    return items


def encode(d: Dataset, *, syntax: str = EXPLICIT) -> bytes:
    """Return the file as the engine would write it."""
    if (items := blocks(d)) and "PrivateDataElementCharacteristicsSequence" not in d:
        d.PrivateDataElementCharacteristicsSequence = items
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, syntax == IMPLICIT
    write_dataset(buffer, d)
    return head(syntax) + buffer.getvalue()


def head(syntax: str = EXPLICIT) -> bytes:
    meta = Dataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CT, NEW["sop"]
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, meta)
    elements = buffer.getvalue()
    length = b"\x02\x00\x00\x00UL\x04\x00" + len(elements).to_bytes(4, "little")
    return bytes(128) + b"DICM" + length + elements


def source_of(data: bytes, *, syntax: str = EXPLICIT) -> bytes:
    """Return an object that could have become `data`: with its own UIDs, without what we add."""
    ours = Dataset()
    ours.ContributingEquipmentSequence = [equipment()]
    source = data.replace(encode(ours, syntax=syntax)[len(head(syntax)) :], b"")
    for name, uid in NEW.items():
        source = source.replace(uid.encode(), SOURCE[name].encode())
    return source


def _short(tag: int, value: bytes, *, syntax: str) -> bytes:
    words = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    if syntax == IMPLICIT:
        return words + len(value).to_bytes(4, "little") + value
    return words + b"SH" + len(value).to_bytes(2, "little") + value


def gate(
    data: bytes,
    *,
    plan: Plan,
    subject: Sequence[IdentityValue] = DOE,
    uids: Mapping[str, str] = UIDS,
    syntax: str = EXPLICIT,
    present: frozenset[int] = frozenset(),
    present_empty: frozenset[int] = frozenset(),
    before: bytes | None = None,
    reader: Bytes | None = None,
    new: Mapping[str, str] = NEW,
) -> None:
    """Call the gate.

    Parameters
    ----------
    before : bytes or None
        The source; by default what `data` could have been.
    present, present_empty : frozenset[int]
        Tags that the source has beside, with a value and without.
    """
    source = source_of(data, syntax=syntax) if before is None else before
    source += b"".join(_short(tag, b"1 ", syntax=syntax) for tag in sorted(present))
    source += b"".join(_short(tag, b"", syntax=syntax) for tag in sorted(present_empty))
    report = Report(
        plan=plan.hash,
        actions={},
        methods=(),
        normalised=False,
        notes=(),
        reasons={},
        face="",
        face_figures={},
    )
    cleaned = Cleaned(
        segments=(),
        source=Bytes(source),
        sop_class_uid=CT,
        transfer_syntax_uid=syntax,
        sop_instance_uid=NEW["sop"],
        study_instance_uid=(NEW | dict(new))["study"],
        series_instance_uid=(NEW | dict(new))["series"],
        report=report,
        evidence=Evidence(identity=tuple(subject), uids=uids),
    )
    verify_written(reader or Bytes(data), cleaned=cleaned, plan=plan, context=CONTEXT)


def nested(tag: int, *elements: DataElement) -> DataElement:
    """Return a sequence with one item."""
    item = Dataset()
    for element in elements:
        item.add(element)
    return DataElement(tag, "SQ", Items([item]))
