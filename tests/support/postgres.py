"""A private PostgreSQL for tests: one cluster per session, one database per use.

Durability stays on (fsync): tests of crashes mean what they say.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

_USER = "postgres"


def _tools() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_user(*command: str | Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    return ["runuser", "-u", _USER, "--", *words] if os.geteuid() == 0 else words


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """Start a cluster and return the URL of its maintenance database."""
    if _tools() is None:
        pytest.skip("Debian's package postgresql is missing")
    with running_cluster() as url:
        yield url


@contextmanager
def running_cluster() -> Iterator[str]:
    """Run a cluster until the block ends; yield the URL of its maintenance database.

    Raises
    ------
    FileNotFoundError
        Debian's package postgresql is missing.
    """
    tools = _tools()
    if tools is None:
        raise FileNotFoundError("Debian's package postgresql is missing")
    folder = Path(tempfile.mkdtemp(prefix="narthex-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER, _USER)
        port = _free_port()
        data, log = folder / "data", folder / "log"
        _run(_as_user(tools / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8"))
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
        )
        control = _as_user(tools / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60")
        _run([*control, "-o", options, "start"])
        try:
            yield f"postgresql+psycopg://{_USER}@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=120)


@pytest.fixture
def postgres_url(postgres_cluster: str) -> Iterator[str]:
    """Return the SQLAlchemy URL of a fresh, empty database."""
    with fresh_database(postgres_cluster) as url:
        yield url


@contextmanager
def fresh_database(cluster: str) -> Iterator[str]:
    """Make an empty database for the length of the block; yield its SQLAlchemy URL."""
    name = f"test_{uuid4().hex}"
    maintenance = sa.make_url(cluster)
    plain = maintenance.set(drivername="postgresql").render_as_string()
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield maintenance.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
