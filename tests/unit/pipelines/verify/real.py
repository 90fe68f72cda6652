"""Real output of the engine, changed on purpose, and what the gate says of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from pipelines.context import Span, SubjectContext
from pipelines.errors import ResidualError
from pipelines.metadata.normalise import BytesReader
from pipelines.objects import Cleaned
from pipelines.run import clean, inspect, verify
from rules.load import compile_rules
from rules.plan import Plan
from tests.unit.pipelines.verify.written import CT, EXPLICIT, IMPLICIT, SOURCE

CONTEXT = SubjectContext(
    pseudonym="N7QK-20WD-X", shift_days=-400, uid_secret=bytes(range(32)), uid_generation=1
)
RESEARCH = (
    "retain-safe-private, retain-longitudinal-modified-dates, retain-patient-characteristics, "
    "clean-descriptors, clean-structured-content, clean-graphics"
)
Edit = Callable[[Dataset], object]


@cache
def plan_of(options: str = RESEARCH, more: str = "") -> Plan:
    text = f"name: real\nprofile: basic\noptions: [{options}]\n{more}"
    return compile_rules(text, source="real.yaml")


@dataclass(frozen=True)
class Real:
    """An object that the engine cleaned."""

    plan: Plan
    cleaned: Cleaned
    written: bytes

    def said(self, edit: Edit | None = None) -> str:
        """Return code and place of what the gate says of the object, edited; "" if nothing."""
        written = self.edited(edit) if edit is not None else self.written
        try:
            verify(BytesReader(written), cleaned=self.cleaned, plan=self.plan, context=CONTEXT)
        except ResidualError as error:
            return str(error)
        return ""

    def edited(self, edit: Edit) -> bytes:
        d = dcmread(BytesIO(self.written))
        edit(d)
        body = _body(d, implicit=self.cleaned.transfer_syntax_uid == IMPLICIT)
        at = 144 + int.from_bytes(self.written[140:144], "little")
        return self.written[:at] + body

    @property
    def dataset(self) -> Dataset:
        return dcmread(BytesIO(self.written))


def _body(d: Dataset, *, implicit: bool) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, implicit
    write_dataset(buffer, d)
    return buffer.getvalue()


def file_of(d: Dataset, *, syntax: str = EXPLICIT) -> bytes:
    """Return a source as a modality would send it."""
    meta = Dataset()
    meta.TransferSyntaxUID = syntax
    return (
        bytes(128) + b"DICM" + _body(meta, implicit=False) + _body(d, implicit=syntax == IMPLICIT)
    )


def source(sop_class: str = CT, **attributes: object) -> Dataset:
    """Return a small object of a patient."""
    d = Dataset()
    d.SOPClassUID, d.SOPInstanceUID = sop_class, SOURCE["sop"]
    d.StudyInstanceUID, d.SeriesInstanceUID = SOURCE["study"], SOURCE["series"]
    d.PatientName, d.PatientID = "Marchetti^Lucia", "MRN-0047-1188"
    d.PatientBirthDate, d.PatientSex = "19580317", "F"
    d.StudyDate, d.StudyTime, d.Modality = "20240229", "101500", "CT"
    for keyword, value in attributes.items():
        setattr(d, keyword, value)
    return d


def real(d: Dataset, options: str = RESEARCH, *, more: str = "", syntax: str = EXPLICIT) -> Real:
    """Return what the engine makes of an object."""
    plan = plan_of(options, more)
    reader = BytesReader(file_of(d, syntax=syntax))
    inspection = inspect(reader, attributes=())
    cleaned = clean(
        reader, plan=plan, context=CONTEXT, inspection=inspection, explain=False, face=None
    )
    written = b"".join(
        cleaned.source.read(each.offset, each.length) if isinstance(each, Span) else each
        for each in cleaned.segments
    )
    return Real(plan, cleaned, written)


def item(**attributes: object) -> Dataset:
    """Return an item of a sequence."""
    d = Dataset()
    for keyword, value in attributes.items():
        setattr(d, keyword, value)
    return d


def code(value: str, scheme: str = "DCM", meaning: str = "meaning") -> list[Dataset]:
    """Return a code sequence."""
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def setting(keyword: str, value: object) -> Edit:
    """Return the edit that sets an attribute of the root."""
    return lambda d: setattr(d, keyword, value)
