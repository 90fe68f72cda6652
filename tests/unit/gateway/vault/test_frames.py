import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import VaultError
from gateway.vault.frames import FRAME_LIMIT, receive_frame, send_frame, socket_address

values = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    max_size=6,
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


@given(st.lists(values, max_size=4))
def test_frames_arrive_in_order_and_whole(sent: list[dict[str, str | int | None]]) -> None:
    one, other = socket.socketpair()
    with one, other:
        for frame in sent:
            send_frame(one, frame)
        one.close()
        received = []
        while (frame_received := receive_frame(other)) is not None:
            received.append(frame_received)
    assert received == sent


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">I", FRAME_LIMIT + 1),
        struct.pack(">I", 4) + b"\x80\x04K\x01",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 9) + b'{"a": []}',
        struct.pack(">I", 10) + b'{"a": 1.5}',
        struct.pack(">I", 0),
    ],
)
def test_what_is_no_frame_is_refused(pair: tuple[socket.socket, socket.socket], raw: bytes) -> None:
    pair[0].sendall(raw)
    pair[0].shutdown(socket.SHUT_WR)
    with pytest.raises(VaultError):
        receive_frame(pair[1])


def test_a_frame_that_breaks_off_is_a_broken_connection(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    pair[0].sendall(struct.pack(">I", 9) + b'{"a"')
    pair[0].close()
    with pytest.raises(ConnectionError):
        receive_frame(pair[1])


def test_a_long_frame_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(VaultError):
        send_frame(pair[0], {"a": "x" * FRAME_LIMIT})


def test_a_socket_in_a_deep_folder_can_be_reached(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with socket_address(folder / "s.sock") as address:
            server.bind(address)
        server.listen()
        with socket_address(folder / "s.sock") as address:
            client.connect(address)
    assert (folder / "s.sock").is_socket()
