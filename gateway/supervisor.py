"""Keep the processes of one machine alive, and stop them together.

Each part is a command of ``narthex`` in a process of its own. A part that ends is
started again, later each time; one that lived for a while starts afresh at once. The
parts end with their supervisor even if that is killed. A clock that is set counts for
nothing here.
"""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from rules.disclosure import Event, log

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A part that lived so long has no history."""
GRACE_SECONDS = 30.0
"""Time to finish after SIGTERM, before SIGKILL."""

_PR_SET_PDEATHSIG = 1
_STOPS = (signal.SIGTERM, signal.SIGINT)
_WAITED = {*_STOPS, signal.SIGCHLD}


def command(*words: str) -> tuple[str, ...]:
    """Return the command line of ``narthex`` with these words, in this interpreter."""
    return (sys.executable, "-m", "gateway.cli", *words)


@dataclass(slots=True, kw_only=True)
class _Part:
    """One supervised process."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)


class Supervisor:
    """Run parts until told to stop.

    Must run in the main thread: it takes over SIGTERM, SIGINT and SIGCHLD.

    Parameters
    ----------
    parts : Mapping[str, Sequence[str]]
        Name and command line, in the order of starting; they stop in the reverse order.
    grace_seconds : float
        See `GRACE_SECONDS`.
    """

    def __init__(self, parts: Mapping[str, Sequence[str]], *, grace_seconds: float) -> None:
        self._parts = [_Part(name=name, command=line) for name, line in parts.items()]
        self._grace_seconds = grace_seconds

    def run(self) -> None:
        """Start everything; return when a signal said stop and all parts have ended."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
        try:
            log(Event.SERVICE_STARTED, component="supervisor", count=len(self._parts))
            while not self._stop_was_asked():
                self._reap()
                self._start_due()
        finally:
            self._stop()
            log(Event.SERVICE_STOPPED, component="supervisor")
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _stop_was_asked(self) -> bool:
        """Wait for a signal or for the next start that is due; return whether to stop."""
        now = monotonic()
        dues = [part.due for part in self._parts if part.process is None]
        seconds = max(0.0, min(dues) - now) if dues else STEADY_SECONDS
        received = signal.sigtimedwait(_WAITED, seconds)
        return received is not None and received.si_signo in _STOPS

    def _reap(self) -> None:
        now = monotonic()
        for part in self._parts:
            if part.process is None or part.process.poll() is None:
                continue
            log(
                Event.CHILD_DIED,
                component=part.name,
                pid=part.process.pid,
                status=part.process.returncode,
            )
            steady = now - part.started >= STEADY_SECONDS
            part.failures = 1 if steady else part.failures + 1
            part.due = now + delay_seconds(part.failures)
            part.process = None

    def _start_due(self) -> None:
        now = monotonic()
        for part in self._parts:
            if part.process is None and part.due <= now:
                part.process = subprocess.Popen(  # noqa: S603  (our own command lines)
                    part.command,
                    stdin=subprocess.DEVNULL,
                    preexec_fn=_become_part,  # noqa: PLW1509  (one thread runs here)
                )
                part.started = now
                log(Event.CHILD_STARTED, component=part.name, pid=part.process.pid)

    def _stop(self) -> None:
        deadline = monotonic() + self._grace_seconds
        running = [part.process for part in reversed(self._parts) if part.process is not None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(max(0.0, deadline - monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def delay_seconds(failures: int) -> float:
    """Return how long to wait before starting again after `failures` ends in a row."""
    return float(min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** min(failures - 1, 16)))


def _become_part() -> None:
    """In the new process: take signals again, and end with the supervisor."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED)
    # A terminal's Ctrl-C reaches the whole group; only the supervisor decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
