"""``narthex serve`` with everything that it says and leaves watched."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.appliance import ROOT, Appliance, free_port, narthex, wait_until
from tests.support.hunt import Process, Record, Sink, SqliteFile, Tree, processes

DATABASES = {
    "work": "work.db",
    "audit": "audit.db",
    "vault": "vault/records.db",
    "keyring": "keyring/keyring.db",
}
CHILD, RECEIVER = b"gateway.work.child", b"receive"


@dataclass
class WatchedNode:
    """A running appliance, and what was seen of it so far.

    Attributes
    ----------
    folder : Path
        Holds state, logs, temporary files.
    http : Record
        Answers of the health port, headers too.
    terminal : Record
        What commands printed.
    seen : Record
        Command lines and environments of all processes.
    """

    folder: Path
    running: Appliance
    http: Record = field(default_factory=lambda: Record("http"))
    terminal: Record = field(default_factory=lambda: Record("terminal"))
    seen: Record = field(default_factory=lambda: Record("processes"))
    core_bytes: set[str] = field(default_factory=set)

    @property
    def port(self) -> int:
        return self.running.dicom_port

    @property
    def state(self) -> Path:
        return self.running.state

    def ask(
        self,
        page: str,
        *,
        method: str = "GET",
        content: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Ask the health port and keep the answer."""
        url = f"http://127.0.0.1:{self.running.web_port}/{page}"
        answer = httpx.request(method, url, content=content, headers=headers, timeout=30)
        self.http.plant(repr(answer.headers.multi_items()).encode() + answer.content)
        return answer

    def tell(self, *words: str) -> int:
        """Run a command on the node and keep what it prints; return its exit code."""
        done = self.running.narthex(*words)
        self.terminal.plant(f"{done.stdout}\n{done.stderr}".encode())
        return done.returncode

    def look(self) -> list[Process]:
        """Look at all processes as everybody can, and keep it."""
        found = processes(self.running.process.pid)
        for each in found:
            self.seen.plant(each.command_line + b"\n" + each.environment)
            self.core_bytes.add(each.core_bytes)
        return found

    def kill_children(self) -> None:
        """Kill the processes that parse."""
        for pid in self._pids(CHILD):
            os.kill(pid, signal.SIGKILL)

    def _pids(self, word: bytes) -> list[int]:
        return [each.pid for each in self.look() if word in each.command_line.split(b"\0")]

    @contextmanager
    def full_disk(self, word: bytes, *, at_bytes: int) -> Iterator[None]:
        """Let no file grow beyond `at_bytes` that processes called with `word` write."""
        pids = self._pids(word)
        assert pids
        try:
            for pid in pids:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (at_bytes, resource.RLIM_INFINITY))
            yield
        finally:
            for pid in pids:
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)

    @contextmanager
    def missing_table(self, database: str, table: str) -> Iterator[None]:
        """Let a table be gone, so that whoever asks for it gets an exception."""
        _rename(self.state / DATABASES[database], table, "missing")
        try:
            yield
        finally:
            _rename(self.state / DATABASES[database], "missing", table)

    def count(self, event: str, **fields: object) -> int:
        """Return how often something was logged."""
        lines = self.running.log.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{")]
        return sum(each["event"] == event and fields.items() <= each.items() for each in events)

    def wait_for(self, event: str, *, more_than: int = 0, **fields: object) -> None:
        """Wait until something was logged."""
        wait_until(lambda: self.count(event, **fields) > more_than, f"{event} in the log")

    def held(self, reason: str) -> float:
        return self.running.metric("narthex_objects", state="held", reason=reason)

    def settle(self) -> None:
        """Wait until nothing is left to clean."""
        wait_until(
            lambda: (
                self.running.metric("narthex_objects", state="received") == 0
                and self.running.metric("narthex_jobs", state="leased") == 0
            ),
            "everything to be cleaned or held",
        )

    def sinks(self) -> list[Sink]:
        """Return everything that the node leaves behind."""
        return [
            Tree("log", self.running.log),
            Tree("stdout", self.folder / "stdout"),
            *(SqliteFile(f"database.{n}", self.state / f) for n, f in DATABASES.items()),
            Tree("spool", self.state / "spool"),
            Tree("archive", self.state / "archive"),
            Tree("state", self.state),
            Tree("temporary", self.folder / "temporary"),
            self.http,
            self.terminal,
            self.seen,
        ]


def _rename(path: Path, old: str, new: str) -> None:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute(f'ALTER TABLE "{old}" RENAME TO "{new}"')
    connection.close()


@contextmanager
def watched_node(
    folder: Path,
    settings: str,
    *,
    dicom: str = "",
    environment: Mapping[str, str] | None = None,
    is_up: str = "readyz",
) -> Iterator[WatchedNode]:
    """Run the appliance until the block ends.

    Parameters
    ----------
    settings, dicom : str
        TOML: sections, and keys of the section dicom.
    is_up : str
        Page that must answer before the block starts.
    """
    dicom_port, web_port = free_port(), free_port()
    config, log, temporary = folder / "narthex.toml", folder / "narthex.log", folder / "temporary"
    config.write_text(
        f"[dicom]\nport = {dicom_port}\nminimum_free_mb = 1\n{dicom}\n"
        f"[web]\nport = {web_port}\n{settings}"
    )
    temporary.mkdir(exist_ok=True)
    with log.open("ab") as stderr, (folder / "stdout").open("ab") as stdout:
        process = subprocess.Popen(
            narthex("--state", folder / "state", "--config", config, "serve"),
            stdout=stdout,
            stderr=stderr,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(temporary), **(environment or {})},
        )
    running = Appliance(
        state=folder / "state",
        config=config,
        log=log,
        dicom_port=dicom_port,
        web_port=web_port,
        process=process,
    )
    node = WatchedNode(folder, running)
    try:
        wait_until(lambda: _answers(node, is_up), "the node to be up")
        yield node
    finally:
        if process.poll() is None:
            running.stop()


def _answers(node: WatchedNode, page: str) -> bool:
    assert node.running.process.poll() is None, "the node ended"
    try:
        return node.running.get(page).status_code == 200
    except httpx.HTTPError:
        return False
