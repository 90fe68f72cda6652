"""The whole way of an object: inspected, cleaned, verified, or held with its reason."""

import dataclasses
import io
import random
from functools import cache
from pathlib import Path

import pydicom
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.uid import ImplicitVRLittleEndian

from pipelines.context import SubjectContext
from pipelines.errors import HeldError, ResidualError
from pipelines.metadata.normalise import BytesReader, tolerant
from pipelines.run import clean, inspect, verify
from tests.support.datasets import objects
from tests.support.encoding import DEFLATED, EXPLICIT, IMPLICIT, Made, dicom_file
from tests.support.engine import plan_of, run_engine
from tests.support.objects import CONTEXT, cleaned, element, item, joined, options, small, walked

ALL = options(
    "retain-longitudinal-modified-dates",
    "retain-safe-private",
    "retain-patient-characteristics",
    "retain-device-identity",
    "retain-institution-identity",
    "clean-descriptors",
)
KEEPING = options("retain-uids", "retain-longitudinal-full-dates", "retain-safe-private")
_ROOT_UIDS = {0x00080018: "SOPInstanceUID", 0x0020000D: "StudyInstanceUID"}


def _held(data: bytes, rules: str = options()) -> tuple[str, str]:
    with pytest.raises(HeldError) as caught:
        run_engine(data, rules_yaml=rules, context=CONTEXT)
    return caught.value.code, caught.value.where


def _without(data: bytes, tag: int) -> bytes:
    dataset = pydicom.dcmread(io.BytesIO(data))
    del dataset[tag]
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


# Inspect


def test_what_routing_and_the_vault_need_is_read() -> None:
    data = small(
        Made(0x00080060, "CS", b"CT"),
        Made(0x00080008, "CS", b"ORIGINAL\\PRIMARY "),
        Made(0x00100021, "LO", b"Hill"),
    )
    found = inspect(BytesReader(data), attributes=("Modality", "ImageType", "Manufacturer"))
    assert found.attributes == {"Modality": "CT", "ImageType": "ORIGINAL\\PRIMARY"}
    assert (found.patient_id, found.issuer) == ("PAT-4711", "Hill")
    assert found.transfer_syntax_uid == EXPLICIT
    assert found.study_instance_uid == "1.2.3.4.5.6.8"
    assert not found.normalised
    assert "PAT-4711" not in repr(found)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (0x00080016, "metadata.no-uid"),
        (0x00080018, "metadata.no-uid"),
        (0x0020000D, "metadata.no-uid"),
        (0x0020000E, "metadata.no-uid"),
        (0x00100020, "identity.missing"),
    ],
)
def test_what_every_object_must_have(tag: int, code: str) -> None:
    assert _held(_without(small(), tag))[0] == code
    assert _held(small(Made(tag, "LO" if tag == 0x00100020 else "UI", b" ")))[0] == code


def test_what_is_no_storage_sop_class_is_held_unless_configured() -> None:
    private = small(Made(0x00080016, "UI", b"1.2.826.0.1.3680043.999"))
    assert _held(private)[0] == "sop-class.unsupported"
    known = inspect(
        BytesReader(private), attributes=(), private_sop_classes=("1.2.826.0.1.3680043.999",)
    )
    assert known.sop_class_uid == "1.2.826.0.1.3680043.999"
    directory = small(Made(0x00080016, "UI", b"1.2.840.10008.1.3.10"))
    assert _held(directory) == ("sop-class.unsupported", "DICOMDIR")


# UIDs of the output name files


@pytest.mark.parametrize("tag", _ROOT_UIDS)
@pytest.mark.parametrize(
    "uid", [b"..", b"../../etc/x", b"/etc/x", b"1.2/3", b"1.2\\1.3", b"1..2", b"1" * 66, b"\xe9.1"]
)
def test_a_uid_that_stays_and_can_not_name_a_file_is_held(tag: int, uid: bytes) -> None:
    assert _held(small(Made(tag, "UI", uid)), KEEPING) == ("metadata.no-uid", _ROOT_UIDS[tag])


def test_several_uids_in_the_place_of_one_are_held_always() -> None:
    assert _held(small(Made(0x00080018, "UI", b"1.2\\1.3"))) == (
        "metadata.no-uid",
        "SOPInstanceUID",
    )


@pytest.mark.parametrize("uid", [b"..", b"../../etc/x", b"not a uid", b"\xe9.1"])
def test_a_uid_that_is_replaced_may_have_been_anything(uid: bytes) -> None:
    assert cleaned(small(Made(0x00080018, "UI", uid))).SOPInstanceUID.startswith("2.25.")


# Options whose engine is not there, and faces that nobody looked at

_ULTRASOUND = b"1.2.840.10008.5.1.4.1.1.6.1"
_PIXELS = Made(0x7FE00010, "OW", bytes(8))


@pytest.mark.parametrize(
    ("names", "modality", "code"),
    [
        ("clean-pixel-data", b"US", "pixels.unchecked"),
        ("clean-recognizable-visual-features", b"CT", "face.unchecked"),
    ],
)
def test_what_can_not_be_done_yet_holds_what_has_pixels(
    names: str, modality: bytes, code: str
) -> None:
    said = Made(0x00080060, "CS", modality)
    assert _held(small(said, Made(0x7FE00010, "OW", bytes(8))), options(names))[0] == code
    assert walked(small(said), options(names))  # without pixels


def test_a_modality_without_faces_is_not_held_for_faces() -> None:
    data = small(Made(0x00080016, "UI", _ULTRASOUND), Made(0x00080060, "CS", b"US"), _PIXELS)
    assert walked(data, options("clean-recognizable-visual-features"))


# Clean, verify


@settings(max_examples=40)
@given(drawn=objects(), rules=st.sampled_from((options(), ALL, KEEPING)))
def test_the_same_object_and_context_give_the_same_bytes(
    drawn: tuple[tuple[Made, ...], str], rules: str
) -> None:
    elements, transfer_syntax = drawn
    data = dicom_file(elements, transfer_syntax=transfer_syntax)
    first = _engine(data, rules)
    assert first == _engine(data, rules)


def test_explaining_changes_nothing() -> None:
    data = small(
        Made(0x00190010, "LO", b"GEMS_ACQU_01"),
        Made(0x00191023, "DS", b"1.5"),
        Made(0x00191024, "LO", b"gone"),
    )
    for rules in (options(), ALL):
        said, silent = (walked(data, rules, explain=explain) for explain in (True, False))
        assert joined(said) == joined(silent)
        assert said.report.actions == silent.report.actions


def test_an_object_of_another_subject_does_not_verify() -> None:
    result = walked(small())
    other = SubjectContext(
        pseudonym="NXOTHER", shift_days=0, uid_secret=bytes(32), uid_generation=1
    )
    with pytest.raises(ResidualError):
        verify(BytesReader(joined(result)), cleaned=result, plan=plan_of(options()), context=other)


def test_what_the_walk_can_not_read_in_a_sequence_pydicom_may() -> None:
    inner = element(0x00281051, "DS", b"40") + element(0x00281050, "DS", b"50")  # out of order
    data = small(tail=element(0x00289110, "SQ", item(inner)))
    source = BytesReader(data)
    inspection = inspect(source, attributes=())
    assert not inspection.normalised
    result = clean(
        source,
        plan=plan_of(options()),
        context=CONTEXT,
        inspection=inspection,
        explain=False,
        face=None,
    )
    assert result.report.normalised
    assert result.source is not source
    (found,) = cleaned(data)[0x00289110].value
    assert (found.WindowCenter, found.WindowWidth) == (50, 40)
    again = dataclasses.replace(inspection, normalised=True)
    with pytest.raises(HeldError) as caught:
        clean(
            source,
            plan=plan_of(options()),
            context=CONTEXT,
            inspection=again,
            explain=False,
            face=None,
        )
    assert caught.value.code == "metadata.malformed"


# Whatever bytes: cleaned and readable, or held for a documented reason

_SEEDS = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "SC_rgb_rle.dcm",
    "image_dfl.dcm",
    "liver_1frame.dcm",
    "nested_priv_SQ.dcm",
    "priv_SQ.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
    "rtstruct.dcm",
    "UN_sequence.dcm",
    "rtdose_1frame.dcm",
)
_TOKENS = (
    *(b"\xff\xff\xff\xff", b"\xfe\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0"),
    *(b"\xfe\xff\xdd\xe0", bytes(4), b"SQ\0\0", b"UN\0\0", b"OB\0\0", b"UT", b"\xe0\x7f\x10\0"),
    *(b"\xff\x7f", b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0"),
    *(b"\xfe\xff\xdd\xe0\0\0\0\0", b"\\", b"\x1b$B", b"/", b"\xe9", b"\0"),
)
_FRONT_BYTES = 4000


@cache
def _seed(name: str) -> bytes:
    """Return a bundled file with what an object must have."""
    path = get_testdata_file(name, download=False)
    assert path is not None, name
    data = Path(str(path)).read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    if dataset.get("PatientID") and dataset.get("SeriesInstanceUID") and len(data) < 60_000:
        return data
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.PatientID = dataset.get("PatientID") or "PAT-4711"
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(dataset, keyword, dataset.get(keyword) or "1.2.3.4")
    if not dataset.get("SOPClassUID"):
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    if len(dataset.get("PixelData", b"")) > 30_000:
        del dataset.PixelData
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=False)
    return buffer.getvalue()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with bits flipped, bytes lost, inserted, repeated, cut off."""
    new = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        size = len(new)
        if size < 4:
            break
        at = chance.randrange(size if chance.random() < 0.3 else min(size, _FRONT_BYTES))
        token = chance.choice(_TOKENS)
        match chance.randrange(7):
            case 0:
                new[at] ^= 1 << chance.randrange(8)
            case 1:
                new[at] = chance.randrange(256)
            case 2:
                del new[at:]
            case 3:
                del new[at : at + chance.choice((1, 2, 4, 8, 12, 100))]
            case 4:
                new[at:at] = token
            case 5:
                new[at : at + len(token)] = token
            case _:
                start = chance.randrange(size)
                new[at:at] = new[start : start + chance.choice((8, 64, 512))]
    return bytes(new)


@cache
def _documented() -> frozenset[str]:
    page = Path(__file__).parents[3] / "ops" / "manual" / "reasons.md"
    rows = (line.split("|") for line in page.read_text(encoding="utf-8").splitlines())
    return frozenset(row[1].strip() for row in rows if len(row) > 3)


def _engine(data: bytes, rules: str) -> bytes | str:
    """Return the cleaned file, or the code of the hold."""
    try:
        return run_engine(data, rules_yaml=rules, context=CONTEXT)
    except HeldError as error:
        return error.code


def _outcome(data: bytes, rules: str) -> bytes | str:
    """Return the cleaned file, which pydicom can read, or the code of the hold."""
    written = _engine(data, rules)
    assert written in _documented() or isinstance(written, bytes)
    if isinstance(written, bytes):
        with tolerant():  # a kept value may be of a wrong length, as it was in the source
            assert str(pydicom.dcmread(io.BytesIO(written)))
    return written


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", _SEEDS)
@pytest.mark.parametrize("rules", [options(), ALL, KEEPING], ids=["basic", "all", "keeping"])
def test_any_mutation_is_cleaned_or_held(name: str, rules: str) -> None:
    assert isinstance(_outcome(_seed(name), rules), bytes)
    for number in range(8):
        chance = random.Random(f"{name} {number}")
        _outcome(mutated(_seed(name), chance), rules)


@settings(max_examples=150)
@given(
    data=st.binary(max_size=600), prefixed=st.booleans(), rules=st.sampled_from((options(), ALL))
)
@example(data=b"", prefixed=True, rules=options())
def test_any_bytes_are_held(*, data: bytes, prefixed: bool, rules: str) -> None:
    assert isinstance(_outcome((bytes(128) + b"DICM" if prefixed else b"") + data, rules), str)


@settings(max_examples=100)
@given(
    tail=st.binary(max_size=300),
    transfer_syntax=st.sampled_from((EXPLICIT, IMPLICIT, DEFLATED)),
    rules=st.sampled_from((options(), ALL, KEEPING)),
)
def test_any_bytes_may_follow(tail: bytes, transfer_syntax: str, rules: str) -> None:
    _outcome(small(tail=tail, transfer_syntax=transfer_syntax), rules)
