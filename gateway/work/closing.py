"""Close the generations of studies whose instances have all come, as far as we can tell.

DICOM has no "end of study". A generation closes when every association that brought
instances of it has ended and the study has been quiet for a while. What comes later
opens the next generation (the receiver does that).
"""

from collections.abc import Mapping

import sqlalchemy as sa

from gateway.backoff import SLACK_SECONDS
from gateway.databases import reading
from gateway.failpoints import failpoint
from gateway.tables import association, spool_object, study
from gateway.work.leases import add_job

CLEAN = "clean"
DEFAULT_QUIET_SECONDS = 120.0


def close_studies(
    engine: sa.Engine, *, quiet_seconds: Mapping[str, float], now: float, limit: int = 100
) -> int:
    """Close what is quiet, insert one job each, and return how many were closed.

    Parameters
    ----------
    quiet_seconds : Mapping[str, float]
        By name of the peer; others wait `DEFAULT_QUIET_SECONDS`.
    """
    waits = {peer: now - seconds for peer, seconds in quiet_seconds.items()}
    default = sa.literal(now - DEFAULT_QUIET_SECONDS)
    latest = sa.case(waits, value=study.c.peer, else_=default) if waits else default
    shortest = now - min([*quiet_seconds.values(), DEFAULT_QUIET_SECONDS])
    is_wrong = study.c.last_received > now + SLACK_SECONDS  # the clock was set back since
    quiet = sa.and_(
        study.c.open,
        sa.or_(
            sa.and_(study.c.last_received <= shortest, study.c.last_received <= latest), is_wrong
        ),
        ~_busy(),
    )
    with reading(engine).connect() as connection:
        candidates = connection.scalars(
            sa.select(study.c.id).where(quiet).order_by(study.c.last_received).limit(limit)
        ).all()
    return sum(_close(engine, study_id, quiet, now=now) for study_id in candidates)


def _busy() -> sa.Exists:
    """Return the condition that an association lasts that brought instances."""
    return (
        sa.select(spool_object.c.id)
        .join(association, association.c.id == spool_object.c.association_id)
        .where(
            spool_object.c.study_id == study.c.id,
            spool_object.c.generation == study.c.generation,
            association.c.ended.is_(None),
        )
        .exists()
    )


def _close(engine: sa.Engine, study_id: str, quiet: sa.ColumnElement[bool], *, now: float) -> bool:
    """Close one study if it is still quiet: the receiver may have been faster."""
    received = study.c.last_received
    with engine.begin() as connection:
        generation = connection.execute(
            study.update()
            .where(study.c.id == study_id, quiet)
            .values(open=False, last_received=sa.case((received > now, now), else_=received))
            .returning(study.c.generation)
        ).scalar_one_or_none()
        if generation is None:
            return False
        add_job(connection, kind=CLEAN, study_id=study_id, generation=generation, now=now)
    failpoint("closing.committed")
    return True
