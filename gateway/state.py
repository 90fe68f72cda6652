"""The state folder: one installation, private, locked by ``narthex serve``."""

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import StateError
from gateway.settings import Settings
from gateway.vault.files import write_durably

KEY_BYTES = 32
PRIVATE = 0o700
_RECEIVER_ID = "receiver.id"


def folders(settings: Settings) -> tuple[Path, ...]:
    """Return the folders of an installation, outermost first."""
    state = settings.state
    return (state, state / "keys", settings.spool, settings.archive, settings.run)


def prepare(settings: Settings) -> None:
    """Make what is missing of the state folder, and the receiver's key and id.

    Raises
    ------
    gateway.errors.StateError
        A folder can't be made, or others than its owner may enter it.
    """
    for folder in folders(settings):
        try:
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{folder} can't be made: {error.strerror}") from None
        problem = permissions(folder)
        if problem:
            raise StateError(problem)
    _make_once(settings.receiver_key_file, secrets.token_bytes(KEY_BYTES))
    _make_once(settings.state / _RECEIVER_ID, secrets.token_hex(16).encode())


def _make_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    try:
        write_durably(path, content, replaces=False)
    except FileExistsError:
        pass  # another process of this installation was first
    except OSError as error:
        raise StateError(f"{path} can't be made: {error.strerror}") from None


def permissions(path: Path) -> str:
    """Return what is wrong with owner or mode of `path`; "" if nothing is."""
    try:
        status = path.stat()
    except OSError as error:
        return f"{path}: {error.strerror}"
    if status.st_uid != os.geteuid():
        return f"{path} belongs to another user"
    if stat.S_IMODE(status.st_mode) & 0o077:
        wanted = 700 if path.is_dir() else 600
        return f"others may enter or read {path}: chmod {wanted} {path}"
    return ""


def read_receiver_key(settings: Settings) -> bytes:
    """Return the receiver's key.

    Raises
    ------
    gateway.errors.StateError
        It is missing, readable by others, or has not 32 bytes.
    """
    problem = permissions(settings.receiver_key_file)
    if problem:
        raise StateError(problem)
    key = settings.receiver_key_file.read_bytes()
    if len(key) != KEY_BYTES:
        raise StateError(f"{settings.receiver_key_file} has not {KEY_BYTES} bytes")
    return key


def read_receiver_id(settings: Settings) -> str:
    """Return the random id of this installation's receiver, the same after a restart."""
    return (settings.state / _RECEIVER_ID).read_text(encoding="ascii")


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the lock of the installation.

    Raises
    ------
    gateway.errors.StateError
        Another ``narthex serve`` holds it.
    """
    descriptor = os.open(settings.state / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError("another narthex serve runs on this state folder") from None
        yield
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """Return the space that is free for us where `folder` is, bytes."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
