"""The form of a spool file.

::

    magic and version (8) | length of the wrapped key (2) | wrapped key     the header
    chunk ... chunk      AES-256-GCM, 1 MiB of plaintext each, the last one shorter
    trailer              what the index must know of the object, MAC of the receiver

The nonce of a chunk is its number and whether it is the last (the STREAM construction;
the key is random and used for one file). The header is associated data of every chunk,
header and trailer of the last one: no part can be cut, moved, exchanged or changed
unnoticed by the holder of the file key. The MAC lets the receiver, who can't decrypt,
recognise its own complete files after a crash.

The plaintext is a DICOM file (PS3.10).
"""

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import SpoolDamagedError

MAGIC: Final = b"NXSPOOL\x01"
CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
PARTIAL_SUFFIX: Final = ".part"
ORPHANS: Final = "orphans"
FILE_NAME: Final = re.compile(r"[0-9a-f]{32}")

_HEAD = struct.Struct(">8sH")
_NONCE = struct.Struct(">7xIB")
_BODY = struct.Struct(">16s256s32s32s32s32s32sQd")
_MAC_LABEL = b"narthex/spool-trailer/v1\x00"
_MAC_BYTES = 32
TRAILER_BYTES: Final = _BODY.size + _MAC_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolEntry:
    """What the index knows of a spooled object. Holds no identifier in clear.

    Attributes
    ----------
    id : str
        Name of the file in the spool, 32 hex digits.
    association_id : str
        32 hex digits.
    peer : str
        Name from the settings.
    study_index, subject_index, sop_index : bytes
        HMAC-SHA256 under the receiver's key.
    content_digest, pixel_digest : bytes
        HMAC-SHA256 under the receiver's key.
    size_bytes : int
        Of the plaintext.
    received : float
        Seconds since the epoch.
    """

    id: str
    association_id: str
    peer: str
    study_index: bytes = field(repr=False)
    subject_index: bytes = field(repr=False)
    sop_index: bytes = field(repr=False)
    content_digest: bytes = field(repr=False)
    pixel_digest: bytes = field(repr=False)
    size_bytes: int
    received: float


def pack_header(wrapped: bytes) -> bytes:
    """Return the header for a wrapped file key."""
    return _HEAD.pack(MAGIC, len(wrapped)) + wrapped


def header_bytes(start: bytes | bytearray) -> int:
    """Return the length of the header whose first bytes are `start`.

    Raises
    ------
    SpoolDamagedError
        `start` is not the start of a spool file of this version.
    """
    if len(start) < _HEAD.size:
        raise SpoolDamagedError("shorter than a header")
    magic, length = _HEAD.unpack_from(start)
    if magic != MAGIC:
        raise SpoolDamagedError("not a spool file of this version")
    return _HEAD.size + int(length)


def wrapped_key_of(header: bytes) -> bytes:
    """Return the wrapped file key that `header` holds."""
    return header[_HEAD.size :]


def nonce(number: int, *, is_last: bool) -> bytes:
    """Return the nonce of chunk `number`."""
    return _NONCE.pack(number, is_last)


def plain_bytes(file_bytes: int, *, header: int) -> int:
    """Return the length of the plaintext in a file of `file_bytes`.

    Raises
    ------
    SpoolDamagedError
        No file of this length is a complete one.
    """
    body = file_bytes - header - TRAILER_BYTES
    chunks = -(-body // (CHUNK_BYTES + TAG_BYTES))
    plain = body - chunks * TAG_BYTES
    if plain <= (chunks - 1) * CHUNK_BYTES or body <= 0:
        raise SpoolDamagedError("truncated")
    return plain


def pack_trailer(entry: SpoolEntry, *, header: bytes, receiver_key: bytes) -> bytes:
    """Return the trailer of the file that starts with `header`."""
    body = _BODY.pack(
        bytes.fromhex(entry.association_id),
        entry.peer.encode(),
        entry.study_index,
        entry.subject_index,
        entry.sop_index,
        entry.content_digest,
        entry.pixel_digest,
        entry.size_bytes,
        entry.received,
    )
    return body + _mac(body, header=header, object_id=entry.id, key=receiver_key)


def unpack_trailer(
    trailer: bytes, *, header: bytes, object_id: str, receiver_key: bytes
) -> SpoolEntry:
    """Return what `trailer` says.

    Raises
    ------
    SpoolDamagedError
        It was not written for this file by the holder of `receiver_key`.
    """
    body = trailer[: _BODY.size]
    mac = _mac(body, header=header, object_id=object_id, key=receiver_key)
    if len(trailer) != TRAILER_BYTES or not hmac.compare_digest(mac, trailer[_BODY.size :]):
        raise SpoolDamagedError("the trailer does not authenticate")
    association, peer, study, subject, sop, content, pixels, size, received = _BODY.unpack(body)
    return SpoolEntry(
        id=object_id,
        association_id=association.hex(),
        peer=peer.rstrip(b"\0").decode(),
        study_index=study,
        subject_index=subject,
        sop_index=sop,
        content_digest=content,
        pixel_digest=pixels,
        size_bytes=size,
        received=received,
    )


def _mac(body: bytes, *, header: bytes, object_id: str, key: bytes) -> bytes:
    message = b"".join((_MAC_LABEL, object_id.encode("ascii"), header, body))
    return hmac.new(key, message, hashlib.sha256).digest()
