"""The outbox and its sender on both databases."""

import subprocess
import sys
import textwrap
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from gateway.exits import Exit
from gateway.ports import Delivery, Sender
from gateway.send import sender as loop
from gateway.send.outbox import LEASE_SECONDS, Item, lease_items, record, release_owner
from gateway.send.scu import StorageSCU
from gateway.send.sender import run_sender, send_once
from gateway.tables import archive_object, outbox
from tests.support.scp import Scp, running_scp
from tests.support.simulators import MemoryAudit, ScriptedSender, SettableClock
from tests.support.site import Site, image, route


def answer(code: str, *, delivered: bool = False, retry: bool = False, status: int = 0) -> Delivery:
    return Delivery(delivered=delivered, retry=retry, code=code, status=status)


BUSY = answer("send.busy", retry=True, status=0xA700)
REFUSED = answer("send.refused", retry=True, status=0xA900)
UNREACHABLE = answer("send.unreachable", retry=True)


@pytest.fixture
def full(site: Site) -> Site:
    """A site with two objects that wait to be sent to two destinations."""
    worker = site.worker(routes=[route(destinations=("pacs", "backup"))])
    site.receive(image(), image())
    site.drain(worker)
    worker.close()
    return site


def send(site: Site, sender: Sender) -> list[str]:
    deliveries = send_once(
        site.engine,
        destination="pacs",
        sender=sender,
        store=site.store,
        audit=site.audit,
        clock=site.clock,
        owner="a",
        pause=lambda _seconds: None,
    )
    return [delivery.code for delivery in deliveries]


def states(site: Site, destination: str = "pacs") -> list[tuple[str, str, int]]:
    return sorted(
        (row["state"], row["code"], row["attempts"])
        for row in site.rows(outbox)
        if row["destination"] == destination
    )


def pass_by(site: Site, seconds: float) -> None:
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(seconds)


def test_what_is_delivered_is_sent_once_and_destinations_have_their_own_queues(
    full: Site,
) -> None:
    sender = ScriptedSender()
    assert send(full, sender) == ["delivered", "delivered"]
    assert send(full, sender) == []
    assert states(full) == [("delivered", "delivered", 0)] * 2
    assert states(full, "backup") == [("queued", "", 0)] * 2
    assert isinstance(full.audit, MemoryAudit)
    assert full.audit.counts("send.offered") == 2
    assert full.audit.counts("send.delivered") == 2


def test_a_coerced_object_counts_as_delivered_and_is_recorded(full: Site) -> None:
    send(full, ScriptedSender(answer("delivered.coerced", delivered=True, status=0xB000)))
    assert states(full) == [("delivered", "delivered", 0), ("delivered", "delivered.coerced", 0)]
    assert sorted(row["status"] for row in full.rows(outbox) if row["status"] is not None) == [
        0,
        0xB000,
    ]


def test_a_refused_object_is_tried_later_and_held_in_the_end(full: Site) -> None:
    sender = ScriptedSender(REFUSED)
    send(full, sender)
    assert states(full) == [("delivered", "delivered", 0), ("queued", "send.refused", 1)]
    assert send(full, sender) == []
    for _ in range(4):
        pass_by(full, 600)
        sender.answers = [REFUSED]
        assert send(full, sender) == ["send.refused"]
    assert states(full)[1] == ("held", "send.refused", 5)
    pass_by(full, 10_000)
    assert send(full, sender) == []


def test_a_busy_destination_is_asked_again_for_ever(full: Site) -> None:
    for _ in range(10):
        send(full, ScriptedSender(BUSY, BUSY))
        pass_by(full, 600)
    assert states(full) == [("queued", "send.busy", 10)] * 2
    assert send(full, ScriptedSender()) == ["delivered", "delivered"]


def test_an_object_that_can_never_be_taken_is_held_at_once(full: Site) -> None:
    send(full, ScriptedSender(answer("send.syntax-refused")))
    assert states(full) == [
        ("delivered", "delivered", 0),
        ("held", "send.syntax-refused", 0),
    ]


def test_a_destination_that_is_down_costs_no_try(full: Site) -> None:
    send(full, ScriptedSender(UNREACHABLE, UNREACHABLE))
    assert states(full) == [("queued", "send.unreachable", 0)] * 2
    assert send(full, ScriptedSender()) == ["delivered", "delivered"]


def test_an_answer_under_an_old_lease_changes_nothing(full: Site) -> None:
    items = lease_items(full.engine, destination="pacs", owner="a", now=full.clock.now())
    assert len(items) == 2
    assert lease_items(full.engine, destination="pacs", owner="b", now=full.clock.now()) == []
    release_owner(full.engine, "a")
    assert send(full, ScriptedSender()) == ["delivered", "delivered"]
    held = [answer("send.syntax-refused")] * 2
    assert sum(record(full.engine, items, held, now=full.clock.now()).values()) == 0
    assert states(full) == [("delivered", "delivered", 0)] * 2


def test_what_is_replaced_while_it_is_sent_is_not_sent_again(full: Site) -> None:
    items = lease_items(full.engine, destination="pacs", owner="a", now=full.clock.now())
    with full.engine.begin() as connection:
        connection.execute(
            archive_object.update()
            .where(archive_object.c.name == items[0].name)
            .values(state="superseded")
        )
    record(full.engine, items, [UNREACHABLE, UNREACHABLE], now=full.clock.now())
    assert [state for state, _, _ in states(full)] == ["queued", "superseded"]
    assert send(full, ScriptedSender()) == ["delivered"]


class _Broken:
    def send(self, files: Sequence[Path]) -> Sequence[Delivery]:
        raise RuntimeError(len(files))


def test_a_sender_that_fails_gives_back_what_it_had(full: Site) -> None:
    with pytest.raises(RuntimeError):
        send(full, _Broken())
    assert states(full) == [("queued", "", 0)] * 2


def test_an_answer_survives_a_database_that_is_locked_for_a_while(
    full: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [sa.exc.OperationalError("", None, Exception()) for _ in range(4)]

    def locked(
        engine: sa.Engine, items: Sequence[Item], answers: Sequence[Delivery], *, now: float
    ) -> dict[str, int]:
        if failures:
            raise failures.pop()
        return record(engine, items, answers, now=now)

    monkeypatch.setattr(loop, "record", locked)
    sender = ScriptedSender()
    assert send(full, sender) == ["delivered", "delivered"]
    assert states(full) == [("delivered", "delivered", 0)] * 2


class _Slow:
    """A destination that takes an hour for an object; another worker looks meanwhile."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def send(self, files: Sequence[Path]) -> Sequence[Delivery]:
        now = self._site.clock.now()
        for hour in (1, 2):
            pass_by(self._site, 3600)
            while any(
                row["state"] == "sending" and row["lease_until"] < now + 3600 * hour
                for row in self._site.rows(outbox)
            ):
                threading.Event().wait(0.01)
            late = now + 3600 * hour
            assert lease_items(self._site.engine, destination="pacs", owner="b", now=late) == []
        return ScriptedSender().send(files)


def test_a_lease_lasts_as_long_as_the_batch(full: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "RENEWAL_SECONDS", 0.01)
    assert LEASE_SECONDS < 3600
    assert send(full, _Slow(full)) == ["delivered", "delivered"]
    assert states(full) == [("delivered", "delivered", 0)] * 2


@pytest.mark.parametrize("released", [True, False])
def test_what_is_replaced_while_a_dying_worker_has_it_does_not_wait_for_ever(
    full: Site, *, released: bool
) -> None:
    items = lease_items(full.engine, destination="pacs", owner="dead", now=full.clock.now())
    with full.engine.begin() as connection:
        connection.execute(
            archive_object.update()
            .where(archive_object.c.name == items[0].name)
            .values(state="superseded")
        )
    if released:
        release_owner(full.engine, "dead")
    else:
        pass_by(full, LEASE_SECONDS + 1)
    assert send(full, ScriptedSender()) == ["delivered"]
    assert [state for state, _, _ in states(full)] == ["delivered", "superseded"]


def test_what_is_due_under_a_wrong_clock_is_due_when_it_is_set_right(full: Site) -> None:
    send(full, ScriptedSender(BUSY, BUSY))
    assert send(full, ScriptedSender()) == []
    pass_by(full, -86_400)
    assert send(full, ScriptedSender()) == ["delivered", "delivered"]


def test_a_sender_that_hangs_does_not_keep_its_worker() -> None:
    code = """
        import threading
        from gateway.send import sender
        sender.PARTING_SECONDS = 0.1
        hung = threading.Thread(target=threading.Event().wait)
        hung.start()
        sender.end_senders([hung], threading.Event())
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=False,
        timeout=60,
        cwd=Path(__file__).parents[4],
    )
    assert ended.returncode == Exit.INTERNAL
    stop = threading.Event()
    obedient = threading.Thread(target=stop.wait)
    obedient.start()
    loop.end_senders([obedient], stop)
    assert not obedient.is_alive()


def test_the_loop_delivers_after_the_destination_was_down(full: Site) -> None:
    with running_scp([(CTImageStorage, [ExplicitVRLittleEndian])]) as probe:
        port = probe.port
    stop = threading.Event()
    down = Scp(port=port)
    sender = StorageSCU(down.address, transcode=lambda _path, _syntaxes: None, timeout_seconds=5.0)
    thread = threading.Thread(
        target=run_sender,
        args=(full.engine,),
        kwargs={
            "destination": "pacs",
            "sender": sender,
            "store": full.store,
            "audit": full.audit,
            "clock": full.clock,
            "owner": "a",
            "stop": stop,
            "poll_seconds": 0.05,
        },
    )
    arrived = threading.Event()
    scp = Scp(before_answer=lambda _event: arrived.set() if len(scp.received) == 1 else None)
    thread.start()
    try:
        while not any(code == "send.unreachable" for _, code, _ in states(full)):
            stop.wait(0.05)
        with running_scp([(CTImageStorage, [ExplicitVRLittleEndian])], port=port, scp=scp):
            assert arrived.wait(30)
            while states(full) != [("delivered", "delivered", 0)] * 2:
                assert not stop.wait(0.05)
    finally:
        stop.set()
        thread.join()
    assert len(scp.received) == 2
    contents = [path.read_bytes() for path in (full.folder / "archive").glob("??/*.dcm")]
    assert all(any(content.endswith(sent) for content in contents) for _, sent in scp.received)
