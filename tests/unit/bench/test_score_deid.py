"""The scorer itself: its key is true of its files, and only a good tool scores well."""

import base64
import csv
import random
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset, FileDataset
from pydicom.tag import Tag

from ops.bench import score_deid
from ops.bench.identities.corpus import Corpus, generate
from ops.bench.identities.key import Row
from ops.bench.identities.paths import contents_of, item_of, resolve, text_of, walk
from ops.bench.identities.persons import Subject
from ops.bench.identities.phrases import count_phrase
from ops.bench.identities.standard import Profile, is_class_uid, read_standard
from ops.bench.identities.values import make_uid
from ops.bench.identities.work import Expect, Kind, lenient
from ops.bench.scoring import raw, tools
from ops.bench.scoring.judge import judge
from ops.bench.scoring.match import match
from ops.bench.scoring.summary import privacy_of, score
from tests.support.shared_data import SHARED, needs_shared

pytestmark = needs_shared

_COUNT = 40


def _generate(folder: Path, seed: int, count: int = _COUNT) -> Corpus:
    assert SHARED is not None
    return generate(
        folder,
        seed=seed,
        standard=read_standard(SHARED / "standard"),
        corpus=SHARED / "corpus",
        count=count,
        size_limit_bytes=60_000,
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return _generate(tmp_path_factory.mktemp("score") / "in", 20260729)


def _run(corpus: Corpus, folder: Path, profile: Profile) -> dict[str, object]:
    data, table, _ = score_deid.score_run(corpus, folder, profile=profile, about={}, shown=5)
    assert "harmonic mean" in table
    return data


def _bytes(corpus: Corpus) -> dict[str, bytes]:
    return {name: (corpus.folder / name).read_bytes() for name in corpus.files}


def test_the_same_seed_gives_the_same_files_and_key(tmp_path: Path) -> None:
    first, second = _generate(tmp_path / "a", 7, 6), _generate(tmp_path / "b", 7, 6)
    assert _bytes(first) == _bytes(second)
    assert first.rows == second.rows
    assert _bytes(first) != _bytes(_generate(tmp_path / "c", 8, 6))


def test_a_row_survives_json(corpus: Corpus) -> None:
    assert all(Row.from_json(row.as_json()) == row for row in corpus.rows[:500])


def test_every_kind_and_expectation_is_in_the_key(corpus: Corpus) -> None:
    assert {row.kind for row in corpus.rows} == set(Kind)
    assert {row.basic for row in corpus.rows} | {row.research for row in corpus.rows} == set(Expect)


def test_what_the_key_names_stands_in_the_files(corpus: Corpus) -> None:
    with lenient():
        for name in corpus.files:
            path = corpus.folder / name
            dataset = pydicom.dcmread(path)
            rows = [row for row in corpus.rows if row.file == name]
            needles = {needle for row in rows for needle in row.needles}
            hits = raw.first_hits(path, needles)
            for row in rows:
                if row.path == ("preamble",):
                    assert any(n.encode() in (dataset.preamble or b"") for n in row.needles)
                    continue
                element = resolve(dataset, row.path)
                assert element is not None, row
                assert text_of(element) == row.value
                contents = contents_of(element)
                assert all(count_phrase(token, contents) for token in row.tokens)
                folded = contents.casefold()
                there = any(n.casefold() in folded or n in hits for n in row.needles)
                assert there or not row.needles, row


@pytest.mark.parametrize("profile", list(Profile))
def test_leaving_everything_scores_near_zero(
    corpus: Corpus, tmp_path: Path, profile: Profile
) -> None:
    shutil.copytree(corpus.folder, tmp_path / "out")
    data = _run(corpus, tmp_path, profile)
    assert data["privacy"] == 0
    assert data["harmonic_mean"] == 0
    assert data["released"] == len(corpus.files)


@pytest.mark.parametrize("profile", list(Profile))
def test_deleting_everything_scores_near_zero(
    corpus: Corpus, tmp_path: Path, profile: Profile
) -> None:
    with lenient():
        tools.run_baseline("delete-everything", corpus.folder, tmp_path / "out")
    data = _run(corpus, tmp_path, profile)
    assert data["privacy"] == 100
    assert isinstance(data["harmonic_mean"], float)
    assert data["harmonic_mean"] < 10


def test_withholding_everything_leaks_nothing_and_scores_zero(
    corpus: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    data = _run(corpus, tmp_path, Profile.BASIC)
    assert (data["harmonic_mean"], data["leaks"]) == (0, [])
    assert data["withheld"] == {"no output": len(corpus.files)}


class _Cleaner:
    """Does what the key asks, row by row."""

    def __init__(self, corpus: Corpus, profile: Profile) -> None:
        self.corpus, self.profile = corpus, profile
        self.uids: dict[str, str] = {}
        self.rng = random.Random(2**40)  # not a seed of a corpus

    def new_uid(self, old: str) -> str:
        if not old or old.startswith("1.2.840.10008."):
            return old
        return self.uids.setdefault(old, make_uid(self.rng))

    def clean(self, target: Path) -> None:
        for name, subject in self.corpus.files.items():
            dataset = pydicom.dcmread(self.corpus.folder / name)
            rows = [row for row in self.corpus.rows if row.file == name]
            for row in sorted(rows, key=lambda r: -len(r.path)):
                self._apply(dataset, row, self.corpus.subjects[subject])
            for _, element in list(walk(dataset)):
                if element.VR == "UI" and not is_class_uid(keyword_for_tag(element.tag)):
                    values = text_of(element).split("\\")
                    element.value = [self.new_uid(uid) for uid in values]
            _drop_orphans(dataset)
            dataset.preamble = bytes(128)
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            out = target / f"{dataset.SOPInstanceUID}.dcm"
            out.parent.mkdir(parents=True, exist_ok=True)
            dataset.save_as(out, enforce_file_format=True)

    def _apply(self, dataset: FileDataset, row: Row, subject: Subject) -> None:
        expected = row.expected(self.profile)
        element = resolve(dataset, row.path)
        if element is None:
            return
        if expected is Expect.GONE:
            parent: Dataset = dataset.file_meta if row.path[0] == "meta" else dataset
            if len(row.path) > 2:
                above = resolve(dataset, row.path[:-2])
                item = None if above is None else item_of(above, row.path[-2])
                assert item is not None
                parent = item
            del parent[element.tag]
        elif expected is Expect.PSEUDONYM:
            element.value = f"P-{subject.key}"
        elif expected is Expect.CAPPED:
            element.value = "090Y"
        elif expected is Expect.CLEANED:
            text = " ".join(row.tokens)
            element.value = text.encode() if element.VR == "UN" else text
        elif expected is Expect.DATE:
            element.value = [_shifted(value) for value in row.value.split("\\")]


def _shifted(value: str) -> str:
    day = datetime.strptime(value[:8], "%Y%m%d") - timedelta(days=1001)  # noqa: DTZ007
    return f"{day:%Y%m%d}{value[8:]}"


def _drop_orphans(dataset: Dataset) -> None:
    for tag in sorted(dataset.keys()):
        number = Tag(tag)
        if number.is_private and 0x10 <= number.element <= 0xFF:
            block = range(number.element << 8, (number.element << 8) + 0x100)
            if not any(Tag(number.group, low) in dataset for low in block):
                del dataset[number]


@pytest.mark.parametrize("profile", list(Profile))
def test_a_perfect_cleaner_scores_a_hundred(
    corpus: Corpus, tmp_path: Path, profile: Profile
) -> None:
    cleaner = _Cleaner(corpus, profile)
    with lenient():
        cleaner.clean(tmp_path / "out")
    (tmp_path / "mapping").mkdir()
    with (tmp_path / "mapping" / "uid_mapping.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("id_old", "id_new"))
        writer.writerows(cleaner.uids.items())
    data = _run(corpus, tmp_path, profile)
    assert (data["leaks"], data["lost"]) == ([], [])
    assert data["harmonic_mean"] == 100
    consistency = data["consistency"]
    assert isinstance(consistency, dict)
    assert consistency["references_dangling"] == 0
    assert consistency["references_intact"] > 0
    assert consistency["pseudonyms_shared"] == 0
    assert consistency["subjects_with_several_pseudonyms"] == 0
    assert consistency["uids_split"] == consistency["uids_merged"] == 0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return _generate(tmp_path_factory.mktemp("small") / "in", 11, 5)


@pytest.fixture
def cleaned(small: Corpus, tmp_path: Path) -> Path:
    with lenient():
        _Cleaner(small, Profile.BASIC).clean(tmp_path)
    return tmp_path


def _judged(corpus: Corpus, folder: Path) -> tuple[float, set[str]]:
    with lenient():
        found = match(corpus.folder, folder, names=sorted(corpus.files), mapping={})
        assert len(found.pairs) == len(corpus.files)
        verdict = judge(corpus.rows, found.pairs, subjects=corpus.subjects, profile=Profile.BASIC)
    return score(verdict).privacy, {str(leak.row.kind) for leak in verdict.leaks}


@pytest.mark.parametrize(
    "encoded",
    [
        lambda text: text.encode("utf-8"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.upper().encode("utf-8"),
        lambda text: base64.b64encode(b"x" + text.encode("utf-8") + b"yz"),
    ],
    ids=["utf-8", "utf-16-le", "utf-16-be", "upper", "base64"],
)
def test_one_planted_name_in_any_encoding_is_found(
    small: Corpus, cleaned: Path, encoded: Callable[[str], bytes]
) -> None:
    path = min(cleaned.iterdir())
    with lenient():
        dataset = pydicom.dcmread(path)
        key = str(dataset.PatientID).removeprefix("P-")
        person = small.subjects[key].person
        value = encoded(f"{person.given} {person.family}")
        dataset.add_new(Tag(0x0051, 0x0010), "LO", "ACME")
        dataset.add_new(Tag(0x0051, 0x1001), "UN", b"\x00\x01" + value + b"\x00\x02")
        dataset.save_as(path)
    privacy, kinds = _judged(small, cleaned)
    assert 99 < privacy < 100
    assert kinds


def _has_native_pixels(dataset: FileDataset) -> bool:
    return "PixelData" in dataset and not dataset.file_meta.TransferSyntaxUID.is_compressed


def test_a_changed_pixel_and_a_lost_interval_are_lost_utility(
    corpus: Corpus, tmp_path: Path
) -> None:
    with lenient():
        _Cleaner(corpus, Profile.RESEARCH).clean(tmp_path)
        with_pixels = next(
            path for path in sorted(tmp_path.iterdir()) if _has_native_pixels(pydicom.dcmread(path))
        )
        dataset = pydicom.dcmread(with_pixels)
        dataset.PixelData = dataset.PixelData[:-4] + b"\x5a\xa5\x5a\xa5"
        dataset.StudyDate = "20000101"
        dataset.save_as(with_pixels)
        found = match(corpus.folder, tmp_path, names=sorted(corpus.files), mapping={})
        verdict = judge(
            corpus.rows, found.pairs, subjects=corpus.subjects, profile=Profile.RESEARCH
        )
    assert not verdict.leaks
    assert {(row.path, why) for row, why in verdict.lost} <= {
        (("7FE00010",), "changed"),
        (("00080020",), "interval broken"),
    }
    assert (("00080020",), "interval broken") in {(row.path, why) for row, why in verdict.lost}


def test_the_exit_code_tells_when_privacy_falls_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert SHARED is not None
    line = f"score --seed 3 --objects 4 --size-limit-kb 20 --data {SHARED} --show 2"
    report = f"--json {tmp_path / 'report.json'}"
    wanted = "--fail-under-privacy 100 --kinds structured,private,un-bytes,sequence"
    for baseline, code in (("noop", 1), ("delete-everything", 0)):
        command = f"{line} --baseline {baseline} --keep {tmp_path / baseline} {report} {wanted}"
        monkeypatch.setattr(sys, "argv", command.split())
        assert score_deid.main() == code
    assert "seed 3" in capsys.readouterr().out
    assert (tmp_path / "report.json").is_file()
    assert (tmp_path / "noop" / "key.csv").is_file()


def test_privacy_of_some_kinds_leaves_the_others_out(corpus: Corpus, tmp_path: Path) -> None:
    shutil.copytree(corpus.folder, tmp_path / "out")
    _, _, verdict = score_deid.score_run(corpus, tmp_path, profile=Profile.BASIC, about={}, shown=0)
    verdict.leaks = [leak for leak in verdict.leaks if leak.row.kind is Kind.FREE_TEXT]
    assert privacy_of(verdict, ["structured", "private"]) == 100
    assert privacy_of(verdict, ["free-text"]) == 0
    assert 0 < privacy_of(verdict, []) < 100
