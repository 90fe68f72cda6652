"""Rows of associations: what closing a study waits for."""

import sqlalchemy as sa

from gateway.ports import Clock
from gateway.tables import association


class AssociationRows:
    """Opens and ends the rows of one receiver.

    Parameters
    ----------
    receiver : str
        Id of this receiver, the same after a restart; at most 32 characters.
    """

    def __init__(self, engine: sa.Engine, *, receiver: str, clock: Clock) -> None:
        self._engine = engine
        self._receiver = receiver
        self._clock = clock

    def open(self, association_id: str, *, peer: str, called_ae_title: str) -> None:
        """Insert a row."""
        with self._engine.begin() as connection:
            connection.execute(
                association.insert().values(
                    id=association_id,
                    peer=peer,
                    receiver=self._receiver,
                    called_ae_title=called_ae_title,
                    opened=self._clock.now(),
                    received=0,
                )
            )

    def end(self, association_id: str) -> None:
        """Say that no more instances come; again is well."""
        with self._engine.begin() as connection:
            connection.execute(
                association.update()
                .where(association.c.id == association_id, association.c.ended.is_(None))
                .values(ended=self._clock.now())
            )

    def end_all(self) -> int:
        """End what a dead predecessor left open and return how many there were."""
        with self._engine.begin() as connection:
            return connection.execute(
                association.update()
                .where(association.c.receiver == self._receiver, association.c.ended.is_(None))
                .values(ended=self._clock.now())
            ).rowcount
