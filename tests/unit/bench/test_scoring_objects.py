"""The objects made from nothing, and tools held side by side."""

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UID

from ops.bench.identities.corpus import Corpus, generate
from ops.bench.identities.objects import BUILDERS
from ops.bench.identities.paths import walk
from ops.bench.identities.standard import Profile, read_standard
from ops.bench.identities.work import Expect, Kind, lenient
from ops.bench.score_deid import score_run
from ops.bench.scoring import beside, tools
from ops.bench.scoring.consistency import measure
from ops.bench.scoring.match import match
from tests.support.shared_data import SHARED, needs_shared

pytestmark = needs_shared


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    assert SHARED is not None
    return generate(
        tmp_path_factory.mktemp("objects") / "in",
        seed=20261121,
        standard=read_standard(SHARED / "standard"),
        corpus=None,
        count=3 * len(BUILDERS),
        size_limit_bytes=20_000,
    )


def _class_of(corpus: Corpus, name: str) -> str:
    with lenient():
        return str(pydicom.dcmread(corpus.folder / name).SOPClassUID)


def test_each_kind_of_object_is_made(corpus: Corpus) -> None:
    made = {sop_class for sop_class, _, _ in BUILDERS.values()}
    assert all("Storage" in UID(sop_class).name for sop_class in made)
    assert made <= {_class_of(corpus, name) for name in corpus.files}


def test_the_key_of_a_report_keeps_measurements_and_takes_persons(corpus: Corpus) -> None:
    rows = [row for row in corpus.rows if row.kind in (Kind.SR_VALUE, Kind.SR_IDENTITY)]
    assert {row.research for row in rows if row.kind is Kind.SR_VALUE} == {Expect.KEPT}
    assert {row.basic for row in rows if row.kind is Kind.SR_VALUE} == {Expect.FREE}
    persons = [row for row in rows if row.path[-1] == "0040A123"]
    assert {row.research for row in persons} == {Expect.GONE}
    assert {Expect.DATE, Expect.UID} <= {row.research for row in rows}


def test_texts_of_reports_and_labels_are_cleaned_or_stay_whole(corpus: Corpus) -> None:
    for kind in (Kind.SR_TEXT, Kind.ANNOTATION, Kind.PRIVATE_TEXT):
        found = {row.research for row in corpus.rows if row.kind is kind}
        assert {Expect.CLEANED, Expect.WHOLE} <= found


def test_what_objects_point_at_is_in_the_set(corpus: Corpus) -> None:
    with lenient():
        datasets = [pydicom.dcmread(corpus.folder / name) for name in corpus.files]
        own = {str(d.SOPInstanceUID) for d in datasets}
        rows = [r for r in corpus.rows if r.kind is Kind.REFERENCE and r.path[-1] == "00081155"]
    assert len(rows) >= len(BUILDERS)
    assert {row.value for row in rows} <= own


def test_documents_cost_nothing_when_withheld(corpus: Corpus) -> None:
    documents = {name for name in corpus.files if ".104." in _class_of(corpus, name)}
    assert documents
    assert {row.privacy_only for row in corpus.rows if row.file in documents} == {True}


def test_two_studies_of_a_subject_share_nothing_but_the_subject(corpus: Corpus) -> None:
    studies: dict[str, set[str]] = {}
    for row in corpus.rows:
        if row.path == ("0020000D",):
            studies.setdefault(row.subject, set()).add(row.value)
    assert max(map(len, studies.values())) == 2


def test_tools_are_held_side_by_side(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "in").symlink_to(corpus.folder, target_is_directory=True)
    verdicts = {}
    for text in ("noop", "delete-everything", "copy=cp -r {in}/. {out}"):
        entry = beside.Entry.parse(text)
        with lenient():
            own = beside.run_entry(entry, tmp_path)
            result = score_run(corpus, own, profile=Profile.RESEARCH, about={}, shown=0)
        assert isinstance(result[0]["harmonic_mean"], float)
        assert result[0]["harmonic_mean"] < 10
        verdicts[entry.name] = result[2]
    table = beside.as_table(verdicts).splitlines()
    assert table[0].split()[3:] == ["noop", "delete-everything", "copy"]
    assert any(line.startswith("words kept") and "100.00" in line for line in table)
    noop, copied = verdicts["noop"], verdicts["copy"]
    assert (noop.privacy, len(noop.leaks)) == (copied.privacy, len(copied.leaks))


def test_a_tool_beside_needs_a_command() -> None:
    with pytest.raises(ValueError, match="NAME=COMMAND"):
        beside.Entry.parse("dicognito")


def test_an_untouched_copy_leaves_no_reference_dangling(corpus: Corpus, tmp_path: Path) -> None:
    with lenient():
        tools.run_baseline("noop", corpus.folder, tmp_path)
        pairs = match(corpus.folder, tmp_path, names=sorted(corpus.files), mapping={}).pairs
        figures = measure(corpus.rows, corpus.folder, pairs, profile=Profile.RESEARCH)
        elements = sum(1 for _ in walk(pairs["000.dcm"].dataset))
    assert elements
    assert figures.references_dangling == figures.references_removed == 0
    assert figures.references_intact == figures.references > len(BUILDERS)
