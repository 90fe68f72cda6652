"""Pseudonyms of accession numbers, sealed under the key of their subject."""

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.databases import insert_if_new, reading
from gateway.errors import SubjectErasedError, TamperedError
from gateway.vault import keys
from gateway.vault.keyring.store import OpenKeys, SubjectEntry
from gateway.vault.pseudonyms import new_accession_pseudonym
from gateway.vault.records import tables as t
from pipelines.context import Accession

_ROW = sa.select(t.accession).where(
    t.accession.c.project == sa.bindparam("project"),
    t.accession.c.accession_index == sa.bindparam("index"),
)
_OF_PROJECT = (
    sa.select(t.accession)
    .where(t.accession.c.project == sa.bindparam("project"))
    .order_by(t.accession.c.subject_id, t.accession.c.accession_index)
)
_FETCHED_AT_ONCE = 1000

AccessionRow = sa.Row[tuple[object, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccessionRecord:
    """An accession number and what stands for it. Patient data: sealed wherever it rests."""

    pseudonym: str
    accession: Accession

    def pack(self) -> bytes:
        """Return the record as JSON."""
        number, issuer = self.accession
        values = {"pseudonym": self.pseudonym, "number": number, "issuer": issuer}
        return json.dumps(values).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> "AccessionRecord":
        """Return the record that `pack` wrote."""
        values = json.loads(packed)
        accession = Accession(values["number"], values["issuer"])
        return cls(pseudonym=values["pseudonym"], accession=accession)


class AccessionRecords:
    """The table of accession numbers.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the records; migrated.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)

    def pseudonym(
        self, opened: OpenKeys, project: str, *, entry: SubjectEntry, accession: Accession
    ) -> str:
        """Return the pseudonym of an accession number of a subject; made where new.

        Raises
        ------
        SubjectErasedError
            The subject was erased a moment ago.
        TamperedError
            The row does not authenticate.
        """
        number, issuer = accession
        index = opened.index(project, "accession", entry.id, issuer, number)
        place = {"project": project, "index": index}
        with self._reading.connect() as connection:
            row = connection.execute(_ROW, place).one_or_none()
        while row is None:  # a pseudonym may be taken; another process may have been first
            row = self._add(opened, project, index=index, entry=entry, accession=accession)
        record = self.read(row, entry=entry)
        if record.accession != accession:
            raise TamperedError("the index of an accession number leads to another one")
        return record.pseudonym

    def _add(
        self,
        opened: OpenKeys,
        project: str,
        *,
        index: bytes,
        entry: SubjectEntry,
        accession: Accession,
    ) -> AccessionRow | None:
        """Add a row unless another process was first; return the one that stands.

        None: the pseudonym is taken in the project.
        """
        if entry.key is None:
            raise SubjectErasedError("an erased subject has no accession numbers")
        pseudonym = new_accession_pseudonym()
        packed = AccessionRecord(pseudonym=pseudonym, accession=accession).pack()
        place = _place(project, index=index, subject_id=entry.id, version=entry.version)
        try:
            with self._engine.begin() as connection:
                insert_if_new(
                    connection,
                    t.accession,
                    project=project,
                    accession_index=index,
                    pseudonym_index=opened.index(project, "accession-pseudonym", pseudonym),
                    subject_id=entry.id,
                    version=entry.version,
                    sealed=keys.seal(entry.key, packed, place=place),
                )
                found = {"project": project, "index": index}
                return connection.execute(_ROW, found).one_or_none()
        except sa.exc.IntegrityError:  # of the constraints only the foreign key is left
            raise SubjectErasedError("the subject of an accession number is gone") from None

    def of_project(self, project: str) -> Generator[AccessionRow]:
        """Yield the rows of a project, those of a subject one after another."""
        with (
            self._reading.connect().execution_options(yield_per=_FETCHED_AT_ONCE) as connection,
            closing(connection.execute(_OF_PROJECT, {"project": project})) as rows,
        ):
            yield from rows

    def read(self, row: AccessionRow, *, entry: SubjectEntry) -> AccessionRecord:
        """Return what a row of a live subject holds.

        Raises
        ------
        TamperedError
            It does not authenticate.
        """
        if entry.key is None or row.subject_id != entry.id:
            raise TamperedError("an accession number is not of its subject")
        place = _place(
            row.project, index=row.accession_index, subject_id=entry.id, version=row.version
        )
        return AccessionRecord.unpack(keys.unseal(entry.key, row.sealed, place=place))


def _place(project: str, *, index: bytes, subject_id: str, version: int) -> bytes:
    return keys.bind("accession", "sealed", project, subject_id, index, version)
