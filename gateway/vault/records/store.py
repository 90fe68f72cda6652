"""Records of subjects, sealed under the subject's key, and the pins of studies."""

import base64
import json
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.databases import insert_if_new, reading
from gateway.errors import TamperedError
from gateway.vault import keys
from gateway.vault.keyring.store import OpenKeys, SubjectEntry
from gateway.vault.records import tables as t

_SEALED = sa.select(t.subject_record.c.sealed).where(t.subject_record.c.id == sa.bindparam("id"))
_PIN = sa.select(t.study_pin).where(
    t.study_pin.c.project == sa.bindparam("project"),
    t.study_pin.c.study_index == sa.bindparam("study"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SubjectRecord:
    """Who a subject is and what stands for it. Patient data: sealed wherever it rests.

    Attributes
    ----------
    pseudonym : str
    shift : int
        64 random bits; a range of days makes a shift of them.
    uid_secret : bytes
        32 bytes.
    issuer, patient_id : str
        For re-identification, and to see that the look-up found the right row.
    """

    pseudonym: str
    shift: int
    uid_secret: bytes
    issuer: str
    patient_id: str

    def pack(self) -> bytes:
        """Return the record as JSON."""
        values = {
            "pseudonym": self.pseudonym,
            "shift": self.shift,
            "uid_secret": base64.b64encode(self.uid_secret).decode(),
            "issuer": self.issuer,
            "patient_id": self.patient_id,
        }
        return json.dumps(values).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> "SubjectRecord":
        """Return the record that `pack` wrote."""
        values = json.loads(packed)
        values["uid_secret"] = base64.b64decode(values["uid_secret"])
        return cls(**values)


class Records:
    """The database of sealed records.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Migrated.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)

    def add(
        self, opened: OpenKeys, project: str, *, entry: SubjectEntry, record: SubjectRecord
    ) -> bool:
        """Add a record; return False where the pseudonym is taken in the project."""
        if entry.key is None:
            raise TamperedError("an erased subject has no record")
        sealed = keys.seal(entry.key, record.pack(), place=_place(project, entry))
        with self._engine.begin() as connection:
            return insert_if_new(
                connection,
                t.subject_record,
                id=entry.id,
                project=project,
                pseudonym_index=opened.index(project, "pseudonym", record.pseudonym),
                version=entry.version,
                sealed=sealed,
            )

    def remove(self, subject_id: str) -> None:
        """Remove the record of a subject, if there is one."""
        table = t.subject_record
        with self._engine.begin() as connection:
            connection.execute(table.delete().where(table.c.id == subject_id))

    def read(self, project: str, *, entry: SubjectEntry) -> SubjectRecord:
        """Return the record of a live subject.

        Raises
        ------
        TamperedError
            The record is missing or does not authenticate.
        """
        with self._reading.connect() as connection:
            return _read(connection, project, entry)

    def read_pinned(
        self, opened: OpenKeys, project: str, *, entry: SubjectEntry, study: bytes
    ) -> tuple[SubjectRecord, str]:
        """Return the record of a live subject, and the id of the one the study is pinned to.

        A study that is not pinned yet is pinned to the subject.

        Parameters
        ----------
        opened : OpenKeys
        project : str
        entry : SubjectEntry
        study : bytes
            Blind index of the study.

        Raises
        ------
        TamperedError
            The record is missing or does not authenticate, or the pin was changed.
        """
        place = {"project": project, "study": study}
        with self._reading.connect() as connection:
            record = _read(connection, project, entry)
            row = connection.execute(_PIN, place).one_or_none()
        if row is None:
            with self._engine.begin() as connection:
                insert_if_new(
                    connection,
                    t.study_pin,
                    project=project,
                    study_index=study,
                    subject_id=entry.id,
                    version=keys.KEY_VERSION,
                    tag=_pin_tag(opened, project, study=study, subject_id=entry.id),
                )
                row = connection.execute(_PIN, place).one()
        pinned = str(row.subject_id)
        if row.tag != _pin_tag(opened, project, study=study, subject_id=pinned):
            raise TamperedError("the pin of a study does not authenticate")
        return record, pinned


def _read(connection: sa.Connection, project: str, entry: SubjectEntry) -> SubjectRecord:
    sealed = connection.execute(_SEALED, {"id": entry.id}).scalar_one_or_none()
    if sealed is None or entry.key is None:
        # The record is written before the key: it can't be missing by a crash.
        raise TamperedError("a subject of the keyring has no record; is this an old backup?")
    return SubjectRecord.unpack(keys.unseal(entry.key, sealed, place=_place(project, entry)))


def _place(project: str, entry: SubjectEntry) -> bytes:
    return keys.bind("subject_record", "sealed", project, entry.id, entry.version)


def _pin_tag(opened: OpenKeys, project: str, *, study: bytes, subject_id: str) -> bytes:
    return opened.index(project, "study-pin", study.hex(), subject_id)
