"""The loop of a worker: close studies, lease a job, carry it out, say how it went."""

import threading
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore, bury_dead_workers
from gateway.backoff import backoff_seconds
from gateway.databases import reading
from gateway.errors import GatewayError, LostLeaseError, SealedError
from gateway.failpoints import failpoint
from gateway.ports import Clock
from gateway.send import outbox
from gateway.tables import spool_object
from gateway.work.child_process import ChildStartError
from gateway.work.closing import close_studies
from gateway.work.journey import Journey, StoppedError
from gateway.work.leases import Job, lease_job, postpone, release_owner
from rules.disclosure import Event, log, log_error

SEALED_SECONDS = 5.0
_GONE = ("cleaned", "refused", "discarded", "superseded")


def recover(engine: sa.Engine, *, store: ArchiveStore, spool: Path, clock: Clock) -> list[str]:
    """Clear up after workers that died, and return their ids.

    What they had leased is due at once; temporary files, and spool files whose object is done
    with, are removed.
    """
    dead = bury_dead_workers(store)
    for owner in dead:
        release_owner(engine, owner, now=clock.now())
        outbox.release_owner(engine, owner)
    _remove_leftovers(engine, spool)
    return dead


def _remove_leftovers(engine: sa.Engine, spool: Path) -> None:
    names = [path.name for path in spool.iterdir() if path.is_file()]
    for start in range(0, len(names), 500):
        with reading(engine).connect() as connection:
            gone = connection.scalars(
                sa.select(spool_object.c.id).where(
                    spool_object.c.id.in_(names[start : start + 500]),
                    spool_object.c.state.in_(_GONE),
                )
            ).all()
        for name in gone:
            (spool / name).unlink(missing_ok=True)


def run_worker(
    engine: sa.Engine,
    *,
    journey: Journey,
    clock: Clock,
    owner: str,
    quiet_seconds: Mapping[str, float],
    lease_seconds: float,
    poll_seconds: float,
    stop: threading.Event,
) -> None:
    """Carry out jobs until `stop` is set; the batch at hand is finished.

    Parameters
    ----------
    quiet_seconds : Mapping[str, float]
        By name of the peer.

    Raises
    ------
    ChildStartError
        The rule sets changed, or the child does not start: the worker is to be
        restarted.
    """
    closed_at = 0.0
    while not stop.is_set():
        try:
            if abs(clock.now() - closed_at) >= poll_seconds:
                closed_at = clock.now()
                close_studies(engine, quiet_seconds=quiet_seconds, now=closed_at)
            job = lease_job(engine, owner=owner, now=clock.now(), seconds=lease_seconds)
            if job is None:
                stop.wait(poll_seconds)
                continue
            work_on(engine, job, journey=journey, clock=clock, stop=stop)
        except sa.exc.SQLAlchemyError as error:
            log_error(error, component="worker")
            stop.wait(SEALED_SECONDS)


def work_on(
    engine: sa.Engine, job: Job, *, journey: Journey, clock: Clock, stop: threading.Event
) -> None:
    """Carry out one leased job, or give it back.

    Raises
    ------
    ChildStartError
    """
    failpoint("job.leased")
    job_id = job.lease.job_id
    log(Event.JOB_LEASED, job_id=job_id, generation=job.generation, attempts=job.attempts)
    try:
        journey.run(job, should_stop=stop.is_set)
    except LostLeaseError:
        log(Event.JOB_LOST, job_id=job_id)
    except (SealedError, StoppedError) as error:
        wait = SEALED_SECONDS if isinstance(error, SealedError) else 0.0
        _give_back(engine, job, due=clock.now() + wait, counts=False)
        log(Event.JOB_POSTPONED, job_id=job_id, reason=error.code)
    except Exception as error:
        log_error(error, job_id=job_id)
        _give_back(engine, job, due=clock.now() + backoff_seconds(job.attempts), counts=True)
        code = error.code if isinstance(error, GatewayError) else "internal.error"
        log(Event.JOB_FAILED, job_id=job_id, attempts=job.attempts, reason=code)
        if isinstance(error, ChildStartError):
            raise
    else:
        log(Event.JOB_DONE, job_id=job_id)


def _give_back(engine: sa.Engine, job: Job, *, due: float, counts: bool) -> None:
    try:
        postpone(engine, job, due=due, counts=counts)
    except LostLeaseError:
        log(Event.JOB_LOST, job_id=job.lease.job_id)
