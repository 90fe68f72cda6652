"""A sender that pynetdicom would not be: command and dataset are whatever we say."""

import socket
import struct

from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from tests.support.receiver import OUR_TITLE


def command_of(sop_class: str, sop_instance: str) -> bytes:
    def uid(element: int, value: str) -> bytes:
        encoded = value.encode() + b"\0" * (len(value) % 2)
        return struct.pack("<HHL", 0, element, len(encoded)) + encoded

    def number(element: int, value: int) -> bytes:
        return struct.pack("<HHLH", 0, element, 2, value)

    body = b"".join(
        (
            uid(0x0002, sop_class),
            number(0x0100, 0x0001),
            number(0x0110, 1),
            number(0x0700, 0),
            number(0x0800, 1),
            uid(0x1000, sop_instance),
        )
    )
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def raw_store(
    port: int, command: bytes, data: bytes, *, syntax: str = ExplicitVRLittleEndian
) -> int:
    return raw_stores(port, [(command, data)], syntax=syntax)[0]


def raw_stores(port: int, messages: list[tuple[bytes, bytes]], *, syntax: str) -> list[int]:
    """Send commands and datasets as they are, over one association; return the statuses."""
    statuses = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(_associate(CTImageStorage, syntax))
        assert _pdu(connection)[0] == 2
        for command, data in messages:
            connection.sendall(_p_data(command, control=3) + _p_data(data, control=2))
            kind, body = _pdu(connection)
            assert kind == 4
            answer = body[6:]
            at = answer.index(struct.pack("<HHL", 0, 0x0900, 2))
            statuses.append(struct.unpack_from("<H", answer, at + 8)[0])
        connection.sendall(struct.pack(">BxL4x", 5, 4))
        assert _pdu(connection)[0] == 6
    return statuses


def _associate(sop_class: str, syntax: str) -> bytes:
    def item(kind: int, body: bytes) -> bytes:
        return struct.pack(">BxH", kind, len(body)) + body

    context = item(0x30, sop_class.encode()) + item(0x40, syntax.encode())
    user = item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3")
    body = (
        struct.pack(">H2x16s16s32x", 1, OUR_TITLE.encode().ljust(16), b"MODALITY".ljust(16))
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + item(0x20, struct.pack(">B3x", 1) + context)
        + item(0x50, user)
    )
    return struct.pack(">BxL", 1, len(body)) + body


def _p_data(data: bytes, *, control: int) -> bytes:
    return struct.pack(">BxLLBB", 4, len(data) + 6, len(data) + 2, 1, control) + data


def _pdu(connection: socket.socket) -> tuple[int, bytes]:
    kind, length = struct.unpack(">BxL", _exactly(connection, 6))
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        assert piece
        data += piece
    return data
