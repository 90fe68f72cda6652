"""Write a folder of planted files and its answer key."""

import dataclasses
import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ops.bench.identities.attributes import (
    add_rows,
    nest,
    plant_descriptors,
    plant_identity,
    plant_references,
    plant_stray,
    replant_header,
    tag_of,
)
from ops.bench.identities.headers import Header, choose_headers, open_header
from ops.bench.identities.key import Row, derive_key
from ops.bench.identities.objects import BUILDERS, blank
from ops.bench.identities.persons import Subject, make_subjects
from ops.bench.identities.private import (
    plant_envelope,
    plant_graphics,
    plant_private,
    plant_wrong_vrs,
)
from ops.bench.identities.standard import AttributeRow, Standard
from ops.bench.identities.values import make_uid
from ops.bench.identities.work import (
    Sibling,
    Study,
    Work,
    lenient,
    set_charset,
    unknown_stays_unknown,
)

_ADDED_PER_FILE = 60
_NESTED_PER_FILE = 8
_STRAY_EVERY = 17
_DEEP_EVERY = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What was generated.

    Attributes
    ----------
    files : dict
        Name of the file to the key of its subject.
    subjects : dict
        Key to subject.
    """

    folder: Path
    files: dict[str, str]
    subjects: dict[str, Subject]
    rows: list[Row]


def generate(
    folder: Path,
    *,
    seed: int,
    standard: Standard,
    corpus: Path | None,
    count: int,
    size_limit_bytes: int,
) -> Corpus:
    """Write `count` planted files below `folder`; the same seed gives the same bytes."""
    rng = random.Random(seed)  # noqa: S311 - test data, not secrets
    made = _choose_made(rng, count // 3)
    headers = choose_headers(
        rng, corpus=corpus, count=count - len(made), size_limit_bytes=size_limit_bytes
    )
    subjects = list(make_subjects(rng, max(3, count // 4)))
    # Two hospitals that gave the same number to two persons.
    subjects[-1] = dataclasses.replace(subjects[-1], patient_id=subjects[0].patient_id)
    studies = {s.key: _studies(rng, s) for s in subjects}
    remaining: list[AttributeRow] = []
    rows: list[Row] = []
    files = {}
    sources: list[Header | str] = [*headers, *made]
    for index, source in enumerate(sources):
        subject = subjects[index % len(subjects)]
        name = f"{index:03d}.dcm"  # flat: some tools do not look into folders
        while len(remaining) < _ADDED_PER_FILE + _NESTED_PER_FILE:
            block = sorted(standard.rows.values(), key=lambda row: row.tag)
            rng.shuffle(block)
            remaining += block
        taken = [remaining.pop() for _ in range(_ADDED_PER_FILE + _NESTED_PER_FILE)]
        with lenient():
            name_made = source if isinstance(source, str) else ""
            dataset = (
                open_header(source.path)
                if isinstance(source, Header)
                else blank(source, implicit=rng.random() < 0.3)
            )
            if dataset is None:
                continue
            work = Work(
                dataset=dataset,
                subject=subject,
                rng=rng,
                standard=standard,
                study=rng.choice(studies[subject.key]),
            )
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with unknown_stays_unknown():
                work.document = tag_of("EncapsulatedDocument") in dataset
                if name_made:
                    _make(work, name_made)
                else:
                    _plant(work, taken)
                    _plant_odd(work, index)
                _set_uids(work, index)
                dataset.save_as(path, enforce_file_format=True)
            read = pydicom.dcmread(path)
            rows += derive_key(
                read,
                work.plants,
                standard,
                file=name,
                subject=subject.key,
                rng=rng,
                privacy_only=work.document,
            )
        files[name] = subject.key
    return Corpus(folder=folder, files=files, subjects={s.key: s for s in subjects}, rows=rows)


def _studies(rng: random.Random, subject: Subject) -> tuple[Study, ...]:
    """Return two studies of the subject, months or years apart."""
    siblings: list[Sibling] = []
    frame_uid = make_uid(rng)
    later = subject.first_visit + timedelta(days=rng.randrange(40, 300))
    return tuple(
        Study(study_uid=make_uid(rng), frame_uid=frame_uid, day=day, siblings=siblings)
        for day in (subject.first_visit, later)
    )


def _retarget(work: Work) -> None:
    """Write some native files in another transfer syntax than their source had."""
    meta = work.dataset.file_meta
    if meta.TransferSyntaxUID == ExplicitVRLittleEndian and work.rng.random() < 0.4:
        meta.TransferSyntaxUID = work.rng.choice(
            (ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)
        )
        work.retargeted = True


def _choose_made(rng: random.Random, count: int) -> list[str]:
    """Return the kinds of objects to make from nothing, each in turn."""
    names = sorted(BUILDERS)
    rng.shuffle(names)
    return [names[i % len(names)] for i in range(count)]


def _make(work: Work, name: str) -> None:
    """Fill an object that was made from nothing; its frame carries an identity as any."""
    set_charset(work.dataset, work.rng.choice(work.subject.culture.charsets))
    plant_identity(work)
    plant_descriptors(work, 6)
    BUILDERS[name][2](work)
    plant_private(work, 6)
    plant_envelope(work)
    if work.document:
        return
    plant_references(work)


def _plant(work: Work, taken: list[AttributeRow]) -> None:
    rng = work.rng
    _retarget(work)
    set_charset(work.dataset, rng.choice(work.subject.culture.charsets))
    replant_header(work)
    plant_identity(work)
    plant_descriptors(work, 9)
    add_rows(work, taken[:_ADDED_PER_FILE])
    depth = 30 if rng.randrange(_DEEP_EVERY) == 0 else rng.randrange(1, 7)
    nest(work, taken[_ADDED_PER_FILE:], depth)
    plant_private(work, 6)
    plant_wrong_vrs(work)
    plant_graphics(work)
    plant_envelope(work)
    plant_references(work)


def _plant_odd(work: Work, index: int) -> None:
    """Now and then put a name where the table expects none."""
    if index % _STRAY_EVERY == 7:
        plant_stray(work)


def _set_uids(work: Work, index: int) -> None:
    """Give the object its own UIDs within its subject's study, and a number that marks it."""
    dataset: FileDataset = work.dataset
    dataset.StudyInstanceUID = work.study.study_uid
    dataset.SeriesInstanceUID = make_uid(work.rng)
    dataset.SOPInstanceUID = make_uid(work.rng)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    if "FrameOfReferenceUID" in dataset:
        dataset.FrameOfReferenceUID = work.study.frame_uid
    dataset.InstanceNumber = str(7001 + index)
    work.study.siblings.append(
        Sibling(
            sop_class=str(dataset.SOPClassUID),
            uid=str(dataset.SOPInstanceUID),
            series=str(dataset.SeriesInstanceUID),
            study=str(dataset.StudyInstanceUID),
        )
    )
    root = {("0020000D",), ("0020000E",), ("00080018",), ("00200052",)}
    work.plants = [plant for plant in work.plants if plant.path not in root]
