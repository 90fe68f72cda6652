"""At start: give the index what a dead receiver had on disk and not yet recorded."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from gateway.databases import reading
from gateway.failpoints import failpoint
from gateway.scp.recording import Outcome, record
from gateway.spool.recovery import find_orphans, set_aside
from gateway.spool.store import SpoolStore
from gateway.tables import spool_object
from rules.disclosure import Event, log

_BATCH = 64
_NAMES = 500


def adopt_orphans(engine: sa.Engine, *, store: SpoolStore, receiver_key: bytes) -> int:
    """Record complete files that no row names; move broken ones aside.

    No sender got Success for any of them. A complete one is recorded as if it had just
    come. One that is older than what took its place, or an exact copy of what is
    recorded, holds nothing new: its file is removed.

    Returns
    -------
    int
        Objects adopted.
    """
    known = _known(engine, [path.name for path in store.folder.iterdir()])
    orphans = find_orphans(store.folder, known=known, receiver_key=receiver_key)
    for path in orphans.broken:
        _set_aside(path)
        failpoint("orphan.set-aside")
    for start in range(0, len(orphans.complete), _BATCH):
        batch = orphans.complete[start : start + _BATCH]
        with engine.begin() as connection:
            outcomes = record(connection, batch, is_intact=store.is_intact, are_orphans=True)
        failpoint("orphan.recorded")
        for entry, outcome in zip(batch, outcomes, strict=True):
            log(Event.ORPHAN_ADOPTED, object_id=entry.id, outcome=outcome.value)
            if outcome in (Outcome.IDENTICAL, Outcome.STALE):
                store.remove(entry.id)
                failpoint("orphan.removed")
    return len(orphans.complete)


def _known(engine: sa.Engine, names: Sequence[str]) -> set[str]:
    known: set[str] = set()
    with reading(engine).connect() as connection:
        for start in range(0, len(names), _NAMES):
            column, some = spool_object.c.id, names[start : start + _NAMES]
            known.update(connection.scalars(sa.select(column).where(column.in_(some))))
    return known


def _set_aside(path: Path) -> None:
    size = path.stat().st_size
    set_aside(path)
    log(Event.ORPHAN_SET_ASIDE, object_id=path.name.partition(".")[0], size_bytes=size)
