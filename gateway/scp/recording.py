"""Record spooled objects in the work database: one transaction for a batch.

Duplicates are told apart by the HMAC of their SOP Instance UID: an exact copy is nothing
new; the same pixels of the same subject under another header take the place of what was
there; anything else is held for a person. What was lost of the spool is replaced by what
is sent again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from uuid import uuid4

import sqlalchemy as sa

from gateway.databases import insert_if_new
from gateway.errors import SpoolDamagedError
from gateway.generations import join_generation
from gateway.spool.format import SpoolEntry
from gateway.tables import association, spool_object, study

CONFLICT = "duplicate.conflict"
NOBODY = "identity.missing"
DAMAGED = SpoolDamagedError.code
_SPOOLED = ("received", "held")
_LIVE = (*_SPOOLED, "cleaned")


class Outcome(StrEnum):
    """What became of an entry."""

    NEW = "new"
    IDENTICAL = "identical"
    SUPERSEDES = "supersedes"
    CONFLICT = "conflict"
    STALE = "stale"
    """Of an orphan: older than what was acknowledged since."""


_STATES = {Outcome.CONFLICT: "held", Outcome.STALE: "superseded"}
"""Of rows that are not to be cleaned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A live row with the same SOP Instance UID.

    Attributes
    ----------
    is_conflict : bool
        Held because it differs from another one.
    is_waiting : bool
        Held because it has no Patient ID or its file is damaged: it waits to be sent
        again, and may come back with another Patient ID.
    is_lost : bool
        Its file is missing or damaged: an exact copy is wanted.
    """

    id: str
    subject_index: bytes
    content_digest: bytes
    pixel_digest: bytes
    received: float
    is_conflict: bool
    is_waiting: bool
    is_lost: bool


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


def decide(entry: SpoolEntry, earlier: Sequence[Earlier], *, is_orphan: bool) -> Decision:
    """Compare `entry` with the live rows of its SOP Instance UID.

    Live are those that were neither discarded nor refused, and whose place nobody took.
    What is lost is replaced by its copy. Else an orphan replaces nothing newer.
    """
    if any(entry.id == row.id for row in earlier):
        return Decision(outcome=Outcome.NEW)  # recorded before: `record` leaves it alone
    copies = [row for row in earlier if entry.content_digest == row.content_digest]
    if any(not row.is_lost for row in copies):
        return Decision(outcome=Outcome.IDENTICAL)
    if copies:
        outcome = Outcome.CONFLICT if copies[0].is_conflict else Outcome.SUPERSEDES
        return Decision(outcome=outcome, supersedes=copies[0].id)
    current = [row for row in earlier if not row.is_conflict]
    if not current:
        return Decision(outcome=Outcome.CONFLICT if earlier else Outcome.NEW)
    for row in current:
        is_subject = row.is_waiting or row.subject_index == entry.subject_index
        if is_subject and row.pixel_digest == entry.pixel_digest:
            is_stale = is_orphan and entry.received < row.received
            outcome = Outcome.STALE if is_stale else Outcome.SUPERSEDES
            return Decision(outcome=outcome, supersedes=None if is_stale else row.id)
    return Decision(outcome=Outcome.CONFLICT)


def record(
    connection: sa.Connection,
    entries: Sequence[SpoolEntry],
    *,
    is_intact: Callable[[str], bool],
    are_orphans: bool,
) -> list[Outcome]:
    """Record `entries`, in order; an entry whose id is there already changes nothing.

    Parameters
    ----------
    is_intact : Callable[[str], bool]
        Whether the spool holds the file of an object, as it was written.
    are_orphans : bool
        True: found in the spool, their senders never got Success.

    Returns
    -------
    list[Outcome]
        One per entry.
    """
    _lock(connection, entries)
    known = _known(connection, entries)
    live = _live_rows(connection, entries, is_intact=is_intact)
    decisions = []
    for entry in entries:
        rows = live.setdefault(entry.sop_index, [])
        decision = decide(entry, rows, is_orphan=are_orphans)
        if decision.outcome not in (Outcome.IDENTICAL, Outcome.STALE) and entry.id not in known:
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
    connection: sa.Connection,
    entries: Iterable[SpoolEntry],
    *,
    is_intact: Callable[[str], bool],
) -> dict[bytes, list[Earlier]]:
    newer = spool_object.alias()
    replaced = sa.select(newer.c.id).where(newer.c.supersedes == spool_object.c.id).exists()
    query = (
        sa.select(spool_object)
        .where(
            spool_object.c.sop_index.in_({entry.sop_index for entry in entries}),
            spool_object.c.state.in_(_LIVE),
            ~replaced,
        )
        .order_by(spool_object.c.received)
    )
    rows = connection.execute(query).all()
    lost = {row.id for row in rows if row.state in _SPOOLED and not is_intact(row.id)}
    if lost:  # a worker commits, then deletes: what it was faster with is seen now
        rows = connection.execute(query).all()
    live: dict[bytes, list[Earlier]] = {}
    for row in rows:
        live.setdefault(bytes(row.sop_index), []).append(
            Earlier(
                id=row.id,
                subject_index=bytes(row.subject_index),
                content_digest=bytes(row.content_digest),
                pixel_digest=bytes(row.pixel_digest),
                received=row.received,
                is_conflict=row.state == "held" and row.reason == CONFLICT,
                is_waiting=row.state == "held" and row.reason in {NOBODY, DAMAGED},
                is_lost=row.state in _SPOOLED and (row.id in lost or row.reason == DAMAGED),
            )
        )
    return live


def _as_earlier(entry: SpoolEntry, *, is_conflict: bool) -> Earlier:
    return Earlier(
        id=entry.id,
        subject_index=entry.subject_index,
        content_digest=entry.content_digest,
        pixel_digest=entry.pixel_digest,
        received=entry.received,
        is_conflict=is_conflict,
        is_waiting=False,
        is_lost=False,
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

    Nothing is cleaned of held and stale objects: they open no generation.
    """
    last = max((entry for entry, _ in pairs), key=lambda entry: entry.received)
    insert_if_new(
        connection,
        study,
        id=uuid4().hex,
        study_index=study_index,
        peer=peer,
        generation=1,
        open=False,
        last_received=0.0,
        last_association=last.association_id,
    )
    row = connection.execute(
        sa.select(study).where(study.c.peer == peer, study.c.study_index == study_index)
    ).one()
    if all(decision.outcome in _STATES for _, decision in pairs):
        return row.id, row.generation
    generation = join_generation(
        connection, row.id, now=last.received, association_id=last.association_id
    )
    return row.id, generation


def _row(
    entry: SpoolEntry, decision: Decision, *, study_id: str, generation: int
) -> dict[str, object]:
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
        "state": _STATES.get(decision.outcome, "received"),
        "reason": CONFLICT if decision.outcome is Outcome.CONFLICT else "",
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
