"""Close the generations of studies whose instances have all come, as far as we can tell.

DICOM has no "end of study". A generation closes when every association that brought
instances of it has ended and the study has been quiet for a while. What comes later
opens the next generation (the receiver does that).
"""

from collections.abc import Mapping

import sqlalchemy as sa

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
    shortest = min([*quiet_seconds.values(), DEFAULT_QUIET_SECONDS])
    with reading(engine).connect() as connection:
        candidates = connection.execute(
            sa.select(study.c.id, study.c.peer)
            .where(study.c.open, study.c.last_received <= now - shortest)
            .order_by(study.c.last_received)
        ).all()
    closed = 0
    for study_id, peer in candidates:
        if closed == limit:
            break
        quiet = quiet_seconds.get(peer, DEFAULT_QUIET_SECONDS)
        closed += _close(engine, study_id, latest=now - quiet, now=now)
    return closed


def _close(engine: sa.Engine, study_id: str, *, latest: float, now: float) -> bool:
    """Close one study if it is still quiet: the receiver may have been faster."""
    busy = (
        sa.select(spool_object.c.id)
        .join(association, association.c.id == spool_object.c.association_id)
        .where(
            spool_object.c.study_id == study.c.id,
            spool_object.c.generation == study.c.generation,
            association.c.ended.is_(None),
        )
        .exists()
    )
    with engine.begin() as connection:
        generation = connection.execute(
            study.update()
            .where(study.c.id == study_id, study.c.open, study.c.last_received <= latest, ~busy)
            .values(open=False)
            .returning(study.c.generation)
        ).scalar_one_or_none()
        if generation is None:
            return False
        add_job(connection, kind=CLEAN, study_id=study_id, generation=generation, now=now)
    failpoint("closing.committed")
    return True
