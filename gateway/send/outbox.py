"""The outbox: which cleaned object still goes to which destination.

At least once, with identical bytes. Rows are leased like jobs; an answer under an old
fence changes nothing. An object that the destination refuses again and again is held;
a destination that can't be reached holds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.backoff import backoff_seconds, is_past
from gateway.ports import Delivery
from gateway.tables import archive_object, outbox

LEASE_SECONDS = 1800.0
"""Renewed while a batch is sent; the rows of a dead worker are released at once."""

BATCH_OBJECTS = 128
BATCH_BYTES = 256 * 1024 * 1024
REFUSALS_AT_MOST = 5

BUSY = "send.busy"
LOST = "send.lost"
NOT_READ = "send.not-read"
REFUSED = "send.refused"
UNREACHABLE = "send.unreachable"
UNTRIED = "send.untried"

_SUPERSEDED = {"state": "superseded", "code": "superseded", "owner": None, "lease_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One leased row.

    Attributes
    ----------
    name : str
        Of the object in the archive.
    attempts : int
        Answers so far that were a refusal or a lost association.
    """

    id: str
    name: str
    fence: int
    attempts: int


def lease_items(engine: sa.Engine, *, destination: str, owner: str, now: float) -> list[Item]:
    """Lease what is due for a destination, at most a batch.

    What was replaced meanwhile is not sent any more: the newer object must come last.
    """
    ready = sa.or_(
        sa.and_(outbox.c.state == "queued", is_past(outbox.c.due, now=now)),
        sa.and_(outbox.c.state == "sending", outbox.c.lease_until < now),
    )
    choice = (
        sa.select(outbox, archive_object.c.size_bytes, archive_object.c.state.label("archived"))
        .join(archive_object, archive_object.c.name == outbox.c.name)
        .where(outbox.c.destination == destination, ready)
        .order_by(outbox.c.due, outbox.c.id)
        .limit(BATCH_OBJECTS)
        .with_for_update(skip_locked=True, of=outbox)
    )
    items: list[Item] = []
    replaced: list[str] = []
    size = 0
    with engine.begin() as connection:
        for row in connection.execute(choice):
            if row.archived != "current":
                replaced.append(row.id)
                continue
            size += row.size_bytes
            if items and size > BATCH_BYTES:
                break
            items.append(Item(id=row.id, name=row.name, fence=row.fence + 1, attempts=row.attempts))
        if items:
            connection.execute(
                outbox.update()
                .where(outbox.c.id.in_([item.id for item in items]))
                .values(
                    state="sending",
                    owner=owner,
                    fence=outbox.c.fence + 1,
                    lease_until=now + LEASE_SECONDS,
                )
            )
        if replaced:
            connection.execute(outbox.update().where(outbox.c.id.in_(replaced)).values(_SUPERSEDED))
    return items


def renew(engine: sa.Engine, items: Sequence[Item], *, now: float) -> None:
    """Keep leased items for another `LEASE_SECONDS`."""
    with engine.begin() as connection:
        for item in items:
            connection.execute(
                outbox.update().where(_leased(item)).values(lease_until=now + LEASE_SECONDS)
            )


def record(
    engine: sa.Engine, items: Sequence[Item], deliveries: Sequence[Delivery], *, now: float
) -> dict[str, int]:
    """Record the answers for leased items and return how many went to which state."""
    states: dict[str, int] = {}
    with engine.begin() as connection:
        for item, delivery in zip(items, deliveries, strict=True):
            values = _values(item, delivery, now=now)
            changed = connection.execute(
                outbox.update().where(_leased(item)).values(owner=None, lease_until=None, **values)
            )
            state = str(values["state"])
            states[state] = states.get(state, 0) + changed.rowcount
        replaced = sa.select(archive_object.c.name).where(archive_object.c.state != "current")
        connection.execute(  # replaced meanwhile: the newer one must come last
            outbox.update()
            .where(
                outbox.c.id.in_([item.id for item in items]),
                outbox.c.state == "queued",
                outbox.c.name.in_(replaced),
            )
            .values(_SUPERSEDED)
        )
    return states


def give_back(engine: sa.Engine, items: Sequence[Item]) -> None:
    """Queue leased items again that were not tried."""
    with engine.begin() as connection:
        for item in items:
            connection.execute(
                outbox.update()
                .where(_leased(item))
                .values(state="queued", owner=None, lease_until=None)
            )


def release_owner(engine: sa.Engine, owner: str) -> None:
    """Queue again what a worker had leased that is known to be dead."""
    with engine.begin() as connection:
        connection.execute(
            outbox.update()
            .where(outbox.c.owner == owner, outbox.c.state == "sending")
            .values(state="queued", owner=None, lease_until=None)
        )


def _leased(item: Item) -> sa.ColumnElement[bool]:
    """Return the condition that the lease of `item` is still ours."""
    return sa.and_(
        outbox.c.id == item.id, outbox.c.fence == item.fence, outbox.c.state == "sending"
    )


def _values(item: Item, delivery: Delivery, *, now: float) -> dict[str, object]:
    """Return what is to be written for one answer."""
    values: dict[str, object] = {"code": delivery.code}
    if delivery.status:
        values["status"] = delivery.status
    if delivery.delivered:
        return values | {"state": "delivered", "status": delivery.status, "delivered": now}
    if not delivery.retry:
        return values | {"state": "held"}
    if delivery.code in {UNREACHABLE, UNTRIED}:
        return values | {"state": "queued"}
    attempts = item.attempts + 1
    values |= {"attempts": attempts}
    if delivery.code == REFUSED and attempts >= REFUSALS_AT_MOST:
        return values | {"state": "held"}
    return values | {"state": "queued", "due": now + backoff_seconds(attempts)}
