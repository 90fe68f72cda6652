"""Keep the lease of the job at hand while the work on it goes on."""

import sqlalchemy as sa

from gateway.ports import Clock, Lease
from gateway.work import ledger
from gateway.work.leases import renew


class LeaseKeeper:
    """Renews the lease when a third of its time has passed.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    clock : Clock
    seconds : float
        For which a lease is given.
    """

    def __init__(self, engine: sa.Engine, *, clock: Clock, seconds: float) -> None:
        self._engine = engine
        self._clock = clock
        self._seconds = seconds
        self._renewed = 0.0

    def renewed(self) -> float:
        """Return until when a lease that is renewed now is good; the caller renews it."""
        self._renewed = self._clock.now()
        return self._renewed + self._seconds

    def keep(self, lease: Lease) -> None:
        """Renew the lease if it is time.

        Raises
        ------
        gateway.errors.LostLeaseError
        """
        if self._clock.now() > self._renewed + self._seconds / 3:
            renew(self._engine, lease, until=self.renewed())

    def count_death(self, lease: Lease, object_id: str) -> int:
        """Record that a child died over an object and return how many did.

        Raises
        ------
        gateway.errors.LostLeaseError
        """
        return ledger.count_death(self._engine, lease, object_id, until=self.renewed())
