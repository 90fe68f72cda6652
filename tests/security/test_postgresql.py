"""A node on PostgreSQL behind a passphrase, its troubles, and no word of patients or passphrase."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support import odd_phantoms as odd
from tests.support.appliance import ROOT, narthex, wait_until
from tests.support.canaries import SCRIPTS, Identity, draw, phantom
from tests.support.hunt import Hunt, PostgresCluster, Sink, Tree
from tests.support.rough_sender import send
from tests.support.watched_node import WatchedNode, watched_node

pytestmark = pytest.mark.slow

_SETTINGS = """
[database]
work = "{url}"
audit = "{url}"
vault = "{url}"
keyring = "{url}"

[vault]
seal = "passphrase"
passphrase_file = "{passphrase_file}"

[[peers]]
name = "good"
ae_title = "GOOD"
address = "127.0.0.1"
quiet_seconds = 0

[[projects]]
name = "research"
rules = "basic"
"""


@contextmanager
def _unreachable(url: str) -> Iterator[None]:
    """End all sessions of a database and admit no new one."""
    place = sa.make_url(url)
    maintenance = place.set(drivername="postgresql", database="postgres").render_as_string()
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{place.database}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (place.database,),
        )
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{place.database}" ALLOW_CONNECTIONS true')


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def _lose_database(node: WatchedNode, url: str, identity: Identity) -> None:
    errors = node.count("error")
    with _unreachable(url):
        assert 0 not in send(node.port, phantom(identity, "ga"), calling="GOOD")
        node.ask("readyz")
        node.ask("metrics")
        node.wait_for("error", more_than=errors)


def _spoil_passphrase(node: WatchedNode, file: Path, right: str, wrong: str) -> None:
    """Seal, and try to open with another passphrase."""
    assert node.tell("vault", "seal") == 0
    _write(file, wrong)
    assert node.tell("vault", "unseal") == 6
    _write(file, right)
    assert node.tell("vault", "unseal") == 0


def test_nothing_of_a_patient_or_a_passphrase_is_left(tmp_path: Path, postgres_url: str) -> None:
    identity, secrets = draw(), draw()
    right, wrong = f"right {secrets.word} {secrets.number}", f"wrong {secrets.word} words"
    file = tmp_path / "passphrase"
    _write(file, right)
    settings = _SETTINGS.format(url=postgres_url, passphrase_file=file)
    config = tmp_path / "first.toml"
    config.write_text(settings)
    _init(tmp_path, config)
    _write(file, wrong)
    with watched_node(tmp_path, settings, is_up="healthz") as node:
        node.wait_for("child.died", component="broker", more_than=1)
        node.wait_for("service.started", component="receiver")
        objects = [
            phantom(identity, f"p{chr(97 + n)}", script=script) for n, script in enumerate(SCRIPTS)
        ]
        assert set(send(node.port, *objects, calling="GOOD")) == {0}
        node.ask("readyz")
        _write(file, right)
        wait_until(lambda: node.ask("readyz").status_code == 200, "the vault to open")
        send(node.port, *odd.malformed(identity), *odd.two_identities(identity), calling="GOOD")
        node.settle()
        _spoil_passphrase(node, file, right, wrong)
        _lose_database(node, postgres_url, identity)
        wait_until(lambda: node.ask("readyz").status_code == 200, "the database to be back")
        node.tell("doctor")
        node.tell("quarantine", "list", "--json")
        node.look()
        assert node.running.metric("narthex_archive_objects", state="current") >= len(objects)
        sinks: list[Sink] = [
            PostgresCluster("databases", postgres_url),
            Tree("log", node.running.log),
            Tree("stdout", tmp_path / "stdout"),
            Tree("state", node.state),
            Tree("temporary", tmp_path / "temporary"),
            node.http,
            node.terminal,
            node.seen,
        ]
        hunt = Hunt((*identity.canaries, *secrets.canaries))
        assert sorted(hunt.sinks(sinks)) == []
        assert node.running.stop() == 0
    assert sorted(hunt.sinks(sinks)) == []


def _init(folder: Path, config: Path) -> None:
    subprocess.run(
        narthex("--state", folder / "state", "--config", config, "vault", "init"),
        check=True,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
