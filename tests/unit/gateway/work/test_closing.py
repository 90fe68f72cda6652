"""When a study generation closes, on both databases."""

import sqlalchemy as sa

from gateway.tables import job, spool_object, study
from gateway.work.closing import close_studies
from tests.support.simulators import SettableClock
from tests.support.site import Site, image

QUIET = {"ct": 30.0, "us": 0.0}


def close(site: Site) -> int:
    return close_studies(site.engine, quiet_seconds=QUIET, now=site.clock.now())


def pass_by(site: Site, seconds: float) -> None:
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(seconds)


def test_a_study_closes_when_its_peer_was_quiet_for_long_enough(site: Site) -> None:
    site.receive(image())
    pass_by(site, 29)
    assert close(site) == 0
    pass_by(site, 1)
    assert close(site) == 1
    assert close(site) == 0
    assert [(row["kind"], row["generation"], row["state"]) for row in site.rows(job)] == [
        ("clean", 1, "due")
    ]
    assert not site.rows(study)[0]["open"]


def test_each_peer_has_its_own_quiet_time(site: Site) -> None:
    site.receive(image(study="1.2.4"), peer="us")
    site.receive(image(study="1.2.5"), peer="ct")
    assert close(site) == 1
    pass_by(site, 119)
    site.receive(image(study="1.2.6"), peer="unknown")
    assert close(site) == 1
    pass_by(site, 119)
    assert close(site) == 0
    pass_by(site, 1)
    assert close(site) == 1


def test_a_study_stays_open_while_an_association_that_brought_it_lasts(site: Site) -> None:
    first = site.open_association(peer="us")
    site.receive(image(), peer="us", association_id=first)
    site.receive(image(), peer="us")  # another association, ended
    assert close(site) == 0
    site.end_association(first)
    assert close(site) == 1


def test_a_late_instance_opens_a_new_generation(site: Site) -> None:
    site.receive(image(), peer="us")
    assert close(site) == 1
    site.receive(image(), peer="us")
    assert close(site) == 1
    assert sorted(row["generation"] for row in site.rows(job)) == [1, 2]
    assert sorted(row["generation"] for row in site.rows(spool_object)) == [1, 2]
    assert len(site.rows(study)) == 1


def test_a_study_of_a_time_to_come_closes_when_the_clock_is_set_right(site: Site) -> None:
    pass_by(site, 10 * 365 * 86_400)
    site.receive(image(), peer="us")
    pass_by(site, -10 * 365 * 86_400)
    assert close(site) == 1
    # the next generation waits as long as any
    site.receive(image())
    pass_by(site, 29)
    assert close(site) == 0
    pass_by(site, 1)
    assert close(site) == 1


def test_busy_studies_cost_no_transaction_and_keep_no_place(site: Site) -> None:
    lasting = site.open_association(peer="us")
    for number in range(3):
        site.receive(image(study=f"1.2.{number}"), peer="us", association_id=lasting)
    pass_by(site, 1)
    site.receive(image(study="1.2.9"), peer="us")
    begun: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_others: object) -> None:
        begun.append(statement)

    sa.event.listen(site.engine, "before_cursor_execute", note)
    assert close_studies(site.engine, quiet_seconds=QUIET, now=site.clock.now(), limit=1) == 1
    sa.event.remove(site.engine, "before_cursor_execute", note)
    assert sum("UPDATE study" in statement for statement in begun) == 1
