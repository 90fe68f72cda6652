"""The worker's side of its child: start it, ask it, watch the clock, replace it."""

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from gateway.errors import ChildDiedError, GatewayError
from gateway.work.frames import FrameError, Message, receive_message, send_message
from rules.disclosure import Event, log

_ONE_THREAD = {
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""A worker has one core; the stacks of threads would count as memory."""
COMMAND = (sys.executable, "-m", "gateway.work.child")
START_SECONDS = 60.0
_PARTING_SECONDS = 0.5
_TICK_SECONDS = 1.0
_WALL_FACTOR = 2.0
"""Time by the clock that a second of CPU may take where others want the CPU too."""


class ChildStartError(GatewayError):
    """The child did not start, or its rule sets are not ours."""

    code = "child.start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child may use.

    Attributes
    ----------
    memory_mb : int
        Address space beyond its start, MiB.
    cpu_seconds : int
        Of one object.
    wall_seconds : float
        Of one object, by the clock.
    faces_cpu_seconds, faces_object_cpu_seconds : int
        Of the look at a study for faces, and for each of its objects beside.
    """

    memory_mb: int
    cpu_seconds: int
    wall_seconds: float
    faces_cpu_seconds: int = 300
    faces_object_cpu_seconds: int = 2

    def faces(self, objects: int) -> int:
        """Return the CPU seconds that the look at a study may take."""
        return self.faces_cpu_seconds + self.faces_object_cpu_seconds * objects


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    peer: socket.socket


class ChildProcess:
    """A child that is there when it is asked. Not for several threads at once.

    Parameters
    ----------
    limits : Limits
    rules : Mapping[str, str]
        Hash of the plan by name or path of the rule set that the child loads.
    command : tuple[str, ...]
        What is started.
    """

    def __init__(
        self,
        *,
        limits: Limits,
        rules: Mapping[str, str],
        command: tuple[str, ...] = COMMAND,
    ) -> None:
        self._limits = limits
        self._rules = rules
        self._command = command
        self._running: _Running | None = None

    def ask(self, message: Message, *, tick: Callable[[], None]) -> Message:
        """Return the child's answer; a child is started where there is none.

        Parameters
        ----------
        tick : Callable[[], None]
            Called about once a second while the child works: a lease is renewed there.

        Raises
        ------
        ChildDiedError
            It is gone; the next call starts another one.
        ChildStartError
        """
        running = self._running or self._start()
        return self._exchange(running, message, seconds=self._limits.wall_seconds, tick=tick)

    def ask_for_faces(self, message: Message, *, objects: int, tick: Callable[[], None]) -> Message:
        """Return what the child found in a study; it may take longer than over one object.

        Raises
        ------
        ChildDiedError
        ChildStartError
        """
        cpu_seconds = self._limits.faces(objects)
        running = self._running or self._start()
        message = {**message, "cpu_seconds": cpu_seconds}
        return self._exchange(running, message, seconds=_WALL_FACTOR * cpu_seconds, tick=tick)

    def close(self) -> None:
        """End the child."""
        if self._running is not None:
            self._end(self._running)

    def _start(self) -> _Running:
        ours, theirs = socket.socketpair()
        limits = (self._limits.memory_mb, self._limits.cpu_seconds)
        with theirs:
            process = subprocess.Popen(  # noqa: S603  (our own module, no shell)
                [*self._command, str(theirs.fileno()), *map(str, limits)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
            )
        running = self._running = _Running(process, ours)
        log(Event.CHILD_STARTED, component="child", pid=process.pid)
        for rules, plan_hash in self._rules.items():
            try:
                answer = self._exchange(
                    running,
                    {"op": "plan", "rules": rules},
                    seconds=START_SECONDS,
                    tick=lambda: None,
                )
            except ChildDiedError:
                raise ChildStartError("see the lines above") from None
            if answer.get("plan") != plan_hash:
                self._end(running)
                raise ChildStartError("a rule set was changed: restart the worker")
        return running

    def _exchange(
        self,
        running: _Running,
        message: Message,
        *,
        seconds: float,
        tick: Callable[[], None],
    ) -> Message:
        deadline = monotonic() + seconds
        try:
            running.peer.settimeout(seconds)
            send_message(running.peer, message)
            _wait(running.peer, deadline=deadline, tick=tick)
            running.peer.settimeout(max(deadline - monotonic(), 0.001))
            return receive_message(running.peer)
        except (FrameError, OSError):
            self._end(running)
            raise ChildDiedError from None
        except BaseException:
            self._end(running)
            raise

    def _end(self, running: _Running) -> None:
        self._running = None
        running.peer.close()
        try:
            status = running.process.wait(timeout=_PARTING_SECONDS)
        except subprocess.TimeoutExpired:
            running.process.kill()
            status = running.process.wait()
        if status != 0:
            log(Event.CHILD_DIED, component="child", status=status)


def _wait(peer: socket.socket, *, deadline: float, tick: Callable[[], None]) -> None:
    """Return when there is something to read.

    Raises
    ------
    TimeoutError
    """
    poll = select.poll()
    poll.register(peer, select.POLLIN)
    while (left := deadline - monotonic()) > 0:
        if poll.poll(min(left, _TICK_SECONDS) * 1000):
            return
        tick()
    raise TimeoutError


def _environment() -> dict[str, str]:
    """Return an environment without our settings, with the place of our modules."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "LC_ALL", "TZ"}}
    return kept | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
