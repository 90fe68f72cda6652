"""What the journey reads from and writes to the work database.

A batch is one transaction, conditional on the fence of the job's lease: archive index,
outbox, state of the spool objects. Nothing else happens inside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from uuid import uuid4

import sqlalchemy as sa

from gateway.databases import reading
from gateway.ports import Lease
from gateway.tables import archive_object, association, outbox, spool_object, study
from gateway.work.leases import Job, finish, hold_fence
from gateway.work.remembered import Memory, remember
from gateway.work.verdicts import use_up

CLEANED, HELD, REFUSED = "cleaned", "held", "refused"
SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolObject:
    """A received object that waits to be cleaned.

    Attributes
    ----------
    id : str
        Name of its spool file.
    subject_index : bytes
        The receiver's: equal for equal issuer and Patient ID.
    """

    id: str
    peer: str
    called_ae_title: str
    subject_index: bytes = field(repr=False)
    content_digest: bytes = field(repr=False)
    deaths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A cleaned object of one project, written and verified.

    Attributes
    ----------
    name : str
        In the archive.
    destinations : tuple[str, ...]
    sop_class_uid, transfer_syntax_uid : str
    study_instance_uid, series_instance_uid, sop_instance_uid : str
        All of the cleaned object.
    """

    name: str
    project: str
    plan_hash: str
    destinations: tuple[str, ...]
    sop_class_uid: str
    transfer_syntax_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one spool object.

    Attributes
    ----------
    state : str
        ``cleaned``, ``held`` or ``refused``.
    reason : str
        Code; "" where cleaned.
    releases : tuple[Release, ...]
        One per project that cleaned it.
    """

    object_id: str
    state: str
    reason: str
    releases: tuple[Release, ...] = ()


def received_objects(engine: sa.Engine, job: Job) -> list[SpoolObject]:
    """Return what is left to do of a job, in the order of reception."""
    query = (
        sa.select(
            spool_object.c.id,
            spool_object.c.subject_index,
            spool_object.c.content_digest,
            spool_object.c.deaths,
            study.c.peer,
            association.c.called_ae_title,
        )
        .join(study, study.c.id == spool_object.c.study_id)
        .outerjoin(association, association.c.id == spool_object.c.association_id)
        .where(
            spool_object.c.study_id == job.study_id,
            spool_object.c.generation == job.generation,
            spool_object.c.state == "received",
        )
        .order_by(spool_object.c.received, spool_object.c.id)
    )
    with reading(engine).connect() as connection:
        return [
            SpoolObject(
                id=row.id,
                peer=row.peer,
                called_ae_title=row.called_ae_title or "",
                subject_index=bytes(row.subject_index),
                content_digest=bytes(row.content_digest),
                deaths=row.deaths,
            )
            for row in connection.execute(query)
        ]


def cleaned_subjects(engine: sa.Engine, job: Job) -> set[bytes]:
    """Return the receiver's index of the subjects that the study was cleaned for so far."""
    query = (
        sa.select(spool_object.c.subject_index)
        .where(spool_object.c.study_id == job.study_id, spool_object.c.state == "cleaned")
        .distinct()
    )
    with reading(engine).connect() as connection:
        return {bytes(index) for index in connection.scalars(query)}


def count_death(engine: sa.Engine, lease: Lease, object_id: str, *, until: float) -> int:
    """Record that a child died over an object, before it is handed over again.

    Returns
    -------
    int
        Deaths so far.

    Raises
    ------
    gateway.errors.LostLeaseError
    """
    with engine.begin() as connection:
        hold_fence(connection, lease, until=until)
        deaths: int = connection.execute(
            spool_object.update()
            .where(spool_object.c.id == object_id)
            .values(deaths=spool_object.c.deaths + 1)
            .returning(spool_object.c.deaths)
        ).scalar_one()
        return deaths


def replaced_objects(engine: sa.Engine, job: Job) -> list[str]:
    """Return the objects of the study whose place another one took before they were cleaned."""
    with reading(engine).connect() as connection:
        return list(
            connection.scalars(
                sa.select(spool_object.c.id).where(
                    spool_object.c.study_id == job.study_id,
                    spool_object.c.generation <= job.generation,
                    spool_object.c.state == SUPERSEDED,
                )
            )
        )


def indexed_names(engine: sa.Engine, names: Iterable[str]) -> set[str]:
    """Return those of `names` that the archive index knows."""
    with reading(engine).connect() as connection:
        return set(
            connection.scalars(
                sa.select(archive_object.c.name).where(archive_object.c.name.in_(list(names)))
            )
        )


def commit_batch(
    engine: sa.Engine,
    job: Job,
    outcomes: Sequence[Outcome],
    *,
    memories: Iterable[Memory] = (),
    now: float,
    until: float,
    ends_job: bool,
) -> list[Outcome]:
    """Commit what became of a batch and return what was not wanted any more.

    Parameters
    ----------
    memories : Iterable[Memory]
        What was found of faces.
    until : float
        The lease is renewed until then.
    ends_job : bool
        True with the last batch: the job is done.

    Returns
    -------
    list[Outcome]
        Objects that were superseded or discarded while they were cleaned: none of
        their releases is in the index.

    Raises
    ------
    gateway.errors.LostLeaseError
        Nothing was committed.
    """
    with engine.begin() as connection:
        hold_fence(connection, job.lease, until=until)
        changed = _set_states(connection, outcomes)
        wanted = [outcome for outcome in outcomes if outcome.object_id in changed]
        pairs = [(o.object_id, r) for o in wanted for r in o.releases]
        if pairs:
            current = {(r.project, r.sop_instance_uid): r for _, r in pairs}
            _lock(connection, current)
            _index(connection, pairs, list(current.values()), created=job.created)
            _queue(connection, list(current.values()), now=now)
        remember(connection, memories, study_id=job.study_id, now=now)
        if ends_job:
            use_up(connection, job)
            finish(connection, job.lease)
    return [outcome for outcome in outcomes if outcome.object_id not in changed]


def hold_rest(engine: sa.Engine, job: Job, reason: str, *, until: float) -> None:
    """Hold what is left of a job, and end it.

    Raises
    ------
    gateway.errors.LostLeaseError
        Nothing was committed.
    """
    with engine.begin() as connection:
        hold_fence(connection, job.lease, until=until)
        connection.execute(
            spool_object.update()
            .where(
                spool_object.c.study_id == job.study_id,
                spool_object.c.generation == job.generation,
                spool_object.c.state == "received",
            )
            .values(state=HELD, reason=reason)
        )
        use_up(connection, job)
        finish(connection, job.lease)


def _lock(connection: sa.Connection, places: Iterable[tuple[str, str]]) -> None:
    """Let workers decide about one UID of a project one after the other."""
    if connection.dialect.name != "postgresql":
        return  # SQLite has one writer
    digests = (sha256(f"{project}|{uid}".encode()).digest() for project, uid in places)
    for key in sorted({int.from_bytes(digest[:8], "big", signed=True) for digest in digests}):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def _set_states(connection: sa.Connection, outcomes: Sequence[Outcome]) -> set[str]:
    """Set state and reason of what is still to be cleaned; return those ids."""
    changed: set[str] = set()
    ordered = sorted(outcomes, key=lambda o: (o.state, o.reason))
    for (state, reason), group in groupby(ordered, key=lambda o: (o.state, o.reason)):
        changed.update(
            connection.scalars(
                spool_object.update()
                .where(
                    spool_object.c.id.in_([o.object_id for o in group]),
                    spool_object.c.state == "received",
                )
                .values(state=state, reason=reason)
                .returning(spool_object.c.id)
            )
        )
    return changed


def _index(
    connection: sa.Connection,
    pairs: Sequence[tuple[str, Release]],
    current: Sequence[Release],
    *,
    created: float,
) -> None:
    """Index the releases of `pairs`; those of `current` are the objects of their UIDs now."""
    names = [release.name for release in current]
    places = {(release.project, release.sop_instance_uid) for release in current}
    replaced = list(
        connection.scalars(
            archive_object.update()
            .where(
                sa.tuple_(archive_object.c.project, archive_object.c.sop_instance_uid).in_(
                    sorted(places)
                ),
                archive_object.c.state == "current",
                archive_object.c.name.not_in(names),
            )
            .values(state=SUPERSEDED)
            .returning(archive_object.c.name)
        )
    )
    if replaced:
        connection.execute(
            outbox.update()
            .where(outbox.c.name.in_(replaced), outbox.c.state == "queued")
            .values(state=SUPERSEDED, code=SUPERSEDED)
        )
    returning = set(
        connection.scalars(
            archive_object.update()
            .where(archive_object.c.name.in_(names), archive_object.c.state == SUPERSEDED)
            .values(state="current")
            .returning(archive_object.c.name)
        )
    )
    if returning:
        connection.execute(outbox.delete().where(outbox.c.name.in_(returning)))
    known = set(
        connection.scalars(
            sa.select(archive_object.c.name).where(
                archive_object.c.name.in_([release.name for _, release in pairs])
            )
        )
    )
    fresh = [
        _row(object_id, release, created=created, is_current=release in current)
        for object_id, release in pairs
        if release.name not in known
    ]
    if fresh:
        connection.execute(archive_object.insert(), fresh)


def _row(
    object_id: str, release: Release, *, created: float, is_current: bool
) -> dict[str, object]:
    return {
        "name": release.name,
        "project": release.project,
        "plan_hash": release.plan_hash,
        "spool_id": object_id,
        "sop_class_uid": release.sop_class_uid,
        "transfer_syntax_uid": release.transfer_syntax_uid,
        "study_instance_uid": release.study_instance_uid,
        "series_instance_uid": release.series_instance_uid,
        "sop_instance_uid": release.sop_instance_uid,
        "size_bytes": release.size_bytes,
        "created": created,
        "state": "current" if is_current else SUPERSEDED,
    }


def _queue(connection: sa.Connection, releases: Sequence[Release], *, now: float) -> None:
    """Queue every release for its destinations, once."""
    names = [release.name for release in releases]
    queued = {
        (row.name, row.destination)
        for row in connection.execute(
            sa.select(outbox.c.name, outbox.c.destination).where(outbox.c.name.in_(names))
        )
    }
    rows = [
        {
            "id": uuid4().hex,
            "name": release.name,
            "destination": destination,
            "state": "queued",
            "due": now,
            "fence": 0,
            "attempts": 0,
            "code": "",
        }
        for release in releases
        for destination in release.destinations
        if (release.name, destination) not in queued
    ]
    if rows:
        connection.execute(outbox.insert(), rows)
