"""Wrap the key of a spool file for the vault (HPKE, RFC 9180).

The receiver holds the public half only and can wrap while the vault is sealed; the
private half is with the broker. This module imports no other key of the vault.

Public half, as it lies in ``STATE/keys/spool.pub``: version (1 byte), epoch (4 bytes,
big endian), X25519 public key (32 bytes). Wrapped key: version, epoch, length of the
object id (1 byte), object id, encapsulated key and ciphertext. What precedes the
ciphertext is bound to it.
"""

import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from gateway.errors import TamperedError

VERSION = 1
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_LABEL = b"narthex/spool-file-key/v1\x00"
_PUBLIC = struct.Struct(">BI32s")
_HEAD = struct.Struct(">BIB")


def public_half(epoch: int, key: bytes) -> bytes:
    """Return the public half as it is written to ``spool.pub``.

    Parameters
    ----------
    epoch : int
    key : bytes
        Raw X25519 public key, 32 bytes.
    """
    return _PUBLIC.pack(VERSION, epoch, key)


def wrap_file_key(public_key_bytes: bytes, file_key: bytes, *, object_id: str) -> bytes:
    """Return `file_key` wrapped for the vault.

    Parameters
    ----------
    public_key_bytes : bytes
        The content of ``spool.pub``.
    file_key : bytes
        32 bytes.
    object_id : str
        Name of the spool file, bound to the wrapped key. ASCII, at most 255 characters.

    Raises
    ------
    TamperedError
        The public half has another form.
    """
    if len(public_key_bytes) != _PUBLIC.size or public_key_bytes[0] != VERSION:
        raise TamperedError("spool.pub has an unknown form")
    _, epoch, raw = _PUBLIC.unpack(public_key_bytes)
    name = object_id.encode("ascii")
    head = _HEAD.pack(VERSION, epoch, len(name)) + name
    return head + _SUITE.encrypt(file_key, X25519PublicKey.from_public_bytes(raw), _LABEL + head)


def wrapped_for(wrapped: bytes) -> tuple[int, str]:
    """Return the epoch and the object id that `wrapped` claims.

    Raises
    ------
    TamperedError
        `wrapped` has another form.
    """
    head = _head(wrapped)
    _, epoch, _ = _HEAD.unpack_from(head)
    try:
        return epoch, head[_HEAD.size :].decode("ascii")
    except UnicodeDecodeError:
        raise TamperedError("a wrapped file key has an unknown form") from None


def open_file_key(private_key: X25519PrivateKey, wrapped: bytes) -> bytes:
    """Return the file key; the broker's half.

    Raises
    ------
    TamperedError
        Another key pair, another object id, or changed bytes.
    """
    head = _head(wrapped)
    try:
        return _SUITE.decrypt(wrapped[len(head) :], private_key, _LABEL + head)
    except (InvalidTag, ValueError):
        raise TamperedError("a wrapped file key does not authenticate") from None


def _head(wrapped: bytes) -> bytes:
    if len(wrapped) < _HEAD.size or wrapped[0] != VERSION:
        raise TamperedError("a wrapped file key has an unknown form")
    return wrapped[: _HEAD.size + wrapped[_HEAD.size - 1]]
