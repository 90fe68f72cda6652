"""Remove archived files that the index does not know: of jobs that ended before their commit.

A file gets its name before its row is committed. It is unwanted when its worker died in
between, or when its object was replaced while it was cleaned.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.archive.store import SHARDS, ArchiveStore
from gateway.databases import reading
from gateway.ports import Clock
from gateway.tables import job
from gateway.work.ledger import indexed_names
from rules.disclosure import Event, log

ROUND_SECONDS = 3600.0
"""In which the whole archive is looked through, a folder at a time."""


class Sweep:
    """Looks through the archive, one of its folders at each step.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of the work database.
    store : ArchiveStore
    clock : Clock
    lease_seconds : float
        For which a lease is given.
    """

    def __init__(
        self, engine: sa.Engine, store: ArchiveStore, *, clock: Clock, lease_seconds: float
    ) -> None:
        self._engine = engine
        self._store = store
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._pause = ROUND_SECONDS / len(SHARDS)
        self._stepped = clock.now()
        self._next = int(self._stepped / self._pause)  # a worker that restarts often gets round too

    def step(self) -> None:
        """Look through the next folder, if it is time."""
        if abs(self._clock.now() - self._stepped) >= self._pause:
            self._stepped = self._clock.now()
            self.look(SHARDS[self._next % len(SHARDS)])
            self._next += 1

    def look(self, shard: str) -> None:
        """Remove from one folder what nobody can commit any more.

        Between the name and the commit of a file its worker renews no lease: if it is older
        than two leases and every lease is good, then its worker has committed or lost it.
        """
        now = self._clock.now()
        if self._may_be_committed_late(now):
            return
        removed = self._store.remove_unknown(
            shard, before=now - 2 * self._lease_seconds, known=self._known
        )
        if removed:
            log(Event.ARCHIVE_SWEPT, count=removed)

    def _may_be_committed_late(self, now: float) -> bool:
        bad = sa.select(sa.literal(1)).where(
            job.c.state == "leased",
            sa.or_(job.c.lease_until < now, job.c.lease_until > now + self._lease_seconds),
        )
        with reading(self._engine).connect() as connection:
            return connection.execute(bad).first() is not None

    def _known(self, names: Sequence[str]) -> set[str]:
        return {
            name
            for start in range(0, len(names), 500)
            for name in indexed_names(self._engine, names[start : start + 500])
        }
