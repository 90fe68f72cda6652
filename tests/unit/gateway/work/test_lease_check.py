"""What the broker lends to a job, with real sockets, vault, spool and work database."""

import os
from collections.abc import Iterator

import pytest

from gateway.errors import LostLeaseError, TamperedError
from gateway.ports import Lease
from gateway.spool.reader import SpoolReader, read_wrapped_key
from gateway.tables import archive_object, spool_object
from gateway.vault.broker import WORKER_SOCKET, Broker
from gateway.vault.client import BrokerClient
from gateway.work.lease_check import lease_check
from gateway.work.leases import Job, finish, lease_job, postpone
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.site import LEASE_SECONDS, Site, image


@pytest.fixture
def client(site: Site) -> Iterator[BrokerClient]:
    """Return a worker's client of a broker on the site's vault and work database."""
    broker = Broker(
        site.vault,
        folder=site.folder / "run",
        audit=site.audit,
        lease_check=lease_check(site.engine, site.clock),
        projects=frozenset({"heart"}),
        allowed_uids=frozenset({os.getuid()}),
    )
    broker.start()
    client = BrokerClient(site.folder / "run" / WORKER_SOCKET, timeout_seconds=20)
    yield client
    client.close()
    broker.stop()


def leased(site: Site) -> Job:
    site.close_quiet()
    job = lease_job(site.engine, owner="w", now=site.clock.now(), seconds=LEASE_SECONDS)
    assert job is not None
    return job


def opens(site: Site, client: BrokerClient, object_id: str, lease: Lease) -> bool:
    """Return whether the file opens with what the broker lends; the refusal is Tampered."""
    path = site.spool / object_id
    try:
        key = client.file_key(read_wrapped_key(path), lease=lease)
    except TamperedError:
        return False
    with SpoolReader(path, file_key=key) as reader:
        return reader.read(128, 4) == b"DICM"


def test_a_job_is_lent_the_keys_of_its_files_and_no_others(
    site: Site, client: BrokerClient
) -> None:
    site.receive(image(), image())
    job = leased(site)
    own = {row["id"] for row in site.rows(spool_object)}
    site.receive(image())  # joins a later generation of the study
    site.receive(image(study="1.2.4"), image(study="1.2.4", patient_id="4712"))
    every = [row["id"] for row in site.rows(spool_object)]
    assert len(every) == 5
    assert {o for o in every if opens(site, client, o, job.lease)} == own
    assert isinstance(site.audit, MemoryAudit)
    assert site.audit.events == [("file-key.issued", {"job_id": job.lease.job_id})]


def test_a_later_generation_is_lent_what_the_study_had_before(
    site: Site, client: BrokerClient
) -> None:
    site.receive(image())
    first = leased(site)
    with site.engine.begin() as connection:
        finish(connection, first.lease)
    site.receive(image())
    job = leased(site)
    assert job.generation == 2
    every = [row["id"] for row in site.rows(spool_object)]
    assert [opens(site, client, object_id, job.lease) for object_id in every] == [True, True]


@pytest.mark.parametrize("stale", ["fence", "time", "given back", "unknown"])
def test_a_lease_that_ended_is_lent_nothing(site: Site, client: BrokerClient, stale: str) -> None:
    site.receive(image())
    job = leased(site)
    lease = job.lease
    assert isinstance(site.clock, SettableClock)
    if stale == "fence":
        lease = Lease(job_id=lease.job_id, fence=lease.fence - 1)
    elif stale == "time":
        site.clock.pass_by(LEASE_SECONDS)
    elif stale == "given back":
        postpone(site.engine, job, due=site.clock.now(), counts=False)
    else:
        lease = Lease(job_id="0" * 32, fence=1)
    (path,) = site.spool.iterdir()
    with pytest.raises(LostLeaseError):
        client.file_key(read_wrapped_key(path), lease=lease)
    with pytest.raises(LostLeaseError):
        client.project_secret("heart", lease=lease)


def test_a_worker_lives_on_what_the_broker_lends(site: Site, client: BrokerClient) -> None:
    worker = site.worker(vault=client)
    site.receive(image(), image())
    assert site.drain(worker) == 1
    site.receive(image())
    assert site.drain(worker) == 1
    assert site.states() == [("cleaned", "")] * 3
    assert len(site.rows(archive_object)) == 3
    assert isinstance(site.audit, MemoryAudit)
    names = [name for name, _ in site.audit.events]
    for issued in ("context.issued", "file-key.issued", "project-secret.issued"):
        assert names.count(issued) == 2
    worker.close()


def test_the_check_waits_for_no_writer(site: Site) -> None:
    site.receive(image())
    job = leased(site)
    (row,) = site.rows(spool_object)
    check = lease_check(site.engine, site.clock)
    with site.engine.begin():
        check(job.lease, object_id=row["id"])
        with pytest.raises(TamperedError):
            check(job.lease, object_id="f" * 32)
