"""What becomes of archived files that no job committed; on both databases."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gateway.archive.store import SHARDS
from gateway.tables import archive_object, job, outbox
from gateway.work.closing import close_studies
from gateway.work.leases import lease_job
from gateway.work.sweep import ROUND_SECONDS, Sweep
from gateway.work.worker import work_on
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.site import LEASE_SECONDS, Site, Worker, image


@pytest.fixture
def site(tmp_path: Path, work_url: str) -> Iterator[Site]:
    """A site on the time of the file system."""
    site = Site(tmp_path, work_url, clock=SettableClock(time.time()))
    yield site
    site.engine.dispose()


@pytest.fixture
def worker(site: Site) -> Iterator[Worker]:
    worker = site.worker()
    yield worker
    worker.close()


def pass_by(site: Site, seconds: float) -> None:
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(seconds)


def sweep(site: Site) -> int:
    """Look through the whole archive and return how many files are left."""
    sweeper = Sweep(site.engine, site.store, clock=site.clock, lease_seconds=LEASE_SECONDS)
    for shard in SHARDS:
        sweeper.look(shard)
    return len(list(site.store.folder.glob("??/*.dcm")))


class _Once(MemoryAudit):
    """An audit log that does something at the first release, when the files have their names."""

    happened = False

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        super().append(events)
        if not self.happened and self.counts("object.released"):
            self.happened = True
            self.happen()

    def happen(self) -> None:
        raise RuntimeError


def test_a_file_whose_job_ended_before_its_commit_is_removed_in_the_end(
    site: Site, worker: Worker
) -> None:
    worker.journey._audit = _Once()
    site.receive(image(sop="1.2.3.9", Modality="CT"))
    site.drain(worker)
    assert site.states() == [("received", "")]
    pass_by(site, 60)
    site.receive(image(sop="1.2.3.9", Modality="MR"))
    site.drain(worker)
    assert site.states() == [("cleaned", ""), ("superseded", "")]
    assert sweep(site) == 2
    pass_by(site, 2 * LEASE_SECONDS + 60)
    assert sweep(site) == 1
    (row,) = site.rows(archive_object)
    assert site.store.path(row["name"]).exists()


@pytest.mark.parametrize("lease_ends", [-1.0, LEASE_SECONDS + 1.0])
def test_nothing_is_removed_while_a_slow_worker_may_still_commit_it(
    site: Site, worker: Worker, lease_ends: float
) -> None:
    worker.journey._audit = _Once()
    site.receive(image())
    site.drain(worker)
    pass_by(site, 10_000)
    with site.engine.begin() as connection:
        connection.execute(
            job.update().values(state="leased", lease_until=site.clock.now() + lease_ends)
        )
    assert sweep(site) == 1
    with site.engine.begin() as connection:
        connection.execute(job.update().values(lease_until=site.clock.now() + 1))
    assert sweep(site) == 0


def test_a_round_takes_an_hour(site: Site, worker: Worker) -> None:
    worker.journey._audit = _Once()
    site.receive(image())
    site.drain(worker)
    sweeper = Sweep(site.engine, site.store, clock=site.clock, lease_seconds=LEASE_SECONDS)
    pass_by(site, 2 * LEASE_SECONDS)
    for _ in SHARDS:
        pass_by(site, ROUND_SECONDS / len(SHARDS))
        sweeper.step()
        sweeper.step()
    assert list(site.store.folder.glob("??/*.dcm")) == []


class _OtherPeer(_Once):
    """While a worker is about to commit, another peer brings the object, and a worker has it."""

    def __init__(self, site: Site, worker: Worker) -> None:
        super().__init__()
        self._site = site
        self._worker = worker

    def happen(self) -> None:
        site = self._site
        site.receive(image(sop="1.2.3.9", Modality="MR"), image(sop="1.2.3.9"), peer="mr")
        close_studies(site.engine, quiet_seconds={"mr": 0.0}, now=site.clock.now())
        leased = lease_job(
            site.engine, owner=self._worker.owner, now=site.clock.now(), seconds=LEASE_SECONDS
        )
        assert leased is not None
        work_on(
            site.engine,
            leased,
            journey=self._worker.journey,
            clock=site.clock,
            stop=threading.Event(),
        )


def test_what_another_worker_has_indexed_meanwhile_keeps_its_file(
    site: Site, worker: Worker
) -> None:
    other = site.worker()
    worker.journey._audit = _OtherPeer(site, other)
    site.receive(image(sop="1.2.3.9"))
    site.drain(worker)
    other.close()
    rows = site.rows(archive_object)
    assert [row["state"] for row in rows].count("current") == 1
    assert all(site.store.path(row["name"]).exists() for row in rows)
    assert {row["name"] for row in site.rows(outbox)} <= {row["name"] for row in rows}
    pass_by(site, 10_000)
    assert sweep(site) == len(rows)
