"""The journey of one job: from the spool to the archive and the outbox.

Commit order: vault (durable when it answers), archive files, one transaction, spool
deletion. Every step may be repeated after a crash with the same result: contexts come
from the vault, names from a secret, times from the job record.

What can't be cleaned is held with a reason code; an erased subject is refused. A sealed
vault, a full disk or a lost database stop the job, not the object: it is tried again.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore, Workspace
from gateway.errors import (
    ArchiveFullError,
    GatewayError,
    LostLeaseError,
    SpoolDamagedError,
    SubjectErasedError,
    TamperedError,
    VaultError,
)
from gateway.failpoints import failpoint
from gateway.ports import AuditLog, Clock
from gateway.work import ledger
from gateway.work.child_process import ChildStartError
from gateway.work.cleaning import Cleaner, Loans, Result
from gateway.work.faces import OBJECTS_AT_MOST, StudyLook
from gateway.work.keeper import LeaseKeeper
from gateway.work.leases import Job
from gateway.work.ledger import CLEANED, HELD, Outcome, SpoolObject
from gateway.work.remembered import memories_of
from gateway.work.verdicts import verdicts_for
from pipelines.errors import HeldError
from rules.disclosure import Event, log_error

_OF_THE_JOB = (
    ArchiveFullError,
    ChildStartError,
    LostLeaseError,
    OSError,
    sa.exc.SQLAlchemyError,
)
"""Errors that say nothing about the object at hand."""

ATTEMPTS = "work.attempts"
"""Reason of objects whose job failed again and again."""


class StoppedError(GatewayError):
    """The node stops; what was committed stays, the rest is done by the next worker."""

    code = "work.stopped"
    retry = True


class Journey:
    """Carries out jobs.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the work database.
    cleaner : Cleaner
    keeper : LeaseKeeper
    audit : AuditLog
    clock : Clock
    spool : pathlib.Path
        Folder of the received objects.
    store : ArchiveStore
    workspace : Workspace
    batch : int
        Objects that are committed together.
    """

    def __init__(
        self,
        *,
        engine: sa.Engine,
        cleaner: Cleaner,
        keeper: LeaseKeeper,
        audit: AuditLog,
        clock: Clock,
        spool: Path,
        store: ArchiveStore,
        workspace: Workspace,
        batch: int,
    ) -> None:
        self._engine = engine
        self._cleaner = cleaner
        self._keeper = keeper
        self._audit = audit
        self._clock = clock
        self._spool = spool
        self._store = store
        self._workspace = workspace
        self._batch = batch

    def run(self, job: Job, *, should_stop: Callable[[], bool]) -> None:
        """Do what is left of `job`.

        Raises
        ------
        gateway.errors.SealedError, gateway.errors.ArchiveFullError, StoppedError
            To be tried again; what was committed stays.
        gateway.errors.LostLeaseError
            Another worker has the job.
        """
        self._keeper.keep(job.lease)
        objects = ledger.received_objects(self._engine, job)
        loans = Loans(faces=self._study_look(job, objects))
        # A study that is looked at as a whole is committed as a whole: what is left of it after
        # a crash would look like a part of a head.
        is_whole = self._cleaner.looks_at_studies and len(objects) <= OBJECTS_AT_MOST
        size = max(len(objects), 1) if is_whole else self._batch
        conflict = self._is_conflict(job, objects, should_stop=should_stop)
        try:
            for start in range(0, max(len(objects), 1), size):
                results: list[Result] = []
                if should_stop():
                    raise StoppedError
                for number, object_ in enumerate(objects[start : start + size], start=1):
                    results.append(
                        _held(object_.id, "identity.conflict")
                        if conflict
                        else self._guarded(
                            object_, partial(self._cleaner.clean, job, object_, loans)
                        )
                    )
                    if not number % self._batch and number < size and should_stop():
                        raise StoppedError
                self._commit(job, results, loans=loans, ends_job=start + size >= len(objects))
        finally:
            self._workspace.clear()
        for object_id in ledger.replaced_objects(self._engine, job):
            self._forget(object_id)

    def give_up(self, job: Job) -> None:
        """Hold what is left of `job`, for a person to look at, and end it.

        Raises
        ------
        gateway.errors.LostLeaseError
            Another worker has the job.
        """
        self._keeper.keep(job.lease)
        objects = ledger.received_objects(self._engine, job)
        held = [_held(object_.id, ATTEMPTS).outcome for object_ in objects]
        self._audit.append(_events(job, held))
        ledger.hold_rest(self._engine, job, ATTEMPTS, until=self._keeper.renewed())

    def _study_look(self, job: Job, objects: Sequence[SpoolObject]) -> StudyLook:
        """Return what must be known to look at the study for faces."""
        if not self._cleaner.looks_at_studies:
            return StudyLook(objects=objects)
        return StudyLook(
            objects=objects,
            memories=memories_of(
                self._engine, job.study_id, {object_.subject_index for object_ in objects}
            ),
            verdicts=verdicts_for(self._engine, job),
        )

    # 1. one study, one subject

    def _is_conflict(
        self, job: Job, objects: Sequence[SpoolObject], *, should_stop: Callable[[], bool]
    ) -> bool:
        """Return whether the objects, and what was cleaned of the study, disagree.

        The receiver's index tells where all is well, without a look at the objects. An
        object without identity has an index too; it is held alone, later.
        """
        before = ledger.cleaned_subjects(self._engine, job)
        if len(before.union(object_.subject_index for object_ in objects)) <= 1:
            return False
        identities: set[tuple[str, str]] = set()
        indexes = set(before)
        for object_ in objects:
            if should_stop():
                raise StoppedError
            try:
                seen = self._cleaner.look(job, object_)
            except _OF_THE_JOB:
                raise
            except Exception as error:
                if isinstance(error, GatewayError) and error.retry:
                    raise
                continue
            identities.add((seen.issuer, seen.patient_id))
            indexes.add(object_.subject_index)
        return len(identities) > 1 or (bool(before) and len(indexes) > 1)

    # 2. each object: `Cleaner.clean`, held where it fails because of itself

    def _guarded(self, object_: SpoolObject, step: Callable[[], Result]) -> Result:
        """Hold the object where the step fails because of it."""
        try:
            return step()
        except HeldError as error:
            return _held(object_.id, error.code)
        except _OF_THE_JOB:
            raise
        except (SpoolDamagedError, SubjectErasedError, TamperedError) as error:
            return _held(object_.id, error.code)
        except GatewayError as error:
            if error.retry or not isinstance(error, VaultError):
                raise
            log_error(error, object_id=object_.id)
            return _held(object_.id, "internal.error")
        except Exception as error:  # noqa: BLE001  (recorded and held, never lost)
            log_error(error, object_id=object_.id)
            return _held(object_.id, "internal.error")

    # 3. commit: archive files, audit, one transaction, spool deletion

    def _commit(self, job: Job, results: Sequence[Result], *, loans: Loans, ends_job: bool) -> None:
        outcomes = [result.outcome for result in results]
        files = [file for result in results for file in result.files]
        # Another job may index one of the names meanwhile: what is published is never taken
        # back here. `gateway.work.sweep` finds what stays without a row.
        known = ledger.indexed_names(self._engine, [name for _, name in files])
        fresh = [(path, name) for path, name in files if name not in known]
        failpoint("archive.written")
        self._store.publish(fresh)
        failpoint("archive.linked")
        self._audit.append(_events(job, outcomes))
        unwanted = ledger.commit_batch(
            self._engine,
            job,
            outcomes,
            memories=self._cleaner.news(loans),
            now=self._clock.now(),
            until=self._keeper.renewed(),
            ends_job=ends_job,
        )
        failpoint("job.committed")
        for outcome in outcomes:
            if outcome.state != HELD or outcome in unwanted:
                self._forget(outcome.object_id)
        failpoint("spool.deleted")

    def _forget(self, object_id: str) -> None:
        (self._spool / object_id).unlink(missing_ok=True)


def _held(object_id: str, reason: str) -> Result:
    return Result(outcome=Outcome(object_id=object_id, state=HELD, reason=reason))


def _events(job: Job, outcomes: Sequence[Outcome]) -> list[tuple[str, Mapping[str, str | int]]]:
    """Return the audit events of a batch: counts and random ids."""
    released = Counter((r.project, r.plan_hash) for o in outcomes for r in o.releases)
    kept = Counter((o.state, o.reason) for o in outcomes if o.state != CLEANED)
    events: list[tuple[str, Mapping[str, str | int]]] = [
        (
            Event.OBJECT_RELEASED,
            {"job_id": job.lease.job_id, "project": project, "plan": plan, "count": count},
        )
        for (project, plan), count in sorted(released.items())
    ]
    events += [
        (
            Event.OBJECT_HELD if state == HELD else Event.OBJECT_REFUSED,
            {"job_id": job.lease.job_id, "reason": reason, "count": count},
        )
        for (state, reason), count in sorted(kept.items())
    ]
    return events
