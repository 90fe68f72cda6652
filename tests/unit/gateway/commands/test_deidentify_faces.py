"""``narthex deidentify`` looks at whole studies where the rule set asks for faces."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import UltrasoundImageStorage

from gateway.cli import run
from gateway.exits import Exit
from gateway.faces import Opener, StudyFaces
from pipelines.deface.decision import FaceDecision, FaceOutcome, FacePlan
from pipelines.faces import header_of
from rules.plan import Plan
from tests.support.faces import FILL, REMOVED, as_file, doubtful, screenshot_of, slice_of

RULES = "name: faces\nprofile: basic\noptions: [clean-recognizable-visual-features]\n"


class _Look:
    """Stands for `gateway.faces.look_at_study`."""

    def __init__(self) -> None:
        self.studies: list[int] = []
        self.decisions: dict[str, FaceDecision] = {}

    def __call__(self, objects: dict[str, Opener], plan: Plan, earlier: object) -> StudyFaces:
        assert plan.deface_modalities
        assert earlier == (), "a folder has no memory"
        self.studies.append(len(objects))
        uids = {}
        for key, opener in objects.items():
            with opener() as source:
                uids[key] = header_of(source).sop_instance_uid
        found = {uid: self.decisions.get(uid, REMOVED) for uid in uids.values()}
        return StudyFaces(FacePlan(decisions=found), uids)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> _Look:
    look = _Look()
    monkeypatch.setattr("gateway.offline.look_at_study", look)
    return look


class Folder:
    """A folder of files, cleaned by the command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "in").mkdir()
        (path / "rules.yaml").write_text(RULES, encoding="utf-8")

    def put(self, name: str, data: bytes) -> None:
        (self.path / "in" / name).write_bytes(data)

    def clean(self, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
        os.chdir(self.path)
        arguments = ["in", "out", "--rules", "rules.yaml", "--report", "report.jsonl", *more]
        code = run(["deidentify", *arguments])
        lines = (self.path / "report.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        named = {Path(row["input"]).name: row for row in rows}
        assert len(named) == len(rows), "one row for each file"
        return code, named

    def read(self, row: dict[str, Any]) -> pydicom.FileDataset:
        return pydicom.dcmread(self.path / "out" / row["output"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.chdir(tmp_path)
    return Folder(tmp_path)


def test_studies_are_looked_at_one_by_one_and_every_file_has_its_row(
    folder: Folder, look: _Look, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = {"a.dcm": slice_of(number=0), "c.dcm": slice_of(number=1)}
    for name, source in sources.items():
        folder.put(name, as_file(source))
    folder.put("b.dcm", as_file(slice_of(study="1.2.4")))
    folder.put("d.txt", b"no DICOM")
    code, rows = folder.clean("--json")
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == Exit.FINDINGS
    assert look.studies == [2, 1]
    assert facts["faces"] == {"removed": 3}
    assert (facts["cleaned"], facts["quarantined"]) == (3, 1)
    assert rows["d.txt"]["reason"] == "metadata.malformed"
    assert (rows["d.txt"]["face"], rows["d.txt"]["face_figures"]) == ("", {})
    for name, source in sources.items():
        row = rows[name]
        assert (row["face"], row["face_figures"]) == ("removed", {"confidence": 0.9})
        assert "113102" in row["methods"]
        pixels = folder.read(row).pixel_array
        assert (pixels[:8] == FILL).all()
        assert np.array_equal(pixels[8:], source.pixel_array[8:])


def test_what_is_held_says_what_was_found(
    folder: Folder, look: _Look, capsys: pytest.CaptureFixture[str]
) -> None:
    look.decisions["1.2.3.1"] = doubtful("face.no-geometry")
    look.decisions["1.2.3.2"] = FaceDecision(
        outcome=FaceOutcome.DOUBTFUL, code="face.doubtful", figures={"overlap": 0.25}
    )
    look.decisions["1.2.3.3"] = FaceDecision(outcome=FaceOutcome.NO_FACE)
    for number in (1, 2, 3):
        folder.put(f"{number}.dcm", as_file(slice_of(sop=f"1.2.3.{number}")))
    _, rows = folder.clean("--explain")
    assert [rows[f"{n}.dcm"]["reason"] for n in (1, 2, 3)] == [
        "face.no-geometry",
        "face.doubtful",
        "",
    ]
    assert rows["2.dcm"]["face_figures"] == {"overlap": 0.25}
    said = capsys.readouterr().out
    assert "  face: doubtful (overlap 0.25)\n" in said
    assert "  face: no-face\n" in said
    assert "faces: doubtful: 2 files\n" in said


def test_renderings_are_refused_where_the_rule_set_says_so(folder: Folder, look: _Look) -> None:
    look.decisions["1.2.3.7"] = doubtful("face.rendering")
    folder.put("picture.dcm", as_file(screenshot_of(sop="1.2.3.7")))
    _, rows = folder.clean()
    row = rows["picture.dcm"]
    assert (row["outcome"], row["reason"]) == ("quarantined", "face.rendering")
    rules = f"{RULES}deface: {{renderings: remove}}\n"
    (folder.path / "rules.yaml").write_text(rules, encoding="utf-8")
    code, rows = folder.clean()
    row = rows["picture.dcm"]
    assert code == Exit.FINDINGS
    assert (row["outcome"], row["reason"]) == ("refused", "face.rendering.removed")


def test_a_rule_set_without_the_option_looks_at_nothing(folder: Folder, look: _Look) -> None:
    folder.put("a.dcm", as_file(slice_of()))
    (folder.path / "rules.yaml").write_text("name: a\nprofile: basic\n", encoding="utf-8")
    code, rows = folder.clean()
    assert (code, look.studies) == (Exit.DONE, [])
    assert rows["a.dcm"]["face"] == ""
    assert folder.read(rows["a.dcm"]).PixelData == slice_of().PixelData


@pytest.mark.slow
def test_several_processes_look_at_a_study_each(folder: Folder) -> None:
    """No stub here: a few slices of noise, in which nobody can find a head."""
    for study in ("1.2.5", "1.2.6"):
        for number in range(3):
            source = slice_of(study=study, number=number)
            folder.put(f"{study}-{number}.dcm", as_file(source))
    ultrasound = slice_of(study="1.2.6", SOPClassUID=UltrasoundImageStorage, Modality="US")
    folder.put("us.dcm", as_file(ultrasound))
    folder.put("notes.txt", b"no DICOM")
    code, rows = folder.clean("--jobs", "2", "--json")
    assert code == Exit.FINDINGS
    assert len(rows) == 8
    reasons = {row["reason"] for name, row in rows.items() if name.startswith("1.2.")}
    assert reasons <= {"face.unchecked", "face.doubtful"}
    assert rows["us.dcm"]["outcome"] == "cleaned"
    assert rows["us.dcm"]["notes"] == ["clean-recognizable-visual-features.unexamined"]
    assert rows["notes.txt"]["reason"] == "metadata.malformed"
