"""Run the tool that is scored: ours, any other by its command, or a baseline."""

import json
import shlex
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRLittleEndian

LOG = "tool.log"
BASELINES = ("noop", "delete-everything")


def narthex_command() -> list[str]:
    """Return how the product is started in this environment."""
    beside = Path(sys.executable).parent / "narthex"
    return [str(beside)] if beside.is_file() else [sys.executable, "-m", "gateway.cli"]


def run_narthex(folder: Path, *, rules: str) -> int:
    """Run ``narthex deidentify`` over ``folder/in``; return its exit code."""
    command = [*narthex_command(), "deidentify", str(folder / "in"), str(folder / "out")]
    command += ["--rules", rules, "--mapping", str(folder / "mapping")]
    return _run([*command, "--report", str(folder / "report.jsonl")], folder / LOG)


def run_command(folder: Path, *, template: str) -> int:
    """Run another tool: `template` with ``{in}``, ``{out}`` and ``{mapping}`` filled in."""
    places = {f"{{{name}}}": str(folder / name) for name in ("in", "out", "mapping")}
    words = []
    for word in shlex.split(template):
        for name, value in places.items():
            word = word.replace(name, value)  # noqa: PLW2901 - filled in place by place
        words.append(word)
    return _run(words, folder / LOG)


def _run(command: list[str], log: Path) -> int:
    with log.open("wb") as said:
        return subprocess.run(command, check=False, stdout=said, stderr=said).returncode


def run_baseline(name: str, source: Path, target: Path) -> int:
    """Do nothing to the files, or leave nothing of them."""
    for path in sorted(p for p in source.rglob("*.dcm") if p.is_file()):
        out = target / path.relative_to(source)
        out.parent.mkdir(parents=True, exist_ok=True)
        if name == "noop":
            shutil.copyfile(path, out)
        else:
            _emptied(path).save_as(out, enforce_file_format=True)
    return 0


def _emptied(path: Path) -> FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = pydicom.dcmread(path, stop_before_pixels=True)
    after = Dataset()
    after.SOPClassUID = before.SOPClassUID
    after.SOPInstanceUID = pydicom.uid.generate_uid()
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return FileDataset(str(path), after, file_meta=meta, preamble=b"\0" * 128)


def withheld_reasons(report: Path) -> Counter[str]:
    """Return how many objects the tool says it withheld, by reason."""
    reasons: Counter[str] = Counter()
    if report.is_file():
        for line in report.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("outcome") != "cleaned":
                reasons[str(row.get("reason") or row.get("outcome"))] += 1
    return reasons
