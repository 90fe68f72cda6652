"""What reviewers say about the faces of held objects: given, used by one job, or taken back.

A verdict is about objects that are named one by one, with the mask that was shown, under one
plan of one project. The job of the generation that the objects are released into uses it;
whatever that job does, it is used up. Until a worker begins, it can be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import sqlalchemy as sa

from gateway.databases import reading
from gateway.errors import FaceVerdictError
from gateway.generations import join_generation
from gateway.ports import AuditLog, Clock
from gateway.tables import face_verdict, face_verdict_object, job, spool_object, study
from gateway.work.leases import Job
from gateway.work.sealing import seal, unseal
from pipelines.deface.decision import FaceOutcome
from rules.disclosure import Event

GIVEN, USED, UNDONE = "given", "used", "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenObject:
    """A held object that a person was shown.

    Attributes
    ----------
    id : str
    reason : str
        For which it is held.
    content_digest : bytes
    """

    id: str
    reason: str
    content_digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was shown of one series, and what was proposed.

    Attributes
    ----------
    seen : str
        Digest of all that; the person names it.
    objects : tuple[SeenObject, ...]
    data : Mapping[FaceOutcome, bytes]
        What may be answered: `pipelines.deface.remembered`, by outcome. Patient data.
    """

    seen: str
    objects: tuple[SeenObject, ...]
    data: Mapping[FaceOutcome, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A verdict as it is kept.

    Attributes
    ----------
    id, study_id, project, plan_hash, outcome, seen, state : str
    generation : int
    person : int
        User id of the operating system.
    created : float
        Seconds since the epoch.
    objects : tuple[SeenObject, ...]
    """

    id: str
    study_id: str
    generation: int
    project: str
    plan_hash: str
    outcome: str
    seen: str
    person: int
    created: float
    state: str
    sealed: bytes = field(repr=False)
    objects: tuple[SeenObject, ...]

    def data(self, secret: bytes) -> bytes:
        """Return what the person said (`pipelines.deface.remembered`).

        Raises
        ------
        gateway.errors.TamperedError
        """
        place = _place(
            self.id,
            self.study_id,
            project=self.project,
            plan_hash=self.plan_hash,
            outcome=self.outcome,
            objects=self.objects,
        )
        return unseal(secret, self.sealed, place=place)


def give(
    engine: sa.Engine,
    questions: Sequence[Question],
    outcome: FaceOutcome,
    *,
    study_id: str,
    plan_hash: str,
    secrets: Mapping[str, bytes],
    person: int,
    audit: AuditLog,
    clock: Clock,
) -> int:
    """Record what a person says, let the objects be cleaned again, and return how many.

    Parameters
    ----------
    outcome : FaceOutcome
        ``removed``: the mask that was shown is right; ``no-face``.
    secrets : Mapping[str, bytes]
        Of the projects that use the plan, by name.

    Raises
    ------
    gateway.errors.FaceVerdictError
        An object is not held any more, or for another reason: nothing has changed.
    """
    objects = [each for question in questions for each in question.objects]
    fields = {"study_id": study_id, "outcome": outcome.value, "plan": plan_hash, "user": person}
    audit.append(
        [
            (Event.FACE_DECIDED, {"object_id": each.id, "reason": each.reason, **fields})
            for each in objects
        ]
    )
    with engine.begin() as connection:
        generation = join_generation(connection, study_id, now=clock.now())
        for each in objects:
            changed = connection.execute(
                spool_object.update()
                .where(
                    spool_object.c.id == each.id,
                    spool_object.c.study_id == study_id,
                    spool_object.c.state == "held",
                    spool_object.c.reason == each.reason,
                    spool_object.c.content_digest == each.content_digest,
                )
                .values(state="received", reason="", deaths=0, generation=generation)
            )
            if changed.rowcount != 1:
                raise FaceVerdictError("what is held has changed meanwhile: look at it again")
        for question in questions:
            for project, secret in sorted(secrets.items()):
                verdict_id = uuid4().hex
                place = _place(
                    verdict_id,
                    study_id,
                    project=project,
                    plan_hash=plan_hash,
                    outcome=outcome.value,
                    objects=question.objects,
                )
                connection.execute(
                    face_verdict.insert().values(
                        id=verdict_id,
                        study_id=study_id,
                        generation=generation,
                        project=project,
                        plan_hash=plan_hash,
                        outcome=outcome.value,
                        seen=question.seen,
                        sealed=seal(secret, question.data[outcome], place=place),
                        person=person,
                        created=clock.now(),
                        state=GIVEN,
                    )
                )
                connection.execute(
                    face_verdict_object.insert(),
                    [
                        {"verdict_id": verdict_id, "object_id": each.id, "reason": each.reason}
                        for each in question.objects
                    ],
                )
    return len(objects)


def undo(engine: sa.Engine, study_id: str, *, person: int, audit: AuditLog) -> int:
    """Hold again what was decided about and no worker has begun with; return how many.

    Raises
    ------
    gateway.errors.FaceVerdictError
        A worker is at it.
    """
    waiting = [each for each in verdicts_of(engine, study_id) if each.state == GIVEN]
    objects = {seen.id: seen.reason for verdict in waiting for seen in verdict.objects}
    audit.append(
        [
            (
                Event.FACE_UNDECIDED,
                {"object_id": each, "reason": reason, "study_id": study_id, "user": person},
            )
            for each, reason in sorted(objects.items())
        ]
    )
    with engine.begin() as connection:
        # the study's row: no generation is closed meanwhile; the job's: none is leased
        connection.execute(sa.select(study.c.id).where(study.c.id == study_id).with_for_update())
        is_meant = face_verdict.c.id.in_([each.id for each in waiting])
        given = sa.and_(is_meant, face_verdict.c.state == GIVEN)
        generations = set(connection.scalars(sa.select(face_verdict.c.generation).where(given)))
        states = connection.scalars(
            sa.select(job.c.state)
            .where(job.c.study_id == study_id, job.c.generation.in_(generations))
            .with_for_update()
        ).all()
        if any(state != "due" for state in states):
            raise FaceVerdictError("a worker is at it: what it does is seen in the quarantine")
        held = 0
        for object_id, reason in objects.items():
            changed = connection.execute(
                spool_object.update()
                .where(
                    spool_object.c.id == object_id,
                    spool_object.c.state == "received",
                    spool_object.c.generation.in_(generations),
                )
                .values(state="held", reason=reason)
            )
            held += changed.rowcount
        connection.execute(face_verdict.update().where(given).values(state=UNDONE, sealed=b""))
    return held


def verdicts_of(engine: sa.Engine, study_id: str | None = None) -> list[Verdict]:
    """Return what was said about a study, or about all; the oldest first."""
    query = sa.select(face_verdict).order_by(face_verdict.c.created, face_verdict.c.id)
    if study_id is not None:
        query = query.where(face_verdict.c.study_id == study_id)
    with reading(engine).connect() as connection:
        return [_verdict(row, _objects(connection, row.id)) for row in connection.execute(query)]


def verdicts_for(engine: sa.Engine, job_: Job) -> list[Verdict]:
    """Return what the work on a job is to heed."""
    found = verdicts_of(engine, job_.study_id)
    return [each for each in found if (each.state, each.generation) == (GIVEN, job_.generation)]


def use_up(connection: sa.Connection, job_: Job) -> None:
    """Mark the verdicts of a job as used, in the transaction that ends it; masks are gone."""
    connection.execute(
        face_verdict.update()
        .where(
            face_verdict.c.study_id == job_.study_id,
            face_verdict.c.generation <= job_.generation,
            face_verdict.c.state == GIVEN,
        )
        .values(state=USED, sealed=b"")
    )


def _objects(connection: sa.Connection, verdict_id: str) -> tuple[SeenObject, ...]:
    query = (
        sa.select(
            face_verdict_object.c.object_id,
            face_verdict_object.c.reason,
            spool_object.c.content_digest,
        )
        .join(spool_object, spool_object.c.id == face_verdict_object.c.object_id)
        .where(face_verdict_object.c.verdict_id == verdict_id)
        .order_by(face_verdict_object.c.object_id)
    )
    return tuple(
        SeenObject(id=row.object_id, reason=row.reason, content_digest=bytes(row.content_digest))
        for row in connection.execute(query)
    )


def _verdict(row: sa.Row[tuple[object, ...]], objects: tuple[SeenObject, ...]) -> Verdict:
    values = dict(row._mapping)  # noqa: SLF001  (its public name)
    return Verdict(**{**values, "sealed": bytes(values["sealed"]), "objects": objects})


def _place(
    verdict_id: str,
    study_id: str,
    *,
    project: str,
    plan_hash: str,
    outcome: str,
    objects: Sequence[SeenObject],
) -> list[bytes]:
    said = (verdict_id, study_id, project, plan_hash, outcome)
    each = sorted((seen.id.encode(), seen.content_digest) for seen in objects)
    return [
        b"verdict",
        *(text.encode() for text in said),
        *(part for pair in each for part in pair),
    ]
