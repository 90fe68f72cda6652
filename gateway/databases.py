"""Open and migrate the databases: SQLite by default, PostgreSQL by URL.

Every database has one owner (work, vault records, keyring, audit) with its own tables
and Alembic migrations in the owner's package.
"""

import os
import sqlite3
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql, sqlite

BUSY_TIMEOUT_SECONDS = 30
_READS_ONLY = "narthex_reads_only"
_POSTGRESQL_DISK_FULL = "53100"
MIGRATION_LOCK = 0x6E617274686578
"""Advisory lock of PostgreSQL that a migrating process holds: "narthex" in ASCII."""


def open_database(url: str) -> sa.Engine:
    """Return an engine for `url`.

    SQLite files are created with mode 0600 and opened in WAL with
    ``synchronous=FULL`` and ``secure_delete=ON``; write transactions start with
    ``BEGIN IMMEDIATE`` so that a reader never has to upgrade.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, ``sqlite:////absolute/path`` or ``postgresql+psycopg://…``.
    """
    if sa.make_url(url).get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
    path = sa.make_url(url).database
    if path is not None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}, hide_parameters=True
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  (DBAPI)
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    reads_only = connection.get_execution_options().get(_READS_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def reading(engine: sa.Engine) -> sa.Engine:
    """Return `engine` for reads: on SQLite they neither wait for a writer nor stop one."""
    return engine.execution_options(**{_READS_ONLY: True})


def insert_if_new(connection: sa.Connection, table: sa.Table, **values: object) -> bool:
    """Insert a row; return False, and change nothing, where a constraint stands against it.

    The caller reads again, in the same transaction, what the winner wrote.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    return connection.execute(statement.returning(sa.literal(1))).first() is not None


def is_disk_full(error: BaseException) -> bool:
    """Return whether the database had no room: then nothing was committed."""
    origin = error.orig if isinstance(error, sa.exc.DBAPIError) else None
    return (
        getattr(origin, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(origin, "sqlstate", None) == _POSTGRESQL_DISK_FULL
    )


def upgrade(engine: sa.Engine, package: str) -> None:
    """Bring the database to the newest revision of the migrations of `package`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    package : str
        Package that holds ``migrations/``, e.g. ``"gateway.work"``.
    """
    with resources.as_file(resources.files(package).joinpath("migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(Path(folder)))
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # SQLite's BEGIN IMMEDIATE keeps a second process out; this does it here
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
