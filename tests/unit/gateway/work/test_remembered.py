"""What is kept of faces: bound to a study and a subject, in one transaction with the objects."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from gateway.errors import LostLeaseError, TamperedError
from gateway.tables import face_memory, job, study
from gateway.work.leases import Job, add_job, lease_job
from gateway.work.ledger import commit_batch
from gateway.work.remembered import EARLIER_BYTES_AT_MOST, Memories, memories_of, remember
from pipelines.deface.decision import Known, News
from rules.load import load_plan
from rules.vocabulary import DefaceMask
from tests.support.site import Site

NOW = 1000.0
SECRET = bytes(32)
PLAN = load_plan("research-default")
FRAME = "1.2.840.99.7"
PLACE = Memories(study_index=b"study", subject_indexes=frozenset([b"subject"]))


def add_study(site: Site, study_id: str, *, peer: str = "ct", index: bytes = b"study") -> Job:
    """Add a study and lease its job."""
    with site.engine.begin() as connection:
        connection.execute(
            study.insert().values(
                id=study_id,
                study_index=index,
                peer=peer,
                generation=1,
                open=False,
                last_received=NOW,
                last_association="",
            )
        )
        add_job(connection, kind="clean", study_id=study_id, generation=1, now=NOW)
    found = lease_job(site.engine, owner="a", now=NOW, seconds=60.0)
    assert found is not None
    return found


def keep(site: Site, found: Job, outcome: Known, data: bytes) -> None:
    rows = PLACE.sealed({FRAME: News(outcome, data)}, PLAN, project="heads", secret=SECRET)
    with site.engine.begin() as connection:
        remember(connection, rows, study_id=found.study_id, now=NOW)


def earlier(site: Site, study_id: str = "s", *, subject: bytes = b"subject") -> list[bytes]:
    memories = memories_of(site.engine, study_id, {subject})
    return memories.earlier(PLAN, project="heads", secret=SECRET)


def test_it_is_found_for_the_same_study_and_subject_whoever_sent_it(site: Site) -> None:
    found = add_study(site, "s")
    add_study(site, "from another sender", peer="workstation")
    add_study(site, "another study", index=b"another")
    keep(site, found, Known.REMOVED, b"mask")
    assert earlier(site) == [b"mask"]
    assert earlier(site, "from another sender") == [b"mask"]
    assert earlier(site, "another study") == []
    assert earlier(site, subject=b"another") == []
    memories = memories_of(site.engine, "s", {b"subject"})
    assert memories.earlier(PLAN, project="hearts", secret=SECRET) == []
    narrow = replace(PLAN, deface_mask=DefaceMask.NARROW)
    assert memories.earlier(narrow, project="heads", secret=SECRET) == []
    fewer = replace(PLAN, deface_modalities=frozenset(["MR"]))
    assert memories.earlier(fewer, project="heads", secret=SECRET) == []


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (Known.NO_FACE, Known.REMOVED, b"second"),
        (Known.NO_FACE, Known.UNCLEAR, b"second"),
        (Known.UNCLEAR, Known.NO_FACE, b"first"),
        (Known.UNCLEAR, Known.REMOVED, b"second"),
        (Known.REMOVED, Known.NO_FACE, b"first"),
        (Known.REMOVED, Known.REMOVED, b"first"),
        (Known.ALREADY, Known.REMOVED, b"second"),
        (Known.REMOVED, Known.MOVED, b"second"),
        (Known.MOVED, Known.REMOVED, b"first"),
    ],
)
def test_one_row_stands_for_a_frame_of_reference(
    site: Site, first: Known, second: Known, kept: bytes
) -> None:
    found = add_study(site, "s")
    keep(site, found, first, b"first")
    keep(site, found, second, b"second")
    assert earlier(site) == [kept]
    assert len(site.rows(face_memory)) == 1


def test_of_two_spellings_of_a_subject_the_graver_finding_counts(site: Site) -> None:
    found = add_study(site, "s")
    for subject, outcome in ((b"a", Known.MOVED), (b"b", Known.REMOVED)):
        place = replace(PLACE, subject_indexes=frozenset([subject]))
        news = {FRAME: News(outcome, subject)}
        with site.engine.begin() as connection:
            rows = place.sealed(news, PLAN, project="heads", secret=SECRET)
            remember(connection, rows, study_id=found.study_id, now=NOW)
    memories = memories_of(site.engine, "s", {b"a", b"b"})
    assert memories.earlier(PLAN, project="heads", secret=SECRET) == [b"a"]


def test_nothing_is_kept_by_who_lost_the_job(site: Site) -> None:
    found = add_study(site, "s")
    rows = PLACE.sealed({FRAME: News(Known.REMOVED, b"mask")}, PLAN, project="heads", secret=SECRET)
    with site.engine.begin() as connection:
        connection.execute(job.update().values(fence=job.c.fence + 1))
    with pytest.raises(LostLeaseError):
        commit_batch(site.engine, found, [], memories=rows, now=NOW, until=NOW, ends_job=True)
    assert site.rows(face_memory) == []


def test_a_child_is_told_what_a_message_holds(site: Site) -> None:
    found = add_study(site, "s")
    news = {f"1.2.{n}": News(Known.REMOVED, bytes([n]) * (2 * 1024 * 1024 - n)) for n in range(6)}
    news[FRAME] = News(Known.MOVED, b"moved")
    rows = PLACE.sealed(news, PLAN, project="heads", secret=SECRET)
    with site.engine.begin() as connection:
        remember(connection, rows, study_id=found.study_id, now=NOW)
    told = earlier(site)
    assert told[0] == b"moved"
    assert len(told) == 4
    assert sum(map(len, told)) <= EARLIER_BYTES_AT_MOST


def test_it_goes_with_its_study(site: Site) -> None:
    found = add_study(site, "s")
    keep(site, found, Known.REMOVED, b"mask")
    with site.engine.begin() as connection:
        connection.execute(job.delete())
        connection.execute(study.delete().where(study.c.id == "s"))
    assert site.rows(face_memory) == []


@pytest.mark.parametrize("column", ["outcome", "subject_index", "study_index"])
def test_a_row_that_was_moved_or_changed_does_not_open(site: Site, column: str) -> None:
    keep(site, add_study(site, "s"), Known.REMOVED, b"mask")
    with site.engine.begin() as connection:
        value = "no-face" if column == "outcome" else b"another"
        connection.execute(face_memory.update().values({column: value}))
        if column == "study_index":
            connection.execute(study.update().values(study_index=value))
    with pytest.raises(TamperedError):
        earlier(site, subject=b"another" if column == "subject_index" else b"subject")


def test_no_uid_and_no_place_stands_in_clear(site: Site) -> None:
    keep(site, add_study(site, "s"), Known.REMOVED, b"geometry of a head")
    (row,) = site.rows(face_memory)
    stored = b"".join(bytes(v) for v in row.values() if isinstance(v, bytes | memoryview))
    assert FRAME.encode() not in stored
    assert b"geometry" not in stored
    with site.engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(face_memory)).scalar_one()
    assert count == 1
