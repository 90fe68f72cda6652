"""One thread that records for all associations: group commit.

An fsynced commit costs the same for one object or fifty. While one is under way the
C-STOREs that end meanwhile gather; each is answered after its own batch is durable.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import sqlalchemy as sa

from gateway.databases import is_disk_full
from gateway.errors import DiskFullError
from gateway.scp.recording import Outcome, record
from gateway.spool.format import SpoolEntry

BATCH_AT_MOST = 64
_OF_THE_DATABASE = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
_NO_ROOM_HINT = "free some room on the file system of the work database"

_Item = tuple[SpoolEntry, Future[Outcome]]


class Committer:
    """Takes entries from any thread.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The work database.
    is_intact : Callable[[str], bool]
        Whether the spool holds the file of an object, as it was written.
    """

    def __init__(self, engine: sa.Engine, *, is_intact: Callable[[str], bool]) -> None:
        self._engine = engine
        self._is_intact = is_intact
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def record(self, entry: SpoolEntry) -> Outcome:
        """Return when `entry` is durable in the database.

        Raises
        ------
        gateway.errors.DiskFullError
            The database has no room; the row is not there.
        sqlalchemy.exc.SQLAlchemyError
            Whether the row is there is not known; the file must stay.
        """
        future: Future[Outcome] = Future()
        self._queue.put((entry, future))
        return future.result()

    def close(self) -> None:
        """Record what was handed in, then end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            batch = [item]
            while len(batch) < BATCH_AT_MOST and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                batch.append(following)
            self._commit(batch)

    def _commit(self, batch: Sequence[_Item]) -> None:
        try:
            with self._engine.begin() as connection:
                outcomes = record(
                    connection,
                    [entry for entry, _ in batch],
                    is_intact=self._is_intact,
                    are_orphans=False,
                )
        except Exception as error:  # noqa: BLE001  (top of the thread: each waiter is told)
            if len(batch) > 1 and not isinstance(error, _OF_THE_DATABASE):
                for item in batch:  # one bad entry must not fail its neighbours
                    self._commit([item])
                return
            told = DiskFullError(_NO_ROOM_HINT) if is_disk_full(error) else error
            for _, future in batch:
                future.set_exception(told)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            future.set_result(outcome)
