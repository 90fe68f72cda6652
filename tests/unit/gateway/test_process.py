"""How a process learns to stop, whichever of its threads the signal is given to."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).parents[3]
_WAITING = """
import signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
from pathlib import Path
from gateway.process import prepared
from gateway.settings import load

pause = threading.Event()
other = threading.Thread(target=pause.wait)
other.start()
with prepared(load(config=None, state=Path(sys.argv[1]))) as stop:
    if sys.argv[2] == "blocked":  # then the kernel gives it to another thread
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    print("waits", flush=True)
    stop.wait()
pause.set()
print("ended", threading.active_count() <= 2, flush=True)
"""


@pytest.mark.parametrize("main_thread", ["open", "blocked"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_process(tmp_path: Path, main_thread: str, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WAITING, str(tmp_path / "state"), main_thread],
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        try:
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert said == "ended True\n"
    assert process.returncode == 0
