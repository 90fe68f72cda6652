"""The loop of a worker: close studies, lease a job, carry it out, say how it went."""

import threading
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore, bury_dead_workers
from gateway.backoff import backoff_seconds
from gateway.databases import reading
from gateway.errors import ArchiveFullError, GatewayError, LostLeaseError, SealedError
from gateway.failpoints import failpoint
from gateway.ports import Clock
from gateway.send import outbox
from gateway.tables import spool_object
from gateway.work.child_process import ChildStartError
from gateway.work.closing import close_studies
from gateway.work.journey import ATTEMPTS, Journey, StoppedError
from gateway.work.leases import Job, lease_job, postpone, release_owner
from gateway.work.sweep import Sweep
from rules.disclosure import Event, log, log_error

PAUSE_SECONDS = 5.0
"""How long a worker waits where the node lacks something that every job needs."""
ATTEMPTS_AT_MOST = 20
"""Then what is left of the job is held: some two and a half hours after the first."""
DATABASE = "database.work"
_OF_THE_NODE = (
    SealedError,
    ArchiveFullError,
    ChildStartError,
    sa.exc.InterfaceError,
    sa.exc.OperationalError,
)
"""Errors that every other job would meet too."""
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
    sweep: Sweep,
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
    trouble = ""
    while not stop.is_set():
        try:
            if abs(clock.now() - closed_at) >= poll_seconds:
                closed_at = clock.now()
                close_studies(engine, quiet_seconds=quiet_seconds, now=closed_at)
            sweep.step()
            job = lease_job(engine, owner=owner, now=clock.now(), seconds=lease_seconds)
            if job is None:
                stop.wait(poll_seconds)
                continue
            trouble = work_on(engine, job, journey=journey, clock=clock, stop=stop, known=trouble)
            if trouble:
                stop.wait(PAUSE_SECONDS)  # the other jobs would fare no better
        except (OSError, sa.exc.SQLAlchemyError) as error:
            log_error(error, component="worker")
            stop.wait(PAUSE_SECONDS)


def work_on(
    engine: sa.Engine,
    job: Job,
    *,
    journey: Journey,
    clock: Clock,
    stop: threading.Event,
    known: str = "",
) -> str:
    """Carry out one leased job, or give it back.

    Parameters
    ----------
    known : str
        The trouble that the job before met; it is not logged again.

    Returns
    -------
    str
        Code of what the node lacks, whatever the job (a sealed vault, a full disk); "" where
        it lacks nothing. Such a try is no attempt.

    Raises
    ------
    ChildStartError
    """
    failpoint("job.leased")
    job_id = job.lease.job_id
    if not known:
        log(Event.JOB_LEASED, job_id=job_id, generation=job.generation, attempts=job.attempts)
    try:
        if job.attempts > ATTEMPTS_AT_MOST:
            journey.give_up(job)
            log(Event.JOB_FAILED, job_id=job_id, attempts=job.attempts, reason=ATTEMPTS)
        else:
            journey.run(job, should_stop=stop.is_set)
    except LostLeaseError:
        log(Event.JOB_LOST, job_id=job_id)
    except StoppedError as error:
        _give_back(engine, job, due=clock.now(), counts=False)
        log(Event.JOB_POSTPONED, job_id=job_id, reason=error.code)
    except _OF_THE_NODE as error:
        code = _say_trouble(error, job, known=known)
        _give_back(engine, job, due=clock.now() + PAUSE_SECONDS, counts=False)
        if isinstance(error, ChildStartError):
            raise
        return code
    except Exception as error:  # noqa: BLE001  (top of a job: recorded, tried again, held at last)
        log_error(error, job_id=job_id)
        _give_back(engine, job, due=clock.now() + backoff_seconds(job.attempts), counts=True)
        log(Event.JOB_FAILED, job_id=job_id, attempts=job.attempts, reason=_code(error))
    else:
        log(Event.JOB_DONE, job_id=job_id)
    return ""


def _say_trouble(error: Exception, job: Job, *, known: str) -> str:
    """Log what the node lacks, unless that is known, and return its code."""
    code = DATABASE if isinstance(error, sa.exc.SQLAlchemyError) else _code(error)
    if code != known:
        if not isinstance(error, SealedError):
            log_error(error, job_id=job.lease.job_id)
        log(Event.JOB_POSTPONED, job_id=job.lease.job_id, reason=code)
    return code


def _code(error: Exception) -> str:
    return error.code if isinstance(error, GatewayError) else "internal.error"


def _give_back(engine: sa.Engine, job: Job, *, due: float, counts: bool) -> None:
    try:
        postpone(engine, job, due=due, counts=counts)
    except LostLeaseError:
        log(Event.JOB_LOST, job_id=job.lease.job_id)
