"""Read spool files with their key: any range, each chunk authenticated."""

import os
from collections import OrderedDict
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import SpoolDamagedError, TamperedError
from gateway.spool import format as form
from gateway.vault.envelope import wrapped_for

_CACHED_CHUNKS = 2
_HEADER_AT_MOST = 4096


def read_wrapped_key(path: Path) -> bytes:
    """Return the wrapped file key, for `gateway.ports.Vault.file_key`.

    Raises
    ------
    SpoolDamagedError
        Not a spool file, or one that has another's name.
    """
    with path.open("rb") as file:
        start = file.read(_HEADER_AT_MOST)
    wrapped = form.wrapped_key_of(start[: form.header_bytes(start)])
    try:
        _, object_id = wrapped_for(wrapped)
    except TamperedError:
        raise SpoolDamagedError("the wrapped key has an unknown form") from None
    if object_id != path.name:
        raise SpoolDamagedError("the key is that of another file")
    return wrapped


class SpoolReader:
    """Random access to the plaintext of one spool file (`pipelines.context.RangeReader`).

    A context manager. Not for several threads at once.

    Parameters
    ----------
    path : pathlib.Path
    file_key : bytes
        32 bytes, unwrapped by the broker.

    Raises
    ------
    SpoolDamagedError
        Truncated, changed, or the key is not the file's. The last chunk is read at
        once: it authenticates length, header and trailer.
    """

    def __init__(self, path: Path, *, file_key: bytes) -> None:
        self._cipher = AESGCM(file_key)
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._prepare()
        except Exception:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Return the length of the plaintext in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the end.

        Raises
        ------
        SpoolDamagedError
        """
        end = min(offset + length, self._size)
        pieces = []
        while offset < end:
            number, start = divmod(offset, form.CHUNK_BYTES)
            piece = self._chunk(number)[start : start + end - offset]
            pieces.append(piece)
            offset += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the file and forget what was read."""
        self._cache.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _prepare(self) -> None:
        length = form.header_bytes(os.pread(self._fd, _HEADER_AT_MOST, 0))
        self._header = os.pread(self._fd, length, 0)
        file_bytes = os.fstat(self._fd).st_size
        self._size = form.plain_bytes(file_bytes, header=length)
        self._trailer = os.pread(self._fd, form.TRAILER_BYTES, file_bytes - form.TRAILER_BYTES)
        self._last = (self._size - 1) // form.CHUNK_BYTES
        self._chunk(self._last)

    def _chunk(self, number: int) -> bytes:
        plain = self._cache.get(number)
        if plain is not None:
            self._cache.move_to_end(number)
            return plain
        is_last = number == self._last
        length = min(form.CHUNK_BYTES, self._size - number * form.CHUNK_BYTES) + form.TAG_BYTES
        offset = len(self._header) + number * (form.CHUNK_BYTES + form.TAG_BYTES)
        sealed = os.pread(self._fd, length, offset)
        aad = self._header + self._trailer if is_last else self._header
        try:
            plain = self._cipher.decrypt(form.nonce(number, is_last=is_last), sealed, aad)
        except (InvalidTag, ValueError):
            raise SpoolDamagedError("a chunk does not authenticate") from None
        self._cache[number] = plain
        if len(self._cache) > _CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return plain
