"""Record spooled objects in the work database: one transaction for a batch.

Duplicates are told apart by the HMAC of their SOP Instance UID: an exact copy is nothing
new; the same pixels of the same subject under another header take the place of what was
there; anything else is held for a person.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.spool.format import SpoolEntry
from gateway.tables import association, spool_object, study

CONFLICT = "duplicate.conflict"
NOBODY = "identity.missing"
_LIVE = ("received", "cleaned", "held")


class Outcome(StrEnum):
    """What became of an entry."""

    NEW = "new"
    IDENTICAL = "identical"
    SUPERSEDES = "supersedes"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A live row with the same SOP Instance UID.

    Attributes
    ----------
    is_conflict : bool
        Held because it differs from another one.
    is_nobody : bool
        Held because it has no Patient ID: it waits to be sent again, corrected.
    """

    id: str
    subject_index: bytes
    content_digest: bytes
    pixel_digest: bytes
    is_conflict: bool
    is_nobody: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done with an entry.

    Attributes
    ----------
    supersedes : str or None
        Id of the row whose place is taken.
    """

    outcome: Outcome
    supersedes: str | None = None


def decide(entry: SpoolEntry, earlier: Sequence[Earlier]) -> Decision:
    """Compare `entry` with the live rows of its SOP Instance UID.

    Live are those that were neither discarded nor refused, and whose place nobody took.
    """
    if any(entry.id == row.id for row in earlier):
        return Decision(outcome=Outcome.NEW)  # recorded before: `record` leaves it alone
    if any(entry.content_digest == row.content_digest for row in earlier):
        return Decision(outcome=Outcome.IDENTICAL)
    current = [row for row in earlier if not row.is_conflict]
    if not current:
        return Decision(outcome=Outcome.CONFLICT if earlier else Outcome.NEW)
    for row in current:
        is_subject = row.is_nobody or row.subject_index == entry.subject_index
        if is_subject and row.pixel_digest == entry.pixel_digest:
            return Decision(outcome=Outcome.SUPERSEDES, supersedes=row.id)
    return Decision(outcome=Outcome.CONFLICT)


def record(connection: sa.Connection, entries: Sequence[SpoolEntry]) -> list[Outcome]:
    """Record `entries`, in order; an entry whose id is there already changes nothing.

    Returns
    -------
    list[Outcome]
        One per entry.
    """
    _lock(connection, entries)
    known = _known(connection, entries)
    live = _live_rows(connection, entries)
    decisions = []
    for entry in entries:
        rows = live.setdefault(entry.sop_index, [])
        decision = decide(entry, rows)
        if decision.outcome is not Outcome.IDENTICAL and entry.id not in known:
            rows[:] = [row for row in rows if row.id != decision.supersedes]
            rows.append(_as_earlier(entry, is_conflict=decision.outcome is Outcome.CONFLICT))
        decisions.append(decision)
    fresh = [
        (entry, decision)
        for entry, decision in zip(entries, decisions, strict=True)
        if decision.outcome is not Outcome.IDENTICAL and entry.id not in known
    ]
    if fresh:
        _insert(connection, fresh)
    _count(connection, entries)
    return [decision.outcome for decision in decisions]


def _lock(connection: sa.Connection, entries: Iterable[SpoolEntry]) -> None:
    """Let several receivers decide about one SOP Instance UID one after the other."""
    if connection.dialect.name != "postgresql":
        return  # SQLite has one writer
    for key in sorted({int.from_bytes(e.sop_index[:8], "big", signed=True) for e in entries}):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _known(connection: sa.Connection, entries: Iterable[SpoolEntry]) -> set[str]:
    column = spool_object.c.id
    ids = [entry.id for entry in entries]
    return set(connection.scalars(sa.select(column).where(column.in_(ids))))


def _live_rows(
    connection: sa.Connection, entries: Iterable[SpoolEntry]
) -> dict[bytes, list[Earlier]]:
    newer = spool_object.alias()
    replaced = sa.select(newer.c.id).where(newer.c.supersedes == spool_object.c.id).exists()
    rows = connection.execute(
        sa.select(spool_object)
        .where(
            spool_object.c.sop_index.in_({entry.sop_index for entry in entries}),
            spool_object.c.state.in_(_LIVE),
            ~replaced,
        )
        .order_by(spool_object.c.received)
    ).all()
    live: dict[bytes, list[Earlier]] = {}
    for row in rows:
        live.setdefault(bytes(row.sop_index), []).append(
            Earlier(
                id=row.id,
                subject_index=bytes(row.subject_index),
                content_digest=bytes(row.content_digest),
                pixel_digest=bytes(row.pixel_digest),
                is_conflict=row.state == "held" and row.reason == CONFLICT,
                is_nobody=row.state == "held" and row.reason == NOBODY,
            )
        )
    return live


def _as_earlier(entry: SpoolEntry, *, is_conflict: bool) -> Earlier:
    return Earlier(
        id=entry.id,
        subject_index=entry.subject_index,
        content_digest=entry.content_digest,
        pixel_digest=entry.pixel_digest,
        is_conflict=is_conflict,
        is_nobody=False,
    )


def _insert(connection: sa.Connection, fresh: Sequence[tuple[SpoolEntry, Decision]]) -> None:
    replaced = [decision.supersedes for _, decision in fresh if decision.supersedes]
    rows = []
    by_study = sorted(fresh, key=lambda pair: _study_of(pair[0]))  # no deadlock: one order
    for (peer, study_index), group in groupby(by_study, key=lambda pair: _study_of(pair[0])):
        pairs = list(group)
        study_id, generation = _join_study(
            connection, peer=peer, study_index=study_index, pairs=pairs
        )
        rows += [
            _row(entry, decision, study_id=study_id, generation=generation)
            for entry, decision in pairs
        ]
    connection.execute(spool_object.insert(), rows)
    if replaced:
        connection.execute(
            spool_object.update()
            .where(spool_object.c.id.in_(replaced), spool_object.c.state != "cleaned")
            .values(state="superseded")
        )


def _study_of(entry: SpoolEntry) -> tuple[str, bytes]:
    return entry.peer, entry.study_index


def _join_study(
    connection: sa.Connection,
    *,
    peer: str,
    study_index: bytes,
    pairs: Sequence[tuple[SpoolEntry, Decision]],
) -> tuple[str, int]:
    """Return id and generation of the study; open a new generation where needed.

    Held objects wait for a person: they open no generation.
    """
    last = max((entry for entry, _ in pairs), key=lambda entry: entry.received)
    connection.execute(
        _insert_or_nothing(connection)(study)
        .values(
            id=uuid4().hex,
            study_index=study_index,
            peer=peer,
            generation=1,
            open=False,
            last_received=0.0,
            last_association=last.association_id,
        )
        .on_conflict_do_nothing()
    )
    row = connection.execute(
        sa.select(study)
        .where(study.c.peer == peer, study.c.study_index == study_index)
        .with_for_update()
    ).one()
    if all(decision.outcome is Outcome.CONFLICT for _, decision in pairs):
        return row.id, row.generation
    is_new = row.last_received == 0.0
    generation = row.generation if row.open or is_new else row.generation + 1
    connection.execute(
        study.update()
        .where(study.c.id == row.id)
        .values(
            generation=generation,
            open=True,
            last_received=max(row.last_received, last.received),
            last_association=last.association_id,
        )
    )
    return row.id, generation


def _insert_or_nothing(
    connection: sa.Connection,
) -> Callable[[sa.Table], postgresql.Insert] | Callable[[sa.Table], sqlite.Insert]:
    return postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert


def _row(
    entry: SpoolEntry, decision: Decision, *, study_id: str, generation: int
) -> dict[str, object]:
    is_conflict = decision.outcome is Outcome.CONFLICT
    return {
        "id": entry.id,
        "study_id": study_id,
        "association_id": entry.association_id,
        "generation": generation,
        "sop_index": entry.sop_index,
        "subject_index": entry.subject_index,
        "content_digest": entry.content_digest,
        "pixel_digest": entry.pixel_digest,
        "size_bytes": entry.size_bytes,
        "received": entry.received,
        "state": "held" if is_conflict else "received",
        "reason": CONFLICT if is_conflict else "",
        "supersedes": decision.supersedes,
        "deaths": 0,
    }


def _count(connection: sa.Connection, entries: Iterable[SpoolEntry]) -> None:
    for association_id, group in groupby(sorted(entry.association_id for entry in entries)):
        connection.execute(
            association.update()
            .where(association.c.id == association_id)
            .values(received=association.c.received + len(list(group)))
        )
