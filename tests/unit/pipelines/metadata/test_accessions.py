"""Accession numbers get the pseudonyms that the caller has; others are asked for."""

import io
from dataclasses import replace

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from pipelines.context import Accession
from pipelines.errors import AccessionsNeededError, MalformedError, ResidualError
from pipelines.metadata.normalise import BytesReader
from pipelines.objects import Cleaned
from pipelines.run import clean, inspect, verify
from tests.support.encoding import EXPLICIT
from tests.support.engine import plan_of
from tests.support.objects import CONTEXT, element, item, joined, small

RULES = "name: test\nprofile: basic\naccession: pseudonym\n"
KEEPING = f"{RULES}rules:\n  - {{tags: [ReferencedRequestSequence], action: K}}\n"


def dataset(number: str = "A123", **attributes: object) -> Dataset:
    found = Dataset()
    found.AccessionNumber = number
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def issued_by(**names: str) -> list[Dataset]:
    issuer = Dataset()
    for keyword, value in names.items():
        setattr(issuer, keyword, value)
    return [issuer]


def encoded(found: Dataset, transfer_syntax: str = EXPLICIT) -> bytes:
    """Return `found` with what every object must have."""
    whole = pydicom.dcmread(io.BytesIO(small()))
    whole.update(found)
    syntax = pydicom.uid.UID(transfer_syntax)
    whole.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    pydicom.dcmwrite(
        buffer,
        whole,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=True,
    )
    return buffer.getvalue()


def run(
    data: bytes, known: dict[Accession, str], rules: str = RULES
) -> tuple[Cleaned, FileDataset]:
    source, plan = BytesReader(data), plan_of(rules)
    context = replace(CONTEXT, accessions=known)
    inspection = inspect(source, attributes=())
    result = clean(
        source, plan=plan, context=context, inspection=inspection, explain=True, face=None
    )
    verify(BytesReader(joined(result)), cleaned=result, plan=plan, context=context)
    return result, pydicom.dcmread(io.BytesIO(joined(result)))


def asked(data: bytes, rules: str = RULES) -> set[tuple[str, ...]]:
    with pytest.raises(AccessionsNeededError) as needed:
        run(data, {}, rules)
    return {tuple(each) for each in needed.value.accessions}


@pytest.mark.parametrize("syntax", [EXPLICIT, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_number_becomes_its_pseudonym_at_any_depth(syntax: str) -> None:
    inner = dataset("B 9", IssuerOfAccessionNumberSequence=issued_by(UniversalEntityID="1.2.3"))
    data = encoded(
        dataset(
            IssuerOfAccessionNumberSequence=issued_by(LocalNamespaceEntityID="RIS"),
            ReferencedRequestSequence=[dataset(), inner],
        ),
        syntax,
    )
    assert asked(data, KEEPING) == {("A123", "RIS"), ("B 9", "1.2.3")}
    known = {Accession("A123", "RIS"): "AX00000000000001", Accession("B 9", "1.2.3"): "AX2"}
    result, written = run(data, known, KEEPING)
    assert written.AccessionNumber == "AX00000000000001"
    assert [i.AccessionNumber for i in written.ReferencedRequestSequence] == [
        "AX00000000000001",  # the issuer of the root is its own
        "AX2",
    ]
    assert written.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "RIS"
    assert result.report.actions["accession"] == 3
    assert b"A123" not in joined(result)


@pytest.mark.parametrize(
    "rules",
    [
        "name: test\nprofile: basic\n",
        f"{RULES}rules:\n  - {{tags: [AccessionNumber], action: Z}}\n",
    ],
)
def test_without_the_setting_or_by_a_rule_it_is_emptied(rules: str) -> None:
    _, written = run(encoded(dataset()), {}, rules)
    assert written.AccessionNumber == ""


def test_absent_and_empty_stay_by_the_table() -> None:
    _, written = run(encoded(Dataset()), {})
    assert "AccessionNumber" not in written
    result, written = run(encoded(dataset("")), {})
    assert written.AccessionNumber == ""
    assert result.report.notes == ()


@pytest.mark.parametrize(
    ("number", "issuer"),
    [("x" * 65, ""), ("a\x01b", ""), ("A1", "r" * 257), ("A1", "r\x02s")],
)
def test_what_is_unfit_falls_back_with_a_note(number: str, issuer: str) -> None:
    plain = encoded(dataset(IssuerOfAccessionNumberSequence=issued_by(LocalNamespaceEntityID="R")))
    beside = item(element(0x00400031, "UT", issuer.encode()))
    value = number.encode() + b" " * (len(number) % 2)
    data = plain.replace(
        element(0x00080050, "SH", b"A123"), element(0x00080050, "SH", value)
    ).replace(
        element(0x00080051, "SQ", item(element(0x00400031, "UT", b"R "))),
        element(0x00080051, "SQ", beside),
    )
    result, written = run(data, {})
    assert written.AccessionNumber == ""
    assert result.report.notes == ("accession.removed",)


def test_a_number_is_read_in_its_character_set_and_stripped() -> None:
    data = encoded(dataset("Ä7\\B ", SpecificCharacterSet="ISO_IR 192"))
    assert asked(data) == {("Ä7\\B", "")}


def test_local_issuer_only_where_there_is_no_universal_one() -> None:
    names = issued_by(LocalNamespaceEntityID="RIS", UniversalEntityID="1.2")
    assert asked(encoded(dataset(IssuerOfAccessionNumberSequence=names))) == {("A123", "1.2")}
    names = issued_by(LocalNamespaceEntityID="RIS", UniversalEntityID="")
    assert asked(encoded(dataset(IssuerOfAccessionNumberSequence=names))) == {("A123", "RIS")}
    assert asked(encoded(dataset(IssuerOfAccessionNumberSequence=[]))) == {("A123", "")}


def test_too_many_numbers_hold_the_object() -> None:
    items = [dataset(str(n)) for n in range(1001)]
    with pytest.raises(MalformedError) as held:
        run(encoded(dataset(ReferencedRequestSequence=items)), {}, KEEPING)
    assert held.value.code == "metadata.limit"


def test_the_gate_lets_no_other_value_stand() -> None:
    data, known = encoded(dataset()), {Accession("A123", ""): "AX00000000000001"}
    source, plan = BytesReader(data), plan_of(RULES)
    inspection = inspect(source, attributes=())
    context = replace(CONTEXT, accessions=known)
    result = clean(
        source, plan=plan, context=context, inspection=inspection, explain=False, face=None
    )
    for value in (b"AX00000000000002", b"A123".ljust(16)):
        written = joined(result).replace(b"AX00000000000001", value)
        with pytest.raises(ResidualError) as held:
            verify(BytesReader(written), cleaned=result, plan=plan, context=context)
        assert held.value.code == "verify.structure"


def test_a_text_that_repeats_the_number_is_cleaned() -> None:
    rules = RULES.replace("profile: basic", "profile: basic\noptions: [clean-descriptors]")
    data = encoded(dataset("A1234567", StudyDescription="MRI HEAD A1234567"))
    _, written = run(data, {Accession("A1234567", ""): "AX00000000000001"}, rules)
    assert written.StudyDescription == "MRI HEAD"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=16))
def test_every_printable_number_gets_one(number: str) -> None:
    data = encoded(Dataset())
    raw = number.encode().ljust(len(number) + len(number) % 2)
    at = data.index(element(0x00100010, "PN", b"")[:6])
    data = data[:at] + element(0x00080050, "SH", raw) + data[at:]
    assert asked(data) == {(number, "")}


def test_nothing_of_a_number_is_said() -> None:
    with pytest.raises(AccessionsNeededError) as needed:
        run(encoded(dataset("SECRET1")), {})
    assert "SECRET1" not in f"{needed.value} {needed.value!r} {needed.value.accessions}"
