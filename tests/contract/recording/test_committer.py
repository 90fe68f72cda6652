"""Many threads and processes write the index of the spool at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway import databases
from gateway.databases import is_disk_full, open_database, upgrade
from gateway.scp.associations import AssociationRows
from gateway.scp.committer import Committer
from gateway.scp.recording import Outcome
from gateway.tables import association
from tests.support.recording import entry, recorded, rows


class SetClock:
    """`gateway.ports.Clock` that stands still."""

    def __init__(self, now: float) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


def committing(engine: sa.Engine) -> Committer:
    return Committer(engine, is_intact=lambda _: True)


def test_associations_are_counted_and_ended_once(engine: sa.Engine) -> None:
    clock = SetClock(50.0)
    ours = AssociationRows(engine, receiver="ours", clock=clock)
    theirs = AssociationRows(engine, receiver="theirs", clock=clock)
    ours.open("a" * 32, peer="modality", called_ae_title="NARTHEX")
    theirs.open("b" * 32, peer="modality", called_ae_title="NARTHEX")
    recorded(engine, entry("1"), entry("2"), entry("2"))
    clock.time = 60.0
    assert ours.end_all() == 1
    clock.time = 70.0
    ours.end("a" * 32)
    found = rows(engine, association)
    assert (found["a" * 32].received, found["a" * 32].ended) == (3, 60.0)
    assert found["b" * 32].ended is None


def test_many_threads_are_recorded_in_groups_and_none_is_lost(engine: sa.Engine) -> None:
    commits: list[sa.Connection] = []
    sa.event.listen(engine, "commit", commits.append)
    committer = committing(engine)
    entries = [entry(f"sop {number}") for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(committer.record, entries))
    committer.close()
    assert set(outcomes) == {Outcome.NEW}
    assert set(rows(engine)) == {each.id for each in entries}
    assert len(commits) < len(entries)


def test_a_bad_entry_does_not_fail_its_neighbours(engine: sa.Engine) -> None:
    gate = threading.Event()
    committer = committing(engine)
    sa.event.listen(engine, "begin", lambda _: gate.wait(10))
    bad = replace(entry("bad"), peer=None)  # type: ignore[arg-type]  # the database refuses it
    with ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(committer.record, each) for each in (entry("1"), bad, entry("2"))]
        gate.set()
        assert futures[0].result() is Outcome.NEW
        assert futures[2].result() is Outcome.NEW
        with pytest.raises(sa.exc.IntegrityError):
            futures[1].result()
    committer.close()


def test_a_database_that_is_busy_fails_a_batch_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_TIMEOUT_SECONDS", 0)
    url = f"sqlite:///{tmp_path / 'work.db'}"
    busy, holder = open_database(url), open_database(url)
    upgrade(busy, "gateway.work")
    committer = committing(busy)
    attempts: list[sa.Connection] = []
    begun, gate = threading.Event(), threading.Event()

    def attempt(connection: sa.Connection) -> None:
        attempts.append(connection)
        begun.set()
        gate.wait(30)

    sa.event.listen(busy, "engine_connect", attempt)
    with holder.begin(), ThreadPoolExecutor(9) as threads:
        futures = [threads.submit(committer.record, entry("first"))]
        assert begun.wait(30)
        futures += [threads.submit(committer.record, entry(str(number))) for number in range(8)]
        while committer._queue.qsize() < 8:
            gate.wait(0.01)
        gate.set()
        errors = [future.exception() for future in futures]
    committer.close()
    assert all(isinstance(error, sa.exc.OperationalError) for error in errors)
    assert len(attempts) == 2  # the first alone, then the others together
    busy.dispose()
    holder.dispose()


def test_a_full_disk_is_told_apart(engine: sa.Engine) -> None:
    filling = "DO $$ BEGIN RAISE disk_full; END $$"
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are
            filling = "CREATE TABLE more AS SELECT randomblob(1 << 20)"
        with pytest.raises(sa.exc.OperationalError) as full:
            connection.exec_driver_sql(filling)
    assert is_disk_full(full.value)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as other:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert not is_disk_full(other.value)


def test_racing_receivers_agree_on_one_first_object(engine: sa.Engine) -> None:
    committers = [committing(engine) for _ in range(3)]
    copies = [[entry(f"sop {number}") for number in range(30)] for _ in committers]
    with ThreadPoolExecutor(3) as threads:
        results = list(
            threads.map(
                lambda pair: [pair[0].record(each) for each in pair[1]],
                zip(committers, copies, strict=True),
            )
        )
    for committer in committers:
        committer.close()
    for outcomes in zip(*results, strict=True):
        assert sorted(outcomes) == [Outcome.IDENTICAL, Outcome.IDENTICAL, Outcome.NEW]
