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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

TEMPORARY = "tmp"
_LOCK = "lock"
_SHARDS = tuple(f"{number:02x}" for number in range(256))


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
        if not (folder / _SHARDS[-1]).is_dir():
            for shard in _SHARDS:
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

    def remove(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        self.path(name).unlink(missing_ok=True)


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
        with _starts_and_burials(store):
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
    with _starts_and_burials(store):
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
def _starts_and_burials(store: ArchiveStore) -> Iterator[None]:
    """Keep a worker that just starts from being taken for dead."""
    lock = _open_lock(store.folder / TEMPORARY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
