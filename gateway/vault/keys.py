"""Keys: derive, wrap, seal, index. Imported by `gateway.vault` and `gateway.app` only.

What is sealed starts with a byte that names the algorithm. Associated data binds a
sealed value to its place, so that a value moved to another row, column or project does
not open.
"""

import hmac
import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import TamperedError

KEY_BYTES = 32
KEY_VERSION = 1
"""Of the labels and of every key made under them."""

_AES_256_GCM = b"\x01"
_NONCE_BYTES = 12


def random_key() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def bind(*parts: str | bytes | int) -> bytes:
    """Return `parts` as one string of bytes that no other parts give.

    Each part is preceded by its length: ``("a", "bc")`` and ``("ab", "c")`` differ. Text
    that no decoder could read (lone surrogates) is taken as it is.
    """
    texts = [p if isinstance(p, bytes) else str(p).encode("utf-8", "surrogatepass") for p in parts]
    return b"".join(struct.pack(">I", len(t)) + t for t in texts)


def derive(key: bytes, label: str, *, salt: bytes) -> bytes:
    """Return the key of a purpose (HKDF-SHA256, RFC 5869).

    Parameters
    ----------
    key : bytes
        Already random; a passphrase goes through Argon2id first.
    label : str
        Purpose; the version is added.
    salt : bytes
        Of this vault, or empty where `key` is only ever one vault's.
    """
    info = f"narthex/{label}/v{KEY_VERSION}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(key)


def seal(key: bytes, plaintext: bytes, *, place: bytes) -> bytes:
    """Return `plaintext` sealed under `key` (AES-256-GCM, random nonce) for `place`.

    Parameters
    ----------
    key : bytes
        32 bytes.
    plaintext : bytes
    place : bytes
        Associated data, made by `bind`.
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _AES_256_GCM + nonce + AESGCM(key).encrypt(nonce, plaintext, place)


def unseal(key: bytes, sealed: bytes, *, place: bytes) -> bytes:
    """Return what `seal` was given.

    Raises
    ------
    TamperedError
        Another key, another place, or changed bytes.
    """
    body = sealed[1 + _NONCE_BYTES :]
    if sealed[:1] != _AES_256_GCM or not body:
        raise TamperedError("a sealed value has an unknown form")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_BYTES], body, place)
    except InvalidTag:
        raise TamperedError("a sealed value does not authenticate") from None


def blind_index(key: bytes, *parts: str | bytes | int) -> bytes:
    """Return HMAC-SHA256 of `parts`: equal for equal parts, silent about them."""
    return hmac.digest(key, bind(*parts), "sha256")
