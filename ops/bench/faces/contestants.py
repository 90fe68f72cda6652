"""Run what removes the faces: the product by its command, peers, and two baselines."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its own short name
from numpy.typing import NDArray

from ops.bench.faces import series
from ops.bench.faces.heads import image_of, matrix_of
from ops.bench.faces.scan import Scan
from ops.bench.faces.surface import Mask, skin_of
from ops.bench.scoring.tools import narthex_command

STOPWATCH = Path(__file__).with_name("stopwatch.py")
RULES = """\
name: faces-score
profile: basic
options: [clean-recognizable-visual-features]
deface: {{modalities: [CT, MR, PT], mask: {mask}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took."""

    wall_seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one scan.

    Attributes
    ----------
    after : numpy.ndarray or None
        Values on the scan's grid; None where nothing was released.
    held : str
        Reasons of what was held, with counts; "" where all was released.
    there : numpy.ndarray or None
        Slices that were released; None: all.
    """

    after: NDArray[np.int16] | None
    held: str
    cost: Cost
    there: Mask | None = None


def run(command: list[str], log: Path) -> Cost:
    """Run `command` alone and measure it; its words go to `log`."""
    figures = log.with_suffix(".json")
    with log.open("ab") as said:
        subprocess.run(
            [sys.executable, "-I", str(STOPWATCH), str(figures), *command],
            stdout=said,
            stderr=said,
            check=True,
        )
    return Cost(**json.loads(figures.read_text(encoding="utf-8")))


def narthex(scan: Scan, source: Path, work: Path, *, mask: str) -> Outcome:
    """Run ``narthex deidentify`` over the series in `source`."""
    rules = work / "rules.yaml"
    rules.write_text(RULES.format(mask=mask), encoding="utf-8")
    report = work / "report.jsonl"
    command = [*narthex_command(), "deidentify", str(source), str(work / "out")]
    command += ["--rules", str(rules), "--report", str(report), "--json"]
    cost = run(command, work / "tool.log")
    held = _held(report)
    if not (work / "out").is_dir() or not any((work / "out").rglob("*.dcm")):
        return Outcome(after=None, held=held or f"exit {cost.exit_code}", cost=cost)
    try:
        after, there = series.matched(scan, work / "out")
    except series.SeriesError as broken:
        return Outcome(after=None, held=f"geometry: {broken}", cost=cost)
    if not there.all():
        missing = f"{int((~there).sum())} of {len(there)} slices missing"
        held = f"{held}; {missing}" if held else missing
    return Outcome(after=after, held=held, cost=cost, there=there)


def _held(report: Path) -> str:
    counts: dict[str, int] = {}
    if report.is_file():
        for line in report.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("outcome") not in ("cleaned", None):
                why = str(row.get("reason") or row["outcome"])
                counts[why] = counts.get(why, 0) + 1
    return ", ".join(f"{why} {count}" for why, count in sorted(counts.items()))


def _free(after: NDArray[np.int16]) -> Outcome:
    nothing = Cost(wall_seconds=0, cpu_seconds=0, peak_rss_mb=0, exit_code=0)
    return Outcome(after=after, held="", cost=nothing)


def none(scan: Scan) -> Outcome:
    """Change nothing."""
    return _free(scan.values.copy())


def box(scan: Scan) -> Outcome:
    """Cut off the lower front of the head by a box that knows nothing but its skin."""
    values, seen = scan.looked_at()
    tissue = skin_of(values, seen, is_ct=scan.is_ct).tissue
    z, y, _ = np.nonzero(tissue)
    room = np.zeros(tissue.shape, dtype=bool)
    room[: int(z.min() + 0.55 * (z.max() - z.min())), : int(y.min() + 0.3 * np.ptp(y))] = True
    after = scan.values.copy()
    after[scan.own(room)] = after.min()
    return _free(after)


def is_square(scan: Scan) -> bool:
    """Say whether NIfTI's tools can take the scan: no gantry tilt."""
    axes = scan.affine[:3, :3] / np.linalg.norm(scan.affine[:3, :3], axis=0)
    return bool(np.allclose(axes.T @ axes, np.eye(3), atol=1e-3))


def niimath(scan: Scan, work: Path, *, program: Path, heads: Path, face: str) -> Outcome:
    """Run ``niimath -deface`` with the template and the `face` mask (narrow, wide)."""
    template = heads / "template" / "t1_mean_2mm.nii.gz"
    mask = sitk.ReadImage(str(heads / "template" / f"face_{face}_2mm.nii.gz"))
    keep = work / "keep.nii.gz"
    sitk.WriteImage(sitk.Cast(mask == 0, sitk.sitkUInt8), str(keep))
    head, out = work / "head.nii.gz", work / "out.nii.gz"
    sitk.WriteImage(image_of(scan.values, scan.affine), str(head))
    cost = run(
        [str(program), str(head), "-deface", str(template), str(keep), str(out)], work / "tool.log"
    )
    return _from_nifti(scan, out, cost)


def quickshear(scan: Scan, work: Path, *, program: Path) -> Outcome:
    """Run quickshear with the scorer's own brain mask, which is more than it would have."""
    head, out, brain = work / "head.nii.gz", work / "out.nii.gz", work / "brain.nii.gz"
    sitk.WriteImage(image_of(scan.values, scan.affine), str(head))
    mask = scan.own(scan.brain).astype(np.int16)
    sitk.WriteImage(image_of(mask, scan.affine), str(brain))
    cost = run([str(program), str(head), str(brain), str(out)], work / "tool.log")
    return _from_nifti(scan, out, cost)


def _from_nifti(scan: Scan, out: Path, cost: Cost) -> Outcome:
    if not out.is_file():
        return Outcome(after=None, held=f"exit {cost.exit_code}", cost=cost)
    image = sitk.ReadImage(str(out))
    after = np.round(sitk.GetArrayFromImage(image)).astype(np.int16)
    if after.shape != scan.values.shape or not np.allclose(
        matrix_of(image), scan.affine, atol=0.05
    ):
        return Outcome(after=None, held="another grid", cost=cost)
    if scan.is_ct:  # these tools write 0 for nothing, which is water
        gone: Mask = (after == 0) & (scan.values != 0)
        after[gone] = -1024
    return Outcome(after=after, held="", cost=cost)


def fresh(folder: Path) -> Path:
    """Return `folder`, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
