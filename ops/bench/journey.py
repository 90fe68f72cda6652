"""Time the network journey: a burst of CT over four associations, and how it drains.

Four ``dcmsend`` send at once to ``narthex serve`` (SQLite, ``synchronous=FULL``, fsync on,
project under ``basic``), which cleans, verifies, archives and sends on to a ``storescp``.
Orthanc and ``storescp`` take the same burst, on the same disk, in turn within each round;
ratios are taken within a round and the median is quoted. They store what they get and do
nothing else.

A study closes when its associations have ended; the burst is over when the last
``dcmsend`` has its last Success. The bar: everything is released within twice the
sending time after that.

Usage: ``python -m ops.bench.journey [--count 2000] [--rounds 1] [--workers 1]
[--destination storescp|none] [--peers orthanc,storescp]``. Prints JSON; exit code 1: an
object was lost or held, or the bar was missed.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.bench import corpora
from ops.bench.node import (
    CALLED,
    CALLING,
    Node,
    free_port,
    listens,
    tree,
    wait_until,
)

ASSOCIATIONS = 4
BAR = 2.0
"""Drain time over sending time, at most."""
DRAIN_SECONDS = 3600.0
LOOK_SECONDS = 0.5
POINTS = 12
"""Of the backlog over time that are printed."""
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The backlog at one moment, seconds after the first byte."""

    seconds: float
    uncleaned: int
    unsent: int


@dataclass(slots=True)
class Usage:
    """CPU and peak memory by kind of process, while they live.

    Attributes
    ----------
    roots : list[int]
        Processes that are watched, with their descendants.
    """

    roots: list[int]
    _cpu: dict[tuple[str, int], float] = field(default_factory=dict)
    _peak: dict[str, float] = field(default_factory=dict)
    _before: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        """Take a sample; what a process used last before it ended counts."""
        for root in self.roots:
            for process in tree(root):
                self._cpu[process.kind, process.pid] = process.cpu_seconds
                self._peak[process.kind] = max(process.peak_mb, self._peak.get(process.kind, 0.0))

    def start(self) -> None:
        """Leave out what was used so far."""
        self.look()
        self._before = self._sums()

    def _sums(self) -> dict[str, float]:
        sums: dict[str, float] = {}
        for (kind, _), seconds in self._cpu.items():
            sums[kind] = sums.get(kind, 0.0) + seconds
        return sums

    def cpu(self) -> dict[str, float]:
        """Return CPU seconds since the start, by kind."""
        return {
            kind: round(seconds - self._before.get(kind, 0.0), 2)
            for kind, seconds in sorted(self._sums().items())
        }

    def peak(self) -> dict[str, float]:
        """Return the largest resident memory of one process of each kind, MB."""
        return {kind: round(peak, 1) for kind, peak in sorted(self._peak.items())}


def burst(folders: list[Path], *, port: int) -> float:
    """Send each folder over an association of its own, all at once; return the seconds.

    Raises
    ------
    subprocess.CalledProcessError
        A sender did not get Success for all of its instances.
    """
    started = time.monotonic()
    senders = [
        subprocess.Popen(
            [
                *("dcmsend", "-q", "-aet", CALLING, "-aec", CALLED, "--scan-directories"),
                *("127.0.0.1", str(port), str(folder)),
            ]
        )
        for folder in folders
    ]
    for sender in senders:
        if sender.wait():
            raise subprocess.CalledProcessError(sender.returncode, "dcmsend")
    return time.monotonic() - started


def split(folder: Path, *, count: int) -> list[Path]:
    """Write `count` CT instances and deal them out, study after study, to the senders."""
    corpora.write("ct", folder / "all", count=count)
    folders = [folder / f"sender-{number}" for number in range(ASSOCIATIONS)]
    for each in folders:
        each.mkdir()
    for number, path in enumerate(sorted((folder / "all").iterdir())):
        path.rename(folders[number * ASSOCIATIONS // count] / path.name)
    return folders


# Narthex


def run_narthex(
    folder: Path, folders: list[Path], *, count: int, workers: int, has_destination: bool
) -> dict[str, Any]:
    """Send the burst to the appliance and watch it drain."""
    with ExitStack() as stack:
        port = 0
        if has_destination:
            port = stack.enter_context(storescp(folder / "destination"))[1]
        node = stack.enter_context(Node(folder=folder, destination_port=port, workers=workers))
        appliance = node.start("serve")
        wait_until(node.is_ready, "the appliance to be ready")
        usage = Usage([appliance.pid])
        usage.start()
        samples: list[Sample] = []
        with sampling(node, usage, samples):
            sent = burst(folders, port=node.dicom_port)
            released = wait_until(
                lambda: _is_cleaned(node), "all to be released", seconds=DRAIN_SECONDS
            )
            delivered = released + wait_until(
                node.is_drained, "all to be sent", seconds=DRAIN_SECONDS
            )
        usage.look()
        held = Counter(reason for _, reason in node.held_rows())
        archived = sum(1 for _ in node.settings.archive.glob("??/*.dcm"))
        arrived = sum(1 for _ in (folder / "destination").iterdir()) if has_destination else None
    cpu = usage.cpu()
    return {
        "sending_seconds": round(sent, 2),
        "drain_released_seconds": round(released, 2),
        "drain_sent_seconds": round(delivered, 2),
        "drain_over_sending": round(released / sent, 2),
        "received_per_second": round(count / sent, 1),
        "through_per_second": round(count / (sent + released), 1),
        "cpu_seconds": cpu,
        "cpu_ms_per_instance": round(sum(cpu.values()) / count * 1000, 2),
        "peak_rss_mb": usage.peak(),
        "backlog": thinned(samples),
        "held": dict(held),
        "archived": archived,
        "arrived": arrived,
        "is_whole": archived == count and not held and arrived in {None, count},
    }


def _is_cleaned(node: Node) -> bool:
    """Return whether nothing waits to be cleaned (and every study has closed)."""
    return node.open_objects()[0] == 0


@contextmanager
def sampling(node: Node, usage: Usage, samples: list[Sample]) -> Iterator[None]:
    """Sample backlog and processes in a thread until the block ends."""
    stop = threading.Event()
    started = time.monotonic()

    def run() -> None:
        while not stop.wait(LOOK_SECONDS):
            uncleaned, unsent = node.open_objects()
            at = round(time.monotonic() - started, 1)
            samples.append(Sample(seconds=at, uncleaned=uncleaned, unsent=unsent))
            usage.look()

    thread = threading.Thread(target=run, name="sampling")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def thinned(samples: list[Sample]) -> list[list[float]]:
    """Return some of the samples: seconds, not cleaned, not sent."""
    step = max(1, len(samples) // POINTS)
    return [[each.seconds, each.uncleaned, each.unsent] for each in samples[::step]]


# peers


@contextmanager
def storescp(folder: Path) -> Iterator[tuple[int, int]]:
    """Run DCMTK's storescp, a process per association; yield process id and port."""
    folder.mkdir(parents=True)
    port = free_port()
    command = ["storescp", "-q", "--fork", "-aet", "RECIPIENT", "-od", str(folder), str(port)]
    yield from _running(command, port, folder.with_suffix(".log"))


@contextmanager
def orthanc(folder: Path) -> Iterator[tuple[int, int]]:
    """Run Debian's Orthanc as it comes, storage on the same disk; yield process id and port."""
    folder.mkdir(parents=True)
    port = free_port()
    settings = {
        "DicomAet": CALLED,
        "DicomPort": port,
        "HttpPort": free_port(),
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAlwaysAllowStore": True,
        "Plugins": [],
    }
    config = folder / "orthanc.json"
    config.write_text(json.dumps(settings))
    yield from _running(["Orthanc", str(config)], port, folder / "orthanc.log")


def _running(command: list[str], port: int, log: Path) -> Iterator[tuple[int, int]]:
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        wait_until(lambda: listens(port), f"{command[0]} to listen")
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=60)


PEERS: dict[str, Callable[[Path], Any]] = {"orthanc": orthanc, "storescp": storescp}
PROGRAMS = {"orthanc": "Orthanc", "storescp": "storescp"}


def run_peer(name: str, folder: Path, folders: list[Path], *, count: int) -> dict[str, Any]:
    """Send the burst to a program that only stores."""
    with PEERS[name](folder / name) as (pid, port):
        usage = Usage([pid])
        usage.start()
        sent = burst(folders, port=port)
        usage.look()
    cpu = sum(usage.cpu().values())
    return {
        "sending_seconds": round(sent, 2),
        "received_per_second": round(count / sent, 1),
        "cpu_ms_per_instance": round(cpu / count * 1000, 2),
        "peak_rss_mb": usage.peak(),
    }


# all


def bench(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds and return the figures."""
    peers = [name for name in arguments.peers.split(",") if name]
    rounds: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        folders = split(Path(folder, "burst"), count=arguments.count)
        size = sum(path.stat().st_size for each in folders for path in each.iterdir())
        for number in range(arguments.rounds):
            place = Path(folder, f"round-{number}")
            one: dict[str, Any] = {}
            for name in ("narthex", *peers):
                print(f"round {number + 1}: {name}", file=sys.stderr, flush=True)
                load = os.getloadavg()[0]
                if name == "narthex":
                    one[name] = run_narthex(
                        place / name,
                        folders,
                        count=arguments.count,
                        workers=arguments.workers,
                        has_destination=arguments.destination != "none",
                    )
                elif shutil.which(PROGRAMS[name]):
                    one[name] = run_peer(name, place, folders, count=arguments.count)
                else:
                    continue
                one[name]["load_before"] = round(load, 1)
                shutil.rmtree(place, ignore_errors=True)
            rounds.append(one)
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "instances": arguments.count,
        "megabytes": round(size / MEGABYTE),
        "associations": ASSOCIATIONS,
        "workers": arguments.workers,
        "bar": BAR,
        "drain_over_sending": median(rounds, lambda each: each["narthex"]["drain_over_sending"]),
        "ratios": {
            name: {
                figure: median(
                    [each for each in rounds if name in each],
                    lambda each, n=name, f=figure: each["narthex"][f] / each[n][f],
                )
                for figure in ("sending_seconds", "cpu_ms_per_instance")
            }
            for name in peers
            if any(name in each for each in rounds)
        },
        "rounds": rounds,
    }


def median(rounds: list[dict[str, Any]], figure: Callable[..., float]) -> float:
    """Return the median of a figure over the rounds."""
    return round(statistics.median(figure(each) for each in rounds), 2)


def main() -> int:
    """Run and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--destination", choices=("storescp", "none"), default="storescp")
    parser.add_argument("--peers", default="orthanc,storescp")
    parser.add_argument("--scratch", type=Path, help="folder on the disk that is timed")
    arguments = parser.parse_args()
    result = bench(arguments)
    print(json.dumps(result, indent=1))
    whole = all(each["narthex"]["is_whole"] for each in result["rounds"])
    return 0 if whole and result["drain_over_sending"] <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
