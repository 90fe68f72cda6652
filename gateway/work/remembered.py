"""Keep what was found of the faces of a study for objects of it that come later.

One row per project, what its plan says of faces, study, subject and frame of reference. It
is written with the objects that it was found in, in one transaction, and read by the jobs
that follow: also by those of another sender of the same study.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

import sqlalchemy as sa

from gateway.databases import insert_if_new, reading
from gateway.faces import looks_of
from gateway.tables import face_memory, study
from gateway.work.sealing import index_of, seal, unseal
from pipelines.deface.decision import Known, News
from rules.plan import Plan

EARLIER_BYTES_AT_MOST = 8 * 1024 * 1024
"""Of what a child is told: a message has a limit."""
_RANKS = (Known.NO_FACE, Known.UNCLEAR, Known.ALREADY, Known.REMOVED, Known.MOVED)
"""What was found later replaces what stands before it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of one frame of reference, sealed."""

    project: str
    looks: str
    study_index: bytes = field(repr=False)
    subject_index: bytes = field(repr=False)
    frame_index: bytes = field(repr=False)
    outcome: str
    sealed: bytes = field(repr=False)

    def data(self, secret: bytes) -> bytes:
        """Return what was found (`pipelines.deface.remembered`).

        Raises
        ------
        gateway.errors.TamperedError
        """
        return unseal(secret, self.sealed, place=_place(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Memories:
    """What is known of one study, by whom it may be used.

    Attributes
    ----------
    study_index : bytes
    subject_indexes : frozenset[bytes]
        Of the objects at hand: more than one where a Patient ID is written in several ways.
    rows : tuple[Memory, ...]
    """

    study_index: bytes = field(default=b"", repr=False)
    subject_indexes: frozenset[bytes] = field(default=frozenset(), repr=False)
    rows: tuple[Memory, ...] = field(default=(), repr=False)

    def knows(self, plan: Plan, *, project: str) -> bool:
        """Return whether a project knows anything of the study under a plan that looks alike."""
        place = project, _digest(plan)
        return any((row.project, row.looks) == place for row in self.rows)

    def earlier(self, plan: Plan, *, project: str, secret: bytes) -> list[bytes]:
        """Return what was found earlier under a plan that looks alike, as far as it may be told.

        Raises
        ------
        gateway.errors.TamperedError
        """
        place = project, _digest(plan)
        rows = [row for row in self.rows if (row.project, row.looks) == place]
        best = {row.frame_index: row for row in sorted(rows, key=_rank)}
        found, left = [], EARLIER_BYTES_AT_MOST
        for row in sorted(best.values(), key=lambda each: len(each.sealed)):
            left -= len(row.sealed)
            if left < 0:
                break
            found.append(row.data(secret))
        return found

    def sealed(
        self, news: Mapping[str, News], plan: Plan, *, project: str, secret: bytes
    ) -> Iterable[Memory]:
        """Yield the rows of what is to be remembered.

        Parameters
        ----------
        news : Mapping[str, News]
            By Frame of Reference UID.
        """
        for frame_of_reference_uid, (outcome, data) in news.items():
            for subject_index in self.subject_indexes:
                empty = Memory(
                    project=project,
                    looks=_digest(plan),
                    study_index=self.study_index,
                    subject_index=subject_index,
                    frame_index=index_of(secret, frame_of_reference_uid),
                    outcome=outcome.value,
                    sealed=b"",
                )
                sealed = seal(secret, data, place=_place(empty))
                yield replace(empty, sealed=sealed)


def memories_of(engine: sa.Engine, study_id: str, subject_indexes: Collection[bytes]) -> Memories:
    """Return what is known of a study: of these subjects, whoever sent it."""
    with reading(engine).connect() as connection:
        index = connection.execute(
            sa.select(study.c.study_index).where(study.c.id == study_id)
        ).scalar_one()
        rows = connection.execute(
            sa.select(face_memory).where(
                face_memory.c.study_index == index,
                face_memory.c.subject_index.in_(list(subject_indexes)),
            )
        ).all()
    return Memories(
        study_index=bytes(index),
        subject_indexes=frozenset(subject_indexes),
        rows=tuple(
            Memory(
                project=row.project,
                looks=row.looks,
                study_index=bytes(row.study_index),
                subject_index=bytes(row.subject_index),
                frame_index=bytes(row.frame_index),
                outcome=row.outcome,
                sealed=bytes(row.sealed),
            )
            for row in rows
        ),
    )


def remember(
    connection: sa.Connection, rows: Iterable[Memory], *, study_id: str, now: float
) -> None:
    """Write what was found; it replaces what it outranks.

    Parameters
    ----------
    study_id : str
        With which it is deleted.
    """
    for row in sorted(rows, key=lambda each: tuple(_key(each).values())):  # as others lock them
        values = {"outcome": row.outcome, "sealed": row.sealed, "created": now}
        if insert_if_new(connection, face_memory, **_key(row), study_id=study_id, **values):
            continue
        lower = _RANKS[: _rank(row)]
        is_same = sa.and_(*(face_memory.c[name] == value for name, value in _key(row).items()))
        connection.execute(
            face_memory.update()
            .where(is_same, face_memory.c.outcome.in_([each.value for each in lower]))
            .values(values)
        )


def _rank(row: Memory) -> int:
    return _RANKS.index(Known(row.outcome))


def _key(row: Memory) -> dict[str, str | bytes]:
    return {
        "project": row.project,
        "looks": row.looks,
        "study_index": row.study_index,
        "subject_index": row.subject_index,
        "frame_index": row.frame_index,
    }


def _place(row: Memory) -> list[bytes]:
    key = [each.encode() if isinstance(each, str) else each for each in _key(row).values()]
    return [b"memory", *key, row.outcome.encode()]


def _digest(plan: Plan) -> str:
    return sha256(looks_of(plan).encode()).hexdigest()
