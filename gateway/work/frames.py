"""Messages between a worker and its child: length (4 bytes, big endian) and JSON.

The child parses hostile bytes: what it says is data of a few known shapes, bounded in
length, never unpickled.
"""

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

LIMIT = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")

Message = Mapping[str, Any]


class FrameError(Exception):
    """The other side closed, or said what is no message."""


def send_message(peer: socket.socket, message: Message) -> None:
    """Send one message.

    Raises
    ------
    FrameError
        It is too long.
    OSError
        The connection is broken.
    """
    body = json.dumps(message).encode()
    if len(body) > LIMIT:
        raise FrameError("a message is too long")
    peer.sendall(_LENGTH.pack(len(body)) + body)


def receive_message(peer: socket.socket) -> Message:
    """Return the next message.

    Raises
    ------
    FrameError
        The other side closed, or the message is too long or no JSON object.
    OSError
        The connection is broken, or a time-out of `peer` passed.
    """
    (length,) = _LENGTH.unpack(_receive(peer, _LENGTH.size))
    if length > LIMIT:
        raise FrameError("a message is too long")
    try:
        message = json.loads(_receive(peer, length))
    except ValueError:
        raise FrameError("a message is no JSON") from None
    if not isinstance(message, dict):
        raise FrameError("a message is no object")
    return message


def _receive(peer: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        piece = peer.recv(min(length - len(received), 1 << 20))
        if not piece:
            raise FrameError("the other side closed")
        received += piece
    return bytes(received)
