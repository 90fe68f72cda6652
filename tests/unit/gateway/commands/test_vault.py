import json
import os
from pathlib import Path

import pytest

from gateway.audit.log import open_audit_database, open_audit_log, read_events
from gateway.cli import run
from gateway.clock import SystemClock
from gateway.errors import LostLeaseError
from gateway.exits import Exit
from gateway.ports import Lease
from gateway.vault.broker import Broker
from gateway.vault.vault import open_vault


def _no_lease(_lease: Lease, *, object_id: str | None) -> None:
    raise LostLeaseError


class Installation:
    """A state folder, and the command on it."""

    def __init__(self, state: Path, output: pytest.CaptureFixture[str]) -> None:
        self.state = state
        self._output = output

    def narthex(self, *words: str) -> tuple[int, str]:
        """Run ``narthex vault …``; return exit code and standard output."""
        code = run(["--state", str(self.state), "vault", *words])
        return code, self._output.readouterr().out

    @property
    def audit_url(self) -> str:
        return f"sqlite:///{self.state / 'audit.db'}"

    def broker(self) -> Broker:
        """Start a broker on a sealed vault."""
        vault = open_vault(
            f"sqlite:///{self.state / 'keyring' / 'keyring.db'}",
            f"sqlite:///{self.state / 'vault' / 'records.db'}",
            spool_public=self.state / "keys" / "spool.pub",
        )
        broker = Broker(
            vault,
            folder=self.state / "run",
            audit=open_audit_log(self.audit_url, SystemClock()),
            lease_check=_no_lease,
            projects=frozenset(),
            allowed_uids=frozenset({os.getuid()}),
        )
        broker.start()
        return broker


@pytest.fixture
def installation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Installation:
    monkeypatch.chdir(tmp_path)
    return Installation(tmp_path / "state", capsys)


def test_a_new_vault_has_a_key_file_and_an_event(installation: Installation) -> None:
    code, words = installation.narthex("init")
    key_file = installation.state / "keys" / "unseal.key"
    assert code == Exit.DONE
    assert str(key_file) in words
    assert len(key_file.read_bytes()) == 32
    assert (installation.state / "keys" / "spool.pub").stat().st_size == 37
    events = list(read_events(open_audit_database(installation.audit_url)))
    assert [(e.event, dict(e.fields)) for e in events] == [
        ("vault.initialised", {"kind": "key-file"})
    ]


def test_a_vault_is_not_made_twice(installation: Installation) -> None:
    installation.narthex("init")
    before = (installation.state / "keys" / "unseal.key").read_bytes()
    assert installation.narthex("init")[0] == Exit.STATE
    assert (installation.state / "keys" / "unseal.key").read_bytes() == before


def test_a_key_file_that_is_there_is_used_unless_others_may_read_it(
    installation: Installation,
) -> None:
    (installation.state / "keys").mkdir(parents=True, mode=0o700)
    key_file = installation.state / "keys" / "unseal.key"
    key_file.write_bytes(bytes(range(32)))
    key_file.chmod(0o644)
    assert installation.narthex("init")[0] == Exit.UNSEAL
    key_file.chmod(0o600)
    assert installation.narthex("init")[0] == Exit.DONE
    assert key_file.read_bytes() == bytes(range(32))


def test_status_without_vault_makes_nothing(installation: Installation) -> None:
    code, words = installation.narthex("status")
    assert code == Exit.VAULT
    assert "no vault" in words
    assert not installation.state.exists()


def test_status_without_broker_reads_the_files(installation: Installation) -> None:
    installation.narthex("init")
    code, words = installation.narthex("status", "--json")
    assert code == Exit.SEALED
    assert json.loads(words) == {
        "initialised": True,
        "sealed": True,
        "seal": "key-file",
        "epoch": 1,
        "subjects": 0,
        "erased": 0,
        "broker": False,
    }


def test_the_running_broker_is_opened_and_sealed(installation: Installation) -> None:
    installation.narthex("init")
    assert installation.narthex("unseal")[0] == Exit.SEALED
    assert installation.narthex("seal")[0] == Exit.SEALED
    broker = installation.broker()
    try:
        assert installation.narthex("status")[0] == Exit.SEALED
        assert installation.narthex("unseal")[0] == Exit.DONE
        code, words = installation.narthex("status", "--json")
        assert code == Exit.DONE
        assert json.loads(words)["broker"] is True
        assert installation.narthex("seal")[0] == Exit.DONE
        assert installation.narthex("status")[0] == Exit.SEALED
    finally:
        broker.stop()


def test_another_key_file_does_not_open(installation: Installation) -> None:
    installation.narthex("init")
    (installation.state / "keys" / "unseal.key").write_bytes(bytes(32))
    broker = installation.broker()
    try:
        assert installation.narthex("unseal")[0] == Exit.UNSEAL
    finally:
        broker.stop()


def test_a_broker_without_vault_says_what_to_do(installation: Installation) -> None:
    broker = installation.broker()
    try:
        assert installation.narthex("status")[0] == Exit.VAULT
        assert installation.narthex("unseal")[0] == Exit.UNSEAL
    finally:
        broker.stop()


def test_a_passphrase_opens(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "passphrase"
    monkeypatch.setenv("NARTHEX_VAULT__PASSPHRASE_FILE", str(secret))
    secret.write_text("too short\n")
    assert installation.narthex("init", "--seal", "passphrase")[0] == Exit.UNSEAL
    secret.write_text("correct horse battery staple\n")
    assert installation.narthex("init", "--seal", "passphrase")[0] == Exit.DONE
    assert not (installation.state / "keys" / "unseal.key").exists()
    broker = installation.broker()
    try:
        secret.write_text("correct horse battery stable\n")
        assert installation.narthex("unseal")[0] == Exit.UNSEAL
        secret.write_text("correct horse battery staple\n")
        assert installation.narthex("unseal")[0] == Exit.DONE
    finally:
        broker.stop()
