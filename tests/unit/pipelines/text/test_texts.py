"""Clinical sentences stay, persons go: the table of ``texts.txt``."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.text import Depth, Kind, KnownValue, Reason, cleaner_for

_TABLE = Path(__file__).with_name("texts.txt").read_text(encoding="utf-8")


def _known(line: str) -> frozenset[KnownValue]:
    pairs = (each.split("=", 1) for each in line.split("; ") if each)
    return frozenset(KnownValue(Kind(kind), text.replace("|", "\\")) for kind, text in pairs)


def _rows() -> Iterator[tuple[str, str, Depth, frozenset[KnownValue]]]:
    depth, known = Depth.FREE, _known("")
    for line in _TABLE.splitlines():
        mark, _, text = line.replace("\\n", "\n").partition(" ")
        if mark.startswith("@"):
            depth, known = Depth(mark[1:]), _known(text)
        elif mark == "=":
            yield text, text, depth, known
        elif mark == "-":
            before, _, after = text.partition(" =>")
            yield before, after.removeprefix(" "), depth, known


@pytest.mark.parametrize(("text", "left", "depth", "known"), list(_rows()))
def test_the_person_goes_and_the_rest_stays(
    text: str, left: str, depth: Depth, known: frozenset[KnownValue]
) -> None:
    assert cleaner_for(known).clean(text, depth).text == left
    assert cleaner_for(known).clean(left, depth).text == left


_JANE = frozenset(
    [
        KnownValue(Kind.SUBJECT, "DOE^JANE"),
        KnownValue(Kind.SUBJECT_ID, "00-4711-885"),
        KnownValue(Kind.BIRTH_DATE, "19580317"),
        KnownValue(Kind.INSTITUTION, "St Elswhere Memorial"),
    ]
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("for Jane", Reason.NAME_KNOWN),
        ("Dr. White", Reason.NAME_CONTEXT),
        ("Okonkwo", Reason.NAME_UNKNOWN_WORD),
        ("4711885", Reason.ID_KNOWN),
        ("MRN 4422", Reason.ID_CONTEXT),
        ("99887766", Reason.ID_LONG_NUMBER),
        ("12 March 2012", Reason.DATE),
        ("17.03.1958", Reason.BIRTH_DATE),
        ("94 y/o", Reason.AGE_OVER_89),
        ("410-555-1212", Reason.PHONE),
        ("a@b.org", Reason.EMAIL),
        ("www.b.org", Reason.URL),
        ("12 Elm Street", Reason.ADDRESS),
        ("St Elswhere Memorial", Reason.INSTITUTION),
        ("Massachusetts General Hospital", Reason.INSTITUTION),
    ],
)
def test_every_removal_is_explained_by_its_rule(text: str, reason: Reason) -> None:
    assert reason in cleaner_for(_JANE).clean(f"CT CHEST {text}", Depth.FREE).reasons


def test_no_representation_shows_a_value() -> None:
    assert "DOE" not in repr(sorted(_JANE, key=lambda value: value.kind))


def test_the_cache_changes_nothing() -> None:
    cleaner = cleaner_for(_JANE)
    assert cleaner.clean("CT Jane", Depth.FREE) is cleaner.clean("CT Jane", Depth.FREE)
    assert cleaner.clean("CT Okonkwo", Depth.KNOWN).text == "CT Okonkwo"
    assert cleaner.clean("CT Okonkwo", Depth.FREE).text == "CT"


def test_a_text_that_is_cut_for_ever_is_cut_whole() -> None:
    text = "a@b " + ".".join(["x"] * 9) + "@" * 4000 + "a@" * 4000
    cleaned = cleaner_for(_JANE).clean(text, Depth.FREE)
    assert cleaner_for(_JANE).clean(cleaned.text, Depth.FREE).text == cleaned.text
    assert "@" not in cleaned.text
