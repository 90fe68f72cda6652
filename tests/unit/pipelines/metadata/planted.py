"""Real objects with planted values, what comes out of them, and where to look for leaks."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from pipelines.report import Report
from tests.support.objects import joined, options, walked

RESEARCH = options(
    "retain-safe-private",
    "retain-longitudinal-modified-dates",
    "retain-patient-characteristics",
    "clean-descriptors",
    "clean-structured-content",
    "clean-graphics",
)
"""Options of `research-default` that concern metadata."""
STRUCTURED = options("clean-descriptors", "clean-structured-content")
DESCRIPTORS = options("clean-descriptors")
_CODECS = ("ascii", "latin-1", "utf-8", "utf-16-le", "utf-16-be", "gb18030", "shift_jis", "euc_kr")


@dataclass(frozen=True, slots=True)
class Result:
    """An object that was cleaned and passed the gate."""

    written: bytes
    dataset: FileDataset
    report: Report

    @property
    def methods(self) -> set[str]:
        return {code.CodeValue for code in self.dataset.DeidentificationMethodCodeSequence}


def instance(sop_class: str, **attributes: object) -> Dataset:
    """Return a dataset with what every object must have."""
    made = Dataset()
    made.SOPClassUID = sop_class
    made.SOPInstanceUID = "1.2.3.4.5.6.7"
    made.StudyInstanceUID = "1.2.3.4.5.6.8"
    made.SeriesInstanceUID = "1.2.3.4.5.6.9"
    made.PatientName = "Marchetti^Lucia"
    made.PatientID = "MR-40817"
    made.PatientBirthDate = "19480317"
    made.StudyDate = "20240229"
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def item(**attributes: object) -> Dataset:
    """Return an item."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def code(value: str, scheme: str, meaning: str) -> Sequence:
    """Return a sequence of one coded concept."""
    return Sequence([item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def content(
    value_type: str, name: tuple[str, str, str] | None, *below: Dataset, **attributes: object
) -> Dataset:
    """Return a content item; `name` is code, scheme and meaning of its concept."""
    made = item(RelationshipType="CONTAINS", ValueType=value_type, **attributes)
    if name is not None:
        made.ConceptNameCodeSequence = code(*name)
    if value_type == "CONTAINER":
        made.ContinuityOfContent = "SEPARATE"
    if below:
        made.ContentSequence = Sequence(below)
    return made


def file_of(dataset: Dataset, *, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Return the file of a dataset."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def cleaned(source: Dataset | bytes, rules: str = RESEARCH) -> Result:
    """Clean an object as the gateway does, gate included."""
    result = walked(source if isinstance(source, bytes) else file_of(source), rules)
    written = joined(result)
    dataset = pydicom.dcmread(io.BytesIO(written))
    assert str(dataset)  # every element can be read
    return Result(written, pydicom.dcmread(io.BytesIO(written)), result.report)


def assert_gone(result: Result, *words: str) -> None:
    """Look for words in every byte, in many encodings, and in every decoded value."""
    raw = result.written.lower()
    texts = "\n".join(texts_of(result.dataset)).casefold()
    for word in words:
        assert word.casefold() not in texts, "in a value"
        for codec in _CODECS:
            try:
                encoded = word.lower().encode(codec)
            except UnicodeEncodeError:
                continue
            assert encoded not in raw, f"in the bytes as {codec}"


def texts_of(dataset: Dataset) -> Iterator[str]:
    """Return every value of a dataset as text."""
    dataset.decode()
    for element in dataset.iterall():
        if element.VR != "SQ":
            yield str(element.value)


def tree(dataset: Dataset) -> Iterator[Dataset]:
    """Return the content items, root excluded, in order of the document."""
    for each in dataset.get("ContentSequence") or ():
        yield each
        yield from tree(each)


def named(dataset: Dataset, value: str) -> list[Dataset]:
    """Return the content items whose concept has this code."""
    return [
        each
        for each in tree(dataset)
        if "ConceptNameCodeSequence" in each
        and each.ConceptNameCodeSequence[0].get("CodeValue") == value
    ]
