"""``narthex deface preview --held``: what a node holds, looked at and drawn."""

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pydicom
import pytest
import sqlalchemy as sa

from gateway.audit.log import open_audit_database
from gateway.audit.tables import audit_event
from gateway.cli import run
from gateway.commands.deface.findings import Looked
from gateway.settings import load
from gateway.tables import spool_object
from gateway.vault.records.tables import subject_record
from gateway.work.quarantine import HeldObject, held_objects
from gateway.work.routing import Route
from rules.load import load_plan
from tests.support.heads.images import Series, write_series
from tests.support.heads.mean_head import mean_head, needs_mean_head
from tests.support.heads.persons import UID_ROOT, WORDS, Study
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import Pose
from tests.support.heads.tissues import Contrast
from tests.support.site import Site
from tests.support.vault import KEY, close_vaults

pytestmark = needs_mean_head

RULES = "name: faces\nprofile: basic\noptions: [clean-recognizable-visual-features]\n"


class Node:
    """A state folder in which objects are held, and the command over it."""

    def __init__(self, folder: Path, output: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.state.mkdir()
        self.settings = load(config=None, state=self.state)
        self.site = Site(self.state, self.settings.database.work)
        self._output = output

    def hold(self, *studies: Study, rules: str = "") -> None:
        """Receive studies, and let a worker clean them; without rules all are held."""
        for study in studies:
            self.site.receive(*[path.read_bytes() for path in sorted(study.folder.iterdir())])
        routes, hashes = [], {}
        if rules:
            plan = load_plan(rules)
            routes = [Route(project="heart", plan=plan, destinations=("pacs",))]
            hashes = {rules: plan.hash}
        worker = self.site.worker(routes=routes, rules=hashes)
        self.site.drain(worker)
        worker.close()
        self.site.vault.close()
        key = self.settings.vault.key_file
        key.write_bytes(KEY)
        key.chmod(0o600)

    def preview(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        code = run(["--state", str(self.state), "deface", "preview", *words])
        said = self._output.readouterr()
        return code, said.out, said.err

    def answer(self, *words: str) -> tuple[int, Any]:
        code, out, _ = self.preview("--held", *words, "--json")
        return code, json.loads(out)

    def held(self) -> list[HeldObject]:
        return held_objects(self.site.engine)

    def by_study(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.held():
            found.setdefault(each.study_id, []).append(each.id)
        return found

    def audited(self) -> list[tuple[str, str, str]]:
        """Return events with the objects that they name and the reasons."""
        engine = open_audit_database(self.settings.database.audit)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(audit_event).order_by(audit_event.c.sequence)).all()
        engine.dispose()
        fields = [(row.event, json.loads(row.fields)) for row in rows]
        return [(event, each["object_id"], each["reason"]) for event, each in fields]

    def set(self, object_id: str, **values: object) -> None:
        with self.site.engine.begin() as connection:
            connection.execute(
                spool_object.update().where(spool_object.c.id == object_id).values(**values)
            )

    def spooled(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.site.spool.iterdir()}


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Node]:
    made = Node(tmp_path, capsys)
    yield made
    made.site.engine.dispose()
    close_vaults()


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Series]:
    """Return a study of one series: a head with a face, thick axial slices."""
    study = Study(tmp_path_factory.mktemp("study") / "head")
    planes = stack(Cut.AXIAL, step_mm=4.0)
    return study, write_series(study, mean_head(), Pose(pitch=6, yaw=4), Contrast.T1, planes)


@pytest.fixture
def two(node: Node, tmp_path: Path) -> Node:
    """Return a node that holds two studies of two slices each."""
    studies = [Study(tmp_path / f"study{number}", number=number) for number in (1, 2)]
    for study in studies:
        write_series(study, mean_head(), Pose(), Contrast.T1, stack(Cut.AXIAL, step_mm=4.0)[20:22])
    node.hold(*studies)
    return node


def identifies(data: bytes) -> list[str]:
    low = data.lower()
    return [word for word in (*WORDS, UID_ROOT) if word.encode() in low]


def test_a_held_head_is_drawn_and_nothing_else_is_written(
    node: Node, head: tuple[Study, Series], tmp_path: Path
) -> None:
    study, series = head
    node.hold(study)
    ids = [each.id for each in node.held()]
    (study_id,) = node.by_study()
    before = node.spooled()
    pictures = tmp_path / "pictures"
    code, out, err = node.preview("--held", "--study-id", study_id, "--pictures", str(pictures))
    assert code == 0
    assert out.startswith(f"001  {ids[0]}: MR, {len(series.planes)} objects")
    assert f"study {study_id}: {len(ids)} held for routing.unmatched" in out
    assert "removed: a face was found, and is removed" in out
    assert "patient data" in err
    assert not identifies((out + err).encode())
    assert {path.name for path in pictures.iterdir()} == {"001-surface.png", "001-slices.png"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in pictures.iterdir())
    assert node.spooled() == before
    assert node.site.states() == [("held", "routing.unmatched")] * len(ids)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if identifies(path.read_bytes())]
    assert node.audited() == [("quarantine.pictured", each, "routing.unmatched") for each in ids]
    mask = tmp_path / "mask.dcm"
    assert node.preview("--held", "--seg", str(mask))[0] == 0
    assert mask.stat().st_mode & 0o777 == 0o600
    made = pydicom.dcmread(mask)
    assert made.FrameOfReferenceUID == series.datasets[0].FrameOfReferenceUID
    assert [event for event, _, _ in node.audited()[len(ids) :]] == ["quarantine.pictured"] * len(
        ids
    )


def test_what_a_worker_held_is_held_by_the_preview_too_and_drawn(
    node: Node, tmp_path: Path
) -> None:
    study = Study(tmp_path / "few")
    write_series(study, mean_head(), Pose(), Contrast.T1, stack(Cut.AXIAL, step_mm=4.0)[18:26])
    rules = tmp_path / "faces.yaml"
    rules.write_text(RULES, encoding="utf-8")
    node.hold(study, rules=str(rules))
    ((_, reason), *_) = node.site.states()
    assert node.site.states() == [("held", reason)] * 8
    assert reason.startswith("face.")
    pictures = tmp_path / "pictures"
    code, found = node.answer(
        "--reason", reason, "--rules", str(rules), "--pictures", str(pictures)
    )
    assert code == 1
    (series,) = found["series"]
    assert series["outcomes"] == [{"outcome": "doubtful", "reason": reason, "objects": 8}]
    assert {each["held_for"] for each in series["held"]} == {reason}
    assert {path.name for path in pictures.iterdir()} == set(series["pictures"])
    assert len(series["pictures"]) == 2


def test_the_objects_of_each_study_are_looked_at_together_and_named_by_their_ids(
    two: Node,
) -> None:
    code, found = two.answer()
    assert code == 1
    assert found["unread"] == 0
    named = {each["study_id"]: [one["id"] for one in each["held"]] for each in found["series"]}
    assert named == two.by_study()
    for number, each in enumerate(found["series"], start=1):
        assert each["number"] == number
        assert each["input"] == each["held"][0]["id"]
        assert {one["held_for"] for one in each["held"]} == {"routing.unmatched"}
        assert each["outcomes"][0]["outcome"] == "doubtful"
    assert not identifies(json.dumps(found).encode())


def test_only_one_study_or_those_held_for_a_reason(two: Node) -> None:
    first, second = two.by_study()
    _, found = two.answer("--study-id", second)
    assert [each["study_id"] for each in found["series"]] == [second]
    doubtful = two.by_study()[first][1]
    two.set(doubtful, reason="face.doubtful")
    _, found = two.answer("--reason", "face.doubtful")
    assert [each["study_id"] for each in found["series"]] == [first]
    reasons = [one["held_for"] for one in found["series"][0]["held"]]
    assert reasons == ["routing.unmatched", "face.doubtful"], "with the others of its study"
    code, found = two.answer("--reason", "nothing.such")
    assert (code, found["series"]) == (0, [])
    code, _, err = two.preview("--held", "--study-id", "nosuch")
    assert (code, "nothing is held of this study" in err) == (1, True)


def test_what_is_read_is_on_record_and_no_subject_becomes_known(two: Node) -> None:
    first, _ = two.by_study()
    two.answer("--study-id", first)
    ids = two.by_study()[first]
    assert two.audited() == [("quarantine.examined", each, "routing.unmatched") for each in ids]
    records = sa.create_engine(two.settings.database.vault)
    with records.connect() as connection:
        assert connection.execute(sa.select(subject_record)).all() == []
    records.dispose()


def test_the_record_comes_before_anything_is_looked_at(
    two: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def look(*_: object, **__: object) -> Looked:
        seen.extend(event for event, _, _ in two.audited())
        return Looked(series=(), unread=())

    monkeypatch.setattr(import_module("gateway.commands.deface.preview"), "look", look)
    assert two.preview("--held", "--pictures", str(tmp_path / "pictures"))[0] == 0
    assert seen == ["quarantine.pictured"] * 4


def test_what_ended_children_is_not_opened_and_what_is_damaged_is_said(two: Node) -> None:
    deadly, cut, gone, _ = (each.id for each in two.held())
    two.set(deadly, deaths=3, reason="child.died")
    path = two.site.spool / cut
    path.write_bytes(path.read_bytes()[:-100])
    (two.site.spool / gone).unlink()
    code, out, _ = two.preview("--held")
    assert code == 1
    assert "held for child.died): not opened: it ended 3 processes" in out
    for each in (cut, gone):
        assert f"{each} (study " in out
    assert out.count("held for routing.unmatched): could not be read") == 2
    assert out.splitlines()[-1].endswith("3 objects could not be read")
    assert deadly not in {each for _, each, _ in two.audited()}
    _, found = two.answer()
    assert {each["id"] for each in found["not_read"]} == {deadly, cut, gone}


def test_without_a_file_that_opens_the_vault_nothing_is_read(two: Node) -> None:
    two.settings.vault.key_file.unlink()
    code, out, err = two.preview("--held")
    assert (code, out) == (6, "")
    assert "The vault does not open" in err
    assert two.audited() == []


def test_files_or_what_is_held_not_both(two: Node, tmp_path: Path) -> None:
    folder = str(tmp_path / "study1")
    for words in (
        [],
        [folder, "--held"],
        [folder, "--reason", "face.doubtful"],
        [folder, "--study-id", "x"],
        ["--held", "--study", folder],
        ["--held", "--study-id", "x", "--reason", "face.doubtful"],
    ):
        assert two.preview(*words)[0] == 2
    assert two.audited() == []


@pytest.mark.parametrize("option", ["--pictures", "--seg"])
def test_nothing_is_written_among_what_the_node_keeps(option: str, two: Node) -> None:
    for place in (two.state / "new", two.site.spool / "new"):
        code, _, err = two.preview("--held", option, str(place))
        assert (code, "must not be inside" in err) == (2, True)
        assert not place.exists()
    assert two.audited() == []
