"""What every process of the appliance does at its start, and how it learns to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType

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

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # The main thread may hold the lock of the event just now: another one sets it.
        threading.Thread(target=stop.set, name="stop").start()

    signal.signal(signal.SIGTERM, on_signal)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, on_signal)
    try:
        arm(settings.failpoint)
    except ValueError:
        raise SettingsError("failpoint: no such failpoint") from None
    prepare(settings)
    yield stop


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
