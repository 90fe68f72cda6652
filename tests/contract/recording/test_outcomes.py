"""What becomes of an entry: new, a copy, a correction, a conflict."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.databases import open_database, upgrade
from gateway.scp.recording import CONFLICT, DAMAGED, NOBODY, Outcome, record
from gateway.tables import spool_object, study
from tests.support.recording import digest, entry, recorded, rows


def set_state(engine: sa.Engine, object_id: str, state: str, reason: str = "") -> None:
    with engine.begin() as connection:
        connection.execute(
            spool_object.update()
            .where(spool_object.c.id == object_id)
            .values(state=state, reason=reason)
        )


def only_study(engine: sa.Engine) -> Any:  # noqa: ANN401  (a row of SQLAlchemy)
    (row,) = rows(engine, study).values()
    return row


def close(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(study.update().values(open=False))


def test_new_objects_open_and_join_the_first_generation(engine: sa.Engine) -> None:
    one, two = entry("1"), entry("2")
    assert recorded(engine, one) == [Outcome.NEW]
    assert recorded(engine, two) == [Outcome.NEW]
    found = only_study(engine)
    assert (found.generation, found.open, found.last_received) == (1, True, two.received)
    assert {row.generation for row in rows(engine).values()} == {1}
    assert {row.state for row in rows(engine).values()} == {"received"}


def test_what_comes_after_the_closing_opens_a_generation(engine: sa.Engine) -> None:
    recorded(engine, entry("1"))
    close(engine)
    late, later = entry("2"), entry("3")
    recorded(engine, late, later)
    assert (only_study(engine).generation, only_study(engine).open) == (2, True)
    assert {rows(engine)[each.id].generation for each in (late, later)} == {2}


def test_studies_and_peers_are_kept_apart(engine: sa.Engine) -> None:
    recorded(
        engine,
        entry("1"),
        entry("2", study_word="other"),
        replace(entry("3"), peer="archive"),
    )
    assert len(rows(engine, study)) == 3


def test_an_exact_copy_is_nothing_new(engine: sa.Engine) -> None:
    first = entry("1")
    recorded(engine, first)
    close(engine)
    before = only_study(engine)
    assert recorded(engine, entry("1"), entry("1")) == [Outcome.IDENTICAL] * 2
    assert set(rows(engine)) == {first.id}
    assert only_study(engine) == before


def test_another_header_of_the_same_pixels_takes_the_place(engine: sa.Engine) -> None:
    first, second, third = (entry("1", content=word) for word in "abc")
    assert recorded(engine, first) == [Outcome.NEW]
    assert recorded(engine, second) == [Outcome.SUPERSEDES]
    assert recorded(engine, third) == [Outcome.SUPERSEDES]
    found = rows(engine)
    assert [found[each.id].state for each in (first, second, third)] == [
        "superseded",
        "superseded",
        "received",
    ]
    assert [found[each.id].supersedes for each in (first, second, third)] == [
        None,
        first.id,
        second.id,
    ]


def test_what_was_cleaned_stays_cleaned_when_its_place_is_taken(engine: sa.Engine) -> None:
    first, second, copy = entry("1", content="a"), entry("1", content="b"), entry("1", content="a")
    recorded(engine, first)
    set_state(engine, first.id, "cleaned")
    close(engine)
    assert recorded(engine, second) == [Outcome.SUPERSEDES]
    assert rows(engine)[first.id].state == "cleaned"
    assert only_study(engine).generation == 2
    # the older header again is a change again, not a copy of what is current
    assert recorded(engine, copy) == [Outcome.SUPERSEDES]
    assert rows(engine)[copy.id].supersedes == second.id


@pytest.mark.parametrize("other", [{"pixels": "other"}, {"subject": "other"}])
def test_anything_else_is_held(engine: sa.Engine, other: dict[str, str]) -> None:
    first = entry("1", content="a")
    recorded(engine, first)
    close(engine)
    conflict = entry("1", content="b", **other)
    assert recorded(engine, conflict) == [Outcome.CONFLICT]
    row = rows(engine)[conflict.id]
    assert (row.state, row.reason, row.supersedes) == ("held", CONFLICT, None)
    assert (only_study(engine).generation, only_study(engine).open) == (1, False)
    assert rows(engine)[first.id].state == "received"
    # its copy is known, and the first object may still be corrected
    assert recorded(engine, replace(conflict, id="f" * 32)) == [Outcome.IDENTICAL]
    assert recorded(engine, entry("1", content="c")) == [Outcome.SUPERSEDES]


def test_an_object_without_patient_can_be_sent_again_corrected(engine: sa.Engine) -> None:
    nobody = entry("sop", content="no patient id", subject="nobody")
    recorded(engine, nobody)
    with engine.begin() as connection:
        connection.execute(spool_object.update().values(state="held", reason=NOBODY))
    corrected = entry("sop", content="with patient id")
    assert recorded(engine, corrected) == [Outcome.SUPERSEDES]
    assert rows(engine)[nobody.id].state == "superseded"
    other_pixels = entry("sop", content="other", pixels="other")
    assert recorded(engine, other_pixels) == [Outcome.CONFLICT]


@pytest.mark.parametrize(
    ("state", "reason"), [("received", ""), ("held", "routing.unmatched"), ("held", DAMAGED)]
)
def test_the_copy_of_what_is_lost_takes_its_place(
    engine: sa.Engine, state: str, reason: str
) -> None:
    first, copy, again = (entry("sop") for _ in range(3))
    recorded(engine, first)
    set_state(engine, first.id, state, reason)
    close(engine)
    lost = set() if reason == DAMAGED else {first.id}  # the first and last chunk may be well
    assert recorded(engine, copy, again, lost=lost) == [Outcome.SUPERSEDES, Outcome.IDENTICAL]
    assert rows(engine)[first.id].state == "superseded"
    row = rows(engine)[copy.id]
    assert (row.state, row.supersedes, row.generation) == ("received", first.id, 2)


def test_the_copy_of_a_lost_conflict_is_held_in_its_place(engine: sa.Engine) -> None:
    conflict, copy = (entry("sop", content="b", pixels="other") for _ in range(2))
    recorded(engine, entry("sop"), conflict)
    assert recorded(engine, copy, lost={conflict.id}) == [Outcome.CONFLICT]
    assert rows(engine)[conflict.id].state == "superseded"
    row = rows(engine)[copy.id]
    assert (row.state, row.reason, row.supersedes) == ("held", CONFLICT, conflict.id)


def test_what_is_cleaned_is_not_missed_in_the_spool(engine: sa.Engine) -> None:
    first = entry("sop")
    recorded(engine, first)
    set_state(engine, first.id, "cleaned")
    assert recorded(engine, entry("sop"), lost={first.id}) == [Outcome.IDENTICAL]


def test_what_a_worker_cleans_meanwhile_is_not_lost(postgres_url: str) -> None:
    engine = open_database(postgres_url)  # SQLite has one writer: nothing happens meanwhile
    upgrade(engine, "gateway.work")
    first = entry("sop")
    recorded(engine, first)

    def is_intact(object_id: str) -> bool:
        set_state(engine, object_id, "cleaned")  # commits; then the file is deleted
        return False

    with engine.begin() as connection:
        outcomes = record(connection, [entry("sop")], is_intact=is_intact, are_orphans=False)
    assert outcomes == [Outcome.IDENTICAL]
    engine.dispose()


def test_a_damaged_object_can_be_sent_again_for_another_subject(engine: sa.Engine) -> None:
    first = entry("sop", content="a", subject="wrong")
    recorded(engine, first)
    set_state(engine, first.id, "held", DAMAGED)
    assert recorded(engine, entry("sop", content="b")) == [Outcome.SUPERSEDES]


def test_an_orphan_takes_no_place_of_what_came_later(engine: sa.Engine) -> None:
    orphan, corrected = entry("sop", content="wrong"), entry("sop", content="right")
    recorded(engine, corrected)
    close(engine)
    assert recorded(engine, orphan, are_orphans=True) == [Outcome.STALE]
    assert rows(engine)[corrected.id].state == "received"
    row = rows(engine)[orphan.id]
    assert (row.state, row.supersedes, row.generation) == ("superseded", None, 1)
    assert not only_study(engine).open
    later = entry("sop", content="newer")
    assert recorded(engine, later, are_orphans=True) == [Outcome.SUPERSEDES]


def test_an_acknowledged_object_counts_whatever_the_clock_says(engine: sa.Engine) -> None:
    first, second = entry("sop", content="a"), entry("sop", content="b")
    recorded(engine, second)
    assert recorded(engine, first) == [Outcome.SUPERSEDES]


def test_a_conflict_in_a_study_of_its_own_opens_nothing(engine: sa.Engine) -> None:
    recorded(engine, entry("1"))
    conflict = entry("1", content="b", pixels="other", study_word="elsewhere")
    recorded(engine, conflict)
    found = {bytes(row.study_index): row for row in rows(engine, study).values()}
    assert not found[digest("elsewhere")].open
    later = entry("2", study_word="elsewhere")
    recorded(engine, later)
    assert rows(engine)[later.id].generation == 1


@pytest.mark.parametrize("state", ["discarded", "refused"])
def test_what_was_given_up_is_forgotten(engine: sa.Engine, state: str) -> None:
    first = entry("1")
    recorded(engine, first)
    set_state(engine, first.id, state)
    assert recorded(engine, entry("1")) == [Outcome.NEW]
    assert rows(engine)[first.id].state == state


def test_duplicates_inside_one_batch_are_seen(engine: sa.Engine) -> None:
    outcomes = recorded(
        engine,
        entry("1", content="a"),
        entry("1", content="a"),
        entry("1", content="b"),
        entry("1", content="c", pixels="other"),
        entry("2"),
    )
    assert outcomes == [
        Outcome.NEW,
        Outcome.IDENTICAL,
        Outcome.SUPERSEDES,
        Outcome.CONFLICT,
        Outcome.NEW,
    ]
    states = sorted(row.state for row in rows(engine).values())
    assert states == ["held", "received", "received", "superseded"]


def test_an_entry_recorded_twice_changes_nothing(engine: sa.Engine) -> None:
    first = entry("1")
    assert recorded(engine, first) == [Outcome.NEW]
    close(engine)
    assert recorded(engine, first) == [Outcome.NEW]
    assert len(rows(engine)) == 1
    assert not only_study(engine).open
