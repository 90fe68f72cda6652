import socket
from collections.abc import Iterator

import pytest

from gateway.scp.sockets import PromptSocket, prompt


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, PromptSocket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
    connection = prompt(accepted, timeout_seconds=0.05)
    with client, connection:
        yield client, connection


def test_nagle_is_off_and_data_passes(pair: tuple[socket.socket, PromptSocket]) -> None:
    client, connection = pair
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    client.sendall(b"hello")
    assert connection.recv(3) == b"hel"
    assert connection.recv(8, socket.MSG_PEEK) == b"lo"
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)


def test_silence_is_timed_out(pair: tuple[socket.socket, PromptSocket]) -> None:
    _, connection = pair
    with pytest.raises(TimeoutError):
        connection.recv(1)
