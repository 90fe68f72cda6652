"""The keyring: wrapped keys, tombstones, and their opening under the root key."""

import hmac
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.databases import insert_if_new, reading
from gateway.errors import StateError, TamperedError, UnsealError
from gateway.vault import keys
from gateway.vault.keyring import tables as t
from gateway.vault.unsealing import SALT_BYTES, STRETCHING, SealKind, Stretching, root_key

LIVE = "live"
ERASED = "erased"
_FIRST_EPOCH = 1
_NO_EPOCH = 0

_BY_INDEX = sa.select(t.subject_key).where(
    t.subject_key.c.project == sa.bindparam("project"),
    t.subject_key.c.subject_index == sa.bindparam("index"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OpenKeys:
    """Keys in clear, in the memory of the broker only.

    Attributes
    ----------
    epoch : int
        The current one.
    epoch_keys : dict[int, bytes]
        Key-encrypting key of each epoch.
    spool_keys : dict[int, X25519PrivateKey]
        Private half of each epoch.
    index_root : bytes
        Of the blind indexes; never rotated.
    """

    epoch: int
    epoch_keys: dict[int, bytes]
    spool_keys: dict[int, X25519PrivateKey]
    index_root: bytes

    def index(self, project: str, field: str, *values: str) -> bytes:
        """Return the blind index of `values` in a field of a project."""
        field_key = keys.blind_index(self.index_root, "index", keys.KEY_VERSION, project, field)
        return keys.blind_index(field_key, *values)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SubjectEntry:
    """What the keyring knows of a subject.

    Attributes
    ----------
    id : str
        Random; that of the record too.
    version : int
        Of the subject's key.
    key : bytes | None
        32 bytes; none where a tombstone stands.
    """

    id: str
    version: int
    key: bytes | None


class Keyring:
    """The database of wrapped keys.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Migrated.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reading = reading(engine)

    def create(self, secret: bytes, kind: SealKind) -> None:
        """Make the vault: seal, first epoch, index root, spool keys, in one transaction.

        Raises
        ------
        StateError
            There is a vault already.
        UnsealError
            `secret` has not the form of its kind.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        root = root_key(secret, kind, salt=salt, stretching=STRETCHING)
        wrap = keys.derive(root, "root-wrap", salt=salt)
        epoch_key = keys.random_key()
        with self._engine.begin() as connection:
            new = insert_if_new(
                connection,
                t.seal,
                id=1,
                version=keys.KEY_VERSION,
                kind=kind.value,
                salt=salt,
                memory_kib=STRETCHING.memory_kib,
                passes=STRETCHING.passes,
                lanes=STRETCHING.lanes,
                verifier=keys.derive(root, "verifier", salt=salt),
                epoch=_FIRST_EPOCH,
            )
            if not new:
                raise StateError("there is a vault already; it is not made twice")
            spool_key = X25519PrivateKey.generate().private_bytes_raw()
            for wrapping, purpose, epoch, key in (
                (wrap, "epoch", _FIRST_EPOCH, epoch_key),
                (wrap, "index", _NO_EPOCH, keys.random_key()),
                (epoch_key, "spool", _FIRST_EPOCH, spool_key),
            ):
                place = keys.bind("vault_key", purpose, epoch, keys.KEY_VERSION)
                connection.execute(
                    t.vault_key.insert().values(
                        purpose=purpose,
                        epoch=epoch,
                        version=keys.KEY_VERSION,
                        wrapped=keys.seal(wrapping, key, place=place),
                    )
                )

    def kind(self) -> SealKind | None:
        """Return what opens the vault; None where there is none yet."""
        with self._reading.connect() as connection:
            if not sa.inspect(connection).has_table(t.seal.name):
                return None
            kind = connection.execute(sa.select(t.seal.c.kind)).scalar_one_or_none()
        return None if kind is None else SealKind(kind)

    def open(self, secret: bytes) -> OpenKeys:
        """Return the keys that `secret` opens.

        Raises
        ------
        UnsealError
            There is no vault, or `secret` does not fit.
        TamperedError
            A wrapped key does not authenticate.
        """
        with self._reading.connect() as connection:
            seal = connection.execute(sa.select(t.seal)).one_or_none()
            rows = connection.execute(sa.select(t.vault_key)).all()
        if seal is None:
            raise UnsealError("there is no vault yet: narthex vault init")
        stretching = Stretching(memory_kib=seal.memory_kib, passes=seal.passes, lanes=seal.lanes)
        root = root_key(secret, SealKind(seal.kind), salt=seal.salt, stretching=stretching)
        verifier = keys.derive(root, "verifier", salt=seal.salt)
        if not hmac.compare_digest(verifier, seal.verifier):
            raise UnsealError("this key or passphrase is not the vault's")
        wrap = keys.derive(root, "root-wrap", salt=seal.salt)
        wrapped = {(row.purpose, row.epoch): row for row in rows}
        epochs = sorted(epoch for purpose, epoch in wrapped if purpose == "epoch")
        if seal.epoch not in epochs:
            raise TamperedError("the key of the current epoch is missing")
        epoch_keys = {e: _unwrap(wrap, wrapped.get(("epoch", e))) for e in epochs}
        return OpenKeys(
            epoch=seal.epoch,
            epoch_keys=epoch_keys,
            spool_keys={
                e: X25519PrivateKey.from_private_bytes(_unwrap(k, wrapped.get(("spool", e))))
                for e, k in epoch_keys.items()
            },
            index_root=_unwrap(wrap, wrapped.get(("index", _NO_EPOCH))),
        )

    def counts(self) -> tuple[int, int, int]:
        """Return the current epoch, live subjects, tombstones."""
        by_state = sa.select(t.subject_key.c.state, sa.func.count()).group_by(t.subject_key.c.state)
        with self._reading.connect() as connection:
            epoch = connection.execute(sa.select(t.seal.c.epoch)).scalar_one()
            subjects: dict[str, int] = dict(connection.execute(by_state).all())
        return epoch, subjects.get(LIVE, 0), subjects.get(ERASED, 0)

    def subject(self, opened: OpenKeys, project: str, *, index: bytes) -> SubjectEntry | None:
        """Return the entry of a subject; None where the subject was never seen."""
        with self._reading.connect() as connection:
            row = connection.execute(_BY_INDEX, {"project": project, "index": index}).one_or_none()
        return None if row is None else _entry(opened, row)

    def subject_by_id(self, opened: OpenKeys, subject_id: str) -> SubjectEntry:
        """Return the entry of a subject that a pin names.

        Raises
        ------
        TamperedError
            There is none.
        """
        query = sa.select(t.subject_key).where(t.subject_key.c.id == subject_id)
        with self._reading.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise TamperedError("a study is pinned to a subject that the keyring lacks")
        return _entry(opened, row)

    def add_subject(
        self, opened: OpenKeys, project: str, *, index: bytes, entry: SubjectEntry
    ) -> SubjectEntry:
        """Add `entry` unless another process was first; return the one that stands.

        An `entry` without key is a tombstone.
        """
        wrapped = None
        if entry.key is not None:
            place = _place(project, entry.id, epoch=opened.epoch, version=entry.version)
            wrapped = keys.seal(opened.epoch_keys[opened.epoch], entry.key, place=place)
        with self._engine.begin() as connection:
            insert_if_new(
                connection,
                t.subject_key,
                id=entry.id,
                project=project,
                subject_index=index,
                state=ERASED if wrapped is None else LIVE,
                epoch=opened.epoch,
                version=entry.version,
                wrapped=wrapped,
            )
            row = connection.execute(_BY_INDEX, {"project": project, "index": index}).one()
        return _entry(opened, row)

    def bury(self, subject_id: str) -> None:
        """Destroy the key of a subject and leave the tombstone; durable on return."""
        with self._engine.begin() as connection:
            connection.execute(
                t.subject_key.update()
                .where(t.subject_key.c.id == subject_id)
                .values(state=ERASED, wrapped=None)
            )

    def project_secret(self, opened: OpenKeys, project: str) -> bytes:
        """Return the secret of a project; made on the first call."""
        table = t.project_secret
        query = sa.select(table).where(table.c.project == project)
        with self._reading.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            place = _project_place(project, epoch=opened.epoch, version=keys.KEY_VERSION)
            wrapping = opened.epoch_keys[opened.epoch]
            with self._engine.begin() as connection:
                insert_if_new(
                    connection,
                    table,
                    project=project,
                    epoch=opened.epoch,
                    version=keys.KEY_VERSION,
                    wrapped=keys.seal(wrapping, keys.random_key(), place=place),
                )
                row = connection.execute(query).one()
        place = _project_place(project, epoch=row.epoch, version=row.version)
        return keys.unseal(_epoch_key(opened, row.epoch), row.wrapped, place=place)


def _entry(opened: OpenKeys, row: sa.Row[tuple[object, ...]]) -> SubjectEntry:
    if row.state != LIVE:
        return SubjectEntry(id=row.id, version=row.version, key=None)
    if row.wrapped is None:
        raise TamperedError("a live subject has no key")
    place = _place(row.project, row.id, epoch=row.epoch, version=row.version)
    key = keys.unseal(_epoch_key(opened, row.epoch), row.wrapped, place=place)
    return SubjectEntry(id=row.id, version=row.version, key=key)


def _epoch_key(opened: OpenKeys, epoch: int) -> bytes:
    try:
        return opened.epoch_keys[epoch]
    except KeyError:
        raise TamperedError("a key is wrapped under an epoch that the keyring lacks") from None


def _place(project: str, subject_id: str, *, epoch: int, version: int) -> bytes:
    return keys.bind("subject_key", project, subject_id, epoch, version)


def _project_place(project: str, *, epoch: int, version: int) -> bytes:
    return keys.bind("project_secret", project, epoch, version)


def _unwrap(wrapping: bytes, row: sa.Row[tuple[object, ...]] | None) -> bytes:
    if row is None:
        raise TamperedError("a key of the vault is missing")
    place = keys.bind("vault_key", row.purpose, row.epoch, row.version)
    return keys.unseal(wrapping, row.wrapped, place=place)
