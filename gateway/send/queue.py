"""What a person may know of the outbox, and what a person may decide about it."""

from dataclasses import dataclass

import sqlalchemy as sa

from gateway.databases import reading
from gateway.ports import AuditLog, Clock
from gateway.tables import outbox
from rules.disclosure import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Deliveries to one destination that did not end yet, of one state and code.

    Attributes
    ----------
    state : str
        ``queued``, ``sending`` or ``held``.
    code : str
        Of the last answer; "" where there was none.
    """

    destination: str
    state: str
    code: str
    count: int


def waiting(engine: sa.Engine, *, destination: str | None) -> list[Waiting]:
    """Return what is queued, being sent or held.

    Parameters
    ----------
    destination : str or None
        None: all.
    """
    kind = (outbox.c.destination, outbox.c.state, outbox.c.code)
    query = (
        sa.select(*kind, sa.func.count().label("count"))
        .where(outbox.c.state.in_(("queued", "sending", "held")))
        .group_by(*kind)
        .order_by(*kind)
    )
    if destination is not None:
        query = query.where(outbox.c.destination == destination)
    with reading(engine).connect() as connection:
        return [Waiting(**row) for row in connection.execute(query).mappings()]


def retry(engine: sa.Engine, *, destination: str, audit: AuditLog, clock: Clock) -> int:
    """Queue again what is held for a destination, as if never tried, and return how much."""
    held = sa.and_(outbox.c.destination == destination, outbox.c.state == "held")
    with reading(engine).connect() as connection:
        count = connection.execute(
            sa.select(sa.func.count()).select_from(outbox).where(held)
        ).scalar_one()
    if not count:
        return 0
    audit.append([(Event.SEND_RETRIED, {"destination": destination, "count": count})])
    with engine.begin() as connection:
        changed = connection.execute(
            outbox.update().where(held).values(state="queued", due=clock.now(), attempts=0)
        )
    return changed.rowcount
