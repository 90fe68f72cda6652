"""Leases on both databases: one worker per job, and only the last one commits."""

import threading
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from gateway.databases import open_database
from gateway.errors import LostLeaseError
from gateway.tables import job, study
from gateway.work.leases import (
    Job,
    add_job,
    finish,
    hold_fence,
    lease_job,
    postpone,
    release_owner,
    renew,
)
from tests.support.site import Site

NOW = 1000.0


def add_study(site: Site, *, generations: int = 1) -> str:
    identifier = uuid4().hex
    with site.engine.begin() as connection:
        connection.execute(
            study.insert().values(
                id=identifier,
                study_index=identifier.encode(),
                peer="ct",
                generation=generations,
                open=False,
                last_received=NOW,
                last_association="",
            )
        )
        for generation in range(1, generations + 1):
            add_job(connection, kind="clean", study_id=identifier, generation=generation, now=NOW)
    return identifier


def take(site: Site, owner: str = "a", *, now: float = NOW) -> Job | None:
    return lease_job(site.engine, owner=owner, now=now, seconds=60.0)


def taken(site: Site, owner: str = "a", *, now: float = NOW) -> Job:
    found = take(site, owner, now=now)
    assert found is not None
    return found


def end(site: Site, leased: Job) -> None:
    with site.engine.begin() as connection:
        finish(connection, leased.lease)


def change_under(site: Site, leased: Job) -> None:
    with site.engine.begin() as connection:
        connection.execute(study.update().values(peer="changed"))
        hold_fence(connection, leased.lease, until=NOW + 200)


def test_a_leased_job_is_nobody_elses_until_the_lease_ends(site: Site) -> None:
    add_study(site)
    first = taken(site)
    assert take(site, "b") is None
    assert take(site, "b", now=NOW + 60) is None
    second = taken(site, "b", now=NOW + 61)
    assert second.lease.job_id == first.lease.job_id
    assert (second.lease.fence, second.attempts) == (2, 2)
    assert second.created == first.created == NOW


def test_a_lost_lease_commits_nothing(site: Site) -> None:
    add_study(site)
    first = taken(site)
    second = taken(site, "b", now=NOW + 61)
    with pytest.raises(LostLeaseError):
        change_under(site, first)
    with pytest.raises(LostLeaseError):
        end(site, first)
    with pytest.raises(LostLeaseError):
        postpone(site.engine, first, due=NOW, counts=True)
    with pytest.raises(LostLeaseError):
        renew(site.engine, first.lease, until=NOW + 200)
    assert [row["peer"] for row in site.rows(study)] == ["ct"]
    end(site, second)
    assert [row["state"] for row in site.rows(job)] == ["done"]


def test_a_renewed_lease_lasts(site: Site) -> None:
    add_study(site)
    leased = taken(site)
    renew(site.engine, leased.lease, until=NOW + 500)
    assert take(site, "b", now=NOW + 400) is None


def test_a_postponed_job_waits_and_a_sealed_vault_costs_no_attempt(site: Site) -> None:
    add_study(site)
    postpone(site.engine, taken(site), due=NOW + 10, counts=False)
    assert take(site) is None
    leased = taken(site, now=NOW + 10)
    assert leased.attempts == 1
    postpone(site.engine, leased, due=NOW + 20, counts=True)
    assert taken(site, now=NOW + 20).attempts == 2


def test_generations_of_a_study_are_worked_on_one_after_the_other(site: Site) -> None:
    add_study(site, generations=2)
    first = taken(site)
    assert first.generation == 1
    assert take(site, "b") is None
    end(site, first)
    assert taken(site, "b").generation == 2


def test_a_study_that_waits_does_not_keep_others_waiting(site: Site) -> None:
    add_study(site, generations=2)
    other = add_study(site)
    generations = {taken(site, "a").study_id, taken(site, "b").study_id}
    assert other in generations
    assert len(generations) == 2


def test_jobs_of_a_dead_worker_are_due_at_once(site: Site) -> None:
    add_study(site)
    first = taken(site, "dead")
    release_owner(site.engine, "dead", now=NOW)
    assert taken(site, "b").lease.fence == 2
    with pytest.raises(LostLeaseError):
        end(site, first)


def test_racing_workers_never_have_one_job_twice(site: Site) -> None:
    for _ in range(40):
        add_study(site)
    done: list[str] = []

    def work(owner: str) -> None:
        engine = open_database(site.work_url)
        while leased := lease_job(engine, owner=owner, now=NOW, seconds=60.0):
            done.append(leased.lease.job_id)
            with engine.begin() as connection:
                finish(connection, leased.lease)
        engine.dispose()

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a worker that meets only locked rows on PostgreSQL sees nothing due and ends early
    while leased := take(site):
        done.append(leased.lease.job_id)
        end(site, leased)
    assert len(done) == 40
    assert set(Counter(done).values()) == {1}


def test_a_job_that_is_due_under_a_wrong_clock_is_due_when_it_is_set_right(site: Site) -> None:
    add_study(site)
    postpone(site.engine, taken(site), due=NOW + 600, counts=True)
    assert take(site) is None
    assert take(site, now=NOW - 86_400) is not None


def test_a_lease_looks_at_one_study_not_at_all_of_them(tmp_path: Path) -> None:
    """On SQLite: the planner of PostgreSQL looks at how many rows there are."""
    site = Site(tmp_path, f"sqlite:///{tmp_path / 'work.db'}")
    plans: list[str] = []

    def explain(
        connection: sa.Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if statement.startswith("SELECT job."):
            found = connection.connection.cursor()
            found.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            plans.extend(row[3] for row in found.fetchall())

    add_study(site)
    sa.event.listen(site.engine, "before_cursor_execute", explain)
    taken(site)
    sa.event.remove(site.engine, "before_cursor_execute", explain)
    assert any("ix_job_study" in step or "sqlite_autoindex_job" in step for step in plans)
    assert not any(step.startswith("SCAN job_1") for step in plans)
    site.engine.dispose()
