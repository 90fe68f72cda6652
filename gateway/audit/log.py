"""Append to the audit log, durably, and read it back."""

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.audit.tables import audit_event
from gateway.databases import open_database, reading, upgrade
from gateway.errors import AuditTamperedError
from gateway.ports import Clock
from rules.disclosure import Event, check

_VERSION = 1
_NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One event as it was recorded.

    Attributes
    ----------
    id : str
    writer : str
        Random; one opening of the log by one process.
    sequence : int
        Number in the writer, from 1, without gaps.
    time : float
        Seconds since the epoch.
    event : str
        Member of `rules.disclosure.Event`.
    fields : Mapping
        Of `rules.disclosure.FIELDS`.
    """

    id: str
    writer: str
    sequence: int
    time: float
    event: str
    fields: Mapping[str, str | int]


class DatabaseAuditLog:
    """The audit log in its database. Implements `gateway.ports.AuditLog`.

    Safe for threads. Each process makes its own.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Migrated; see `open_audit_log`.
    clock : Clock
    """

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._writer = _new_writer()
        self._sequence = 0
        self._digest = _NO_DIGEST

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        """Return only when `events` (name, fields) are durable, all or none.

        Raises
        ------
        TypeError, ValueError
            A name or field is not on the list of `rules.disclosure`. Nothing is recorded.
        """
        checked = [(_checked_name(name), _packed(fields)) for name, fields in events]
        if not checked:
            return
        with self._lock:
            rows = []
            sequence, digest = self._sequence, self._digest
            for event, fields in checked:
                sequence += 1
                row: dict[str, str | int | float | bytes] = {
                    "id": secrets.token_hex(16),
                    "writer": self._writer,
                    "sequence": sequence,
                    "version": _VERSION,
                    "time": self._clock.now(),
                    "event": event,
                    "fields": fields,
                }
                digest = _digest(digest, row)
                rows.append({**row, "digest": digest})
            writer = self._writer
            # Until the rows are known to be in, their numbers must not be used again.
            self._writer, self._sequence, self._digest = _new_writer(), 0, _NO_DIGEST
            with self._engine.begin() as connection:
                connection.execute(audit_event.insert(), rows)
            self._writer, self._sequence, self._digest = writer, sequence, digest

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


def read_events(engine: sa.Engine) -> Iterator[AuditEvent]:
    """Yield all events, writer by writer, each in its order.

    Raises
    ------
    AuditTamperedError
        A row is missing from the middle, or was changed. What precedes it was yielded.
    """
    query = sa.select(audit_event).order_by(audit_event.c.writer, audit_event.c.sequence)
    writer, sequence, digest = "", 0, _NO_DIGEST
    with (
        reading(engine).connect() as connection,
        connection.execution_options(yield_per=1000).execute(query) as rows,
    ):
        for row in rows:
            if row.writer != writer:
                writer, sequence, digest = row.writer, 0, _NO_DIGEST
            sequence += 1
            digest = _digest(digest, dict(row._mapping))  # noqa: SLF001  (public in spite of it)
            if row.sequence != sequence or row.digest != digest:
                raise AuditTamperedError("an event was changed or is missing")
            yield AuditEvent(
                id=row.id,
                writer=writer,
                sequence=sequence,
                time=row.time,
                event=row.event,
                fields=json.loads(row.fields),
            )


def open_audit_log(url: str, clock: Clock) -> DatabaseAuditLog:
    """Open, where needed create, and migrate the database; return the log.

    The folder of a SQLite file is made with mode 0700.
    """
    return DatabaseAuditLog(open_audit_database(url), clock)


def open_audit_database(url: str) -> sa.Engine:
    """Open, where needed create, and migrate the database of the audit log."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = open_database(url)
    upgrade(engine, "gateway.audit")
    return engine


def _new_writer() -> str:
    return secrets.token_hex(16)


def _checked_name(name: str) -> str:
    try:
        return Event(name).value
    except ValueError:
        raise ValueError("an audit event is not on the list of rules.disclosure") from None


def _packed(fields: Mapping[str, str | int]) -> str:
    check(dict(fields))
    return json.dumps(dict(fields), sort_keys=True, separators=(",", ":"))


def _digest(previous: bytes, row: Mapping[str, object]) -> bytes:
    names = ("id", "writer", "sequence", "version", "time", "event", "fields")
    return hashlib.sha256(previous + json.dumps([row[name] for name in names]).encode()).digest()
