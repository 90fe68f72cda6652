"""At start: give the index what a dead receiver had on disk and not yet recorded."""

from pathlib import Path

import sqlalchemy as sa

from gateway.databases import reading
from gateway.scp.recording import Outcome, record
from gateway.spool.recovery import find_orphans, set_aside
from gateway.spool.store import SpoolStore
from gateway.tables import spool_object
from rules.disclosure import Event, log

_BATCH = 64


def adopt_orphans(engine: sa.Engine, *, store: SpoolStore, receiver_key: bytes) -> int:
    """Record complete files that no row names; move broken ones aside.

    No sender got Success for any of them. A complete one is recorded as if it had just
    come; an exact copy of what is recorded holds nothing new and is removed.

    Returns
    -------
    int
        Objects adopted.
    """
    with reading(engine).connect() as connection:
        known = set(connection.scalars(sa.select(spool_object.c.id)))
    orphans = find_orphans(store.folder, known=known, receiver_key=receiver_key)
    for path in orphans.broken:
        _set_aside(path)
    for start in range(0, len(orphans.complete), _BATCH):
        batch = orphans.complete[start : start + _BATCH]
        with engine.begin() as connection:
            outcomes = record(connection, batch)
        for entry, outcome in zip(batch, outcomes, strict=True):
            log(Event.ORPHAN_ADOPTED, object_id=entry.id, outcome=outcome.value)
            if outcome is Outcome.IDENTICAL:
                store.remove(entry.id)
    return len(orphans.complete)


def _set_aside(path: Path) -> None:
    size = path.stat().st_size
    set_aside(path)
    log(Event.ORPHAN_SET_ASIDE, object_id=path.name.partition(".")[0], size_bytes=size)
