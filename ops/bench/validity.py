"""Hold what ``narthex deidentify`` writes against its source: IOD validity, references, pixels.

Every readable file of the folders is cleaned under each rule set. Source and output go
through ``dciodvfy`` (Debian: dicom3tools); an error that the output has more often than its
source is a new violation. Pixel data is compared byte for byte, in little endian. The
command itself counts dangling references.

A file without Patient ID or UIDs gets them first (it would be held), and that copy is its
source. A shipped rule set is taken without the options whose engine is not there yet, as they
hold every image, and without the removal of faces, which holds images that come alone.

Usage: ``python -m ops.bench.validity [FOLDER…] [--rules basic,research-default] [--maximal]``.
Without folders: the corpus beside the project, the files that come with pydicom, and objects
made with highdicom. ``--maximal``: objects that have every attribute of their IOD.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from pydicom import config, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid
from ruamel.yaml import YAML

from ops.bench import derived, maximal
from rules.load import builtin_names, load_plan, rule_text
from rules.vocabulary import Option

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "data" / "corpus"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_ERROR = "Error - "
_VALUES = re.compile(r'(= )<[^>]*>|<[^>]*\d[^>]*>|"[^"]*"|\b\d+(?:\.\d+){2,}|(?<=UID )\d+$')
_UNREAD = "read failed"
_JOBS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source and what was made of it.

    Attributes
    ----------
    name : str
        Of the file, for a person.
    reason : str
        Why there is no output; "" where there is.
    """

    name: str
    source: Path
    output: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Errors of one object that its source has not.

    Attributes
    ----------
    messages : dict[str, int]
        Message of the validator without values, and how many more there are.
    """

    name: str
    sop_class: str
    messages: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one rule set did to the files."""

    rules: str
    files: int
    held: dict[str, list[str]]
    compared: int
    source_errors: int
    output_errors: int
    with_pixels: int
    pixels_changed: tuple[str, ...]
    dangling_references: int
    findings: tuple[Finding, ...]

    @property
    def are_clean(self) -> bool:
        """Return whether every bar is met; a defect of ours is no hold."""
        broken = self.findings or self.pixels_changed or self.dangling_references
        return not broken and "internal.error" not in self.held


def validator() -> str | None:
    """Return the path of ``dciodvfy``, None where it is not installed."""
    return shutil.which("dciodvfy")


def errors_of(path: Path) -> Counter[str]:
    """Return the errors of an object, without values, by how often they occur."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    lines = (line.strip() for line in text.splitlines())
    return Counter(_VALUES.sub(r"\1", line[len(_ERROR) :]) for line in lines if _is_error(line))


def _is_error(line: str) -> bool:
    return line.startswith(_ERROR)


def files_of(folders: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield every file of the folders with a name for a person."""
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            yield f"{folder.name}/{path.relative_to(folder)}", path


def gather(files: Iterable[tuple[str, Path]], place: Path) -> dict[Path, str]:
    """Copy what pydicom reads into ``place/N``, completed; return the names by the copy.

    No two files of one ``N`` have the same SOP Instance UID: the second would be held.
    """
    seen: Counter[str] = Counter()
    names: dict[Path, str] = {}
    for name, path in files:
        dataset = _read(path)
        if dataset is None:
            continue
        changed = _complete(dataset, len(names))
        uid = str(dataset.SOPInstanceUID)
        copy = place / str(seen[uid]) / f"{len(names):04d}.dcm"
        seen[uid] += 1
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not changed or not _save(dataset, copy):
            shutil.copyfile(path, copy)
        names[copy] = name
    return names


def _read(path: Path) -> FileDataset | None:
    try:
        dataset = dcmread(path, force=True)
        _ = str(dataset.get("PatientID")), str(dataset.get("SOPInstanceUID"))
    except Exception:  # noqa: BLE001  (foreign bytes; what can't be read can't be compared)
        return None
    return dataset if "SOPClassUID" in dataset and dataset.SOPClassUID else None


def _complete(dataset: Dataset, number: int) -> bool:
    """Give the object what it would be held for; return whether it lacked something."""
    lacking = False
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not dataset.get(keyword):
            uid = generate_uid(entropy_srcs=[keyword, str(number)])
            setattr(dataset, keyword, uid)
            lacking = True
    if not dataset.get("PatientID"):
        dataset.PatientID = f"VALIDITY-{number:04d}"
        lacking = True
    return lacking


def _save(dataset: FileDataset, copy: Path) -> bool:
    try:
        dataset.save_as(copy, enforce_file_format="TransferSyntaxUID" in dataset.file_meta)
    except Exception:  # noqa: BLE001  (what pydicom can't write stays as it was)
        return False
    return True


def rules_without_unavailable(name: str, folder: Path) -> Path:
    """Write a rule set without the options whose engine is not there; return its file."""
    yaml = YAML(typ="safe")
    content = yaml.load(rule_text(name))
    missing = {option.value for option in load_plan(name).unavailable}
    # single images of a corpus: nobody can say whether they show a face
    missing.add(Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES.value)
    content["options"] = [o for o in content.get("options", []) if o not in missing]
    for key in ("pixels", "deface", "tests"):
        content.pop(key, None)
    text = StringIO()
    yaml.dump(content, text)
    path = folder / f"{name}.yaml"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def clean(names: dict[Path, str], rules: Path, place: Path) -> tuple[list[Pair], int]:
    """Run the command once per folder; return the pairs and the dangling references."""
    pairs, dangling = [], 0
    for folder in sorted({copy.parent for copy in names}):
        output = place / folder.name
        report = place / f"{folder.name}.jsonl"
        words = ["deidentify", folder, output, "--rules", rules, "--report", report]
        words += ["--jobs", _JOBS, "--json"]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "gateway.cli",
                "--state",
                str(place / "state"),
                *map(str, words),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in {0, 1}:
            raise SystemExit(done.stderr)
        dangling += json.loads(done.stdout)["dangling_references"]
        for line in report.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            source = Path(row["input"])
            pairs.append(
                Pair(
                    name=names[source],
                    source=source,
                    output=output / row["output"],
                    reason=row["reason"],
                )
            )
    return pairs, dangling


def compare(pair: Pair) -> tuple[Counter[str], Counter[str]]:
    """Return the errors of source and output.

    A source that the validator can't read to its end (cut off, deflated) is also shown to
    it as pydicom writes it anew.
    """
    before = errors_of(pair.source)
    if any(message.endswith(_UNREAD) for message in before):
        anew = pair.output.with_suffix(".anew")
        dataset = dcmread(pair.source, force=True)
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        if _save(dataset, anew):
            before |= errors_of(anew)
    return before, errors_of(pair.output)


def pixels_of(path: Path) -> bytes | None:
    """Return pixel data as it lies in the file; None where there is none."""
    dataset = dcmread(path, force=True)
    for keyword in _PIXELS:
        if keyword in dataset:
            return bytes(dataset[keyword].value)
    return None


def are_same_pixels(pair: Pair) -> bool:
    """Return whether pixel data is the same, byte for byte; of big endian, once decoded."""
    before = dcmread(pair.source, force=True)
    if before.file_meta.get("TransferSyntaxUID") != ExplicitVRBigEndian:
        return pixels_of(pair.source) == pixels_of(pair.output)
    return np.array_equal(before.pixel_array, dcmread(pair.output).pixel_array)


def measure(rules: str, names: dict[Path, str], place: Path) -> Figures:
    """Clean the files under a rule set and compare."""
    place.mkdir()
    pairs, dangling = clean(names, rules_without_unavailable(rules, place), place)
    released = [pair for pair in pairs if not pair.reason]
    with ThreadPoolExecutor(_JOBS) as pool:
        errors = list(pool.map(compare, released))
    pixels = [pair for pair in released if pixels_of(pair.source) is not None]
    return Figures(
        rules=rules,
        files=len(pairs),
        held=_held(pairs),
        compared=len(released),
        source_errors=sum(before.total() for before, _ in errors),
        output_errors=sum(after.total() for _, after in errors),
        with_pixels=len(pixels),
        pixels_changed=tuple(pair.name for pair in pixels if not are_same_pixels(pair)),
        dangling_references=dangling,
        findings=tuple(_findings(released, errors)),
    )


def _held(pairs: Iterable[Pair]) -> dict[str, list[str]]:
    held: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        if pair.reason:
            held[pair.reason].append(pair.name)
    return dict(held)


def _findings(
    pairs: Iterable[Pair], errors: Iterable[tuple[Counter[str], Counter[str]]]
) -> Iterator[Finding]:
    for pair, (before, after) in zip(pairs, errors, strict=True):
        new = after - before
        if new:
            sop_class = dcmread(pair.output, stop_before_pixels=True).SOPClassUID.name
            yield Finding(name=pair.name, sop_class=sop_class, messages=dict(new))


def _folders(given: list[Path], place: Path) -> list[Path]:
    if given:
        return given
    made = place / "highdicom"
    derived.write(made)
    shipped = get_testdata_file("CT_small.dcm")
    found = [CORPUS, Path(shipped).parent if shipped else CORPUS, made]
    return [folder for folder in dict.fromkeys(found) if folder.is_dir()]


def _show(figures: Figures) -> None:
    print(f"## {figures.rules}")
    print(f"files {figures.files}, held {figures.files - figures.compared}")
    for reason, names in figures.held.items():
        print(f"  {reason}: {', '.join(names)}")
    errors = f"{figures.source_errors} in the sources, {figures.output_errors} in the outputs"
    print(f"compared {figures.compared}: errors {errors}")
    print(f"with pixels {figures.with_pixels}, changed {len(figures.pixels_changed)}")
    for name in figures.pixels_changed:
        print(f"  {name}")
    print(f"dangling references {figures.dangling_references}")
    print(f"objects with new violations {len(figures.findings)}")
    by_message: dict[str, list[Finding]] = defaultdict(list)
    for finding in figures.findings:
        for message in finding.messages:
            by_message[message].append(finding)
    for message, found in sorted(by_message.items(), key=lambda item: -len(item[1])):
        kinds = sorted({finding.sop_class for finding in found})
        print(f"  {len(found)} x {message}\n    {', '.join(kinds)}; e.g. {found[0].name}")


def main() -> int:
    """Measure each rule set; exit code 1 where there is a violation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rules", default=",".join(builtin_names()))
    parser.add_argument(
        "--maximal", action="store_true", help="Instead: an object of each SOP class, filled."
    )
    parser.add_argument("--keep", type=Path, help="Leave sources and outputs in this new folder.")
    words = parser.parse_args()
    if validator() is None:
        print("dciodvfy is missing: apt-get install dicom3tools", file=sys.stderr)
        return 2
    config.settings.reading_validation_mode = config.IGNORE
    config.settings.writing_validation_mode = config.IGNORE
    bad = False
    with tempfile.TemporaryDirectory() as scratch:
        place = words.keep or Path(scratch)
        place.mkdir(exist_ok=True)
        if words.maximal:
            names = gather(maximal.write(place / "maximal"), place / "in")
        else:
            names = gather(files_of(_folders(words.folders, place)), place / "in")
        for rules in words.rules.split(","):
            figures = measure(rules, names, place / rules)
            _show(figures)
            bad |= not figures.are_clean
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
