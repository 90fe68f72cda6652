"""Held objects: listed without content, released into a new generation, discarded for good."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import narthex
from gateway.settings import load
from gateway.tables import archive_object, spool_object
from gateway.work.quarantine import discard, held_objects, release
from tests.support.simulators import MemoryAudit
from tests.support.site import Site, Worker, image, route


@pytest.fixture
def unrouted(site: Site) -> Iterator[Worker]:
    worker = site.worker(routes=[])
    yield worker
    worker.close()


def test_a_released_object_is_cleaned_after_routing_has_changed(
    site: Site, unrouted: Worker
) -> None:
    site.receive(image(), image())
    site.drain(unrouted)
    held = held_objects(site.engine, reason="routing.unmatched")
    assert len(held) == 2
    assert held_objects(site.engine, reason="identity.missing") == []
    assert release(site.engine, held[:1], audit=site.audit, clock=site.clock) == 1
    worker = site.worker(routes=[route()])
    assert site.drain(worker) == 1
    assert site.states() == [("cleaned", ""), ("held", "routing.unmatched")]
    assert sorted(row["generation"] for row in site.rows(spool_object)) == [1, 2]
    assert len(site.rows(archive_object)) == 1
    assert isinstance(site.audit, MemoryAudit)
    released = [fields for name, fields in site.audit.events if name == "quarantine.released"]
    assert released == [{"object_id": held[0].id, "reason": "routing.unmatched"}]
    worker.close()


def test_what_still_has_its_reason_is_held_again(site: Site, unrouted: Worker) -> None:
    site.receive(image())
    site.drain(unrouted)
    release(site.engine, held_objects(site.engine), audit=site.audit, clock=site.clock)
    assert site.drain(unrouted) == 1
    assert site.states() == [("held", "routing.unmatched")]


def test_a_discarded_object_is_gone_and_can_not_be_released(site: Site, unrouted: Worker) -> None:
    site.receive(image())
    site.drain(unrouted)
    held = held_objects(site.engine)
    assert discard(site.engine, held, spool=site.spool, audit=site.audit) == 1
    assert discard(site.engine, held, spool=site.spool, audit=site.audit) == 0
    assert release(site.engine, held, audit=site.audit, clock=site.clock) == 0
    assert site.states() == [("discarded", "routing.unmatched")]
    assert list(site.spool.iterdir()) == []


def test_the_commands(tmp_path: Path) -> None:
    state = tmp_path / "state"
    settings = load(config=None, state=state)
    state.mkdir()
    site = Site(state, settings.database.work)
    worker = site.worker(routes=[])
    site.receive(*[image() for _ in range(3)])
    site.drain(worker)
    worker.close()

    def run(*words: str, stdin: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(
            narthex,
            ["--state", str(state), "quarantine", *words],
            input=stdin,
            standalone_mode=False,
        )
        return (result.return_value if result.exception is None else -1), result.output

    code, listed = run("list", "--json")
    ids = [json.loads(line)["id"] for line in listed.splitlines()]
    assert (code, len(ids)) == (0, 3)
    assert run("list")[1].count("routing.unmatched") == 3
    assert "Gartenzwerg" not in listed
    assert run("show", ids[0])[0] == 0
    assert run("show", "nothing")[0] == 1
    assert run("release")[0] == -1
    assert run("release", ids[0])[1].startswith("1 released")
    assert run("discard", ids[1], stdin="n\n")[0] == -1
    assert len(held_objects(site.engine)) == 2
    assert run("discard", ids[1], "--yes")[1] == "1 discarded.\n"
    assert run("discard", "--reason", "routing.unmatched", "--yes")[1] == "1 discarded.\n"
    assert run("list") == (0, "Nothing is held.\n")
    site.engine.dispose()
