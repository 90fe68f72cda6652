"""What the audit log promises on each database."""

import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.audit.log import (
    AuditEvent,
    DatabaseAuditLog,
    open_audit_database,
    open_audit_log,
    read_events,
)
from gateway.audit.tables import audit_event, metadata
from gateway.errors import AuditTamperedError

SPAWN = get_context("spawn")


class SteppingClock:
    """A clock that goes on by a second with every look."""

    def __init__(self) -> None:
        self._time = 1_700_000_000.0

    def now(self) -> float:
        self._time += 1
        return self._time


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'audit' / 'audit.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def log(url: str) -> Iterator[DatabaseAuditLog]:
    log = open_audit_log(url, SteppingClock())
    yield log
    log.close()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_audit_database(url)
    yield engine
    engine.dispose()


def _read(engine: sa.Engine) -> list[AuditEvent]:
    return list(read_events(engine))


def test_events_are_read_as_they_were_appended(log: DatabaseAuditLog, engine: sa.Engine) -> None:
    log.append([("job.leased", {"job_id": "a", "fence": 1}), ("job.done", {"job_id": "a"})])
    log.append([("vault.sealed", {})])
    log.append([])
    events = _read(engine)
    assert [(e.event, dict(e.fields)) for e in events] == [
        ("job.leased", {"job_id": "a", "fence": 1}),
        ("job.done", {"job_id": "a"}),
        ("vault.sealed", {}),
    ]
    assert [e.sequence for e in events] == [1, 2, 3]
    assert [e.time for e in events] == [1_700_000_001.0, 1_700_000_002.0, 1_700_000_003.0]
    assert len({e.id for e in events}) == 3
    assert len({e.writer for e in events}) == 1


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("patient.seen", {}),
        ("job.done", {"patient_id": "a"}),
        ("job.done", {"fence": "one"}),
        ("job.done", {"job_id": "DOE^JANE"}),
        ("job.done", {"reason": "free text with a name"}),
    ],
)
def test_what_is_not_on_the_list_is_not_recorded(
    log: DatabaseAuditLog, engine: sa.Engine, name: str, fields: dict[str, str | int]
) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        log.append([("job.leased", {}), (name, fields)])
    assert "DOE" not in str(caught.value)
    assert "free text" not in str(caught.value)
    assert _read(engine) == []
    log.append([("job.leased", {})])
    assert [e.sequence for e in _read(engine)] == [1]


def test_each_opening_is_a_writer(url: str, engine: sa.Engine) -> None:
    for _ in range(2):
        log = open_audit_log(url, SteppingClock())
        log.append([("job.done", {})])
        log.close()
    events = _read(engine)
    assert len({e.writer for e in events}) == 2
    assert [e.sequence for e in events] == [1, 1]


def test_after_a_failed_append_numbers_are_not_used_again(
    log: DatabaseAuditLog, engine: sa.Engine
) -> None:
    log.append([("job.leased", {})])
    with engine.begin() as connection:
        audit_event.drop(connection)
    with pytest.raises(sa.exc.SQLAlchemyError):
        log.append([("job.leased", {})])
    with engine.begin() as connection:
        metadata.create_all(connection)
    log.append([("job.done", {})])
    assert [(e.event, e.sequence) for e in _read(engine)] == [("job.done", 1)]


def test_threads_share_a_log_without_gaps(log: DatabaseAuditLog, engine: sa.Engine) -> None:
    def write() -> None:
        for i in range(10):
            log.append([("job.leased", {"fence": i}), ("job.done", {"fence": i})])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.sequence for e in _read(engine)] == list(range(1, 81))


@pytest.mark.parametrize(
    "values",
    [{"event": "job.lost"}, {"fields": '{"fence":9}'}, {"time": 0.0}, {"digest": bytes(32)}],
)
def test_a_changed_event_is_noticed(
    log: DatabaseAuditLog, engine: sa.Engine, values: dict[str, object]
) -> None:
    log.append([("job.leased", {"fence": i}) for i in range(5)])
    with engine.begin() as connection:
        connection.execute(audit_event.update().where(audit_event.c.sequence == 3).values(values))
    with pytest.raises(AuditTamperedError):
        _read(engine)


def test_a_missing_event_is_noticed(log: DatabaseAuditLog, engine: sa.Engine) -> None:
    log.append([("job.leased", {"fence": i}) for i in range(5)])
    with engine.begin() as connection:
        connection.execute(audit_event.delete().where(audit_event.c.sequence == 3))
    with pytest.raises(AuditTamperedError):
        _read(engine)


def _write_until_killed(url: str, acknowledged: Connection) -> None:
    log = open_audit_log(url, SteppingClock())
    number = 0
    while True:
        log.append([("job.leased", {"fence": number}), ("job.done", {"fence": number})])
        acknowledged.send(number)
        number += 1


def test_what_was_appended_survives_kill_9(url: str, engine: sa.Engine) -> None:
    ours, theirs = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=_write_until_killed, args=(url, theirs))
    process.start()
    theirs.close()
    last = max(ours.recv() for _ in range(25))
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    ours.close()
    recorded = [(e.event, e.fields["fence"]) for e in _read(engine)]
    assert len(recorded) % 2 == 0
    assert set(recorded) >= {(n, i) for n in ("job.leased", "job.done") for i in range(last + 1)}


def test_processes_open_a_new_log_at_once(url: str) -> None:
    with SPAWN.Pool(4) as pool:
        pool.starmap(_open_and_append, [(url,)] * 4, 1)
    engine = open_audit_database(url)
    assert len({e.writer for e in _read(engine)}) == 4
    engine.dispose()


def _open_and_append(url: str) -> None:
    open_audit_log(url, SteppingClock()).append([("service.started", {})])


def test_migrations_make_the_table(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": "alembic_version_audit"}
        )
        assert compare_metadata(context, metadata) == []
