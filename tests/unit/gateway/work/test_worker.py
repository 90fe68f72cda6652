"""The loop of a worker: it closes, works, waits, stops, and clears up after the dead."""

import threading
from collections.abc import Mapping, Sequence

import pytest

from gateway.tables import archive_object, job, outbox
from gateway.work.child_process import ChildStartError
from gateway.work.sweep import Sweep
from gateway.work.worker import recover, run_worker
from tests.support.site import Site, Worker, image


class _StopWhenReleased:
    """An audit log that stops the worker at the first release."""

    def __init__(self, stop: threading.Event, *, at: int) -> None:
        self._stop = stop
        self._at = at

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        self._at -= sum(name == "object.released" for name, _ in events)
        if self._at <= 0:
            self._stop.set()


def loop(site: Site, worker: Worker, stop: threading.Event) -> None:
    run_worker(
        site.engine,
        journey=worker.journey,
        clock=site.clock,
        owner=worker.owner,
        quiet_seconds={"ct": 0.0},
        lease_seconds=60.0,
        poll_seconds=0.01,
        sweep=Sweep(site.engine, site.store, clock=site.clock, lease_seconds=60.0),
        stop=stop,
    )


def test_a_worker_does_what_comes_until_it_is_stopped(site: Site) -> None:
    stop = threading.Event()
    site.audit = _StopWhenReleased(stop, at=2)
    worker = site.worker()
    site.receive(image(study="1.2.4"))
    site.receive(image(study="1.2.5"))
    loop(site, worker, stop)
    assert site.states() == [("cleaned", "")] * 2
    worker.close()


def test_a_stop_lets_the_batch_at_hand_end(site: Site) -> None:
    stop = threading.Event()
    site.audit, site.batch = _StopWhenReleased(stop, at=1), 2
    worker = site.worker()
    site.receive(*[image() for _ in range(5)])
    loop(site, worker, stop)
    assert site.states() == [("cleaned", "")] * 2 + [("received", "")] * 3
    assert [(row["state"], row["attempts"]) for row in site.rows(job)] == [("due", 0)]
    worker.close()


def test_changed_rules_end_the_worker_and_keep_the_job(site: Site) -> None:
    worker = site.worker()
    worker.child._rules = {"basic": "0" * 64}
    site.receive(image())
    with pytest.raises(ChildStartError):
        loop(site, worker, threading.Event())
    assert site.states() == [("received", "")]
    assert [row["state"] for row in site.rows(job)] == ["due"]
    worker.close()


def test_the_living_keep_what_they_have(site: Site) -> None:
    worker = site.worker()
    site.receive(image())
    site.drain(worker)
    with site.engine.begin() as connection:
        connection.execute(outbox.update().values(state="sending", owner=worker.owner))
    assert recover(site.engine, store=site.store, spool=site.spool, clock=site.clock) == []
    assert [row["state"] for row in site.rows(outbox)] == ["sending"]
    assert len(site.rows(archive_object)) == 1
    worker.close()
