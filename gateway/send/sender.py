"""The loop that sends to one destination; a thread of each worker."""

import threading
from collections.abc import Mapping

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore
from gateway.backoff import backoff_seconds
from gateway.failpoints import failpoint
from gateway.ports import AuditLog, Clock, Delivery, Sender
from gateway.send.outbox import UNREACHABLE, give_back, lease_items, record
from rules.disclosure import Event, log, log_error


def send_once(
    engine: sa.Engine,
    *,
    destination: str,
    sender: Sender,
    store: ArchiveStore,
    audit: AuditLog,
    clock: Clock,
    owner: str,
) -> list[Delivery]:
    """Send one batch of what is due and return the answers; none: nothing was due."""
    items = lease_items(engine, destination=destination, owner=owner, now=clock.now())
    if not items:
        return []
    failpoint("send.leased")
    try:
        audit.append([(Event.SEND_OFFERED, {"destination": destination, "count": len(items)})])
        deliveries = list(sender.send([store.path(item.name) for item in items]))
    except BaseException:
        give_back(engine, items)
        raise
    failpoint("send.sent")
    states = record(engine, items, deliveries, now=clock.now())
    failpoint("send.recorded")
    audit.append(_events(destination, states))
    return deliveries


def run_sender(
    engine: sa.Engine,
    *,
    destination: str,
    sender: Sender,
    store: ArchiveStore,
    audit: AuditLog,
    clock: Clock,
    owner: str,
    stop: threading.Event,
    poll_seconds: float,
) -> None:
    """Send what is due until `stop` is set; wait longer where nobody answers."""
    failures = 0
    while not stop.is_set():
        try:
            deliveries = send_once(
                engine,
                destination=destination,
                sender=sender,
                store=store,
                audit=audit,
                clock=clock,
                owner=owner,
            )
        except Exception as error:  # noqa: BLE001  (top of a thread: recorded, tried again)
            log_error(error, destination=destination)
            failures += 1
            stop.wait(backoff_seconds(failures))
            continue
        if deliveries and all(delivery.code == UNREACHABLE for delivery in deliveries):
            failures += 1
            log(Event.SEND_FAILED, destination=destination, code=UNREACHABLE, attempts=failures)
            stop.wait(backoff_seconds(failures))
            continue
        failures = 0
        if not deliveries:
            stop.wait(poll_seconds)


_EVENTS = {
    "delivered": Event.SEND_DELIVERED,
    "held": Event.SEND_HELD,
    "queued": Event.SEND_FAILED,
}


def _events(
    destination: str, states: Mapping[str, int]
) -> list[tuple[str, Mapping[str, str | int]]]:
    return [
        (_EVENTS[state], {"destination": destination, "count": count})
        for state, count in sorted(states.items())
        if count
    ]
