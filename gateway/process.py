"""What every process of the appliance does at its start, and how it learns to stop."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from gateway.errors import SettingsError, StateError
from gateway.failpoints import arm
from gateway.settings import Settings
from gateway.state import prepare

_LOOK_SECONDS = 0.1


@contextmanager
def prepared(settings: Settings) -> Iterator[threading.Event]:
    """Prepare a process; yield what SIGTERM or Ctrl-C sets.

    Raises
    ------
    gateway.errors.SettingsError
        There is no such failpoint.
    gateway.errors.StateError
        The state folder is unusable.
    """
    stop = threading.Event()
    with _set_by_signals(stop):
        try:
            arm(settings.failpoint)
        except ValueError:
            raise SettingsError("failpoint: no such failpoint") from None
        prepare(settings)
        yield stop


@contextmanager
def _set_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C set `stop`, at once and from a thread of its own.

    A handler in Python runs in the main thread, when that goes on. It may wait for `stop`
    and not hear of a signal that another thread was given; it may hold the lock of `stop`.
    """
    heard, told = socket.socketpair()
    told.setblocking(False)

    def listen() -> None:
        if heard.recv(1):
            stop.set()

    listener = threading.Thread(target=listen, name="stop")
    listener.start()
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        told.close()
        listener.join()
        heard.close()


def wait_for(path: Path, stop: threading.Event, *, seconds: float) -> bytes:
    """Return the content of a file that another process writes at its start.

    Raises
    ------
    gateway.errors.StateError
        It did not come.
    """
    deadline = monotonic() + seconds
    while not path.is_file():
        if stop.wait(_LOOK_SECONDS) or monotonic() > deadline:
            raise StateError("the vault was never unsealed: narthex vault init, then unseal")
    return path.read_bytes()
