"""Insert where no other process has: ``INSERT … ON CONFLICT DO NOTHING``."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_if_new(connection: sa.Connection, table: sa.Table, **values: object) -> bool:
    """Insert a row; return False, and change nothing, where a constraint stands against it.

    The caller reads again, in the same transaction, what the winner wrote.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(sa.literal(1))).first() is not None
