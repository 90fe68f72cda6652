"""The index of the spool on both databases."""

import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway import databases
from gateway.databases import is_disk_full, open_database, upgrade
from gateway.scp.associations import AssociationRows
from gateway.scp.committer import Committer
from gateway.scp.recording import CONFLICT, DAMAGED, NOBODY, Outcome, record
from gateway.spool.format import SpoolEntry
from gateway.tables import association, spool_object, study

_numbers = count(1)


class SetClock:
    """`gateway.ports.Clock` that stands still."""

    def __init__(self, now: float) -> None:
        self.time = now

    def now(self) -> float:
        return self.time


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url = f"sqlite:///{tmp_path / 'work.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    opened = open_database(url)
    upgrade(opened, "gateway.work")
    yield opened
    opened.dispose()


def digest(word: str) -> bytes:
    return word.encode().ljust(32, b".")


def entry(
    sop: str,
    *,
    content: str = "",
    pixels: str = "pixels",
    subject: str = "subject",
    study_word: str = "study",
) -> SpoolEntry:
    number = next(_numbers)
    return SpoolEntry(
        id=f"{number:032x}",
        association_id="a" * 32,
        peer="modality",
        study_index=digest(study_word),
        subject_index=digest(subject),
        sop_index=digest(sop),
        content_digest=digest(content or sop),
        pixel_digest=digest(pixels),
        size_bytes=10,
        received=1000.0 + number,
    )


def recorded(
    engine: sa.Engine,
    *entries: SpoolEntry,
    lost: Collection[str] = (),
    are_orphans: bool = False,
) -> list[Outcome]:
    with engine.begin() as connection:
        return record(
            connection,
            entries,
            is_intact=lambda object_id: object_id not in lost,
            are_orphans=are_orphans,
        )


def committing(engine: sa.Engine) -> Committer:
    return Committer(engine, is_intact=lambda _: True)


def rows(engine: sa.Engine, table: sa.Table = spool_object) -> dict[str, Any]:
    with engine.connect() as connection:
        return {row.id: row for row in connection.execute(sa.select(table))}


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


def test_associations_are_counted_and_ended_once(engine: sa.Engine) -> None:
    clock = SetClock(50.0)
    ours = AssociationRows(engine, receiver="ours", clock=clock)
    theirs = AssociationRows(engine, receiver="theirs", clock=clock)
    ours.open("a" * 32, peer="modality", called_ae_title="NARTHEX")
    theirs.open("b" * 32, peer="modality", called_ae_title="NARTHEX")
    recorded(engine, entry("1"), entry("2"), entry("2"))
    clock.time = 60.0
    assert ours.end_all() == 1
    clock.time = 70.0
    ours.end("a" * 32)
    found = rows(engine, association)
    assert (found["a" * 32].received, found["a" * 32].ended) == (3, 60.0)
    assert found["b" * 32].ended is None


def test_many_threads_are_recorded_in_groups_and_none_is_lost(engine: sa.Engine) -> None:
    commits: list[sa.Connection] = []
    sa.event.listen(engine, "commit", commits.append)
    committer = committing(engine)
    entries = [entry(f"sop {number}") for number in range(200)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(committer.record, entries))
    committer.close()
    assert set(outcomes) == {Outcome.NEW}
    assert set(rows(engine)) == {each.id for each in entries}
    assert len(commits) < len(entries)


def test_a_bad_entry_does_not_fail_its_neighbours(engine: sa.Engine) -> None:
    gate = threading.Event()
    committer = committing(engine)
    sa.event.listen(engine, "begin", lambda _: gate.wait(10))
    bad = replace(entry("bad"), peer=None)  # type: ignore[arg-type]  # the database refuses it
    with ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(committer.record, each) for each in (entry("1"), bad, entry("2"))]
        gate.set()
        assert futures[0].result() is Outcome.NEW
        assert futures[2].result() is Outcome.NEW
        with pytest.raises(sa.exc.IntegrityError):
            futures[1].result()
    committer.close()


def test_a_database_that_is_busy_fails_a_batch_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_TIMEOUT_SECONDS", 0)
    url = f"sqlite:///{tmp_path / 'work.db'}"
    busy, holder = open_database(url), open_database(url)
    upgrade(busy, "gateway.work")
    committer = committing(busy)
    attempts: list[sa.Connection] = []
    begun, gate = threading.Event(), threading.Event()

    def attempt(connection: sa.Connection) -> None:
        attempts.append(connection)
        begun.set()
        gate.wait(30)

    sa.event.listen(busy, "engine_connect", attempt)
    with holder.begin(), ThreadPoolExecutor(9) as threads:
        futures = [threads.submit(committer.record, entry("first"))]
        assert begun.wait(30)
        futures += [threads.submit(committer.record, entry(str(number))) for number in range(8)]
        while committer._queue.qsize() < 8:
            gate.wait(0.01)
        gate.set()
        errors = [future.exception() for future in futures]
    committer.close()
    assert all(isinstance(error, sa.exc.OperationalError) for error in errors)
    assert len(attempts) == 2  # the first alone, then the others together
    busy.dispose()
    holder.dispose()


def test_a_full_disk_is_told_apart(engine: sa.Engine) -> None:
    filling = "DO $$ BEGIN RAISE disk_full; END $$"
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # as many as there are
            filling = "CREATE TABLE more AS SELECT randomblob(1 << 20)"
        with pytest.raises(sa.exc.OperationalError) as full:
            connection.exec_driver_sql(filling)
    assert is_disk_full(full.value)
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as other:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    assert not is_disk_full(other.value)


def test_racing_receivers_agree_on_one_first_object(engine: sa.Engine) -> None:
    committers = [committing(engine) for _ in range(3)]
    copies = [[entry(f"sop {number}") for number in range(30)] for _ in committers]
    with ThreadPoolExecutor(3) as threads:
        results = list(
            threads.map(
                lambda pair: [pair[0].record(each) for each in pair[1]],
                zip(committers, copies, strict=True),
            )
        )
    for committer in committers:
        committer.close()
    for outcomes in zip(*results, strict=True):
        assert sorted(outcomes) == [Outcome.IDENTICAL, Outcome.IDENTICAL, Outcome.NEW]
