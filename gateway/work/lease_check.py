"""Tell the broker what a lease is good for: that it is alive, and whose object it asks for."""

import sqlalchemy as sa

from gateway.databases import reading
from gateway.errors import LostLeaseError, TamperedError
from gateway.ports import Clock, Lease, LeaseCheck
from gateway.tables import job, spool_object

_ALIVE = (
    job.c.id == sa.bindparam("job_id"),
    job.c.fence == sa.bindparam("fence"),
    job.c.state == "leased",
    job.c.lease_until > sa.bindparam("now"),
)
_OF_THE_JOB = (
    sa.exists()
    .where(
        spool_object.c.id == sa.bindparam("object_id"),
        spool_object.c.study_id == job.c.study_id,
        spool_object.c.generation <= job.c.generation,
    )
    .correlate(job)
)
_LEASE = sa.select(sa.true()).select_from(job).where(*_ALIVE)
_OBJECT = sa.select(_OF_THE_JOB).select_from(job).where(*_ALIVE)


def lease_check(engine: sa.Engine, clock: Clock) -> LeaseCheck:
    """Return the check on a work database; it waits for no writer and stops none."""
    source = reading(engine)

    def check(lease: Lease, *, object_id: str | None) -> None:
        asked = {"job_id": lease.job_id, "fence": lease.fence, "now": clock.now()}
        with source.connect() as connection:
            found = connection.scalar(
                _LEASE if object_id is None else _OBJECT, asked | {"object_id": object_id}
            )
        if found is None:
            raise LostLeaseError("the broker answers for a live lease only")
        if not found:
            raise TamperedError("the key is that of a file of another job")

    return check
