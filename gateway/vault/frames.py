"""Frames between the broker and its clients: length (4 bytes, big endian) and JSON.

Bytes travel as base64. Nothing is unpickled and nothing long is read.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import VaultError

FRAME_LIMIT = 64 * 1024
_LENGTH = struct.Struct(">I")
_ADDRESS_LIMIT = 107  # sun_path of Linux, less the final zero

Value = str | int | bool | None
Values = Mapping[str, Value]


def send_frame(peer: socket.socket, values: Values) -> None:
    """Send one frame.

    Raises
    ------
    VaultError
        It is longer than `FRAME_LIMIT`.
    OSError
        The connection is broken.
    """
    body = json.dumps(values).encode()
    if len(body) > FRAME_LIMIT:
        raise VaultError("a message to or from the broker is too long")
    peer.sendall(_LENGTH.pack(len(body)) + body)


def receive_frame(peer: socket.socket) -> Values | None:
    """Return the next frame; None where the other side has closed.

    Raises
    ------
    VaultError
        It is too long, or no JSON object of plain values.
    OSError
        The connection broke within the frame.
    """
    head = _receive(peer, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_LIMIT:
        raise VaultError("a message to or from the broker is too long")
    try:
        values = json.loads(_receive(peer, length))
    except ValueError:
        raise VaultError("a message to or from the broker is no JSON") from None
    if not isinstance(values, dict) or not all(
        v is None or isinstance(v, str | int) for v in values.values()
    ):
        raise VaultError("a message to or from the broker has an unknown form")
    return values


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """Lend a name for the socket at `path` that is short enough for the system."""
    if len(os.fsencode(path)) <= _ADDRESS_LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _receive(peer: socket.socket, length: int) -> bytes:
    """Return `length` bytes, or nothing at a clean end."""
    received = bytearray()
    while len(received) < length:
        piece = peer.recv(length - len(received))
        if not piece and received:
            raise ConnectionResetError
        if not piece:
            return b""
        received += piece
    return bytes(received)
