"""The vault: subject contexts, file keys, project secrets, from keyring and records."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.databases import open_database, upgrade
from gateway.errors import SealedError, SubjectErasedError, TamperedError
from gateway.ports import Lease, SubjectKey
from gateway.vault import envelope, keys
from gateway.vault.files import write_durably
from gateway.vault.keyring.store import Keyring, OpenKeys, SubjectEntry
from gateway.vault.pseudonyms import new_pseudonym
from gateway.vault.records.accessions import AccessionRecords
from gateway.vault.records.store import Records, SubjectRecord
from gateway.vault.requests import SHIFT_BITS, check_accession, check_request, days_of
from gateway.vault.status import NO_VAULT, VaultStatus
from gateway.vault.unsealing import SealKind
from pipelines.context import Accession, SubjectContext


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExportedAccession:
    """An accession number for the linkage of reports. Patient data.

    Attributes
    ----------
    accession : Accession
    patient_id_issuer : str
        Of the subject: two hospitals may give one number.
    pseudonym : str
    """

    accession: Accession
    patient_id_issuer: str
    pseudonym: str


class VaultStore:
    """The vault on its two databases. Implements `gateway.ports.Vault`.

    Safe for threads and for several processes on the same databases. Leases are the
    broker's matter; here they are ignored.

    Parameters
    ----------
    keyring, records : sqlalchemy.Engine
        Migrated; see `open_vault`.
    spool_public : Path
        Where the public half of the spool keys is written at every unsealing.
    """

    def __init__(self, keyring: sa.Engine, records: sa.Engine, *, spool_public: Path) -> None:
        self._engines = (keyring, records)
        self._keyring = Keyring(keyring)
        self._records = Records(records)
        self._accessions = AccessionRecords(records)
        self._spool_public = spool_public
        self._opened: OpenKeys | None = None

    def init(self, secret: bytes, kind: SealKind) -> None:
        """Make the vault and leave it unsealed.

        Raises
        ------
        StateError
            There is a vault already.
        UnsealError
            `secret` has not the form of its kind.
        """
        self._keyring.create(secret, kind)
        self.unseal(secret)

    def unseal(self, secret: bytes) -> None:
        """Open the vault with the content of the key file, or the passphrase in UTF-8.

        Raises
        ------
        UnsealError
            There is no vault, or `secret` does not fit.
        TamperedError
            A wrapped key does not authenticate.
        """
        opened = self._keyring.open(secret)
        public = opened.spool_keys[opened.epoch].public_key().public_bytes_raw()
        content = envelope.public_half(opened.epoch, public)
        if not self._spool_public.is_file() or self._spool_public.read_bytes() != content:
            write_durably(self._spool_public, content, replaces=True)
        self._opened = opened

    def seal(self) -> None:
        """Forget the keys."""
        self._opened = None

    def close(self) -> None:
        """Seal, and close the databases."""
        self.seal()
        for engine in self._engines:
            engine.dispose()

    def status(self) -> VaultStatus:
        """Return what may be said without a key."""
        return _status(self._keyring, sealed=self._opened is None)

    def context(
        self,
        key: SubjectKey,
        *,
        lease: Lease | None,  # noqa: ARG002  (the broker has looked at it)
        shift_days: tuple[int, int],
    ) -> SubjectContext:
        """Return the context of a subject; the subject is created where new.

        Raises
        ------
        SealedError
            The vault is sealed.
        SubjectErasedError
            A tombstone stands for the subject, or for the one the study was first seen under.
        TamperedError
            A row does not authenticate.
        VaultError
            There is no Patient ID, or the range is empty.
        """
        check_request(key, shift_days)
        opened = self._keys()
        entry = self._entry(opened, key)
        record, owner = self._record_and_owner(opened, key, entry=entry)
        first = record
        if owner.id != entry.id:
            first = self._records.read(key.project, entry=owner)
        if (record.issuer, record.patient_id) != (key.issuer, key.patient_id):
            raise TamperedError("the index of a subject leads to another subject")
        return SubjectContext(
            pseudonym=record.pseudonym,
            shift_days=days_of(record.shift, shift_days),
            uid_secret=first.uid_secret,
            uid_generation=1,
        )

    def accession(
        self,
        key: SubjectKey,
        accession: Accession,
        *,
        lease: Lease | None,  # noqa: ARG002  (the broker has looked at it)
    ) -> str:
        """Return the pseudonym of an accession number; made on the first call.

        It is of the subject under which the study was first seen, as the secret of its UIDs.

        Raises
        ------
        SealedError
            The vault is sealed.
        SubjectErasedError
            As `context`.
        TamperedError
            A row does not authenticate.
        VaultError
            There is no Patient ID or no accession number, or it is too long.
        """
        check_accession(key, accession)
        opened = self._keys()
        _, owner = self._record_and_owner(opened, key, entry=self._entry(opened, key))
        return self._accessions.pseudonym(opened, key.project, entry=owner, accession=accession)

    def accessions(self, project: str) -> Iterator[ExportedAccession]:
        """Yield the accession numbers of a project with their pseudonyms.

        Raises
        ------
        SealedError
            The vault is sealed.
        TamperedError
            A row does not authenticate.
        """
        opened = self._keys()
        entry, issuer = SubjectEntry(id="", version=0, key=None), ""
        with closing(self._accessions.of_project(project)) as rows:
            for row in rows:
                if row.subject_id != entry.id:
                    entry = self._keyring.subject_by_id(opened, str(row.subject_id))
                    if entry.key is not None:
                        issuer = self._records.read(project, entry=entry).issuer
                if entry.key is None:  # an old backup brought rows of an erased subject
                    continue
                record = self._accessions.read(row, entry=entry)
                yield ExportedAccession(
                    accession=record.accession,
                    patient_id_issuer=issuer,
                    pseudonym=record.pseudonym,
                )

    def file_key(
        self,
        wrapped: bytes,
        *,
        lease: Lease | None,  # noqa: ARG002  (the broker has looked at it)
    ) -> bytes:
        """Return the key of a spool file.

        Raises
        ------
        SealedError
            The vault is sealed.
        TamperedError
            `wrapped` does not authenticate.
        """
        opened = self._keys()
        epoch, _ = envelope.wrapped_for(wrapped)
        if epoch not in opened.spool_keys:
            raise TamperedError("a file key is wrapped for an epoch that the keyring lacks")
        return envelope.open_file_key(opened.spool_keys[epoch], wrapped)

    def project_secret(
        self,
        project: str,
        *,
        lease: Lease | None,  # noqa: ARG002  (the broker has looked at it)
    ) -> bytes:
        """Return the secret of a project, made on the first call.

        Raises
        ------
        SealedError
            The vault is sealed.
        TamperedError
            It does not authenticate.
        """
        return self._keyring.project_secret(self._keys(), project)

    def erase(self, project: str, *, issuer: str, patient_id: str) -> bool:
        """Destroy the key of a subject and leave a tombstone; return whether it was known.

        The pins of its studies stay: a study of the erased that arrives under another
        Patient ID is refused too. Backups of the keyring keep the wrapped key until the
        epoch is destroyed.

        Raises
        ------
        SealedError
            The vault is sealed.
        """
        opened = self._keys()
        index = opened.index(project, "subject", issuer, patient_id)
        entry = self._keyring.subject(opened, project, index=index)
        known = entry is not None
        if entry is None:
            tomb = SubjectEntry(id=secrets.token_hex(16), version=keys.KEY_VERSION, key=None)
            entry = self._keyring.add_subject(opened, project, index=index, entry=tomb)
        self._keyring.bury(entry.id)
        self._records.remove(entry.id)
        return known

    def _keys(self) -> OpenKeys:
        if self._opened is None:
            raise SealedError("unseal it: narthex vault unseal")
        return self._opened

    def _entry(self, opened: OpenKeys, key: SubjectKey) -> SubjectEntry:
        index = opened.index(key.project, "subject", key.issuer, key.patient_id)
        entry = self._keyring.subject(opened, key.project, index=index)
        if entry is None:
            entry = self._create(opened, key, index=index)
        if entry.key is None:
            raise SubjectErasedError("what arrives for an erased subject is refused")
        return entry

    def _create(self, opened: OpenKeys, key: SubjectKey, *, index: bytes) -> SubjectEntry:
        # The record first: the row of the keyring is what makes the subject exist, and a
        # crash between the two leaves a record that nobody can open.
        mine = SubjectEntry(
            id=secrets.token_hex(16), version=keys.KEY_VERSION, key=keys.random_key()
        )
        while not self._records.add(
            opened,
            key.project,
            entry=mine,
            record=SubjectRecord(
                pseudonym=new_pseudonym(),
                shift=secrets.randbits(SHIFT_BITS),
                uid_secret=keys.random_key(),
                issuer=key.issuer,
                patient_id=key.patient_id,
            ),
        ):
            pass
        standing = self._keyring.add_subject(opened, key.project, index=index, entry=mine)
        if standing.id != mine.id:
            self._records.remove(mine.id)
        return standing

    def _record_and_owner(
        self, opened: OpenKeys, key: SubjectKey, *, entry: SubjectEntry
    ) -> tuple[SubjectRecord, SubjectEntry]:
        """Return the record of the subject, and who the study was first seen under."""
        if not key.study_instance_uid:
            return self._records.read(key.project, entry=entry), entry
        study = opened.index(key.project, "study", key.issuer, key.study_instance_uid)
        record, pinned = self._records.read_pinned(opened, key.project, entry=entry, study=study)
        if pinned == entry.id:
            return record, entry
        first = self._keyring.subject_by_id(opened, pinned)
        if first.key is None:
            raise SubjectErasedError("the study was first seen under an erased subject")
        return record, first


def open_vault(keyring_url: str, records_url: str, *, spool_public: Path) -> VaultStore:
    """Open, where needed create, and migrate the databases; return the sealed vault.

    Folders of SQLite files are made with mode 0700.
    """
    engines = []
    for url, package in (
        (keyring_url, "gateway.vault.keyring"),
        (records_url, "gateway.vault.records"),
    ):
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = open_database(url)
        upgrade(engine, package)
        engines.append(engine)
    return VaultStore(engines[0], engines[1], spool_public=spool_public)


def stored_status(keyring_url: str) -> VaultStatus:
    """Return what the keyring says where no broker answers; nothing is made or migrated."""
    parsed = sa.make_url(keyring_url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return NO_VAULT
    engine = open_database(keyring_url)
    try:
        return _status(Keyring(engine), sealed=True)
    finally:
        engine.dispose()


def _status(keyring: Keyring, *, sealed: bool) -> VaultStatus:
    kind = keyring.kind()
    if kind is None:
        return NO_VAULT
    epoch, subjects, erased = keyring.counts()
    return VaultStatus(
        initialised=True,
        sealed=sealed,
        seal=kind.value,
        epoch=epoch,
        subjects=subjects,
        erased=erased,
    )
