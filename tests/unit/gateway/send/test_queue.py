"""What waits for delivery: counted for a person, and tried again when a person says so."""

import json
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import narthex
from gateway.ports import Delivery
from gateway.send.queue import Waiting, hold_unrouted, retry, waiting
from gateway.send.sender import send_once
from gateway.settings import load
from tests.support.simulators import MemoryAudit, ScriptedSender
from tests.support.site import Site, image, route

HELD = Delivery(delivered=False, retry=False, code="send.syntax-refused", status=0)


def fill(site: Site) -> None:
    """Let one of two objects be held for ``pacs``; ``backup`` was not asked yet."""
    worker = site.worker(routes=[route(destinations=("pacs", "backup"))])
    site.receive(image(), image())
    site.drain(worker)
    worker.close()
    send(site, HELD)


def send(site: Site, *answers: Delivery) -> list[str]:
    deliveries = send_once(
        site.engine,
        destination="pacs",
        sender=ScriptedSender(*answers),
        store=site.store,
        audit=site.audit,
        clock=site.clock,
        owner="a",
        pause=lambda _seconds: None,
    )
    return [delivery.code for delivery in deliveries]


def test_what_is_held_is_tried_again_when_a_person_says_so(site: Site) -> None:
    fill(site)
    held = Waiting(destination="pacs", state="held", code="send.syntax-refused", count=1)
    queued = Waiting(destination="backup", state="queued", code="", count=2)
    assert waiting(site.engine, destination=None) == [queued, held]
    assert waiting(site.engine, destination="pacs") == [held]
    assert send(site) == []
    assert retry(site.engine, destination="pacs", audit=site.audit, clock=site.clock) == 1
    assert retry(site.engine, destination="pacs", audit=site.audit, clock=site.clock) == 0
    assert isinstance(site.audit, MemoryAudit)
    assert site.audit.counts("send.retried") == 1
    assert send(site) == ["delivered"]
    assert waiting(site.engine, destination="pacs") == []


def test_what_the_settings_would_not_send_any_more_is_held_until_a_person_says_so(
    site: Site,
) -> None:
    fill(site)
    today = route(destinations=("pacs", "backup"))

    def hold(*destinations: str, plan_hash: str = today.plan.hash) -> int:
        routes = {(today.project, plan_hash): destinations}
        return hold_unrouted(site.engine, routes, audit=site.audit)

    assert hold("pacs", "backup") == 0
    assert hold("pacs") == 2
    held = Waiting(destination="backup", state="held", code="send.not-routed", count=2)
    assert waiting(site.engine, destination="backup") == [held]
    assert retry(site.engine, destination="backup", audit=site.audit, clock=site.clock) == 2
    assert hold("pacs", "backup", plan_hash="0" * 64) == 2
    assert isinstance(site.audit, MemoryAudit)
    assert site.audit.counts("send.held") == 1 + 2 + 2


def test_the_commands(tmp_path: Path) -> None:
    state = tmp_path / "state"
    settings = load(config=None, state=state)
    state.mkdir()
    site = Site(state, settings.database.work)
    fill(site)

    def run(*words: str, stdin: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(
            narthex, ["--state", str(state), "outbox", *words], input=stdin, standalone_mode=False
        )
        return (result.return_value if result.exception is None else -1), result.output

    code, listed = run("list", "--json", "--destination", "pacs")
    assert code == 0
    assert [json.loads(line) for line in listed.splitlines()] == [
        {"destination": "pacs", "state": "held", "code": "send.syntax-refused", "count": 1}
    ]
    assert run("list")[1].count("\n") == 2
    assert run("retry", "pacs", stdin="n\n")[0] == -1
    assert len(waiting(site.engine, destination="pacs")) == 1
    assert run("retry", "pacs", "--yes") == (0, "1 queued again.\n")
    assert run("retry", "pacs", "--yes") == (1, "0 queued again.\n")
    assert run("list", "--destination", "nobody") == (0, "Nothing waits.\n")
    site.engine.dispose()
