"""What the node lacks is not blamed on objects; what fails for ever ends with a person."""

import errno
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import GatewayError, SealedError
from gateway.ports import Lease, SubjectKey
from gateway.spool.reader import read_wrapped_key
from gateway.tables import job, spool_object
from gateway.work import cleaning
from gateway.work import worker as loop
from gateway.work.leases import lease_job
from gateway.work.quarantine import held_objects, release
from gateway.work.sweep import Sweep
from pipelines.context import Accession, SubjectContext
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.site import Site, Worker, image


@pytest.fixture
def worker(site: Site) -> Iterator[Worker]:
    worker = site.worker()
    yield worker
    worker.close()


def pass_by(site: Site, seconds: float) -> None:
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(seconds)


def jobs(site: Site) -> list[tuple[str, int]]:
    return [(row["state"], row["attempts"]) for row in site.rows(job)]


class _NoVault:
    """A vault whose every answer is one error."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked = 0

    def context(
        self,
        key: SubjectKey,  # noqa: ARG002  (the shape of the Protocol)
        *,
        lease: Lease | None,  # noqa: ARG002
        shift_days: tuple[int, int],  # noqa: ARG002
    ) -> SubjectContext:
        raise self.error

    def accession(
        self,
        key: SubjectKey,  # noqa: ARG002
        accession: Accession,  # noqa: ARG002
        *,
        lease: Lease | None,  # noqa: ARG002
    ) -> str:
        raise self.error

    def file_key(self, wrapped: bytes, *, lease: Lease | None) -> bytes:  # noqa: ARG002
        self.asked += 1
        raise self.error

    def project_secret(self, project: str, *, lease: Lease | None) -> bytes:  # noqa: ARG002
        raise self.error


class _StrangeError(GatewayError):
    code = "strange"
    retry = True


def test_after_many_attempts_what_is_left_of_a_job_is_held_for_a_person(site: Site) -> None:
    strange = site.worker(vault=_NoVault(_StrangeError()))
    site.receive(image(), image())
    for _ in range(loop.ATTEMPTS_AT_MOST):
        assert site.drain(strange) == 1
        pass_by(site, 601)
    assert site.states() == [("received", "")] * 2
    assert site.drain(strange) == 1
    assert site.states() == [("held", "work.attempts")] * 2
    assert jobs(site) == [("done", 21)]
    assert isinstance(site.audit, MemoryAudit)
    assert site.audit.counts("object.held") == 2
    assert len(list(site.spool.iterdir())) == 2
    strange.close()
    # and a person lets them go on when the cause is gone
    release(site.engine, held_objects(site.engine), audit=site.audit, clock=site.clock)
    sound = site.worker()
    site.drain(sound)
    assert site.states() == [("cleaned", "")] * 2
    sound.close()


def test_a_job_that_kills_its_worker_every_time_is_given_up_too(site: Site, worker: Worker) -> None:
    site.receive(image())
    site.close_quiet()
    for _ in range(loop.ATTEMPTS_AT_MOST):
        assert lease_job(site.engine, owner="dead", now=site.clock.now(), seconds=1.0)
        pass_by(site, 2)
    assert site.drain(worker) == 1
    assert site.states() == [("held", "work.attempts")]


@pytest.mark.parametrize("error", [SealedError(), sa.exc.OperationalError("", None, Exception())])
def test_what_the_node_lacks_is_no_attempt(site: Site, error: Exception) -> None:
    worker = site.worker(vault=_NoVault(error))
    site.receive(image())
    for _ in range(loop.ATTEMPTS_AT_MOST + 5):
        assert site.drain(worker) == 1
        pass_by(site, 5)
    assert site.states() == [("received", "")]
    assert jobs(site) == [("due", 0)]
    worker.close()


def test_a_process_that_can_not_be_started_holds_nothing(
    site: Site, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EAGAIN, "fork")

    site.receive(image(), image())
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        site.drain(worker)
    assert site.states() == [("received", "")] * 2
    assert jobs(site) == [("due", 1)]
    pass_by(site, 10)
    site.drain(worker)
    assert site.states() == [("cleaned", "")] * 2


@pytest.mark.parametrize(
    ("number", "states"),
    [
        (errno.EIO, [("cleaned", ""), ("held", "spool.damaged")]),
        (errno.EMFILE, [("received", "")] * 2),
    ],
)
def test_a_bad_disk_holds_the_object_and_no_descriptors_hold_none(
    site: Site,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    states: list[tuple[str, str]],
) -> None:
    asked: list[object] = []

    def fail_once(path: Path) -> bytes:
        asked.append(path)
        if len(asked) == 1:
            raise OSError(number, "read")
        return read_wrapped_key(path)

    monkeypatch.setattr(cleaning, "read_wrapped_key", fail_once)
    site.receive(image(), image())
    site.drain(worker)
    assert site.states() == states


def test_a_sealed_vault_is_asked_now_and_then_and_said_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(loop, "log", lambda event, **_fields: said.append(event))
    vault = _NoVault(SealedError())
    worker = site.worker(vault=vault)
    for number in range(3):
        site.receive(image(study=f"1.2.{number}", patient_id=str(number)))
    stop = _Waits(at_most=6)
    loop.run_worker(
        site.engine,
        journey=worker.journey,
        clock=site.clock,
        owner=worker.owner,
        quiet_seconds={"ct": 0.0},
        lease_seconds=60.0,
        poll_seconds=0.5,
        sweep=Sweep(site.engine, site.store, clock=site.clock, lease_seconds=60.0),
        stop=stop,
    )
    worker.close()
    # three jobs were tried, with a pause after each; then nothing was due
    assert vault.asked == 3
    assert stop.waits == [loop.PAUSE_SECONDS] * 3 + [0.5] * 3
    assert said == ["job.leased", "job.postponed"]
    assert site.states() == [("received", "")] * 3
    assert {row["deaths"] for row in site.rows(spool_object)} == {0}


class _Waits(threading.Event):
    """An event that is set after so many waits, and waits for nothing."""

    def __init__(self, *, at_most: int) -> None:
        super().__init__()
        self.waits: list[float] = []
        self._at_most = at_most

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        if len(self.waits) == self._at_most:
            self.set()
        return self.is_set()
