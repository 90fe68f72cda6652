"""Write objects to the spool: encrypted, complete and durable, or not at all."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import DiskFullError, SpoolDamagedError, StateError
from gateway.failpoints import failpoint
from gateway.files import sync_folder
from gateway.spool import format as form
from gateway.spool.format import SpoolEntry
from gateway.spool.recovery import read_entry
from gateway.vault.envelope import wrap_file_key

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ROOM_HINT = "free some room on the file system of the spool"


class SpoolStore:
    """The spool folder of one receiver.

    Parameters
    ----------
    folder : pathlib.Path
        Exists; nobody else writes to it.
    public_key : bytes
        Public half of the vault's spool key (`gateway.vault.envelope`).
    receiver_key : bytes
        32 bytes; authenticates the trailers.
    minimum_free_bytes : int
        The file system keeps at least this much free.
    """

    def __init__(
        self, folder: Path, *, public_key: bytes, receiver_key: bytes, minimum_free_bytes: int
    ) -> None:
        self.folder = folder
        self._public_key = public_key
        self._receiver_key = receiver_key
        self._minimum_free_bytes = minimum_free_bytes

    def create(self) -> "SpoolWriter":
        """Open a new file under a temporary name.

        Raises
        ------
        DiskFullError
        """
        return SpoolWriter(
            self.folder,
            public_key=self._public_key,
            receiver_key=self._receiver_key,
            minimum_free_bytes=self._minimum_free_bytes,
        )

    def remove(self, object_id: str) -> None:
        """Remove a file that turned out to hold nothing new. Absent is well."""
        (self.folder / object_id).unlink(missing_ok=True)

    def is_intact(self, object_id: str) -> bool:
        """Return whether the file of an object is there; its chunks are not read."""
        try:
            read_entry(self.folder / object_id, receiver_key=self._receiver_key)
        except (SpoolDamagedError, OSError):
            return False
        return True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other receivers away from the folder.

        Raises
        ------
        StateError
            Another one has it.
        """
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError("another receiver has this spool") from None
            yield
        finally:
            os.close(fd)


class SpoolWriter:
    """One file being written. A context manager: left without `commit`, nothing stays.

    Attributes
    ----------
    id : str
        The name that the file gets, 32 hex digits.
    """

    def __init__(
        self, folder: Path, *, public_key: bytes, receiver_key: bytes, minimum_free_bytes: int
    ) -> None:
        self.id = secrets.token_hex(16)
        self._folder = folder
        self._path = folder / self.id
        self._partial = folder / (self.id + form.PARTIAL_SUFFIX)
        self._receiver_key = receiver_key
        self._minimum_free_bytes = minimum_free_bytes
        file_key = AESGCM.generate_key(256)
        self._cipher = AESGCM(file_key)
        self._header = form.pack_header(wrap_file_key(public_key, file_key, object_id=self.id))
        self._pending = bytearray()
        self._chunks = 0
        self._written = 0
        self._fd = self._open()
        self._put(self._header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._fd >= 0:
            self._discard(self._partial)

    def write(self, data: bytes | memoryview) -> None:
        """Append plaintext.

        Raises
        ------
        DiskFullError
            Nothing is left on disk.
        """
        self._pending += data
        self._written += len(data)
        while len(self._pending) > form.CHUNK_BYTES:  # the last chunk waits for `commit`
            chunk = bytes(self._pending[: form.CHUNK_BYTES])
            del self._pending[: form.CHUNK_BYTES]
            self._put(self._encrypt(chunk, aad=self._header, is_last=False))

    def commit(self, entry: SpoolEntry) -> SpoolEntry:
        """Make the file durable under its name and return its entry.

        Parameters
        ----------
        entry : SpoolEntry
            `id` and `size_bytes` are filled in.

        Raises
        ------
        DiskFullError
            Nothing is left on disk.
        """
        complete = replace(entry, id=self.id, size_bytes=self._written)
        trailer = form.pack_trailer(complete, header=self._header, receiver_key=self._receiver_key)
        last = self._encrypt(bytes(self._pending), aad=self._header + trailer, is_last=True)
        self._put(last + trailer)
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._discard(self._partial)
            _raise(error)
        failpoint("spool.written")
        try:
            self._partial.rename(self._path)
            sync_folder(self._folder)
        except OSError as error:
            self._path.unlink(missing_ok=True)
            self._discard(self._partial)
            _raise(error)
        failpoint("spool.renamed")
        os.close(self._fd)
        self._fd = -1
        return complete

    def _encrypt(self, chunk: bytes, *, aad: bytes, is_last: bool) -> bytes:
        sealed = self._cipher.encrypt(form.nonce(self._chunks, is_last=is_last), chunk, aad)
        self._chunks += 1
        return sealed

    def _open(self) -> int:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.open(self._partial, flags, 0o600)
        except OSError as error:
            _raise(error)

    def _put(self, data: bytes) -> None:
        state = os.fstatvfs(self._fd)
        if state.f_bavail * state.f_frsize < self._minimum_free_bytes + len(data):
            self._discard(self._partial)
            raise DiskFullError(_NO_ROOM_HINT)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            self._discard(self._partial)
            _raise(error)

    def _discard(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        os.close(self._fd)
        self._fd = -1


def _raise(error: OSError) -> NoReturn:
    if error.errno in _NO_ROOM:
        raise DiskFullError(_NO_ROOM_HINT) from None
    raise error
