"""Seal what must not stand in the work database in clear, under the secret of a project.

Whoever has the database and not the vault learns nothing of it. A sealed value is bound to
its place: moved to another row it does not open.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import TamperedError

_SEAL, _INDEX = b"narthex/faces/seal/v1", b"narthex/faces/index/v1"
_VERSION = b"\x01"
_NONCE_BYTES = 12
_HEAD_BYTES = 1 + _NONCE_BYTES
_LENGTH = Struct(">I")


def seal(secret: bytes, value: bytes, *, place: Sequence[bytes]) -> bytes:
    """Return `value` sealed.

    Parameters
    ----------
    secret : bytes
        Of the project (`gateway.ports.Vault.project_secret`).
    place : Sequence[bytes]
        What the row is about; not kept in it.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(secret).encrypt(nonce, value, _VERSION + _joined(place))


def unseal(secret: bytes, sealed: bytes, *, place: Sequence[bytes]) -> bytes:
    """Return what was sealed at this place.

    Raises
    ------
    TamperedError
        Another secret, another place, or changed bytes.
    """
    version, nonce, body = sealed[:1], sealed[1:_HEAD_BYTES], sealed[_HEAD_BYTES:]
    try:
        return _cipher(secret).decrypt(nonce, body, version + _joined(place))
    except (InvalidTag, ValueError):
        raise TamperedError("what is known of a face does not authenticate") from None


def index_of(secret: bytes, value: str) -> bytes:
    """Return by what a value is found again, 32 bytes; without the secret nobody finds it."""
    return hmac.new(_derived(secret, _INDEX), value.encode(), hashlib.sha256).digest()


def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(_derived(secret, _SEAL))


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, purpose).derive(secret)


def _joined(place: Sequence[bytes]) -> bytes:
    return b"".join(_LENGTH.pack(len(part)) + part for part in place)
