"""Open held objects for a dry run: their keys first, then each with the vault closed again."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import SpoolDamagedError, TamperedError
from gateway.ports import AuditLog, Vault
from gateway.spool.reader import SpoolReader, read_wrapped_key
from gateway.work.quarantine import HeldObject
from pipelines.context import RangeReader
from rules.disclosure import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenableObject:
    """A held object with the key of its file.

    Attributes
    ----------
    object : HeldObject
    path : pathlib.Path
    file_key : bytes or None
        None: its file is damaged or gone.
    """

    object: HeldObject
    path: Path
    file_key: bytes | None = field(repr=False)

    def open(self) -> AbstractContextManager[RangeReader]:
        """Open it.

        Raises
        ------
        SpoolDamagedError
        OSError
        """
        if self.file_key is None:
            raise SpoolDamagedError("its key can't be read")
        return SpoolReader(self.path, file_key=self.file_key)


def openable(
    objects: Sequence[HeldObject],
    *,
    spool: Path,
    vault: Vault,
    audit: AuditLog,
    event: Event = Event.QUARANTINE_EXAMINED,
) -> list[OpenableObject]:
    """Return the objects with their keys; that they are read is on record before.

    Only keys of files are borrowed: no subject becomes known to the vault. Close it before
    anything is opened: what is parsed may be hostile.

    Parameters
    ----------
    event : Event
        What is put on record of each.

    Raises
    ------
    gateway.errors.SealedError
    """
    audit.append([(event, {"object_id": each.id, "reason": each.reason}) for each in objects])
    return list(_openable(objects, spool=spool, vault=vault))


def _openable(
    objects: Sequence[HeldObject], *, spool: Path, vault: Vault
) -> Iterator[OpenableObject]:
    for each in objects:
        path = spool / each.id
        try:
            file_key = vault.file_key(read_wrapped_key(path), lease=None)
        except (SpoolDamagedError, TamperedError, OSError):
            file_key = None
        yield OpenableObject(object=each, path=path, file_key=file_key)
