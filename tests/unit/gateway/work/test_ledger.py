"""What a batch writes, where two workers write at once; on both databases."""

import threading
from uuid import uuid4

import pytest
import sqlalchemy as sa

from gateway.databases import open_database
from gateway.tables import archive_object, outbox, spool_object, study
from gateway.work.leases import Job, add_job, lease_job
from gateway.work.ledger import CLEANED, Outcome, Release, commit_batch
from tests.support.site import Site

NOW = 1000.0


def leased_job(site: Site, object_id: str) -> Job:
    """Lease the job of a study of its own, with one object."""
    with site.engine.begin() as connection:
        connection.execute(
            study.insert().values(
                id=object_id,
                study_index=object_id.encode(),
                peer="ct",
                generation=1,
                open=False,
                last_received=NOW,
                last_association="",
            )
        )
        connection.execute(
            spool_object.insert().values(
                id=object_id,
                study_id=object_id,
                association_id="",
                generation=1,
                sop_index=object_id.encode(),
                subject_index=b"",
                content_digest=b"",
                pixel_digest=b"",
                size_bytes=1,
                received=NOW,
                state="received",
            )
        )
        add_job(connection, kind="clean", study_id=object_id, generation=1, now=NOW)
    job = lease_job(site.engine, owner="a", now=NOW, seconds=60.0)
    assert job is not None
    return job


def outcome(object_id: str, uid: str) -> Outcome:
    release = Release(
        name=object_id * 2,
        project="heart",
        plan_hash="p",
        destinations=("pacs",),
        sop_class_uid="1.2",
        transfer_syntax_uid="1.2",
        study_instance_uid="2.25.1",
        series_instance_uid="2.25.2",
        sop_instance_uid=uid,
        size_bytes=1,
    )
    return Outcome(object_id=object_id, state=CLEANED, reason="", releases=(release,))


def test_of_two_workers_that_clean_one_uid_at_once_one_is_current(site: Site) -> None:
    for uid in ("2.25.3", "2.25.4", "2.25.5"):
        jobs = [(name, leased_job(site, name)) for name in (uuid4().hex, uuid4().hex)]
        start = threading.Barrier(2)

        def commit(object_id: str, job: Job, start: threading.Barrier, uid: str) -> None:
            engine = open_database(site.work_url)
            start.wait()
            commit_batch(
                engine, job, [outcome(object_id, uid)], now=NOW, until=NOW + 60, ends_job=True
            )
            engine.dispose()

        threads = [threading.Thread(target=commit, args=(*each, start, uid)) for each in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        states = {
            row["name"]: row["state"]
            for row in site.rows(archive_object)
            if row["sop_instance_uid"] == uid
        }
        assert sorted(states.values()) == ["current", "superseded"]
        queued = {row["name"] for row in site.rows(outbox) if row["state"] == "queued"}
        assert {name for name, state in states.items() if state == "current"} <= queued
        assert not {name for name, state in states.items() if state != "current"} & queued


def test_the_database_itself_keeps_a_second_current_object_out(site: Site) -> None:
    object_id = uuid4().hex
    job = leased_job(site, object_id)
    commit_batch(
        site.engine, job, [outcome(object_id, "2.25.3")], now=NOW, until=NOW + 60, ends_job=True
    )
    (row,) = site.rows(archive_object)
    with pytest.raises(sa.exc.IntegrityError), site.engine.begin() as connection:
        connection.execute(archive_object.insert().values(dict(row) | {"name": "other"}))
