"""Time ``narthex deidentify`` beside ``cp`` and its peers, file to file.

Each round runs every tool once, one after the other, so that a machine that slows down
slows all of them. A tool is run over one file and over all of them; what is reported is
the difference, so that start-up is left out. ``narthex`` runs the basic profile,
``narthex, cleaned`` the options of research without those that look at pixels. Figures
are CPU milliseconds (user + system) per instance, wall milliseconds, MB/s, peak RSS;
ratios are taken within a round and the median round is quoted. (Peak RSS has this
program's own, about 45 MB, as its floor: the kernel counts what a process was before it
became another.)

Usage: ``python ops/bench/throughput.py [--kinds ct,mr,sr,mg] [--count 500] [--rounds 3]``.
Peers are looked for on PATH and in ``--peers DIR`` (a virtual environment's ``bin``); one
that is missing is named and left out.
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
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.bench import corpora

MEGABYTE = 1e6
RESEARCH_HEADERS = Path(__file__).with_name("research-headers.yaml")
COUNTS = {"ct": 500, "mr": 500, "sr": 500, "mg": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one process used."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Per instance, start-up excluded."""

    cpu_ms: float
    wall_ms: float
    mb_per_second: float
    peak_mb: float


Command = Callable[[Path, Path], list[str]]


def tools(peers: Path | None) -> dict[str, Command | None]:
    """Return the command of each tool; None where it is not installed."""
    places = os.pathsep.join([str(peers or ""), os.environ["PATH"]])
    narthex = Path(sys.executable).with_name("narthex")

    def peer(name: str, build: Callable[[str, Path, Path], list[str]]) -> Command | None:
        found = shutil.which(name, path=places)
        return (lambda i, o: build(found, i, o)) if found else None

    return {
        "cp": lambda i, o: ["cp", "-r", str(i), str(o)],
        "narthex": lambda i, o: [str(narthex), "deidentify", str(i), str(o), "--rules", "basic"],
        "narthex, cleaned": lambda i, o: [
            *(str(narthex), "deidentify", str(i), str(o)),
            *("--rules", str(RESEARCH_HEADERS)),
        ],
        # its console script calls main() without arguments (0.19): run the module
        "dicognito": peer(
            "dicognito",
            lambda x, i, o: [
                *(str(Path(x).with_name("python")), "-m", "dicognito"),
                *("--quiet", "--output-directory", str(o), str(i)),
            ],
        ),
        "dicom-anonymizer": peer("dicom-anonymizer", lambda x, i, o: [x, str(i), str(o)]),
    }


def run(command: list[str]) -> Run:
    """Run a process to its end.

    Raises
    ------
    subprocess.CalledProcessError
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, said.read()[-500:])
    return Run(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        wall_seconds=time.perf_counter() - started,
        peak_mb=usage.ru_maxrss / 1024,
    )


def measure(command: Command, one: Path, many: Path, *, count: int, size: int) -> Figure:
    """Return the figures of one tool in one round."""
    with tempfile.TemporaryDirectory(dir=many.parent) as scratch:
        start_up = run(command(one, _fresh(scratch, "one")))
        whole = run(command(many, _fresh(scratch, "many")))
    others = count - 1
    wall = max(whole.wall_seconds - start_up.wall_seconds, 1e-9)
    return Figure(
        cpu_ms=(whole.cpu_seconds - start_up.cpu_seconds) / others * 1000,
        wall_ms=wall / others * 1000,
        mb_per_second=size / MEGABYTE / wall,
        peak_mb=whole.peak_mb,
    )


def _fresh(scratch: str, name: str) -> Path:
    folder = Path(scratch, name)
    folder.mkdir()  # dicom-anonymizer does not make its own
    return folder


def bench(kind: str, *, count: int, rounds: int, peers: Path | None) -> dict[str, list[Figure]]:
    """Time every tool over one kind, in turn."""
    figures: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "one-file"), Path(folder, "many-files")
        corpora.write(kind, one, count=1)
        size = corpora.write(kind, many, count=count)
        for number in range(rounds):
            for name, command in tools(peers).items():
                if command is None:
                    continue
                print(f"{kind} round {number + 1}: {name}", file=sys.stderr)
                figure = measure(command, one, many, count=count, size=size)
                figures.setdefault(name, []).append(figure)
    return figures


def table(figures: dict[str, list[Figure]]) -> list[dict[str, object]]:
    """Return a row per tool: medians, and the median of the ratios to narthex and cp."""
    rows = []
    for name, runs in figures.items():
        row: dict[str, object] = {"tool": name}
        for field in ("cpu_ms", "wall_ms", "mb_per_second", "peak_mb"):
            row[field] = round(statistics.median(getattr(r, field) for r in runs), 2)
        for base in ("narthex", "cp"):
            ratios = [r.cpu_ms / b.cpu_ms for r, b in zip(runs, figures[base], strict=True)]
            row[f"cpu_over_{base}"] = round(statistics.median(ratios), 2)
        rows.append(row)
    return rows


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default="ct,mr,sr,mg")
    parser.add_argument("--count", type=int, help="files of each kind (default: 500; mg 40)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path)
    arguments = parser.parse_args()
    missing = [name for name, command in tools(arguments.peers).items() if command is None]
    result: dict[str, object] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "missing": missing,
    }
    for kind in arguments.kinds.split(","):
        figures = bench(
            kind,
            count=arguments.count or COUNTS[kind],
            rounds=arguments.rounds,
            peers=arguments.peers,
        )
        result[kind] = table(figures)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
