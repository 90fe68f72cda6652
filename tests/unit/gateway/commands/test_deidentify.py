"""``narthex deidentify``: from folder to folder, in one process and in several."""

import csv
import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file

import gateway.commands.deidentify
from gateway.cli import run
from gateway.exits import Exit
from tests.support.encoding import Made
from tests.support.objects import small

_CHECKOUT = Path(__file__).parents[4]
_COLUMNS = {
    *("input", "outcome", "output", "reason", "where", "plan"),
    *("actions", "methods", "notes", "reasons", "face", "face_figures"),
}


class Folder:
    """A temporary folder with inputs, and the command on it."""

    def __init__(self, path: Path, output: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._output = output
        (path / "in").mkdir()

    def put(self, name: str, data: bytes) -> None:
        target = self.path / "in" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def deidentify(self, *words: str, out: str = "out") -> tuple[int, str]:
        """Run the command; return exit code and standard output."""
        arguments = ["--state", "state", "deidentify", "in", out, "--rules", "basic", *words]
        code = run(arguments)
        return code, self._output.readouterr().out

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the report."""
        text = (self.path / "report.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def table(self, folder: str, name: str) -> list[list[str]]:
        """Return a table without its header."""
        with (self.path / folder / f"{name}_mapping.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        assert header == ["id_old", "id_new"]
        return rows


@pytest.fixture
def folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path, capsys)


def _object(number: int, *, patient_id: bytes = b"PAT-4711", study: bytes = b"1.2.3") -> bytes:
    return small(
        Made(0x00080018, "UI", b"1.2.3.%d" % number),
        Made(0x0020000D, "UI", study),
        Made(0x00100020, "LO", patient_id),
    )


def test_a_folder_is_cleaned_with_a_row_for_each_file(folder: Folder) -> None:
    folder.put("1.dcm", _object(1))
    folder.put("deep/2.dcm", _object(2, study=b"1.2.4"))
    folder.put("deep/notes.txt", b"no DICOM")
    code, words = folder.deidentify("--report", "report.jsonl")
    assert code == Exit.FINDINGS
    assert "in/deep/notes.txt: quarantined: metadata.malformed" in words
    assert "3 files in" in words
    assert "2 cleaned, 1 quarantined, 0 refused" in words
    rows = folder.rows()
    assert [row["outcome"] for row in rows] == ["cleaned", "cleaned", "quarantined"]
    assert all(row.keys() == _COLUMNS for row in rows)
    cleaned = [pydicom.dcmread(Path("out", row["output"])) for row in rows[:2]]
    assert len({each.PatientID for each in cleaned}) == 1
    assert len({each.StudyInstanceUID for each in cleaned}) == 2


def test_one_file_may_be_named(folder: Folder) -> None:
    folder.put("CT.dcm", Path(str(get_testdata_file("CT_small.dcm"))).read_bytes())
    arguments = ["deidentify", "in/CT.dcm", "out", "--rules", "basic", "--json"]
    assert run(arguments) == Exit.DONE
    assert len(list(Path("out").rglob("*.dcm"))) == 1


def test_json_is_one_line_of_facts(folder: Folder) -> None:
    folder.put("1", _object(1))
    folder.put("2", b"")
    code, words = folder.deidentify("--json")
    assert code == Exit.FINDINGS
    facts = json.loads(words)
    assert (facts["files"], facts["cleaned"], facts["quarantined"]) == (2, 1, 1)
    assert facts["refused"] == 0
    assert facts["seconds"] >= 0
    assert facts["peak_rss_mb"] > 1


def _reference(number: int, *to: int, patient_id: bytes = b"PAT-4711") -> bytes:
    """Return an object that refers to others by their number."""
    named = b"\\".join(b"1.2.3.%d" % n for n in to)
    return small(
        Made(0x00080018, "UI", b"1.2.3.%d" % number),
        Made(0x00081155, "UI", named),
        Made(0x0020000D, "UI", b"1.2.4"),
        Made(0x00100020, "LO", patient_id),
    )


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_references_within_a_subject_hold(folder: Folder, jobs: str) -> None:
    folder.put("1", _reference(9, 1, 2))  # before what it refers to
    folder.put("2", _object(1))
    folder.put("3", _object(2))
    folder.put("4", _reference(10, 1, 77))  # and to what is not here
    code, words = folder.deidentify("--json", "--jobs", jobs)
    facts = json.loads(words)
    assert code == Exit.DONE
    assert (facts["dangling_references"], facts["references_to_held"]) == (0, 0)
    assert facts["dangling_references_of"] == facts["references_to_held_of"] == {}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reference_to_what_has_another_name_now_is_a_finding(folder: Folder, jobs: str) -> None:
    folder.put("1", _reference(9, 1, 2, patient_id=b"PAT-0815"))  # of another subject
    folder.put("2", _object(1))
    folder.put("3", _object(2))
    code, words = folder.deidentify("--json", "--jobs", jobs)
    facts = json.loads(words)
    assert code == Exit.FINDINGS
    (pointing,) = (d for d in map(pydicom.dcmread, Path("out").rglob("*.dcm")) if 0x00081155 in d)
    assert facts["dangling_references"] == 2
    assert facts["dangling_references_of"] == {pointing.SOPInstanceUID: 2}
    assert (facts["cleaned"], facts["references_to_held"]) == (3, 0)
    _, said = folder.deidentify(out="again")
    assert "2 dangling references, 0 to held objects" in said
    assert "1.2.3" not in said
    assert "PAT" not in said


def test_a_reference_that_a_rule_keeps_is_a_finding(folder: Folder) -> None:
    rules = "name: x\nprofile: basic\noptions: []\nrules:\n"
    Path("rules.yaml").write_text(rules + "  - {tags: [ReferencedSOPInstanceUID], action: K}\n")
    folder.put("1", _reference(9, 1))
    folder.put("2", _object(1))
    code, words = folder.deidentify("--json", "--rules", "rules.yaml")
    assert code == Exit.FINDINGS
    assert json.loads(words)["dangling_references"] == 1


def test_references_to_held_objects_are_counted_apart(folder: Folder) -> None:
    folder.put("1", _reference(9, 1, 2))
    folder.put("2", _object(1))
    held = (Made(0x00080018, "UI", b"1.2.3.2"), Made(0x00080070, "LO", b"Built for Miller^Jane"))
    folder.put("3", small(*held))
    folder.put("4", b"no DICOM")
    _, words = folder.deidentify("--json")
    facts = json.loads(words)
    (pointing,) = (d for d in map(pydicom.dcmread, Path("out").rglob("*.dcm")) if 0x00081155 in d)
    assert facts["references_to_held_of"] == {pointing.SOPInstanceUID: 1}
    assert (facts["references_to_held"], facts["dangling_references"]) == (1, 0)
    _, said = folder.deidentify(out="again")
    assert "references to held objects: 1" in said


def test_explain_says_what_became_of_each_element(folder: Folder) -> None:
    folder.put("1", _object(1))
    code, words = folder.deidentify("--explain", "--report", "report.jsonl")
    assert code == Exit.DONE
    assert "(0008,0018)" in words
    assert "SOPInstanceUID" in words
    assert "PS3.15 Table E.1-1, basic profile; PS3.15 E.2" in words
    assert "PAT-4711" not in words
    assert folder.rows()[0]["changes"]


def test_the_report_says_why_text_was_cut_and_never_what(folder: Folder) -> None:
    text = Made(0x00081030, "LO", b"CT chest, Dr. Okafor, 12 March 2019")
    folder.put("1", small(text))
    words = ("--rules", "maximum-utility", "--explain", "--report", "report.jsonl")
    code, said = folder.deidentify(*words)
    assert code == Exit.DONE
    (row,) = folder.rows()
    assert row["reasons"] == {"date": 1, "name.context": 1}
    assert "cut: date, name.context" in said
    assert "Okafor" not in said + json.dumps(row)


@pytest.mark.parametrize(
    "words",
    [
        ("--project", "heart", "--mapping", "tables"),
        ("--jobs", "0"),
        ("--no-such-option",),
    ],
)
def test_what_can_not_be_meant_is_refused(folder: Folder, words: tuple[str, ...]) -> None:
    assert folder.deidentify(*words)[0] == Exit.USAGE
    assert not Path("out").exists()


def test_the_output_may_not_stand_in_the_input(folder: Folder) -> None:
    for out in ("in", "in/out", "in/../in/out"):
        assert folder.deidentify(out=out)[0] == Exit.USAGE
    assert not Path("in/out").exists()


@pytest.mark.parametrize("option", ["--report", "--mapping"])
def test_what_a_run_writes_may_not_stand_in_the_input(
    folder: Folder, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.put("1", _object(1))
    Path("in/link").symlink_to("../elsewhere")
    Path("to-in").symlink_to("in")
    for place in ("in/x", "in/../in/x", "to-in/x", "in/link", str(Path("in/new/x").absolute())):
        assert run(["deidentify", "in", "out", "--rules", "basic", option, place]) == Exit.USAGE
        assert f"{option} must not be inside IN" in capsys.readouterr().err
    assert run(["deidentify", "in/1", "out", "--rules", "basic", option, "in/1"]) == Exit.USAGE
    assert sorted(path.name for path in Path("in").iterdir()) == ["1", "link"]
    assert Path("in/1").read_bytes() == _object(1)
    assert not Path("out").exists()
    assert run(["deidentify", "in/1", "out", "--rules", "basic", option, "in/x"]) == Exit.DONE


def test_report_and_tables_are_for_their_owner_whatever_stood_there(folder: Folder) -> None:
    folder.put("1", _object(1))
    Path("tables").mkdir()
    names = ("report.jsonl", "tables/uid_mapping.csv", "tables/patid_mapping.csv")
    for name in names:
        Path(name).write_text("old")
        Path(name).chmod(0o644)
    assert folder.deidentify("--report", names[0], "--mapping", "tables")[0] == Exit.DONE
    for name in names:
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
        assert "old\n" not in Path(name).read_text()
    assert len(list(Path("tables").iterdir())) == 2
    assert folder.rows()[0]["outcome"] == "cleaned"


def test_a_report_that_can_not_be_written_is_said_in_words(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.put("1", _object(1))
    Path("file").touch()
    for words in (("--report", "missing/report"), ("--mapping", "file/tables")):
        assert run(["deidentify", "in", "out", "--rules", "basic", *words]) == Exit.USAGE
        assert "Could not open file" in capsys.readouterr().err


def test_a_bad_rule_set_is_refused_before_anything_is_written(folder: Folder) -> None:
    Path("rules.yaml").write_text("name: x\nprofile: basic\noptions: [no-such-option]\n")
    assert folder.deidentify("--rules", "rules.yaml")[0] == Exit.RULES
    assert folder.deidentify("--rules", "no-such-profile")[0] == Exit.RULES
    assert not Path("out").exists()


def test_a_conflict_and_an_unreadable_file_have_their_own_reasons(folder: Folder) -> None:
    folder.put("1", _object(1))
    folder.put(
        "2",
        small(
            Made(0x00080018, "UI", b"1.2.3.1"),
            Made(0x0020000D, "UI", b"1.2.3"),
            Made(0x00280010, "US", b"\4\0"),
        ),
    )
    Path("in/3").symlink_to("nowhere")
    code, _ = folder.deidentify("--report", "report.jsonl")
    assert code == Exit.FINDINGS
    assert [(row["outcome"], row["reason"]) for row in folder.rows()] == [
        ("cleaned", ""),
        ("quarantined", "duplicate.conflict"),
        ("refused", "input.unreadable"),
    ]


def test_tables_hold_each_pair_once(folder: Folder) -> None:
    folder.put("1", _object(1))
    folder.put("2", _object(2))
    folder.put("3", _object(3, patient_id=b"PAT-0815"))
    assert folder.deidentify("--mapping", "tables")[0] == Exit.DONE
    patients = dict(folder.table("tables", "patid"))
    assert patients.keys() == {"PAT-4711", "PAT-0815"}
    uids = folder.table("tables", "uid")
    assert [old for old, _ in uids].count("1.2.3.1") == 1
    assert [old for old, _ in uids].count("1.2.3") == 2  # one study UID, two subjects
    new = {dataset.SOPInstanceUID for dataset in map(pydicom.dcmread, Path("out").rglob("*.dcm"))}
    assert new <= {uid for _, uid in uids}


def test_several_processes_map_as_one_does(folder: Folder) -> None:
    for number in range(20):  # more than one chunk
        folder.put(f"{number:02}", _object(number, patient_id=b"PAT-%d" % (number % 3)))
    folder.put("99", b"no DICOM")
    tables = []
    for jobs in ("1", "2"):
        words = ("--jobs", jobs, "--mapping", f"tables{jobs}", "--report", "report.jsonl")
        code, _ = folder.deidentify(*words, out=f"out{jobs}")
        assert code == Exit.FINDINGS
        rows = folder.rows()
        assert [row["input"] for row in rows] == [f"in/{n:02}" for n in (*range(20), 99)]
        patients = folder.table(f"tables{jobs}", "patid")
        uids = folder.table(f"tables{jobs}", "uid")
        # pseudonyms are of the run; who is mapped, and in which order, is not
        tables.append([[old for old, _ in patients], [old for old, _ in uids]])
        ids = {d.PatientID for d in map(pydicom.dcmread, Path(f"out{jobs}").rglob("*.dcm"))}
        assert ids == {new for _, new in patients}
        assert len(ids) == 3
    assert tables[0] == tables[1]


_KILLER = """
import os, sys
def hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("killer"):
        os._exit(9)
sys.addaudithook(hook)
"""
"""In every spawned process of the run: it dies when it opens such a file."""


@pytest.mark.parametrize("files", [3, 70])
def test_a_file_that_kills_its_process_costs_itself_only(
    folder: Folder, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(files):
        folder.put(f"{number:02}", _object(number))
    folder.put("00-killer", _object(99))
    Path("hooks").mkdir()
    Path("hooks/sitecustomize.py").write_text(_KILLER)
    monkeypatch.setenv("PYTHONPATH", f"{folder.path / 'hooks'}:{_CHECKOUT}")
    assert folder.deidentify("--jobs", "2", "--report", "report.jsonl")[0] == Exit.FINDINGS
    outcomes = {row["input"]: (row["outcome"], row["reason"]) for row in folder.rows()}
    assert list(outcomes) == sorted(outcomes)
    assert outcomes.pop("in/00-killer") == ("quarantined", "child.died")
    assert set(outcomes.values()) == {("cleaned", "")}
    assert len(outcomes) == files


def test_on_a_terminal_there_is_a_line_of_progress(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.put("1", _object(1))
    folder.put("2", _object(2))
    master, slave = os.openpty()
    monkeypatch.setattr(gateway.commands.deidentify, "_PROGRESS_SECONDS", 0.0)
    with os.fdopen(slave, "w") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        assert folder.deidentify()[0] == Exit.DONE
        terminal.flush()
        shown = os.read(master, 4096)
    os.close(master)
    assert b"2 files, 2 cleaned" in shown


def test_a_project_keeps_its_pseudonyms_from_run_to_run(folder: Folder) -> None:
    assert run(["--state", "state", "vault", "init"]) == Exit.DONE
    folder.put("1", _object(1))
    folder.put("2", _object(2))
    ids = set()
    for jobs, out, project in (("1", "a", "heart"), ("2", "b", "heart"), ("1", "c", "lung")):
        words = ("--project", project, "--jobs", jobs)
        code, said = folder.deidentify(*words, out=out)
        assert code == Exit.DONE, said
        found = {d.PatientID for d in map(pydicom.dcmread, Path(out).rglob("*.dcm"))}
        assert len(found) == 1
        ids.add((project, *found))
    assert len(ids) == 2
    assert len({pseudonym for _, pseudonym in ids}) == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_project_without_an_open_vault_cleans_nothing(folder: Folder, jobs: str) -> None:
    folder.put("1", _object(1))
    assert folder.deidentify("--project", "heart", "--jobs", jobs)[0] == Exit.SEALED
    run(["--state", "state", "vault", "init"])
    shutil.move("state/keys/unseal.key", "elsewhere")
    assert folder.deidentify("--project", "heart", "--jobs", jobs)[0] == Exit.UNSEAL
    assert not list(Path("out").rglob("*.dcm"))
