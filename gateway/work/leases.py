"""Leases of jobs: who works on what, until when, and that nobody else commits.

A lease counts the job's `fence` up. Whatever a worker commits is conditional on the
fence it was given: a worker that was away too long finds its fence outdated, raises
`LostLeaseError` inside its transaction, and nothing of it is committed.

The jobs of one study are worked on in the order of their generations.
"""

from dataclasses import dataclass
from uuid import uuid4

import sqlalchemy as sa

from gateway.backoff import is_past
from gateway.errors import LostLeaseError
from gateway.ports import Lease
from gateway.tables import job


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One leased job.

    Attributes
    ----------
    study_id : str
    generation : int
        Of the study.
    created : float
        The time that a repeat of the job works with.
    attempts : int
        Leases so far that counted, this one included.
    lease : Lease
    """

    study_id: str
    generation: int
    created: float
    attempts: int
    lease: Lease


def add_job(
    connection: sa.Connection, *, kind: str, study_id: str, generation: int, now: float
) -> None:
    """Insert the job of a closed generation; unique per kind, study and generation."""
    connection.execute(
        job.insert().values(
            id=uuid4().hex,
            kind=kind,
            study_id=study_id,
            generation=generation,
            state="due",
            created=now,
            due=now,
            fence=0,
            attempts=0,
        )
    )


def lease_job(engine: sa.Engine, *, owner: str, now: float, seconds: float) -> Job | None:
    """Lease the job that is due longest, or return None.

    A job whose lease ran out is due again; one that is due later than any wait lasts was
    written under a clock that was wrong, and is due now.
    """
    earlier = job.alias()
    waits = (
        sa.select(earlier.c.id)
        .where(
            earlier.c.study_id == job.c.study_id,
            earlier.c.generation < job.c.generation,
            earlier.c.state.in_(("due", "leased")),
        )
        .exists()
    )
    ready = sa.or_(
        sa.and_(job.c.state == "due", is_past(job.c.due, now=now)),
        sa.and_(job.c.state == "leased", job.c.lease_until < now),
    )
    choice = (
        sa.select(job)
        .where(ready, ~waits)
        .order_by(job.c.due, job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=job)
    )
    with engine.begin() as connection:
        row = connection.execute(choice).mappings().first()
        if row is None:
            return None
        fence, attempts = row["fence"] + 1, row["attempts"] + 1
        connection.execute(
            job.update()
            .where(job.c.id == row["id"])
            .values(
                state="leased",
                owner=owner,
                fence=fence,
                attempts=attempts,
                lease_until=now + seconds,
            )
        )
    return Job(
        study_id=row["study_id"],
        generation=row["generation"],
        created=row["created"],
        attempts=attempts,
        lease=Lease(job_id=row["id"], fence=fence),
    )


def hold_fence(connection: sa.Connection, lease: Lease, *, until: float) -> None:
    """Make the transaction of `connection` conditional on `lease`, and renew it.

    Raises
    ------
    LostLeaseError
        Another worker has the job; the transaction must not commit.
    """
    _change(connection, lease, {"lease_until": until})


def renew(engine: sa.Engine, lease: Lease, *, until: float) -> None:
    """Keep the job until `until`.

    Raises
    ------
    LostLeaseError
    """
    with engine.begin() as connection:
        hold_fence(connection, lease, until=until)


def finish(connection: sa.Connection, lease: Lease) -> None:
    """Mark the job done in the transaction of `connection`.

    Raises
    ------
    LostLeaseError
    """
    _change(connection, lease, {"state": "done", "owner": None, "lease_until": None})


def postpone(engine: sa.Engine, job_: Job, *, due: float, counts: bool) -> None:
    """Give the job back until `due`.

    Parameters
    ----------
    counts : bool
        False: the attempt is not counted (the vault was sealed, the node stops).

    Raises
    ------
    LostLeaseError
    """
    values: dict[str, object] = {"state": "due", "due": due, "owner": None, "lease_until": None}
    if not counts:
        values["attempts"] = job_.attempts - 1
    with engine.begin() as connection:
        _change(connection, job_.lease, values)


def release_owner(engine: sa.Engine, owner: str, *, now: float) -> None:
    """Make the jobs of a worker that is known to be dead due at once."""
    with engine.begin() as connection:
        connection.execute(
            job.update()
            .where(job.c.owner == owner, job.c.state == "leased")
            .values(state="due", due=now, owner=None, lease_until=None)
        )


def _change(connection: sa.Connection, lease: Lease, values: dict[str, object]) -> None:
    changed = connection.execute(
        job.update()
        .where(job.c.id == lease.job_id, job.c.fence == lease.fence, job.c.state == "leased")
        .values(values)
    )
    if changed.rowcount != 1:
        raise LostLeaseError
