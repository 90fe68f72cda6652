"""Held objects: what a person may know of them, and what a person may decide.

A reason, a size, a time and a random id; never content.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.databases import reading
from gateway.generations import join_generation
from gateway.ports import AuditLog, Clock
from gateway.tables import spool_object, study
from rules.disclosure import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldObject:
    """One held object.

    Attributes
    ----------
    id : str
        Random.
    reason : str
        Code (``ops/manual/reasons.md``).
    peer : str
        Name of the sender.
    study_id : str
        Random; objects of one study share it.
    size_bytes : int
    received : float
        Seconds since the epoch.
    deaths : int
        Children that died over it.
    """

    id: str
    reason: str
    peer: str
    study_id: str
    size_bytes: int
    received: float
    deaths: int


def held_objects(
    engine: sa.Engine, *, ids: Collection[str] | None = None, reason: str | None = None
) -> list[HeldObject]:
    """Return what is held, the oldest first.

    Parameters
    ----------
    ids : Collection[str] or None
        Only these; None: all.
    reason : str or None
        Only those held for this reason; None: all.
    """
    query = (
        sa.select(spool_object, study.c.peer)
        .join(study, study.c.id == spool_object.c.study_id)
        .where(spool_object.c.state == "held")
        .order_by(spool_object.c.received, spool_object.c.id)
    )
    if ids is not None:
        query = query.where(spool_object.c.id.in_(list(ids)))
    if reason is not None:
        query = query.where(spool_object.c.reason == reason)
    with reading(engine).connect() as connection:
        return [
            HeldObject(
                id=row.id,
                reason=row.reason,
                peer=row.peer,
                study_id=row.study_id,
                size_bytes=row.size_bytes,
                received=row.received,
                deaths=row.deaths,
            )
            for row in connection.execute(query)
        ]


def content_digests(engine: sa.Engine) -> dict[str, bytes]:
    """Return the digests of all that is held, under the receiver's key, by ids."""
    query = sa.select(spool_object.c.id, spool_object.c.content_digest)
    with reading(engine).connect() as connection:
        rows = connection.execute(query.where(spool_object.c.state == "held"))
        return {row.id: bytes(row.content_digest) for row in rows}


def subject_indexes(engine: sa.Engine, study_id: str) -> set[bytes]:
    """Return the receiver's indexes of the subjects of what is held of a study."""
    query = sa.select(spool_object.c.subject_index).where(
        spool_object.c.study_id == study_id, spool_object.c.state == "held"
    )
    with reading(engine).connect() as connection:
        return {bytes(index) for index in connection.scalars(query.distinct())}


def release(
    engine: sa.Engine, objects: Sequence[HeldObject], *, audit: AuditLog, clock: Clock
) -> int:
    """Let objects be cleaned again, in a new generation, and return how many.

    Nothing is released that does not pass the pipelines: what made an object held holds
    it again unless rules, routing or the vault have changed.
    """
    audit.append(_events(Event.QUARANTINE_RELEASED, objects))
    released = 0
    with engine.begin() as connection:
        for study_id in sorted({each.study_id for each in objects}):
            generation = join_generation(connection, study_id, now=clock.now())
            changed = connection.execute(
                spool_object.update()
                .where(
                    spool_object.c.id.in_([o.id for o in objects if o.study_id == study_id]),
                    spool_object.c.state == "held",
                )
                .values(state="received", reason="", deaths=0, generation=generation)
            )
            released += changed.rowcount
    return released


def discard(
    engine: sa.Engine, objects: Sequence[HeldObject], *, spool: Path, audit: AuditLog
) -> int:
    """Destroy objects for good and return how many."""
    audit.append(_events(Event.QUARANTINE_DISCARDED, objects))
    with engine.begin() as connection:
        gone = connection.scalars(
            spool_object.update()
            .where(
                spool_object.c.id.in_([each.id for each in objects]),
                spool_object.c.state == "held",
            )
            .values(state="discarded")
            .returning(spool_object.c.id)
        ).all()
    for object_id in gone:
        (spool / object_id).unlink(missing_ok=True)
    return len(gone)


def _events(event: Event, objects: Sequence[HeldObject]) -> list[tuple[str, dict[str, str | int]]]:
    return [(event, {"object_id": each.id, "reason": each.reason}) for each in objects]
