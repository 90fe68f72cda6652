"""Accepted connections that don't wait for each other's timers.

Stock DCMTK and Orthanc leave Nagle's algorithm on: the last, short segment of a message
then waits for our acknowledgement, which the kernel delays by 40 ms. We acknowledge at
once, and send our own answers at once.
"""

import socket


class PromptSocket(socket.socket):
    """A TCP socket without Nagle's algorithm and without delayed acknowledgements."""

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive; the kernel forgets the option, so it is set before each call."""
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().recv(bufsize, flags)


def prompt(accepted: socket.socket, *, timeout_seconds: float | None) -> PromptSocket:
    """Return `accepted` as a prompt socket; the given object is no longer usable.

    Parameters
    ----------
    timeout_seconds : float or None
        For one receive or send; None: for ever.
    """
    family, kind, protocol = accepted.family, accepted.type, accepted.proto
    connection = PromptSocket(family, kind, protocol, fileno=accepted.detach())
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(timeout_seconds)
    return connection
