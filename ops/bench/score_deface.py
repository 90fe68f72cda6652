"""Score what removes faces from head scans: face gone, brain whole, person not known again.

    python ops/bench/score_deface.py                          # narthex, all heads and variants
    python ops/bench/score_deface.py --mask narrow --cases quick
    python ops/bench/score_deface.py --peer box --json FILE   # a baseline that must do badly
    python ops/bench/score_deface.py --peer niimath --faces-python ../facesenv/bin/python

The scorer aligns the heads itself and shares no line with the product, whose command is all it
knows. What is held counts as flagged, never as removed.
Exit codes: 0 every released head reaches every bar, 1 one misses, 2 data or tool is missing, or
nothing was released.
"""

import json
import random
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # started as a script
    sys.path.append(str(ROOT))

from ops.bench.faces import album, cases, contestants, gallery, heads, series, summary  # noqa: E402
from ops.bench.faces.align import AlignmentError  # noqa: E402
from ops.bench.faces.contestants import Outcome  # noqa: E402
from ops.bench.faces.gallery import Acquisition, Gallery  # noqa: E402
from ops.bench.faces.judge import Bars, Verdict, judge  # noqa: E402
from ops.bench.faces.scan import Scan  # noqa: E402

PEERS = ("none", "box", "niimath", "niimath-wide", "quickshear")


def arguments() -> ArgumentParser:
    """Return the command line."""
    parser = ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/heads")
    parser.add_argument("--mask", choices=("wide", "narrow", "layer"), default="wide")
    parser.add_argument("--peer", choices=PEERS, help="run this instead of narthex")
    parser.add_argument(
        "--cases", default="all", help="all, quick, series, volumes, variants, or names with commas"
    )
    parser.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="score this DICOM series, too; its landmarks are those of the mean head",
    )
    parser.add_argument("--no-identity", action="store_true", help="no gallery, no recognisers")
    parser.add_argument(
        "--faces-python",
        type=Path,
        default=Path("../facesenv/bin/python"),  # may be missing
        help="of an environment with dlib, face_recognition_models, niimath, quickshear",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "narthex-faces",
        help="of the scorer's own alignments",
    )
    parser.add_argument("--keep", type=Path, help="folder to keep series and outputs in")
    parser.add_argument("--pictures", type=Path, help="folder for PNGs: slices, renderings")
    parser.add_argument("--json", type=Path, help="write the report here")
    return parser


def runner(options: Namespace, folder: Path) -> Callable[[Scan], Outcome]:
    """Return what runs the chosen tool over one scan."""
    rng = random.Random(4)  # noqa: S311 - names of files

    def run(scan: Scan) -> Outcome:
        work = contestants.fresh(folder / scan.name)
        programs = options.faces_python.parent
        match options.peer:
            case "none":
                return contestants.none(scan)
            case "box":
                return contestants.box(scan)
            case "niimath" | "niimath-wide":
                face = "wide" if options.peer.endswith("wide") else "narrow"
                return contestants.niimath(
                    scan, work, program=programs / "niimath", heads=options.data, face=face
                )
            case "quickshear":
                return contestants.quickshear(scan, work, program=programs / "quickshear")
        source = work / "in"
        if scan.name in heads.SERIES:
            source = options.data / "dicom" / scan.name
        else:
            series.write(scan, source, rng=rng)
        return contestants.narthex(scan, source, work, mask=options.mask)

    return run


def chosen(options: Namespace, volumes: dict[str, Scan], stacks: dict[str, Scan]) -> list[str]:
    """Return the names of the cases to run."""
    groups = {
        "all": cases.names(volumes, stacks),
        "quick": list(cases.QUICK),
        "series": list(stacks),
        "volumes": list(volumes),
        "variants": list(cases.VARIANTS),
    }
    return groups.get(options.cases) or options.cases.split(",")


def read_heads(options: Namespace) -> tuple[dict[str, Scan], dict[str, Scan], list[str]]:
    """Return the volumes, the series (with those that were added), and the names to run."""
    template = heads.Template.read(options.data)
    volumes = heads.read_volumes(options.data, template, options.cache)
    stacks = heads.read_series(options.data, volumes)
    wanted = chosen(options, volumes, stacks)
    for name, _, path in (text.partition("=") for text in options.add):
        stacks[name] = heads.read_unknown(name, Path(path), template, options.cache)
        wanted.append(name)
    return volumes, stacks, wanted


def why_not(options: Namespace, names: set[str], wanted: list[str]) -> str:
    """Return why the run cannot be, or nothing."""
    if unknown := set(wanted) - names:
        return f"no such case: {', '.join(sorted(unknown))}"
    if options.peer in PEERS[2:]:
        program = options.faces_python.parent / options.peer.split("-")[0]
        if not program.is_file():
            return f"{options.peer} is not installed: {program}"
    return ""


def score(options: Namespace, folder: Path) -> int:
    """Run the tool over every case and say what was measured."""
    try:
        volumes, stacks, wanted = read_heads(options)
    except (series.SeriesError, AlignmentError) as broken:
        print(f"a head cannot be measured: {broken}")
        return 2
    if why := why_not(options, set(cases.names(volumes, stacks)), wanted):
        print(why)
        return 2
    run = runner(options, folder)
    members = [] if options.no_identity else gallery.persons(volumes)
    galleries: dict[Acquisition, Gallery] = {}
    verdicts: dict[str, tuple[Verdict, Acquisition]] = {}
    for name in wanted:
        scan = cases.made(name, volumes, stacks)
        if options.peer in PEERS[2:] and not contestants.is_square(scan):
            print(f"{name}: not measured, {options.peer} cannot take gantry tilt")
            continue
        outcome = run(scan)
        verdict = judge(scan, outcome)
        if options.pictures:
            album.write(scan, outcome.after, options.pictures)
        key = gallery.acquisition_of(scan)
        if members and verdict.released:
            if key not in galleries:
                galleries[key] = gallery.acquired(members, key)
            pair = gallery.by_shape(verdict, galleries[key])
            verdict = replace(verdict, likeness={"shape": pair})
        verdicts[name] = (verdict, key)
        print(f"{name}: {'released' if verdict.released else 'flagged'}", file=sys.stderr)
    network = None
    if galleries:
        network = gallery.by_network(
            verdicts, galleries, python=options.faces_python, work=folder / "portraits"
        )
    final = list(network.values()) if network else [verdict for verdict, _ in verdicts.values()]
    return report(options, final, has_network=network is not None)


def report(options: Namespace, verdicts: list[Verdict], *, has_network: bool) -> int:
    """Print the table, write the JSON, return the exit code."""
    bars = Bars()
    tool = options.peer or f"narthex, mask {options.mask}"
    print(f"{tool}\n{summary.as_table(verdicts, bars)}")
    if not has_network and not options.no_identity:
        print(f"network, HOG: not measured (no dlib with its models in {options.faces_python})")
    if options.json:
        data = {
            "tool": tool,
            **summary.totals(verdicts, bars),
            "network_measured": has_network,
            "cases": [verdict.as_json(bars) for verdict in verdicts],
        }
        options.json.write_text(json.dumps(data, indent=1), encoding="utf-8")
    if not any(verdict.released for verdict in verdicts):
        print("nothing was released")
        return 2
    return int(any(verdict.missed(bars) for verdict in verdicts))


def main() -> int:
    """Read the command line and score."""
    options = arguments().parse_args()
    if not (options.data / "template").is_dir():
        print(f"the heads are missing: {options.data} (name them by --data)")
        return 2
    if options.keep:
        return score(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="score-deface-") as folder:
        return score(options, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
