"""What a person may know of the outbox, and what a person may decide about it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from gateway.databases import reading
from gateway.ports import AuditLog, Clock
from gateway.tables import archive_object, outbox
from rules.disclosure import Event

NOT_ROUTED = "send.not-routed"


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


def hold_unrouted(
    engine: sa.Engine, routes: Mapping[tuple[str, str], Collection[str]], *, audit: AuditLog
) -> int:
    """Hold what the settings would not send any more, and return how much.

    An object waits with the rules and the destinations of the day it was cleaned. Where these
    changed meanwhile, a person decides (`retry`) whether it still goes.

    Parameters
    ----------
    routes : Mapping[tuple[str, str], Collection[str]]
        Names of the destinations of today, by project and hash of its plan.
    """
    kind = (archive_object.c.project, archive_object.c.plan_hash, outbox.c.destination)
    named = sa.select(*kind, sa.func.count().label("objects")).join_from(outbox, archive_object)
    with reading(engine).connect() as connection:
        found = connection.execute(named.where(outbox.c.state == "queued").group_by(*kind)).all()
    count = 0
    for row in found:
        if row.destination in routes.get((row.project, row.plan_hash), ()):
            continue
        audit.append([(Event.SEND_HELD, {"destination": row.destination, "count": row.objects})])
        names = sa.select(archive_object.c.name).where(
            archive_object.c.project == row.project, archive_object.c.plan_hash == row.plan_hash
        )
        with engine.begin() as connection:
            held = connection.execute(
                outbox.update()
                .where(
                    outbox.c.state == "queued",
                    outbox.c.destination == row.destination,
                    outbox.c.name.in_(names),
                )
                .values(state="held", code=NOT_ROUTED)
            )
        count += held.rowcount
    return count
