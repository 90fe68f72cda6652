"""What a subject, a researcher and an auditor may rely on, whatever the object."""

import hashlib
import io
from datetime import date

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from gateway.ports import SubjectKey
from gateway.vault.ephemeral import EphemeralVault
from pipelines.context import SubjectContext
from pipelines.errors import HeldError
from pipelines.metadata.normalise import BytesReader
from pipelines.run import clean, inspect
from tests.support.engine import plan_of, run_engine

BASIC = "name: story\nprofile: basic\noptions: []\n"
MODIFIED = BASIC.replace("[]", "[retain-longitudinal-modified-dates]")
VAULT = EphemeralVault(hashlib.sha256(b"stories").digest())


def _phantom(**attributes: object) -> Dataset:
    dataset = dcmread(str(get_testdata_file("CT_small.dcm")))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _context(dataset: Dataset, *, project: str) -> SubjectContext:
    key = SubjectKey(
        project=project,
        issuer="",
        patient_id=dataset.PatientID,
        study_instance_uid=dataset.StudyInstanceUID,
    )
    return VAULT.context(key, lease=None, shift_days=(-3650, -365))


def _bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def _clean(dataset: Dataset, *, rules: str = BASIC, project: str = "one") -> Dataset:
    context = _context(dataset, project=project)
    return dcmread(io.BytesIO(run_engine(_bytes(dataset), rules_yaml=rules, context=context)))


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def test_two_studies_of_one_subject_keep_their_interval() -> None:
    first = _clean(_phantom(StudyDate="20190105", StudyInstanceUID="1.2.1"), rules=MODIFIED)
    second = _clean(_phantom(StudyDate="20200301", StudyInstanceUID="1.2.2"), rules=MODIFIED)
    assert first.StudyDate != "20190105"
    assert _day(second.StudyDate) - _day(first.StudyDate) == date(2020, 3, 1) - date(2019, 1, 5)
    assert first.LongitudinalTemporalInformationModified == "MODIFIED"


def test_two_studies_of_one_subject_keep_one_pseudonym() -> None:
    first = _clean(_phantom(StudyInstanceUID="1.2.1"))
    second = _clean(_phantom(StudyInstanceUID="1.2.2"))
    assert first.PatientID == second.PatientID
    assert first.StudyInstanceUID != second.StudyInstanceUID


def test_a_segmentation_that_comes_a_year_later_still_points_at_its_image() -> None:
    image = _phantom(SOPInstanceUID="1.2.3.4", StudyInstanceUID="1.2.1")
    reference = Dataset()
    reference.ReferencedSOPClassUID = image.SOPClassUID
    reference.ReferencedSOPInstanceUID = "1.2.3.4"
    series = Dataset()
    series.SeriesInstanceUID = "1.2.3"
    series.ReferencedInstanceSequence = Sequence([reference])
    later = _phantom(SOPInstanceUID="1.2.9.9", StudyInstanceUID="1.2.8")
    later.ReferencedSeriesSequence = Sequence([series])
    cleaned_image, cleaned = _clean(image), _clean(later)
    pointed = cleaned.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0]
    assert pointed.ReferencedSOPInstanceUID == cleaned_image.SOPInstanceUID


@pytest.mark.parametrize("keyword", ["PatientID", "SOPInstanceUID", "StudyInstanceUID"])
def test_projects_never_meet(keyword: str) -> None:
    one, other = (_clean(_phantom(), project=project) for project in ("one", "two"))
    assert one[keyword].value != other[keyword].value


def test_subjects_never_meet() -> None:
    jane, john = (_clean(_phantom(PatientID=name)) for name in ("JANE-1", "JOHN-2"))
    assert jane.PatientID != john.PatientID
    assert jane.StudyInstanceUID != john.StudyInstanceUID  # although the source had one UID


def test_unknown_attributes_vanish() -> None:
    dataset = _phantom()
    dataset.add_new(0x00081FFE, "LO", "made up")
    dataset.add_new(0x00091010, "LO", "private")
    cleaned = _clean(dataset)
    assert 0x00081FFE not in cleaned
    assert not [element for element in cleaned if element.tag.is_private]


def test_the_report_counts_what_changed() -> None:
    dataset = _phantom()
    source = BytesReader(_bytes(dataset))
    cleaned = clean(
        source,
        plan=plan_of(BASIC),
        context=_context(dataset, project="one"),
        inspection=inspect(source, attributes=()),
        explain=True,
        face=None,
    )
    counts = cleaned.report.actions
    listed = [change.operation for change in cleaned.report.changes]
    for operation in ("empty", "dummy", "replace-uid", "pseudonym"):
        assert listed.count(operation) == counts.get(operation, 0)
    assert cleaned.report.methods == ("113100",)
    assert all(change.rule and change.section for change in cleaned.report.changes)


def test_a_name_in_a_kept_attribute_is_never_released() -> None:
    dataset = _phantom(PatientName="Zebrowski^Anastasia", Manufacturer="Built for ZEBROWSKI")
    with pytest.raises(HeldError) as caught:
        _clean(dataset)
    assert caught.value.code == "verify.identity"
    assert "0008,0070" in str(caught.value)
    assert "zebrowski" not in str(caught.value).lower()


def test_sixty_levels_of_sequences_are_cleaned_to_the_last() -> None:
    dataset = _phantom()
    item = Dataset()
    item.PatientName = dataset.PatientName
    item.ReferencedSOPInstanceUID = "1.2.3.4.5"
    for _ in range(60):
        outer = Dataset()
        outer.ReferencedSeriesSequence = Sequence([item])
        item = outer
    dataset.ReferencedSeriesSequence = Sequence([item])
    cleaned = _clean(dataset)
    inner = cleaned
    while "ReferencedSeriesSequence" in inner:
        inner = inner.ReferencedSeriesSequence[0]
    assert inner.ReferencedSOPInstanceUID.startswith("2.25.")
    assert str(inner.PatientName) == cleaned.PatientID
    assert str(dataset.PatientName).encode() not in _bytes(cleaned)
