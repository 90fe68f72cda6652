"""A worker lets its child look at the whole study, then cleans object by object."""

import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UltrasoundImageStorage

from gateway.errors import LostLeaseError
from gateway.tables import archive_object, face_memory, job, spool_object
from gateway.work.child_process import Limits
from gateway.work.faces import news_of
from gateway.work.journey import StoppedError
from gateway.work.leases import lease_job
from gateway.work.routing import Route
from pipelines.deface.decision import Known, News
from pipelines.deface.remembered import unclear
from rules.load import load_plan
from tests.support.face_child import LOOKED
from tests.support.faces import FILL, as_file, screenshot_of, slice_of
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.site import LEASE_SECONDS, Site, Worker, image

RULES = "name: {name}\nprofile: basic\noptions: [clean-recognizable-visual-features]\n{more}"
Start = Callable[..., Worker]


@pytest.fixture
def work_url(tmp_path: Path) -> str:
    """One database is enough: nothing here is about it."""
    return f"sqlite:///{tmp_path / 'work.db'}"


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[Start]:
    """Start a worker whose projects have rule sets with the option."""
    workers: list[Worker] = []
    site.command = (sys.executable, "-m", "tests.support.face_child")

    def run(**more: str) -> Worker:
        routes, rules = [], {}
        for project, text in (more or {"heads": ""}).items():
            path = tmp_path / f"{project}.yaml"
            path.write_text(RULES.format(name=project, more=text), encoding="utf-8")
            plan = load_plan(str(path))
            routes.append(Route(project=project, plan=plan, destinations=()))
            rules[str(path)] = plan.hash
        workers.append(site.worker(routes=routes, rules=rules))
        return workers[-1]

    yield run
    for worker in workers:
        worker.close()


def _released(site: Site, project: str = "heads") -> list[Dataset]:
    return [
        dcmread(site.store.path(row["name"]))
        for row in site.rows(archive_object)
        if row["project"] == project
    ]


def _looks(folder: Path) -> list[str]:
    path = folder / LOOKED
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


def test_the_study_is_looked_at_once_and_each_image_is_filled(
    site: Site, start: Start, tmp_path: Path
) -> None:
    site.batch = 2
    site.receive(*[as_file(slice_of(patient_id=f"A {tmp_path}", number=n)) for n in range(5)])
    site.drain(start())
    assert site.states() == [("cleaned", "")] * 5
    assert _looks(tmp_path) == ["5 wide"]
    for each in _released(site):
        assert (each.pixel_array[:8] == FILL).all()
        assert (each.pixel_array[8:] != FILL).all()
        assert each.RecognizableVisualFeatures == "NO"


def test_projects_with_other_masks_get_other_pixels(
    site: Site, start: Start, tmp_path: Path
) -> None:
    worker = start(heads="", narrow="deface: {mask: narrow}\n", same="unknown: hold\n")
    site.receive(*[as_file(slice_of(patient_id=f"A {tmp_path}", number=n)) for n in range(3)])
    site.drain(worker)
    assert site.states() == [("cleaned", "")] * 3
    assert sorted(_looks(tmp_path)) == ["3 narrow", "3 wide"], "same plans share a look"
    rows = {"heads": 8, "narrow": 4, "same": 8}
    for project, filled in rows.items():
        for each in _released(site, project):
            assert (each.pixel_array[:filled] == FILL).all()
            assert (each.pixel_array[filled:] != FILL).all()


def test_a_late_image_is_looked_at_with_what_came_with_it(
    site: Site, start: Start, tmp_path: Path
) -> None:
    worker = start()
    for count in (2, 1):
        files = [as_file(slice_of(patient_id=f"A {tmp_path}", number=n)) for n in range(count)]
        site.receive(*files)
        site.drain(worker)
    assert _looks(tmp_path) == ["2 wide", "1 wide"]
    assert site.states() == [("cleaned", "")] * 3


def test_a_project_without_the_option_looks_at_nothing(
    site: Site, start: Start, tmp_path: Path
) -> None:
    del start
    worker = site.worker()
    source = slice_of(patient_id=f"A {tmp_path}")
    site.receive(as_file(source))
    site.drain(worker)
    worker.close()
    assert _looks(tmp_path) == []
    assert _released(site, "heart")[0].PixelData == source.PixelData


def test_three_deaths_over_a_study_hold_its_images_and_nothing_else(
    site: Site, start: Start
) -> None:
    ultrasound = slice_of(patient_id="DIE", SOPClassUID=UltrasoundImageStorage, Modality="US")
    site.receive(as_file(slice_of(patient_id="DIE")), as_file(ultrasound))
    site.drain(start())
    assert site.states() == [("cleaned", ""), ("held", "face.unchecked")]
    assert [row["deaths"] for row in site.rows(spool_object)] == [0, 0]


def test_one_death_over_a_study_is_forgiven(site: Site, start: Start, tmp_path: Path) -> None:
    site.receive(as_file(slice_of(patient_id=f"DIE ONCE {tmp_path}")))
    site.drain(start())
    assert (tmp_path / "dead").exists()
    assert site.states() == [("cleaned", "")]


def test_a_new_child_is_asked_to_look_again(site: Site, start: Start, tmp_path: Path) -> None:
    files = [as_file(slice_of(patient_id=f"FORGET {tmp_path}", number=n)) for n in range(3)]
    site.receive(*files)
    site.drain(start())
    assert _looks(tmp_path) == ["3 wide", "3 wide"]
    assert site.states() == [("cleaned", "")] * 3
    assert sorted(row["deaths"] for row in site.rows(spool_object)) == [0, 0, 1]


def test_a_study_whose_objects_kill_is_not_looked_at_for_ever(
    site: Site, start: Start, tmp_path: Path
) -> None:
    files = [as_file(slice_of(patient_id=f"FORGETS {tmp_path}", number=n)) for n in range(4)]
    site.receive(*files)
    site.drain(start())
    assert _looks(tmp_path) == ["4 wide"] * 5
    assert site.states() == [("held", "child.died"), *[("held", "face.unchecked")] * 3]
    assert sorted(row["deaths"] for row in site.rows(spool_object)) == [0, 0, 2, 3]


def test_a_look_that_takes_too_long_ends(site: Site, start: Start) -> None:
    site.limits = Limits(
        memory_mb=512,
        cpu_seconds=30,
        wall_seconds=60.0,
        faces_cpu_seconds=1,
        faces_object_cpu_seconds=0,
    )
    site.receive(as_file(slice_of(patient_id="SPIN")))
    site.drain(start())
    assert site.states() == [("held", "face.unchecked")]


def test_a_look_that_fails_holds_the_images(site: Site, start: Start) -> None:
    site.receive(as_file(slice_of(patient_id="MUTE")))
    site.drain(start())
    assert site.states() == [("held", "face.unchecked")]
    assert [row["outcome"] for row in site.rows(face_memory)] == ["unclear"]


def test_an_object_that_can_not_be_opened_is_held_alone(
    site: Site, start: Start, tmp_path: Path
) -> None:
    site.receive(*[as_file(slice_of(patient_id=f"A {tmp_path}", number=n)) for n in range(2)])
    lost = min(site.spool.iterdir())
    lost.write_bytes(lost.read_bytes()[:40])
    site.drain(start())
    assert site.states() == [("cleaned", ""), ("held", "spool.damaged")]
    assert _looks(tmp_path) == ["1 wide"]


def test_a_rendering_is_held_or_refused_by_rule(site: Site, start: Start) -> None:
    worker = start(heads="deface: {renderings: remove}\n")
    site.receive(as_file(screenshot_of(patient_id="MUTE", study="1.2.7")))
    site.drain(worker)
    assert site.states() == [("refused", "face.rendering.removed")]
    assert list(site.spool.iterdir()) == []
    assert isinstance(site.audit, MemoryAudit)
    assert site.audit.counts("object.refused") == 1
    site.receive(as_file(screenshot_of(patient_id="MUTE", study="1.2.8")))
    site.drain(start())
    assert site.states()[0] == ("held", "face.rendering")


def test_a_rendering_that_one_project_refuses_and_another_holds_is_held(
    site: Site, start: Start
) -> None:
    site.receive(as_file(screenshot_of(patient_id="MUTE")))
    both = start(heads="deface: {renderings: remove}\n", strict="deface: {renderings: hold}\n")
    site.drain(both)
    assert site.states() == [("held", "face.rendering")]


def test_what_was_done_is_logged_as_counts(
    site: Site, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str, int]] = []
    monkeypatch.setattr(
        "gateway.work.faces.log",
        lambda event, **fields: said.append((event, fields["outcome"], fields["count"])),
    )
    site.receive(*[as_file(slice_of(patient_id="BACK", number=n)) for n in range(3)])
    site.drain(start())
    assert said == [("faces.found", "no-face", 3)]


def test_a_stop_commits_nothing_of_a_study_that_was_looked_at(site: Site, start: Start) -> None:
    site.batch = 2
    worker = start()
    site.receive(*[as_file(slice_of(number=n)) for n in range(5)])
    site.close_quiet()
    found = lease_job(site.engine, owner=worker.owner, now=site.clock.now(), seconds=LEASE_SECONDS)
    assert found is not None
    asked = iter([False, False, True])
    with pytest.raises(StoppedError):
        worker.journey.run(found, should_stop=lambda: next(asked))
    assert site.states() == [("received", "")] * 5
    assert list(worker.workspace.folder.glob("*.dcm")) == []
    assert [row["state"] for row in site.rows(job)] == ["leased"]


def test_pixels_of_other_kinds_are_as_they_were(site: Site, start: Start, tmp_path: Path) -> None:
    data = image(patient_id=f"BACK {tmp_path}")
    site.receive(data)
    site.drain(start())
    (after,) = _released(site)
    assert after.PixelData == dcmread(BytesIO(data)).PixelData
    assert np.array_equal(after.pixel_array, dcmread(BytesIO(data)).pixel_array)


def test_what_was_found_is_told_to_the_child_that_looks_later(
    site: Site, start: Start, tmp_path: Path
) -> None:
    worker = start()
    for number in range(2):
        site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", number=number)))
        site.drain(worker)
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", number=2)), peer="workstation")
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(1000.0)
    site.drain(start())
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", study="1.2.4")))
    site.drain(worker)
    assert _looks(tmp_path) == ["1 wide", "1 wide knows mask", "1 wide knows mask", "1 wide"]
    assert [row["outcome"] for row in site.rows(face_memory)] == ["removed"] * 2


def test_each_project_remembers_for_itself_also_where_a_look_is_shared(
    site: Site, start: Start, tmp_path: Path
) -> None:
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}")))
    site.drain(start(heads="", same="unknown: hold\n"))
    assert _looks(tmp_path) == ["1 wide"]
    assert sorted(row["project"] for row in site.rows(face_memory)) == ["heads", "same"]
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", number=1)))
    site.drain(start(same="unknown: hold\n"))
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", number=2)))
    site.drain(start(narrow="deface: {mask: narrow}\n"))
    assert _looks(tmp_path) == ["1 wide", "1 wide knows mask", "1 narrow"]


def test_what_one_project_remembers_is_told_to_no_other(
    site: Site, start: Start, tmp_path: Path
) -> None:
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}")))
    site.drain(start(heads=""))
    both = start(heads="", same="unknown: hold\n")
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}", number=1)))
    site.drain(both)
    assert sorted(_looks(tmp_path)) == ["1 wide", "1 wide", "1 wide knows mask"]
    assert sorted(row["project"] for row in site.rows(face_memory)) == ["heads", "same"]


def test_what_a_job_found_that_did_not_end_is_not_remembered(
    site: Site, start: Start, tmp_path: Path
) -> None:
    worker = start()
    site.receive(as_file(slice_of(patient_id=f"NEWS {tmp_path}")))
    site.close_quiet()
    found = lease_job(site.engine, owner=worker.owner, now=site.clock.now(), seconds=LEASE_SECONDS)
    assert found is not None
    with site.engine.begin() as connection:
        connection.execute(job.update().values(fence=job.c.fence + 1))
    with pytest.raises(LostLeaseError):
        worker.journey.run(found, should_stop=lambda: False)
    assert site.rows(face_memory) == []


@pytest.mark.parametrize(
    "news",
    [
        [["1.2.3", "removed"]],
        [["", "removed", "bWFzaw=="]],
        [["1" * 65, "removed", "bWFzaw=="]],
        [["1.2.3", "face", "bWFzaw=="]],
        [["1.2.3", "removed", "no base 64!"]],
        [["1.2.3", "removed", ""]],
        [["1.2.3", "removed", 7]],
        [["1.2.3", "removed", "A" * (3 * 1024 * 1024)]],
    ],
)
def test_of_what_is_no_news_a_doubt_is_remembered(news: object) -> None:
    assert news_of({"faces": {}, "news": news}) == unclear()


def test_too_much_news_leaves_a_doubt() -> None:
    many = [[f"1.2.{number}", "removed", "bWFzaw=="] for number in range(65)]
    found = news_of({"news": many})
    assert len(found) == 65
    assert unclear().items() <= found.items()


@pytest.mark.parametrize("news", [None, "mask", {"1.2.3": "mask"}, []])
def test_no_news_is_none(news: object) -> None:
    assert news_of({"faces": {}, "news": news}) == {}
    fine = news_of({"news": [["1.2.3", "removed", "bWFzaw=="]]})
    assert fine == {"1.2.3": News(Known.REMOVED, b"mask")}
