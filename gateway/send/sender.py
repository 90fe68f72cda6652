"""The loop that sends to one destination; a thread of each worker."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic

import sqlalchemy as sa

from gateway.archive.store import ArchiveStore
from gateway.backoff import backoff_seconds
from gateway.exits import Exit
from gateway.failpoints import failpoint
from gateway.ports import AuditLog, Clock, Delivery, Sender
from gateway.send.outbox import (
    LEASE_SECONDS,
    UNREACHABLE,
    Item,
    give_back,
    lease_items,
    record,
    renew,
)
from rules.disclosure import Event, log, log_error

RENEWAL_SECONDS = LEASE_SECONDS / 3
RECORDINGS_AT_MOST = 5
PARTING_SECONDS = 20.0
"""For which a worker that ends waits for its senders; less than the supervisor's grace."""
HUNG = "sender.hung"


def send_once(
    engine: sa.Engine,
    *,
    destination: str,
    sender: Sender,
    store: ArchiveStore,
    audit: AuditLog,
    clock: Clock,
    owner: str,
    pause: Callable[[float], object],
) -> list[Delivery]:
    """Send one batch of what is due and return the answers; none: nothing was due.

    Parameters
    ----------
    pause : Callable[[float], object]
        Waits so many seconds, or less where the node stops.
    """
    items = lease_items(engine, destination=destination, owner=owner, now=clock.now())
    if not items:
        return []
    failpoint("send.leased")
    try:
        audit.append([(Event.SEND_OFFERED, {"destination": destination, "count": len(items)})])
        with _kept(engine, items, clock=clock):
            deliveries = list(sender.send([store.path(item.name) for item in items]))
    except BaseException:
        give_back(engine, items)
        raise
    failpoint("send.sent")
    states = _record(engine, items, deliveries, clock=clock, pause=pause)
    failpoint("send.recorded")
    audit.append(_events(destination, states))
    return deliveries


def _record(
    engine: sa.Engine,
    items: Sequence[Item],
    deliveries: Sequence[Delivery],
    *,
    clock: Clock,
    pause: Callable[[float], object],
) -> dict[str, int]:
    """Record the answers; a database that is locked for a while must not cost them."""
    for failures in range(1, RECORDINGS_AT_MOST):
        try:
            return record(engine, items, deliveries, now=clock.now())
        except sa.exc.SQLAlchemyError as error:
            log_error(error, component="sender")
            pause(backoff_seconds(failures))
    return record(engine, items, deliveries, now=clock.now())


@contextmanager
def _kept(engine: sa.Engine, items: Sequence[Item], *, clock: Clock) -> Iterator[None]:
    """Renew the lease of `items` from a thread: one large object may take longer than it."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(RENEWAL_SECONDS):
            try:
                renew(engine, items, now=clock.now())
            except sa.exc.SQLAlchemyError as error:
                log_error(error, component="sender")

    thread = threading.Thread(target=keep, name="send-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


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
                pause=stop.wait,
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


def end_senders(threads: Sequence[threading.Thread], stop: threading.Event) -> None:
    """Stop the senders of this process and wait; where one hangs, end the process as it is.

    The next worker clears up behind it as after a crash. Threads of an association that
    hangs would keep the process for as long as the peer likes.
    """
    stop.set()
    deadline = monotonic() + PARTING_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - monotonic()))
    if any(thread.is_alive() for thread in threads):
        log(Event.SERVICE_STOPPED, component="worker", reason=HUNG)
        os._exit(Exit.INTERNAL)


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
