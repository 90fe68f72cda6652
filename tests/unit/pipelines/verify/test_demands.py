"""What the plan keeps, replaces and demands of one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, Dataset
from pydicom._uid_dict import UID_dictionary

from pipelines.errors import ResidualError
from pipelines.metadata.fitness import fits
from pipelines.metadata.sop_classes import is_transfer_syntax
from pipelines.verify.fitness import is_fit
from pipelines.verify.head import check_head
from pipelines.verify.values import are_new_uids, is_dummy
from tests.unit.pipelines.verify.written import (
    BIRTH_DATE,
    CT,
    EXPLICIT,
    IMPLICIT,
    NEW,
    SOURCE,
    UIDS,
    dataset,
    encode,
    gate,
    head,
    identity,
    nested,
    plan_of,
)

PLAN = plan_of()
PRIVATE = plan_of("  - {tags: ['(0019,\"ACME 1\",B0)'], action: K}\n")
UNKNOWN = plan_of("  - {tags: ['(0008,9998)'], action: K}\n")
SAFE = plan_of(options="retain-safe-private")
SYNTAXES = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
ITEM, ITEM_END, SEQUENCE_END = (b"\xfe\xff" + n for n in (b"\x00\xe0", b"\x0d\xe0", b"\xdd\xe0"))


def verdict(d: Dataset, *, syntax: str = EXPLICIT, **options: object) -> str:
    options.setdefault("plan", PLAN)
    options.setdefault("subject", ())
    try:
        gate(encode(d, syntax=syntax), syntax=syntax, **options)  # type: ignore[arg-type]  # of the gate
    except ResidualError as error:
        return str(error)
    return ""


def item_with(element: bytes) -> bytes:
    return ITEM + len(element).to_bytes(4, "little") + element


def implicit(tag: int, value: bytes) -> bytes:
    words = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    return words + len(value).to_bytes(4, "little") + value


FORBIDDEN = implicit(0x00081030, b"x ")
ALLOWED = implicit(0x00080100, b"x ")

# Hidden items


def private(vr: str, value: bytes) -> Dataset:
    d = dataset(PRIVATE)
    d.private_block(0x0019, "ACME 1", create=True).add_new(0xB0, vr, value)
    return d


def unknown(vr: str, value: bytes) -> Dataset:
    d = dataset(UNKNOWN)
    d.add(DataElement(0x00089998, vr, value))
    return d


@SYNTAXES
@pytest.mark.parametrize(
    ("make", "plan", "place"),
    [(private, PRIVATE, "(0019,10B0)"), (unknown, UNKNOWN, "(0008,9998)")],
)
def test_items_in_a_value_of_unknown_vr_are_walked(
    make: object, plan: object, place: str, syntax: str
) -> None:
    assert callable(make)

    def said(value: bytes, vr: str = "UN") -> str:
        return verdict(make(vr, value), plan=plan, syntax=syntax)

    assert said(item_with(ALLOWED)) == ""
    assert said(item_with(FORBIDDEN)) == f"verify.structure {place}[0].(0008,1030)"
    deep = item_with(implicit(0x00080006, item_with(FORBIDDEN)))
    assert said(deep) == f"verify.structure {place}[0].(0008,0006)[0].(0008,1030)"
    second = item_with(ALLOWED) + item_with(FORBIDDEN)
    assert said(second) == f"verify.structure {place}[1].(0008,1030)"
    opened = ITEM + b"\xff" * 4 + FORBIDDEN + ITEM_END + bytes(4)
    assert said(opened) == f"verify.structure {place}[0].(0008,1030)"
    assert said(ITEM + b"\x20\0\0\0" + bytes(8)).startswith("verify.structure")
    assert said(b"\1\2" + item_with(FORBIDDEN)) == ""
    assert said(ITEM[:2]) == said(b"") == ""
    if syntax == EXPLICIT:
        assert said(item_with(FORBIDDEN), "OB") == ""


def test_the_items_of_a_kept_private_value_are_held_to_the_plan() -> None:
    value = item_with(implicit(0x0020000D, SOURCE["study"].encode() + b"\0"))
    assert verdict(private("UN", value), plan=PRIVATE, uids={}).startswith("verify.structure")
    assert verdict(private("UN", value), plan=PRIVATE).startswith("verify.reference")


def test_a_sequence_stands_for_no_value() -> None:
    inner = DataElement(0x00080100, "SH", "x")
    for tag in (0x00080050, 0x00080014, 0x00100020):  # emptied, a UID, the pseudonym
        d = dataset(PLAN)
        d.add(nested(tag, inner))
        where = f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        assert verdict(d) == f"verify.structure {where}"
    d = dataset(PLAN)
    d.add_new(0x00080050, "SQ", [])
    assert verdict(d) == ""


# Safe private elements

CREATOR = "GEMS_ACQU_01"
DECIMAL, TEXT = 0x23, 0x9E


def safe(element: int, vr: str, value: object) -> Dataset:
    d = dataset(SAFE)
    d.private_block(0x0019, CREATOR, create=True).add_new(element, vr, value)
    return d


def test_a_safe_private_value_is_of_its_vr() -> None:
    assert verdict(safe(DECIMAL, "DS", "1.5"), plan=SAFE) == ""
    assert verdict(safe(DECIMAL, "UN", b"1.5\\-2E3 "), plan=SAFE) == ""
    assert verdict(safe(DECIMAL, "DS", ""), plan=SAFE) == ""
    assert verdict(safe(DECIMAL, "DS", "1.5"), plan=SAFE, syntax=IMPLICIT) == ""
    where = "verify.structure (0019,1023)"
    assert verdict(safe(DECIMAL, "LO", "1.5"), plan=SAFE) == where
    assert verdict(safe(DECIMAL, "UN", b"seen by "), plan=SAFE) == where
    assert verdict(safe(DECIMAL, "LO", "by Marta"), plan=SAFE, syntax=IMPLICIT) == where
    assert verdict(safe(DECIMAL, "SQ", [Dataset()]), plan=SAFE) == where
    assert verdict(safe(TEXT, "LO", "text"), plan=SAFE) == "verify.structure (0019,109E)"


def test_what_a_rule_keeps_needs_not_fit() -> None:
    rule = f"  - {{tags: ['(0019,\"{CREATOR}\",23)'], action: K}}\n"
    plan = plan_of(rule, options="retain-safe-private")
    d = dataset(plan)
    d.private_block(0x0019, CREATOR, create=True).add_new(DECIMAL, "LO", "text")
    assert verdict(d, plan=plan) == ""


VRS = ("AS", "AT", "CS", "DS", "FD", "FL", "IS", "SL", "SS", "UI", "UL", "US", "LO", "OB", "SQ")


@given(
    value=st.one_of(
        st.binary(max_size=24),
        st.text(alphabet="0123456789DWMYAX+-.eE_ \\\0a", max_size=16).map(str.encode),
    ),
    vr=st.sampled_from(["", "UN", *VRS]),
    asked=st.sampled_from(VRS),
)
def test_the_gate_lets_pass_what_the_engine_finds_fit(value: bytes, vr: str, asked: str) -> None:
    written = vr.encode()
    found = fits(value, vr=written, asked=asked)
    passes = is_fit(value, written_vr=written, vr=asked)
    assert passes or not found
    assert passes is found or asked == "AS"  # its characters only


# UIDs


@pytest.mark.parametrize(
    ("uid", "is_allowed"),
    [
        (b"2.25.0", True),
        (b"2.25." + b"9" * 39, True),
        (b"2.25." + b"9" * 40, False),
        (b"2.25.HOSP1234567", False),
        (b"2.25.12.13", False),
        (b"2.25.", False),
        (CT.encode(), True),
        (b"1.2.840.10008.1.4.1.1\0", True),  # Talairach Brain Atlas Frame of Reference
        (b"1.2.840.10008.1234567.19500315", False),
        (CT.encode() + b".20200102.1", False),
        (b"1.2.840.10008.", False),
        (b"2.25.1\\" + CT.encode(), True),
        (b"2.25.1\\1.2.840.10008.9", False),
    ],
)
def test_only_ours_and_registered_uids_stand(uid: bytes, is_allowed: bool) -> None:  # noqa: FBT001  (pytest)
    assert are_new_uids(uid) is is_allowed
    assert is_dummy(uid) is is_allowed
    d = dataset(PLAN)
    d.add(DataElement(0x00200052, "UI", uid.decode().split("\\"), validation_mode=0))
    each = {one: one for one in uid.decode().strip("\0").split("\\")}
    assert verdict(d, uids=each | UIDS) == ("" if is_allowed else "verify.structure (0020,0052)")


ROOT = {"sop": 0x00080018, "study": 0x0020000D, "series": 0x0020000E}


def said_of_root(which: str, uid: str, plan: object = PLAN) -> str:
    assert which in ROOT
    d = dataset(plan)  # type: ignore[arg-type]  # a plan
    d[ROOT[which]].value = uid
    uids = {SOURCE[name]: new for name, new in NEW.items() if name != which or uid == new}
    return verdict(d, plan=plan, uids=uids, new={which: uid})


@pytest.mark.parametrize("which", ["study", "series"])
def test_the_uids_of_the_instance_are_new_or_kept_by_the_plan(which: str) -> None:
    where = f"verify.reference (0020,000{'D' if which == 'study' else 'E'})"
    assert said_of_root(which, NEW[which]) == ""
    registered = next(uid for uid in UID_dictionary if uid.startswith("1.2.840.10008.5.1"))
    assert said_of_root(which, registered) == where
    assert said_of_root(which, SOURCE[which]).startswith("verify.")
    keeping = plan_of(options="retain-uids")
    assert said_of_root(which, SOURCE[which], keeping) == ""
    rule = "  - {tags: [StudyInstanceUID, SeriesInstanceUID], action: K}\n"
    assert said_of_root(which, SOURCE[which], plan_of(rule)) == ""


# Group 0002


def said_of_head(syntax: str) -> str:
    try:
        check_head(
            head(syntax),
            sop_class_uid=CT,
            sop_instance_uid=NEW["sop"],
            transfer_syntax_uid=syntax,
        )
    except ResidualError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "syntax",
    [
        "1.2.276.0.1234567",
        "1.2.840.10008.1.2.1.1234567",
        "1.2.840.10008.1.2.1.2.3.4",
        "1.2.840.10008.1.20",
        "1.2.840.10008.1.2.",
        "1.2.840.10008.1.2.1.DOE^JANE",
    ],
)
def test_a_transfer_syntax_has_its_form(syntax: str) -> None:
    assert not is_transfer_syntax(syntax)
    assert said_of_head(syntax).startswith("verify.structure")


def test_every_transfer_syntax_of_the_standard_has_it() -> None:
    syntaxes = [uid for uid, (_, kind, *_) in UID_dictionary.items() if kind == "Transfer Syntax"]
    ours = {"1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}  # never written
    assert len(syntaxes) > 50
    for uid in syntaxes:
        assert bool(said_of_head(uid)) is (uid in ours or not is_transfer_syntax(uid)), uid


# Our rows beyond the table


@SYNTAXES
def test_a_title_may_be_emptied_and_a_text_replaced(syntax: str) -> None:
    title, text = 0x00420010, 0x0040A160
    d = dataset(PLAN)
    d.DocumentTitle, d.TextValue = "", "REMOVED"
    assert verdict(d, syntax=syntax, present=frozenset([title, text])) == ""
    d.TextValue = "something else"
    assert verdict(d, syntax=syntax) == "verify.structure (0040,A160)"
    d.TextValue, d.DocumentTitle = "REMOVED", "x"
    assert verdict(d, syntax=syntax) == "verify.structure (0042,0010)"


# Identity


def test_every_one_of_many_values_is_searched() -> None:
    other_ids = "\\".join(f"ID{number:06d}A" for number in range(300))
    subject = identity((0x00101000, other_ids))
    for number in (0, 150, 299):
        d = dataset(PLAN)
        d.add_new(0x00080041, "LO", f"ACME ID{number:06d}A")
        assert verdict(d, subject=subject) == "verify.identity (0008,0041)"


def test_too_many_values_of_one_attribute_are_held() -> None:
    subject = identity((0x00101000, "\\".join(f"ID{n:06d}A" for n in range(2001))))
    assert verdict(dataset(PLAN), subject=subject).startswith("verify.identity more values")
    address = identity((0x00101040, "\\" * 3000), (BIRTH_DATE, "19580317"))
    assert verdict(dataset(PLAN), subject=address) == ""
