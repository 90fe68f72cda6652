"""The supervisor with real processes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gateway.supervisor import LONGEST_DELAY_SECONDS, delay_seconds

_SUPERVISOR = """
    import sys
    from gateway.supervisor import Supervisor
    from rules.disclosure import install_hooks
    install_hooks()
    parts = {name: [sys.executable, "-c", code] for name, code in PARTS.items()}
    Supervisor(parts, grace_seconds=GRACE).run()
"""
_UP = "import os, signal; os.write(1, b'up\\n')\n"
_STEADY = f"{_UP}signal.pause()"


def _supervise(parts: dict[str, str], *, grace: float = 20.0) -> "subprocess.Popen[str]":
    code = textwrap.dedent(_SUPERVISOR).replace("PARTS", repr(parts)).replace("GRACE", str(grace))
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def _events(lines: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.splitlines()]


def _next(process: "subprocess.Popen[str]", event: str, **fields: object) -> dict[str, object]:
    assert process.stderr is not None
    for line in process.stderr:
        found: dict[str, object] = json.loads(line)
        if found["event"] == event and fields.items() <= found.items():
            return found
    pytest.fail(f"{event} was never logged")


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_all_parts_stop_with_the_signal(stop: signal.Signals) -> None:
    process = _supervise({"one": _STEADY, "two": _STEADY})
    assert process.stdout is not None
    pids = [_next(process, "child.started")["pid"] for _ in range(2)]
    assert [process.stdout.readline(), process.stdout.readline()] == ["up\n", "up\n"]
    process.send_signal(stop)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert _events(errors)[-1]["event"] == "service.stopped"
    assert not [pid for pid in pids if isinstance(pid, int) and _alive(pid)]


def test_a_dead_part_is_started_again_and_the_others_stay() -> None:
    process = _supervise({"steady": _STEADY, "frail": "raise SystemExit(3)"})
    _next(process, "child.started", component="steady")
    first = _next(process, "child.died", component="frail")
    assert first["status"] == 3
    again = _next(process, "child.started")
    assert again["component"] == "frail"
    process.terminate()
    process.communicate(timeout=30)


def test_a_part_that_ignores_the_request_is_killed() -> None:
    deaf = "import signal; signal.signal(15, signal.SIG_IGN)\n"
    process = _supervise({"deaf": f"{deaf}{_UP}while True: signal.pause()"}, grace=0.2)
    assert process.stdout is not None
    pid = _next(process, "child.started")["pid"]
    assert process.stdout.readline() == "up\n"
    process.terminate()
    process.communicate(timeout=30)
    assert isinstance(pid, int)
    assert not _alive(pid)


def test_parts_end_when_the_supervisor_is_killed() -> None:
    code = "try:\n os.write(1, b'up\\n')\n signal.pause()\nfinally: os.write(1, b'end\\n')"
    handler = "import os, signal, sys; signal.signal(15, lambda *_: sys.exit(0))\n"
    process = _supervise({"one": handler + code})
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.kill()
    # The pipe ends when the last process that holds it has ended.
    assert process.stdout.read() == "end\n"
    process.communicate()


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (50, LONGEST_DELAY_SECONDS)]
)
def test_the_delay_doubles_up_to_a_limit(failures: int, seconds: float) -> None:
    assert delay_seconds(failures) == seconds


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
