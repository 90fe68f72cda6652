"""The whole appliance in processes of its own, for system tests and stories."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(done: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Look again and again; fail with `what` where it never comes."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.1)  # between looks at other processes, not for a result


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A running ``narthex serve``.

    Attributes
    ----------
    log : Path
        Its standard error.
    """

    state: Path
    config: Path
    log: Path
    dicom_port: int
    web_port: int
    process: "subprocess.Popen[bytes]"

    def get(self, page: str) -> httpx.Response:
        """Return a health page."""
        return httpx.get(f"http://127.0.0.1:{self.web_port}/{page}", timeout=10)

    def is_ready(self) -> bool:
        """Return whether ``/readyz`` says so."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric over the rows with these labels."""
        total = 0.0
        for line in self.get("metrics").text.splitlines():
            if line.startswith((f"{name}{{", f"{name} ")) and all(
                f'{key}="{value}"' in line for key, value in labels.items()
            ):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def events(self) -> list[dict[str, Any]]:
        """Return what was logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def narthex(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on the same state."""
        return subprocess.run(
            narthex("--state", self.state, "--config", self.config, *words),
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
            check=False,
        )

    def stop(self) -> int:
        """Stop as systemd would; return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def narthex(*words: str | Path) -> list[str]:
    """Return the command line of ``narthex`` in this interpreter."""
    return [sys.executable, "-m", "gateway.cli", *map(str, words)]


@contextmanager
def appliance(
    folder: Path, settings: str, *, environment: Mapping[str, str] | None = None
) -> Iterator[Appliance]:
    """Run ``narthex serve`` until the block ends; ready when it starts.

    Parameters
    ----------
    folder : Path
        Gets state, settings and log.
    settings : str
        TOML of peers, projects, destinations.
    """
    dicom_port, web_port = free_port(), free_port()
    config, log = folder / "narthex.toml", folder / "narthex.log"
    config.write_text(
        f"[dicom]\nport = {dicom_port}\nminimum_free_mb = 1\n[web]\nport = {web_port}\n{settings}"
    )
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            narthex("--state", folder / "state", "--config", config, "serve"),
            stderr=stderr,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
    running = Appliance(
        state=folder / "state",
        config=config,
        log=log,
        dicom_port=dicom_port,
        web_port=web_port,
        process=process,
    )
    try:
        wait_until(running.is_ready, "the appliance to be ready")
        yield running
    finally:
        if process.poll() is None:
            running.stop()
