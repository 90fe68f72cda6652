"""Generations of a study: what arrives together is cleaned together."""

import sqlalchemy as sa

from gateway.tables import study


def join_generation(
    connection: sa.Connection, study_id: str, *, now: float, association_id: str = ""
) -> int:
    """Return the generation that objects of a study join now; open one where none is.

    Parameters
    ----------
    now : float
        When the objects came, seconds since the epoch.
    association_id : str
        Over which they came; empty: over none.
    """
    row = connection.execute(sa.select(study).where(study.c.id == study_id).with_for_update()).one()
    is_unused = row.last_received == 0.0
    generation: int = row.generation if row.open or is_unused else row.generation + 1
    connection.execute(
        study.update()
        .where(study.c.id == study_id)
        .values(
            generation=generation,
            open=True,
            last_received=max(row.last_received, now),
            last_association=association_id or row.last_association,
        )
    )
    return generation
