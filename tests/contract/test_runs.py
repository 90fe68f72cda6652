"""Runs over the same input: two without project are strangers, two of one project are equal.

And what came a year ago is still called the same.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID

from gateway.exits import Exit
from gateway.tables import archive_object
from ops.bench import derived
from tests.support.simulators import SettableClock
from tests.support.site import Site

_UID = re.compile(rb"[0-9]+(?:\.[0-9]+){2,}")
_VERSION_CHARACTERS = 8
"""At most, of what is no UID: the software version of highdicom."""
_DAY = date(2004, 1, 19)
"""Study Date of the images of `derived`."""
_SUBJECTS = 8
_RULES = """
name: runs
profile: basic
options: [retain-longitudinal-modified-dates, clean-descriptors, clean-structured-content,
  clean-graphics, retain-patient-characteristics, retain-safe-private]
dates: {shift_days: [-3650, -365]}
rules:
  - {tags: [ReferringPhysicianName, OperatorsName, ContentCreatorName], action: D}
"""
_LATER = """
import time
_now = time.time
time.time = lambda: _now() + 366 * 86400
"""
"""In every process of a run: the clock is a year ahead."""


def _narthex(folder: Path, *words: str, environment: dict[str, str] | None = None) -> int:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "--state", str(folder / "state"), *words],
        env=os.environ | (environment or {}),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    return done.returncode


def _deidentify(folder: Path, source: str, out: str, *words: str, **more: dict[str, str]) -> int:
    rules = folder / "rules.yaml"
    rules.write_text(_RULES, encoding="utf-8")
    places = (str(folder / source), str(folder / out), "--rules", str(rules))
    return _narthex(folder, "deidentify", *places, *words, **more)


def _write_subjects(folder: Path) -> None:
    folder.mkdir()
    for number in range(_SUBJECTS):
        for image in derived.images(study=f"1.2.826.0.1.3680043.8.498.{number}")[:2]:
            image.PatientID = f"RUN-{number}"
            image.PatientName = f"Runner^Rosa {number}"
            image.ReferringPhysicianName = image.OperatorsName = "Doctor^Dora"
            image.save_as(folder / f"{image.SOPInstanceUID}.dcm", enforce_file_format=True)
    derived.write(folder / "derived")


def _written(folder: Path) -> list[FileDataset]:
    return [dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def _uids(folder: Path) -> set[str]:
    """Return what has the form of a UID anywhere in the files, but what the standard lists."""
    files = (path.read_bytes() for path in folder.rglob("*.dcm"))
    found = {UID(uid.decode("ascii")) for data in files for uid in _UID.findall(data)}
    return {uid for uid in found if uid.name == uid and len(uid) > _VERSION_CHARACTERS}


def _persons(dataset: Dataset) -> Iterator[str]:
    """Yield what is left of names: no pseudonym, no fixed word."""
    for element in dataset.iterall():
        if element.VR == "PN" and str(element.value).startswith("Person^"):
            yield str(element.value)


def _shifts(written: list[FileDataset]) -> Iterator[int]:
    """Yield the shift of each subject."""
    for day in {d.PatientID: d.StudyDate for d in written}.values():
        yield (date(int(day[:4]), int(day[4:6]), int(day[6:])) - _DAY).days


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the outputs of two runs without project over the same subjects."""
    folder = tmp_path_factory.mktemp("runs")
    _write_subjects(folder / "in")
    for out in ("one", "other"):
        assert _deidentify(folder, "in", out) == Exit.DONE
    return folder / "one", folder / "other"


def test_two_runs_without_project_are_unlinkable(runs: tuple[Path, Path]) -> None:
    one, other = runs
    first, second = _written(one), _written(other)
    assert len(first) == len(second) == 2 * _SUBJECTS + 8

    ours = {"2.25.217368094155327690185541127334720160581"}  # Implementation Class UID
    assert _uids(one) & _uids(other) == ours
    assert len(_uids(one)) > 3 * _SUBJECTS
    for names in ("name", "stem"):
        left, right = ({getattr(p, names) for p in f.rglob("*.dcm")} for f in (one, other))
        assert not left & right
    folders = [{p.name for p in f.rglob("*") if p.is_dir()} for f in (one, other)]
    assert not folders[0] & folders[1]
    pseudonyms = [{d.PatientID for d in written} for written in (first, second)]
    assert len(pseudonyms[0]) == _SUBJECTS + 1
    assert not pseudonyms[0] & pseudonyms[1]
    persons = [{p for d in written for p in _persons(d)} for written in (first, second)]
    assert persons[0]
    assert not persons[0] & persons[1]


def test_two_runs_without_project_shift_dates_apart(runs: tuple[Path, Path]) -> None:
    one, other = (set(_shifts(_written(folder))) for folder in runs)
    assert all(-3650 <= shift <= -365 for shift in one | other)
    assert len(one) > 1  # each subject its own
    # 81 pairs of shifts, each equal once in 3,286: three of them once in 400,000 tests
    assert len(one & other) < 3


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_two_runs_of_a_project_give_the_same_bytes(tmp_path: Path, jobs: str) -> None:
    _write_subjects(tmp_path / "in")
    assert _narthex(tmp_path, "vault", "init") == Exit.DONE
    for out, processes in (("one", "1"), ("other", jobs)):
        words = ("--project", "heart", "--jobs", processes)
        assert _deidentify(tmp_path, "in", out, *words) == Exit.DONE
    digests = _digests(tmp_path / "one")
    assert len(digests) == 2 * _SUBJECTS + 8
    assert _digests(tmp_path / "other") == digests


def _named(dataset: Dataset) -> set[str]:
    """Return the instances that an object refers to, at any depth."""
    elements = dataset.iterall()
    return {str(e.value) for e in elements if e.keyword == "ReferencedSOPInstanceUID"}


def _later(folder: Path) -> dict[str, str]:
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(_LATER, encoding="utf-8")
    there = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join([str(hooks), there] if there else [str(hooks)])}


def test_what_arrives_a_year_later_still_points_at_its_images(tmp_path: Path) -> None:
    """Another process, another year, a vault that was closed and opened again."""
    derived.write(tmp_path / "all")
    for path in (tmp_path / "all").iterdir():
        folder = tmp_path / ("images" if path.name.startswith("ct") else "later")
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
    project = ("--project", "heart")
    assert _narthex(tmp_path, "vault", "init") == Exit.DONE
    assert _deidentify(tmp_path, "images", "out", *project) == Exit.DONE
    images = {str(d.SOPInstanceUID): d for d in _written(tmp_path / "out")}

    key = tmp_path / "state" / "keys" / "unseal.key"
    key.rename(tmp_path / "elsewhere")
    later = _later(tmp_path)
    assert _deidentify(tmp_path, "later", "out-2", *project, environment=later) == Exit.UNSEAL
    (tmp_path / "elsewhere").rename(key)
    assert _deidentify(tmp_path, "later", "out-2", *project, environment=later) == Exit.DONE

    written = {d.Modality: d for d in _written(tmp_path / "out-2")}
    assert written.keys() == {"SEG", "SR", "KO", "PR", "OT"}
    image = next(iter(images.values()))
    for dataset in written.values():
        assert dataset.PatientID == image.PatientID
        assert dataset.StudyInstanceUID == image.StudyInstanceUID
        assert _named(dataset), dataset.Modality
        assert _named(dataset) <= images.keys(), dataset.Modality
    frames = written["SEG"].PerFrameFunctionalGroupsSequence
    assert {
        str(frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID)
        for frame in frames
    } == images.keys()
    assert written["SEG"].FrameOfReferenceUID == image.FrameOfReferenceUID


def test_a_node_points_at_what_it_released_a_year_ago(tmp_path: Path) -> None:
    """The same over the spool: another worker, another vault object on the same databases."""
    images = derived.images()
    others = [*derived.derived(images).values()]
    clock = SettableClock()
    written = []
    for batch in (images, others):
        site = Site(tmp_path, f"sqlite:///{tmp_path / 'work.db'}", clock=clock)
        worker = site.worker()
        site.receive(*map(_bytes, batch))
        assert site.drain(worker) == 1
        worker.close()
        written.append([dcmread(site.store.path(r["name"])) for r in site.rows(archive_object)])
        site.vault.close()
        site.engine.dispose()
        clock.pass_by(366 * 86400.0)
    released = {str(d.SOPInstanceUID) for d in written[0]}
    later = [d for d in written[1] if str(d.SOPInstanceUID) not in released]
    assert len(later) == len(others)
    for dataset in later:
        assert dataset.PatientID == written[0][0].PatientID
        assert _named(dataset) <= released
        assert _named(dataset)


def _bytes(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
