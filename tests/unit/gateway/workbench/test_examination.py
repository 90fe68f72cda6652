"""A dry run says what the real run does, and writes nothing."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from gateway.vault.ephemeral import EphemeralVault
from gateway.workbench.coverage import Coverage
from gateway.workbench.examination import Examined, Examiner, Fate
from gateway.workbench.preview import Preview
from pipelines.metadata.normalise import BytesReader
from pipelines.run import clean, inspect
from rules.load import read_rules
from tests.support.datasets import objects
from tests.support.encoding import Made, MadeItem, dicom_file
from tests.support.engine import plan_of
from tests.support.objects import BASIC, CONTEXT, options, small

RESEARCH = options("retain-safe-private", "clean-pixel-data")
SECRET = b"Zanzibar"
PIXELS = Made(0x7FE00010, "OW", b"\1\2")


def examiner(rules: str, *, shows_values: bool = False) -> Examiner:
    return Examiner(
        plan=plan_of(rules),
        vault=EphemeralVault(bytes(32)),
        private_sop_classes=(),
        shows_values=shows_values,
    )


def examine(
    folder: Path, data: bytes, *, rules: str = BASIC, shows_values: bool = False
) -> Examined:
    path = folder / "a.dcm"
    path.write_bytes(data)
    before = sorted(folder.iterdir()), path.read_bytes()
    found = examiner(rules, shows_values=shows_values).examine(path)
    assert (sorted(folder.iterdir()), path.read_bytes()) == before, "something was written"
    return found


def fates(found: Examined) -> dict[str, tuple[Fate, str]]:
    return {each.path: (each.fate, each.rule) for each in found.handled}


def test_each_element_has_its_fate_and_its_rule(tmp_path: Path) -> None:
    rules = options("retain-longitudinal-modified-dates", rules="rules:\n") + (
        "- {tags: [PatientSex], action: K}\n"
    )
    item = (Made(0x00081155, "UI", b"1.2.3"), Made(0x00281050, "DS", b"40"))
    data = small(
        Made(0x00080020, "DA", b"20200101"),
        Made(0x00080050, "SH", b"4711"),
        Made(0x00081030, "LO", SECRET),
        Made(0x00081115, "SQ", b"", (MadeItem(item),)),
        Made(0x00090010, "LO", b"ACME"),
        Made(0x00091001, "LO", b"private"),
        Made(0x00100040, "CS", b"F"),
        Made(0x00120062, "CS", b"NO"),
    )
    found = examine(tmp_path, data, rules=rules)
    assert (found.outcome, found.reason) == ("cleaned", "")
    said = fates(found)
    assert said["(0008,0016)"] == (Fate.KEPT, "not in PS3.15 Table E.1-1")
    assert said["(0008,0020)"][0] is Fate.CLEANED
    assert said["(0008,0050)"] == (Fate.EMPTIED, "PS3.15 Table E.1-1, basic profile")
    assert said["(0008,1030)"][0] is Fate.REMOVED
    assert said["(0008,1115)"][0] is Fate.KEPT
    assert said["(0008,1115)[0].(0008,1155)"][0] is Fate.REPLACED
    assert said["(0008,1115)[0].(0028,1050)"][0] is Fate.KEPT
    assert said["(0009,1001)"] == (Fate.REMOVED, "PS3.15 Table E.1-1, private attributes")
    assert said["(0009,0010)"][0] is Fate.REMOVED
    assert said["(0010,0040)"] == (Fate.KEPT, "rules[0], line 5")
    assert said["(0012,0062)"] == (Fate.REPLACED, "written by Narthex")
    assert all(each.before is None and each.after is None for each in found.handled)


@given(drawn=objects(), rules=st.sampled_from([BASIC, options("retain-safe-private")]))
def test_what_is_counted_is_what_the_engine_counts(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[tuple[Made, ...], str], rules: str
) -> None:
    elements, syntax = drawn
    data = dicom_file(elements, transfer_syntax=syntax)
    found = examine(tmp_path_factory.mktemp("in"), data, rules=rules)
    if not found.handled:
        assert found.reason
        return
    source = BytesReader(data)
    report = clean(
        source,
        plan=plan_of(rules),
        context=CONTEXT,
        inspection=inspect(source, attributes=()),
        explain=True,
        face=None,
    ).report
    counted = Counter(each.operation for each in found.handled)
    for operation, count in report.actions.items():
        if operation not in ("keep", "remove"):  # creators, and what is written over
            assert counted[operation] == count, operation


def test_values_are_there_only_where_they_were_asked_for(tmp_path: Path) -> None:
    data = small(Made(0x00081030, "LO", SECRET), Made(0x00100020, "LO", b"PAT-4711"))
    found = examine(tmp_path, data, shows_values=True)
    by_path = {each.path: each for each in found.handled}
    assert (by_path["(0008,1030)"].before, by_path["(0008,1030)"].after) == ("Zanzibar", None)
    assert by_path["(0010,0020)"].before == "PAT-4711"
    assert (by_path["(0010,0020)"].after or "").startswith("NX")
    assert by_path["(0008,0016)"].before is None, "kept"
    assert "Zanzibar" not in repr(found)


def test_an_object_that_waits_for_an_engine_is_held_and_still_counted(tmp_path: Path) -> None:
    found = examine(tmp_path, small(Made(0x00081030, "LO", SECRET), PIXELS), rules=RESEARCH)
    assert (found.outcome, found.reason) == ("quarantined", "pixels.unchecked")
    assert fates(found)["(0008,1030)"][0] is Fate.REMOVED


def test_what_the_search_finds_holds_it(tmp_path: Path) -> None:
    rules = BASIC + "rules:\n- {tags: [StudyDescription], action: K}\n"
    data = small(Made(0x00081030, "LO", b"Miller, Jane"))
    found = examine(tmp_path, data, rules=rules)
    assert found.outcome == "quarantined"
    assert found.reason.startswith("verify.")


@pytest.mark.parametrize(
    ("data", "reason"), [(b"no dicom", "metadata.no-uid"), (b"", "metadata.malformed")]
)
def test_what_can_not_be_read_says_so(tmp_path: Path, data: bytes, reason: str) -> None:
    found = examine(tmp_path, data)
    assert (found.outcome, found.reason, found.handled) == ("quarantined", reason, ())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    found = examiner(BASIC).examine(tmp_path / "gone")
    assert (found.outcome, found.reason) == ("refused", "input.unreadable")


def test_an_unexpected_error_costs_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Examiner, "_examine", lambda *_: int("x"))
    found = examine(tmp_path, small())
    assert (found.reason, found.where) == ("internal.error", "ValueError")


def ge_file() -> Path:
    found = get_testdata_file("CT_small.dcm")
    assert isinstance(found, str)
    return Path(found)


def test_a_preview_sums_up_by_attribute() -> None:
    summary = Preview(())
    one = examiner(RESEARCH)
    for path in (ge_file(), ge_file(), ge_file().parent / "gone"):
        summary.add(one.examine(path))
    data = summary.as_data()
    assert data["files"] == 3
    assert data["outcomes"] == [
        {"outcome": "quarantined", "reason": "pixels.unchecked", "count": 2},
        {"outcome": "refused", "reason": "input.unreadable", "count": 1},
    ]
    by_tag = {each["tag"]: each for each in data["attributes"]}
    assert (by_tag["(0008,0020)"]["keyword"], by_tag["(0008,0020)"]["emptied"]) == ("StudyDate", 2)
    safe = by_tag['(0019,"GEMS_ACQU_01",23)']
    assert (safe["kept"], safe["by"][0]["rule"]) == (2, "PS3.15 Table E.3.10-1")
    assert by_tag["(0019,----)"]["keyword"] == "private creator"


def private(creator: bytes) -> bytes:
    return small(
        Made(0x00080070, "LO", b"ACME\x1b"),
        Made(0x00081090, "LO", b"M1"),
        Made(0x00090010, "LO", creator),
        Made(0x00091001, "LO", SECRET),
        Made(0x00091101, "LO", SECRET),
        Made(0x00080FFF, "LO", SECRET),
        Made(0x60000022, "LO", SECRET),
    )


def test_coverage_counts_by_device_and_tells_no_value(tmp_path: Path) -> None:
    rules = BASIC + "rules:\n- {tags: ['(0009,\"MINE\",01)'], action: K}\n"
    summary = Coverage(read_rules(rules, source="test").rules)
    for creator in (b"Zanzibar^Ali", b"MINE", b"Zanzibar^Ali", b"Other"):
        summary.add(examine(tmp_path, private(creator), rules=rules))
    summary.add(examine(tmp_path, b""))
    data = summary.as_data()
    assert data["unread"] == {"metadata.malformed": 1}
    (device,) = data["devices"]
    assert (device["manufacturer"], device["model"]) == ("ACME\\x1b", "M1")
    assert (device["sop_class"], device["objects"]) == ("CT Image Storage", 4)
    elements = {each["creator"]: each["elements"][0] for each in device["private"]}
    assert set(elements) == {"MINE", "unknown creator #1", "unknown creator #2"}
    assert (elements["MINE"]["what"], elements["MINE"]["fate"]) == ("rule", "kept")
    assert elements["unknown creator #2"]["count"] == 2
    assert elements["unknown creator #2"]["what"] == "removed"
    assert device["without_creator"] == 4
    assert device["unknown"] == [{"tag": "(0008,0FFF)", "what": "removed", "count": 4}]
    assert "Zanzibar" not in str(data)


def test_coverage_says_what_safe_private_elements_and_options_do() -> None:
    summary = Coverage(())
    summary.add(examiner(RESEARCH).examine(ge_file()))
    (device,) = summary.as_data()["devices"]
    assert device["held"] == {"pixels.unchecked": 1}
    (acquisition,) = [each for each in device["private"] if each["creator"] == "GEMS_ACQU_01"]
    kept = [each for each in acquisition["elements"] if each["fate"] == "kept"]
    assert kept
    assert {each["what"] for each in kept} == {"safe private"}
