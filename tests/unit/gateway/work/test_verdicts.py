"""What a person says of a held study: for what was seen, once, and not too late to undo."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from gateway.errors import FaceVerdictError, TamperedError
from gateway.tables import (
    archive_object,
    face_verdict,
    face_verdict_object,
    spool_object,
    study,
)
from gateway.work.leases import lease_job, postpone
from gateway.work.quarantine import content_digests, held_objects
from gateway.work.routing import Route
from gateway.work.verdicts import Question, SeenObject, give, undo, verdicts_of
from pipelines.deface.decision import Depth, FaceOutcome, Known
from pipelines.deface.grid import Grid
from pipelines.deface.mask import FaceMask
from pipelines.deface.remembered import Remembered, encode
from rules.load import load_plan
from rules.plan import Plan
from tests.support.face_child import SURE
from tests.support.faces import FILL, as_file, slice_of
from tests.support.simulators import MemoryAudit
from tests.support.site import LEASE_SECONDS, Site, Worker

RULES = "name: {name}\nprofile: basic\noptions: [clean-recognizable-visual-features]\n"
PERSON = 4_000_000_007
"""Directories give such numbers out: more than PostgreSQL's integer holds."""
NO_FACE = encode(Remembered(frame_of_reference_uid="1.2.3.9", outcome=Known.NO_FACE))


class Full:
    """An audit log without room."""

    def append(self, _: object) -> None:
        raise OSError("no room")


class Quarantine:
    """A node that holds a study, as nobody can say whether a face is in it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.folder = folder
        path = folder / "heads.yaml"
        path.write_text(RULES.format(name="heads"), encoding="utf-8")
        self.plan: Plan = load_plan(str(path))
        other = folder / "others.yaml"
        other.write_text(RULES.format(name="others"), encoding="utf-8")
        self.other: Plan = load_plan(str(other))
        site.command = (sys.executable, "-m", "tests.support.face_child")
        self.rules = {str(path): self.plan.hash, str(other): self.other.hash}
        self.worker = self.start("heads")

    def start(self, *projects: str) -> Worker:
        plans = {"heads": self.plan, "others": self.other}
        routes = [Route(project=p, plan=plans[p], destinations=()) for p in projects]
        return self.site.worker(routes=routes, rules=self.rules)

    def hold(self, count: int = 2) -> list[Dataset]:
        sources = [self.slice(n) for n in range(count)]
        self.site.receive(*[as_file(each) for each in sources])
        self.site.drain(self.worker)
        assert self.site.states() == [("held", "face.doubtful")] * count
        return sources

    def slice(self, number: int) -> Dataset:
        """Return what is in doubt until the child is told otherwise."""
        return slice_of(patient_id=f"DOUBT {self.folder}", number=number)

    @property
    def study_id(self) -> str:
        (found,) = {row["id"] for row in self.site.rows(study)}
        return str(found)

    def question(self, ids: list[str] | None = None) -> Question:
        held = held_objects(self.site.engine, ids=ids)
        digests = content_digests(self.site.engine)
        objects = tuple(
            SeenObject(id=each.id, reason=each.reason, content_digest=digests[each.id])
            for each in held
        )
        return Question(seen="5e" * 16, objects=objects, data={FaceOutcome.NO_FACE: NO_FACE})

    def decide(
        self,
        question: Question,
        *projects: str,
        plan: Plan | None = None,
        outcome: FaceOutcome = FaceOutcome.NO_FACE,
    ) -> int:
        vault = self.site.vault
        names = projects or ("heads",)
        return give(
            self.site.engine,
            [question],
            outcome,
            study_id=self.study_id,
            plan_hash=(plan or self.plan).hash,
            secrets={name: vault.project_secret(name, lease=None) for name in names},
            person=PERSON,
            audit=self.site.audit,
            clock=self.site.clock,
        )

    def undo(self) -> int:
        return undo(self.site.engine, self.study_id, person=PERSON, audit=self.site.audit)

    def work(self) -> None:
        self.site.drain(self.worker)

    def verdict_states(self) -> list[str]:
        return [each.state for each in verdicts_of(self.site.engine)]


@pytest.fixture
def quarantine(site: Site, tmp_path: Path) -> Iterator[Quarantine]:
    made = Quarantine(site, tmp_path)
    yield made
    made.worker.close()


def test_what_a_person_said_is_done_and_used_up(quarantine: Quarantine) -> None:
    site, sources = quarantine.site, quarantine.hold()
    assert quarantine.decide(quarantine.question()) == 2
    assert quarantine.verdict_states() == ["given"]
    quarantine.work()
    assert site.states() == [("cleaned", "")] * 2
    assert quarantine.verdict_states() == ["used"]
    assert [each.sealed for each in verdicts_of(site.engine)] == [b""], "no mask is kept"
    released = [dcmread(site.store.path(row["name"])) for row in site.rows(archive_object)]
    assert {each.PixelData for each in released} == {each.PixelData for each in sources}
    for each in released:
        assert each.RecognizableVisualFeatures == "NO"
        assert "Face: decided by a person" in each.DeidentificationMethod
    assert quarantine.undo() == 0
    with pytest.raises(FaceVerdictError):
        quarantine.decide(
            Question(
                seen="",
                objects=verdicts_of(site.engine)[0].objects,
                data={FaceOutcome.NO_FACE: NO_FACE},
            )
        )


def test_the_mask_that_was_shown_is_the_one_that_is_removed(quarantine: Quarantine) -> None:
    """The child proposes none: what is filled is what was kept, all before a plane."""
    site = quarantine.site
    quarantine.hold(1)
    y_mm = np.arange(-20.0, 24.0, 4.0, dtype=np.float32) + 2.0  # the plane is at 2 mm
    before = FaceMask(
        depth=Depth.WIDE,
        distance=Grid(
            values=np.broadcast_to(y_mm[:, None] - 4.0, (11, 11, 11)).astype(np.float32),
            origin=np.full(3, -20.0),
            spacing_mm=4.0,
        ),
        to_template=np.eye(4),
    )
    data = encode(Remembered(frame_of_reference_uid="1.2.3.9", outcome=Known.REMOVED, mask=before))
    question = replace(quarantine.question(), data={FaceOutcome.REMOVED: data})
    quarantine.decide(question, outcome=FaceOutcome.REMOVED)
    quarantine.work()
    (row,) = site.rows(archive_object)
    pixels = dcmread(site.store.path(row["name"])).pixel_array
    assert (pixels[:10] == FILL).all()
    assert (pixels[10:] != FILL).all()


def test_it_is_on_record_before_it_counts(quarantine: Quarantine) -> None:
    audit = quarantine.site.audit
    assert isinstance(audit, MemoryAudit)
    quarantine.hold()
    question = quarantine.question()
    quarantine.decide(question)
    said = [fields for name, fields in audit.events if name == "face.decided"]
    assert [each["object_id"] for each in said] == [each.id for each in question.objects]
    assert {(each["user"], each["outcome"], each["plan"]) for each in said} == {
        (PERSON, "no-face", quarantine.plan.hash)
    }
    quarantine.undo()
    undone = [fields["object_id"] for name, fields in audit.events if name == "face.undecided"]
    assert sorted(undone) == sorted(each.id for each in question.objects)
    quarantine.site.audit = Full()
    with pytest.raises(OSError, match="no room"):
        quarantine.decide(question)
    assert quarantine.site.states() == [("held", "face.doubtful")] * 2
    assert quarantine.verdict_states() == ["undone"]


def test_what_nobody_saw_stays_held(quarantine: Quarantine) -> None:
    site = quarantine.site
    quarantine.hold(3)
    first = held_objects(site.engine)[0].id
    quarantine.decide(quarantine.question([first]))
    site.receive(as_file(quarantine.slice(7)))
    quarantine.work()
    assert site.states() == [("cleaned", ""), *[("held", "face.doubtful")] * 3]


def test_it_is_for_one_plan_and_its_projects(quarantine: Quarantine) -> None:
    """The other rule set says the same of faces, and shares the look: not the verdict."""
    quarantine.hold(1)
    quarantine.worker.close()
    quarantine.worker = quarantine.start("heads", "others")
    quarantine.decide(quarantine.question())
    quarantine.work()
    assert quarantine.site.states() == [("held", "face.doubtful")]
    projects = {row["project"] for row in quarantine.site.rows(archive_object)}
    assert projects == {"heads"}
    quarantine.decide(quarantine.question(), "others", plan=quarantine.other)
    quarantine.work()
    assert {row["project"] for row in quarantine.site.rows(archive_object)} == {"heads", "others"}


def test_it_can_be_taken_back_until_a_worker_begins(quarantine: Quarantine) -> None:
    site = quarantine.site
    quarantine.hold()
    quarantine.decide(quarantine.question())
    assert quarantine.undo() == 2
    assert site.states() == [("held", "face.doubtful")] * 2
    assert quarantine.verdict_states() == ["undone"]
    assert [each.sealed for each in verdicts_of(site.engine)] == [b""], "no mask is kept"
    quarantine.decide(quarantine.question())
    site.close_quiet()
    assert quarantine.undo() == 2, "a job that waits has not begun"
    quarantine.work()
    quarantine.decide(quarantine.question())
    site.close_quiet()
    found = lease_job(site.engine, owner="a", now=site.clock.now(), seconds=LEASE_SECONDS)
    assert found is not None
    with pytest.raises(FaceVerdictError):
        quarantine.undo()
    assert site.states() == [("received", "")] * 2
    postpone(site.engine, found, due=site.clock.now(), counts=False)
    assert quarantine.undo() == 2
    quarantine.work()
    assert site.states() == [("held", "face.doubtful")] * 2
    assert len(list(site.spool.iterdir())) == 2, "nothing was lost"


def test_what_is_said_while_another_verdict_is_taken_back_stays(quarantine: Quarantine) -> None:
    site = quarantine.site
    quarantine.hold()
    first, second = (quarantine.question([each.id]) for each in held_objects(site.engine))
    quarantine.decide(first)

    class Meanwhile:
        """An audit log that is slow: another person decides."""

        def append(self, _: object) -> None:
            quarantine.decide(second)

    assert undo(site.engine, quarantine.study_id, person=PERSON, audit=Meanwhile()) == 1
    assert sorted(quarantine.verdict_states()) == ["given", "undone"]
    quarantine.work()
    assert site.states() == [("cleaned", ""), ("held", "face.doubtful")]


def test_what_changed_meanwhile_is_not_decided(quarantine: Quarantine) -> None:
    site = quarantine.site
    quarantine.hold()
    question = quarantine.question()
    with site.engine.begin() as connection:
        connection.execute(
            spool_object.update()
            .where(spool_object.c.id == question.objects[1].id)
            .values(reason="face.rendering")
        )
    with pytest.raises(FaceVerdictError):
        quarantine.decide(question)
    assert {row["state"] for row in site.rows(spool_object)} == {"held"}
    assert site.rows(face_verdict) == []


def test_a_verdict_that_was_tampered_with_holds_its_objects(quarantine: Quarantine) -> None:
    """Whoever can write to the database can't let another object out."""
    site = quarantine.site
    quarantine.hold()
    seen, other = held_objects(site.engine)
    quarantine.decide(quarantine.question([seen.id]))
    with site.engine.begin() as connection:
        (verdict,) = connection.scalars(face_verdict.select().with_only_columns(face_verdict.c.id))
        connection.execute(
            face_verdict_object.insert().values(
                verdict_id=verdict, object_id=other.id, reason="face.doubtful"
            )
        )
        connection.execute(
            spool_object.update()
            .where(spool_object.c.id == other.id)
            .values(state="received", generation=2)
        )
    quarantine.work()
    assert site.states() == [("held", TamperedError.code)] * 2


def test_a_look_that_finds_a_face_now_outweighs_what_was_said(quarantine: Quarantine) -> None:
    site = quarantine.site
    quarantine.hold(1)
    quarantine.decide(quarantine.question())
    (quarantine.folder / SURE).touch()
    quarantine.work()
    (row,) = site.rows(archive_object)
    released = dcmread(site.store.path(row["name"]))
    assert (released.pixel_array[:8] == -1000).all()
    assert "Face: decided by a person" not in released.DeidentificationMethod
