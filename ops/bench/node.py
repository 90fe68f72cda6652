"""A Narthex node for benches: its settings, its processes, what its databases say.

Either the whole appliance (``narthex serve``), or its parts one by one, so that one of
them can be armed with a failpoint while the others stay.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import sqlalchemy as sa

from gateway.settings import Settings, load
from gateway.tables import job, outbox, spool_object, study

ROOT = Path(__file__).resolve().parents[2]
CALLING, CALLED = "BENCH", "NARTHEX"
DESTINATION = "recipient"
PATIENCE_SECONDS = 120.0
DATABASES = ("work", "audit", "vault", "keyring")
KINDS = {"receive": "receiver", "work": "worker", "broker": "broker", "web": "web"}
"""Kind of a process by the verb of its command line."""


class VainError(Exception):
    """What was waited for did not come."""


def wait_until(
    done: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS, pause: float = 0.1
) -> float:
    """Look again and again; return how long it took.

    Raises
    ------
    VainError
    """
    started = time.monotonic()
    while not done():
        if time.monotonic() - started > seconds:
            raise VainError(what)
        time.sleep(pause)
    return time.monotonic() - started


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody accepts connections."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a node, as ``/proc`` shows it.

    Attributes
    ----------
    kind : str
        ``supervisor``, ``receiver``, ``worker``, ``child``, ``broker`` or ``web``; a
        program of somebody else has its own name.
    cpu_seconds : float
        User and system, with the children it waited for.
    peak_mb : float
        Of its resident memory.
    """

    pid: int
    kind: str
    cpu_seconds: float
    peak_mb: float


def tree(pid: int) -> list[Process]:
    """Return a process and all that descend from it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int(_stat(folder)[1])
            except (OSError, IndexError):
                continue  # it ended meanwhile
    wanted, found = [pid], []
    while wanted:
        one = wanted.pop()
        wanted += [child for child, parent in parents.items() if parent == one]
        process = _look_at(one)
        if process is not None:
            found.append(process)
    return found


def _stat(folder: Path) -> list[str]:
    """Return the fields of ``stat`` behind the name, from the state on."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


def _look_at(pid: int) -> Process | None:
    folder = Path("/proc") / str(pid)
    try:
        words = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
        fields = _stat(folder)
        status = (folder / "status").read_text()
    except (OSError, UnicodeDecodeError):
        return None
    if fields[0] == "Z" or not words:
        return None
    ticks = sum(map(int, fields[11:15]))
    peak = next((line.split()[1] for line in status.splitlines() if "VmHWM" in line), "0")
    return Process(
        pid=pid,
        kind=_kind(words),
        cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"),
        peak_mb=int(peak) / 1024,
    )


def _kind(words: list[str]) -> str:
    if "gateway.work.child" in words:
        return "child"
    if "gateway.cli" in words:
        return KINDS.get(words[-1], "supervisor")
    return Path(words[0]).name


@dataclass(slots=True, kw_only=True)
class Node:
    """A node on one folder. A context manager that leaves no process behind.

    Attributes
    ----------
    destination_port : int
        Where cleaned objects go; 0: nowhere.
    databases : Mapping[str, str]
        URLs by name; none: SQLite in the state folder.
    """

    folder: Path
    destination_port: int = 0
    projects: tuple[str, ...] = ("bench",)
    workers: int = 1
    databases: Mapping[str, str] = field(default_factory=dict)
    dicom_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    _started: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _engine: sa.Engine | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self._toml())
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            kill(process)
        if self._engine is not None:
            self._engine.dispose()

    @property
    def state(self) -> Path:
        """Return the state folder."""
        return self.folder / "state"

    @property
    def config(self) -> Path:
        """Return the settings file."""
        return self.folder / "narthex.toml"

    @property
    def log(self) -> Path:
        """Return what all processes wrote to standard error."""
        return self.folder / "narthex.log"

    @property
    def settings(self) -> Settings:
        """Return the settings as the processes read them."""
        return load(config=self.config, state=self.state)

    @property
    def engine(self) -> sa.Engine:
        """Return a way to look at the work database."""
        if self._engine is None:
            self._engine = sa.create_engine(self.settings.database.work)
        return self._engine

    def _toml(self) -> str:
        """Return the settings: a sender on loopback, projects, a recipient.

        JSON strings are TOML strings.
        """
        lines = [
            f"dicom = {{ port = {self.dicom_port}, minimum_free_mb = 64 }}",
            f"web = {{ port = {self.web_port} }}",
            f"work = {{ workers = {self.workers} }}",
        ]
        if self.databases:
            urls = ", ".join(f"{name} = {json.dumps(url)}" for name, url in self.databases.items())
            lines.append(f"database = {{ {urls} }}")
        lines += [
            "[[peers]]",
            'name = "bench"',
            f'ae_title = "{CALLING}"',
            'address = "127.0.0.1"',
            "quiet_seconds = 0",
        ]
        sends = f'["{DESTINATION}"]' if self.destination_port else "[]"
        for project in self.projects:
            lines += ["[[projects]]", f'name = "{project}"', 'rules = "basic"']
            lines += [f"destinations = {sends}"]
        if self.destination_port:
            lines += ["[[destinations]]", f'name = "{DESTINATION}"', 'host = "127.0.0.1"']
            lines += [f"port = {self.destination_port}", 'ae_title = "RECIPIENT"']
        return "\n".join(lines) + "\n"

    def start(self, verb: str, *, failpoint: str = "") -> "subprocess.Popen[bytes]":
        """Start ``narthex VERB``; a failpoint is armed in that process only."""
        environment = {**os.environ, "NARTHEX_FAILPOINT": failpoint}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self._command(verb), stderr=log, stdout=log, cwd=ROOT, env=environment
            )
        self._started.append(process)
        return process

    def run(self, *words: str) -> None:
        """Run a command of ``narthex`` to its end."""
        subprocess.run(self._command(*words), check=True, capture_output=True, cwd=ROOT)

    def _command(self, *words: str) -> list[str]:
        where = ["--state", str(self.state), "--config", str(self.config)]
        return [sys.executable, "-m", "gateway.cli", *where, *words]

    def is_ready(self) -> bool:
        """Return whether ``/readyz`` says so."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.web_port}/readyz", timeout=10
            ) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def open_objects(self) -> tuple[int, int]:
        """Return how many objects wait to be cleaned, and how many to be sent."""
        waiting = sa.select(sa.func.count()).where(spool_object.c.state == "received")
        unsent = sa.select(sa.func.count()).where(outbox.c.state.in_(("queued", "sending")))
        with self.engine.connect() as connection:
            return connection.scalar(waiting) or 0, connection.scalar(unsent) or 0

    def is_drained(self) -> bool:
        """Return whether nothing is left to do."""
        left = [
            sa.select(sa.literal(1)).where(study.c.open),
            sa.select(sa.literal(1)).where(job.c.state.in_(("due", "leased"))),
        ]
        with self.engine.connect() as connection:
            if any(connection.scalar(query.limit(1)) for query in left):
                return False
        return self.open_objects() == (0, 0)

    def held_rows(self) -> Iterator[tuple[str, str]]:
        """Yield state and reason of what was not released."""
        query = sa.select(spool_object.c.state, spool_object.c.reason)
        with self.engine.connect() as connection:
            for row in connection.execute(query.where(spool_object.c.state != "cleaned")):
                yield row.state, row.reason


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process with all its descendants, parents first: none is started again."""
    if process.poll() is None:
        for one in tree(process.pid):
            kill_one(one.pid)
    process.wait()


def kill_one(pid: int) -> None:
    """Kill one process, as a power cut would."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
