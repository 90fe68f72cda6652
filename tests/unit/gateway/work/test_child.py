"""A hostile file costs a child, never the worker; three deaths hold the object."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000, ImplicitVRLittleEndian

from gateway.tables import spool_object
from gateway.work.child_process import ChildProcess, ChildStartError, Limits
from tests.support.hostile_child import ONCE_MARKER
from tests.support.site import Site, Worker, image

HOSTILE = (sys.executable, "-m", "tests.support.hostile_child")
SMALL = Limits(memory_mb=256, cpu_seconds=1, wall_seconds=20.0)


@pytest.fixture
def hostile_site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, f"sqlite:///{tmp_path / 'work.db'}", command=HOSTILE, limits=SMALL)
    yield site
    site.engine.dispose()


@pytest.fixture
def worker(hostile_site: Site) -> Iterator[Worker]:
    worker = hostile_site.worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("death", ["EXIT", "ABORT", "MEMORY", "SPIN"])
def test_three_deaths_hold_the_object_and_the_node_goes_on(
    hostile_site: Site, worker: Worker, death: str
) -> None:
    hostile_site.receive(image(patient_id=death, study="1.2.4"))
    hostile_site.receive(image(study="1.2.5"))
    assert hostile_site.drain(worker) == 2
    assert hostile_site.states() == [("cleaned", ""), ("held", "child.died")]
    assert sorted(row["deaths"] for row in hostile_site.rows(spool_object)) == [0, 3]


def test_a_child_that_takes_too_long_is_ended(hostile_site: Site) -> None:
    hostile_site.limits = Limits(memory_mb=256, cpu_seconds=1, wall_seconds=1.0)
    worker = hostile_site.worker()
    hostile_site.receive(image(patient_id="SLEEP"))
    hostile_site.drain(worker)
    assert hostile_site.states() == [("held", "child.died")]
    worker.close()


def test_one_death_is_forgiven_and_counted(
    hostile_site: Site, worker: Worker, tmp_path: Path
) -> None:
    hostile_site.receive(image(patient_id=f"ONCE {tmp_path}"))
    hostile_site.drain(worker)
    assert (tmp_path / ONCE_MARKER).exists()
    assert hostile_site.states() == [("cleaned", "")]
    assert [row["deaths"] for row in hostile_site.rows(spool_object)] == [1]


def test_a_death_after_writing_is_forgiven_too(
    hostile_site: Site, worker: Worker, tmp_path: Path
) -> None:
    hostile_site.receive(image(patient_id=f"LATE {tmp_path}"))
    hostile_site.drain(worker)
    assert (tmp_path / ONCE_MARKER).exists()
    assert hostile_site.states() == [("cleaned", "")]


def test_deaths_of_earlier_leases_count(hostile_site: Site, worker: Worker) -> None:
    hostile_site.receive(image(patient_id="EXIT"))
    with hostile_site.engine.begin() as connection:
        connection.execute(spool_object.update().values(deaths=2))
    hostile_site.drain(worker)
    assert [row["deaths"] for row in hostile_site.rows(spool_object)] == [3]


def test_an_unexpected_error_holds_the_object_and_the_child_lives(
    hostile_site: Site, worker: Worker
) -> None:
    hostile_site.receive(image(patient_id="RAISE", study="1.2.4"))
    hostile_site.receive(image(patient_id="CORE", study="1.2.5"))
    hostile_site.drain(worker)
    assert hostile_site.states() == [("cleaned", ""), ("held", "internal.error")]
    assert [row["deaths"] for row in hostile_site.rows(spool_object)] == [0, 0]


def test_nothing_of_an_object_is_said_on_standard_error(
    hostile_site: Site, worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    hostile_site.receive(image(patient_id="RAISE"))
    hostile_site.drain(worker)
    worker.child.close()
    said = capfd.readouterr().err
    assert "KeyError" in said
    assert "RAISE" not in said
    assert "Gartenzwerg" not in said


def test_a_child_with_other_rules_is_not_used() -> None:
    child = ChildProcess(limits=SMALL, rules={"basic": "0" * 64})
    with pytest.raises(ChildStartError):
        child.ask({"op": "inspect"}, tick=lambda: None)
    child.close()


def test_a_child_that_does_not_start(tmp_path: Path) -> None:
    child = ChildProcess(
        limits=SMALL, rules={"basic": "0" * 64}, command=(sys.executable, "-c", "")
    )
    with pytest.raises(ChildStartError):
        child.ask({"op": "inspect"}, tick=lambda: None)


def test_a_child_rewrites_a_file_in_another_syntax(tmp_path: Path) -> None:
    source, output = tmp_path / "source.dcm", tmp_path / "output.dcm"
    source.write_bytes(image())
    child = ChildProcess(limits=SMALL, rules={})
    message = {
        "op": "transcode",
        "path": str(source),
        "output": str(output),
        "syntaxes": [ImplicitVRLittleEndian],
    }
    answer = child.ask(message, tick=lambda: None)
    assert answer == {"transfer_syntax_uid": ImplicitVRLittleEndian}
    assert dcmread(output).PixelData == dcmread(source).PixelData
    none = child.ask({**message, "syntaxes": [JPEG2000]}, tick=lambda: None)
    assert none == {"held": "send.syntax-refused"}
    child.close()
