"""Files of the archive: cleaned objects under names that tell nothing.

An object is written under a temporary name in the folder of the worker that writes it,
synced, and only then linked to its name. A worker holds a lock on its folder for as
long as it lives; the folder of a dead worker is removed by the next one that starts.
"""

import fcntl
import hashlib
import hmac
import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from gateway.files import sync_folder

TEMPORARY = "tmp"
_LOCK = "lock"
SHARDS = tuple(f"{number:02x}" for number in range(256))
"""Folders of the objects: the first two digits of their names."""


def object_name(secret: bytes, *, sop_instance_uid: str, plan_hash: str, content: bytes) -> str:
    """Return the name of a cleaned object, 64 hex digits.

    The same source, plan and content have the same name, so that a repeated job finds
    what it wrote before; nobody without the secret can find the name of a UID.

    Parameters
    ----------
    secret : bytes
        Of the project (`gateway.ports.Vault.project_secret`).
    sop_instance_uid : str
        Of the source.
    plan_hash : str
    content : bytes
        Digest of the source, under the receiver's key: an object that replaces another
        one of the same UID has another name.
    """
    text = b"archive|v1|%s|%s|%s" % (sop_instance_uid.encode(), plan_hash.encode(), content)
    return hmac.new(secret, text, hashlib.sha256).hexdigest()


class ArchiveStore:
    """The folder of the archive.

    Parameters
    ----------
    folder : pathlib.Path
        Made where missing, mode 0700.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / TEMPORARY).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (folder / SHARDS[-1]).is_dir():
            for shard in SHARDS:
                (folder / shard).mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder)

    def path(self, name: str) -> Path:
        """Return where the object `name` is."""
        return self.folder / name[:2] / f"{name}.dcm"

    def publish(self, files: Iterable[tuple[Path, str]]) -> None:
        """Give synced temporary files their names, durably.

        A file that has the name already was left by a job that died before its commit:
        it is replaced. (What is in the index is not published again.)

        Parameters
        ----------
        files : Iterable[tuple[pathlib.Path, str]]
            Temporary file and name.
        """
        folders = set()
        with _locked(self.folder / TEMPORARY, fcntl.LOCK_SH):  # nothing is removed meanwhile
            for temporary, name in files:
                target = self.path(name)
                try:
                    os.link(temporary, target)
                except FileExistsError:
                    temporary.replace(target)
                else:
                    temporary.unlink()
                folders.add(target.parent)
        for folder in folders:
            sync_folder(folder)

    def remove_unknown(
        self,
        shard: str,
        *,
        before: float,
        known: Callable[[Sequence[str]], Collection[str]],
    ) -> int:
        """Remove the objects of one folder that nobody knows, and return how many.

        Parameters
        ----------
        shard : str
            Of `SHARDS`.
        before : float
            Only what got its name before this time, by the clock of the file system.
        known : Callable[[Sequence[str]], Collection[str]]
            Returns those of the names that stay.
        """
        with _locked(self.folder / TEMPORARY, fcntl.LOCK_EX):  # nothing is published meanwhile
            with os.scandir(self.folder / shard) as entries:
                old = [
                    entry.name.removesuffix(".dcm")
                    for entry in entries
                    if entry.name.endswith(".dcm") and entry.stat().st_ctime < before
                ]
            unknown = set(old).difference(known(old))
            for name in unknown:
                self.path(name).unlink()
        return len(unknown)


class Workspace:
    """The folder for temporary files of one worker, locked while it lives.

    Parameters
    ----------
    store : ArchiveStore
    owner : str
        Random id of the worker.
    """

    def __init__(self, store: ArchiveStore, owner: str) -> None:
        self.folder = store.folder / TEMPORARY / owner
        with _locked(store.folder / TEMPORARY, fcntl.LOCK_EX):
            self.folder.mkdir(mode=0o700)
            self._lock = _open_lock(self.folder)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def new_path(self) -> Path:
        """Return a name that nobody has used."""
        return self.folder / f"{uuid4().hex}.dcm"

    def clear(self) -> None:
        """Remove what is left of an interrupted batch."""
        for path in self.folder.glob("*.dcm"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def bury_dead_workers(store: ArchiveStore) -> list[str]:
    """Remove the folders of workers that live no more and return their ids."""
    dead = []
    with _locked(store.folder / TEMPORARY, fcntl.LOCK_EX):
        for folder in sorted((store.folder / TEMPORARY).iterdir()):
            if not folder.is_dir():
                continue
            lock = _open_lock(folder)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(folder, ignore_errors=True)
                dead.append(folder.name)
            finally:
                os.close(lock)
    return dead


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Keep a worker that starts from being taken for dead, and what is published from removal."""
    lock = _open_lock(folder)
    try:
        fcntl.flock(lock, how)
        yield
    finally:
        os.close(lock)


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
