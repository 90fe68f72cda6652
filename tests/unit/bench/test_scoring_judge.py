"""The judge on single places: words, ages, content items, documents."""

import random
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from ops.bench.identities.cultures import CULTURES
from ops.bench.identities.key import Row
from ops.bench.identities.paths import by_concept, resolve
from ops.bench.identities.persons import make_subject
from ops.bench.identities.standard import Profile
from ops.bench.identities.work import Expect, Kind
from ops.bench.scoring import raw
from ops.bench.scoring.judge import Verdict, judge
from ops.bench.scoring.match import Output, read_dataset
from ops.bench.scoring.summary import leaks_by_rule, words_kept

_SUBJECT = make_subject(random.Random(1), "s", CULTURES[0])


def _save(folder: Path, dataset: Dataset) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    dataset.file_meta = meta
    path = folder / "out.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def _row(expect: Expect, value: str, *, tag: str = "00081030", **more: object) -> Row:
    row = {
        "file": "a.dcm",
        "subject": "s",
        "path": (tag,),
        "kind": Kind.FREE_TEXT,
        "basic": expect,
        "research": expect,
        "value": value,
        "needles": (),
        "gone": (),
        "tokens": (),
        "rule": "why",
        "privacy_only": False,
    }
    return Row.from_json({**row, **more})


def _judged(folder: Path, row: Row, dataset: Dataset | None) -> Verdict:
    pairs = {}
    if dataset is not None:
        path = _save(folder, dataset)
        written = read_dataset(path)
        assert written is not None
        pairs["a.dcm"] = Output(path=path, dataset=written)
    return judge([row], pairs, subjects={"s": _SUBJECT}, profile=Profile.RESEARCH)


def _described(text: str) -> Dataset:
    dataset = Dataset()
    dataset.StudyDescription = text
    return dataset


_BOTH = _row(
    Expect.CLEANED,
    "Mr. HAND: LEFT HAND 3 VIEWS",
    gone=("Mr. HAND", "HAND"),
    tokens=("left hand 3 views",),
)


@pytest.mark.parametrize(
    ("left", "leaks", "lost"),
    [
        ("LEFT HAND 3 VIEWS", 0, 0),
        ("[name]: left hand, 3 views", 0, 0),
        ("Mr. HAND: LEFT HAND 3 VIEWS", 1, 0),
        ("HAND: LEFT HAND 3 VIEWS", 1, 0),
        ("Mr. : LEFT 3 VIEWS", 0, 1),
        ("Mr. HAND: LEFT 3 VIEWS", 1, 1),
        ("", 0, 1),
    ],
)
def test_a_surname_goes_as_a_name_and_stays_as_a_word(
    tmp_path: Path, left: str, leaks: int, lost: int
) -> None:
    verdict = _judged(tmp_path, _BOTH, _described(left))
    assert (len(verdict.leaks), len(verdict.lost)) == (leaks, lost)


def test_words_are_counted_beside_whole_texts(tmp_path: Path) -> None:
    row = _row(Expect.WHOLE, "AX T2 FLAIR FS", tokens=("ax t2 flair fs",))
    verdict = _judged(tmp_path, row, _described("AX FLAIR FS"))
    assert len(verdict.lost) == 1
    assert words_kept(verdict) == 75
    assert words_kept(_judged(tmp_path, row, None)) == 0
    assert words_kept(_judged(tmp_path, row, _described("ax t2-flair, FS"))) == 100


def test_a_short_name_is_found_as_a_word_only(tmp_path: Path) -> None:
    row = _row(Expect.CLEANED, "brain Lee", needles=("Lee",), tokens=("brain",))
    assert not _judged(tmp_path, row, _described("brain asleep")).leaks
    assert _judged(tmp_path, row, _described("brain LEE")).leaks


@pytest.mark.parametrize(("age", "leaks"), [("090Y", 0), ("", 0), ("089Y", 0), ("093Y", 1)])
def test_an_age_over_ninety_is_a_leak(tmp_path: Path, age: str, leaks: int) -> None:
    dataset = Dataset()
    dataset.PatientAge = age
    verdict = _judged(tmp_path, _row(Expect.CAPPED, "094Y", tag="00101010"), dataset)
    assert (len(verdict.leaks), len(verdict.lost)) == (leaks, 0)


def test_a_leak_is_listed_by_the_rule_of_the_key(tmp_path: Path) -> None:
    verdict = _judged(tmp_path, _BOTH, _described("Mr. HAND: LEFT HAND 3 VIEWS"))
    assert leaks_by_rule(verdict) == {"why": 1}


def test_a_document_may_be_withheld_or_replaced_without_loss(tmp_path: Path) -> None:
    row = _row(Expect.KEPT, "x", privacy_only=True)
    assert not _judged(tmp_path, row, None).utility
    assert not _judged(tmp_path, row, _described("notice")).utility
    assert _judged(tmp_path, _row(Expect.KEPT, "x"), None).lost


def test_a_compressed_page_of_a_document_is_read(tmp_path: Path) -> None:
    dataset = _described("x")
    page = zlib.compress(b"(Rosalind Calloway) Tj")
    dataset.EncapsulatedDocument = b"%PDF-1.4 stream\n" + page + b"\nendstream" + b" stream\nno zip"
    path = _save(tmp_path, dataset)
    assert raw.first_hits(path, ["Calloway"])
    assert not raw.first_hits(path, ["Kirkbride"])


def _content(*codes: str) -> Dataset:
    items = []
    for number, code in enumerate(codes):
        name, item = Dataset(), Dataset()
        name.CodeValue = code
        item.ConceptNameCodeSequence = Sequence([name] if code else [])
        item.TextValue = f"{code} {number}"
        items.append(item)
    dataset = Dataset()
    dataset.ContentSequence = Sequence(items)
    return dataset


def test_a_content_item_is_found_by_concept_when_a_neighbour_went() -> None:
    dataset = _content("121008", "121071", "121106", "121106", "")
    paths = [by_concept(dataset, ("0040A730", n, "0040A160")) for n in range(5)]
    assert paths[3] == ("0040A730", "@121106#1", "0040A160")
    assert paths[4] == ("0040A730", 4, "0040A160")
    values = [resolve(dataset, path) for path in paths]
    assert [str(v.value) for v in values if v is not None][3] == "121106 3"
    del dataset.ContentSequence[0]
    found = resolve(dataset, paths[3])
    assert found is not None
    assert found.value == "121106 3"
    assert resolve(dataset, paths[0]) is None
    assert resolve(pydicom.Dataset(), paths[3]) is None
