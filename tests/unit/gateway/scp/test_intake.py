from dataclasses import astuple
from io import BytesIO

import pytest
from pydicom import Dataset, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian

from gateway.scp.intake import Fingerprint, Intake, index

KEY = bytes(range(32))


def encoded(**values: object) -> bytes:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    stream = BytesIO()
    dcmwrite(stream, dataset, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return stream.getvalue()


def fingerprint(
    data: bytes, *, key: bytes = KEY, issuer: str = "A", syntax: str = ExplicitVRLittleEndian
) -> Fingerprint:
    intake = Intake(key=key, issuer=issuer, sop_instance_uid="1.2.9", transfer_syntax_uid=syntax)
    for start in range(0, len(data), 7):
        intake.feed(data[start : start + 7])
    return intake.finish()


PIXELS = {"EncapsulatedDocument": b"ab"}
FULL = {"SOPInstanceUID": "1.2.9", "PatientID": "P1", "StudyInstanceUID": "1.5"}


def test_one_subject_and_one_study_are_recognised() -> None:
    one = fingerprint(encoded(**FULL, **PIXELS))
    two = fingerprint(encoded(**FULL, **PIXELS, StudyDescription="HEAD"))
    assert one.study_index == two.study_index
    assert one.subject_index == two.subject_index
    assert one.pixel_digest == two.pixel_digest
    assert one.content_digest != two.content_digest
    assert one.is_readable


def test_padding_makes_no_other_subject() -> None:
    padded = fingerprint(encoded(**FULL | {"PatientID": " P1 "}))
    assert padded.subject_index == fingerprint(encoded(**FULL)).subject_index


def test_equal_ids_of_two_issuers_never_meet() -> None:
    data = encoded(**FULL)
    ours, theirs = fingerprint(data), fingerprint(data, issuer="B")
    assert ours.subject_index != theirs.subject_index
    assert ours.study_index != theirs.study_index
    assert ours.sop_index != theirs.sop_index
    said = fingerprint(encoded(**FULL, IssuerOfPatientID="B"))
    assert said.subject_index == theirs.subject_index


def test_parts_do_not_run_together() -> None:
    assert index(KEY, "x", b"ab", b"c") != index(KEY, "x", b"a", b"bc")
    assert index(KEY, "x", b"a") != index(KEY, "xa", b"")


def test_nothing_is_recognised_without_the_key() -> None:
    ours = astuple(fingerprint(encoded(**FULL)))
    theirs = astuple(fingerprint(encoded(**FULL), key=bytes(32)))
    digests = slice(2, 7)
    assert not set(ours[digests]) & set(theirs[digests])


def test_other_pixels_and_another_syntax_are_seen() -> None:
    one = fingerprint(encoded(**FULL, EncapsulatedDocument=b"ab"))
    other = fingerprint(encoded(**FULL, EncapsulatedDocument=b"cd"))
    assert one.pixel_digest != other.pixel_digest
    data = encoded(**FULL)
    jpeg = fingerprint(data, syntax="1.2.840.10008.1.2.4.50")
    assert jpeg.content_digest != fingerprint(data).content_digest


@pytest.mark.parametrize("empty", [{}, {"EncapsulatedDocument": b""}])
def test_what_has_no_bulk_data_equals_only_its_copy(empty: dict[str, bytes]) -> None:
    one = fingerprint(encoded(**FULL, **empty, TextValue="no nodule"))
    other = fingerprint(encoded(**FULL, **empty, TextValue="nodule, 9 mm"))
    assert one.pixel_digest != other.pixel_digest
    assert one == fingerprint(encoded(**FULL, **empty, TextValue="no nodule"))
    assert one.is_readable


def test_objects_without_a_study_uid_are_studies_of_their_own() -> None:
    def of(uid: str) -> bytes:
        intake = Intake(
            key=KEY, issuer="A", sop_instance_uid=uid, transfer_syntax_uid=ExplicitVRLittleEndian
        )
        intake.feed(encoded(PatientID="P1"))
        return intake.finish().study_index

    assert of("1.2") != of("1.3")


def test_what_can_not_be_read_equals_only_its_copy() -> None:
    cut, shorter = encoded(**FULL)[:-1], encoded(**FULL)[:-2]
    assert not fingerprint(cut).is_readable
    assert fingerprint(cut) == fingerprint(cut)
    assert fingerprint(cut).pixel_digest != fingerprint(shorter).pixel_digest
