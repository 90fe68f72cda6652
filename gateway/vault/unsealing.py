"""From a key file or a passphrase to the root key."""

import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw

from gateway.errors import UnsealError
from gateway.vault.files import write_durably
from gateway.vault.keys import KEY_BYTES, random_key

SALT_BYTES = 16


class SealKind(StrEnum):
    """What opens the vault."""

    KEY_FILE = "key-file"
    PASSPHRASE = "passphrase"  # noqa: S105  (the word, not a secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretching:
    """Cost of a guess at the passphrase (Argon2id, RFC 9106).

    Attributes
    ----------
    memory_kib : int
    passes : int
    lanes : int
    """

    memory_kib: int
    passes: int
    lanes: int


STRETCHING = Stretching(memory_kib=64 * 1024, passes=3, lanes=4)


def root_key(secret: bytes, kind: SealKind, *, salt: bytes, stretching: Stretching) -> bytes:
    """Return the 32-byte root key that `secret` stands for.

    Raises
    ------
    UnsealError
        The key file has not 32 bytes, or the passphrase is empty.
    """
    if kind is SealKind.KEY_FILE:
        if len(secret) != KEY_BYTES:
            raise UnsealError(f"a key file holds {KEY_BYTES} bytes")
        return secret
    if not secret:
        raise UnsealError("the passphrase is empty")
    return hash_secret_raw(
        secret,
        salt,
        time_cost=stretching.passes,
        memory_cost=stretching.memory_kib,
        parallelism=stretching.lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def make_key_file(path: Path) -> bytes:
    """Write a new key file, 0600, durable; return the key.

    Raises
    ------
    UnsealError
        The file exists already: it may be another vault's.
    """
    key = random_key()
    try:
        write_durably(path, key, replaces=False)
    except FileExistsError:
        raise UnsealError("the key file exists already") from None
    return key


def read_secret(path: Path, kind: SealKind) -> bytes:
    """Return the secret in a key file or passphrase file.

    Of a passphrase file the line end is dropped.

    Raises
    ------
    UnsealError
        The file is missing, or others than its owner may read it.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077:
                raise UnsealError("the file must be readable by its owner only (chmod 600)")
            if status.st_uid not in (os.geteuid(), 0):
                raise UnsealError("the file belongs to somebody else")
            secret = file.read(64 * 1024)
    except OSError:
        raise UnsealError("the key file or passphrase file can't be read") from None
    return secret if kind is SealKind.KEY_FILE else secret.rstrip(b"\r\n")


def stored_secret(kind: SealKind, *, key_file: Path, passphrase_file: Path | None) -> bytes | None:
    """Return the secret that lies in a file; None where a person must say the passphrase.

    Raises
    ------
    UnsealError
        As `read_secret`.
    """
    path = key_file if kind is SealKind.KEY_FILE else passphrase_file
    return None if path is None else read_secret(path, kind)
