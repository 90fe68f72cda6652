"""The table of accession numbers: for its owner only, audited first, or not at all."""

import csv
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.audit.log import open_audit_database, read_events
from gateway.cli import run
from gateway.exits import Exit
from gateway.vault.records import tables
from gateway.vault.unsealing import SealKind
from gateway.vault.vault import VaultStore, open_vault
from pipelines.context import Accession
from tests.support.vault import subject

CONFIG = '[[projects]]\nname = "heart"\nrules = "basic"\n'
PASSPHRASE = "correct horse battery staple"


class Node:
    """A state folder with a vault that knows numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        (folder / "narthex.toml").write_text(CONFIG)

    def narthex(self, *words: str) -> int:
        """Run ``narthex vault …``; return the exit code."""
        config = str(self.folder / "narthex.toml")
        return run(["--state", str(self.state), "--config", config, "vault", *words])

    def vault(self) -> VaultStore:
        """Return the vault, sealed."""
        return open_vault(
            f"sqlite:///{self.state / 'keyring' / 'keyring.db'}",
            f"sqlite:///{self.state / 'vault' / 'records.db'}",
            spool_public=self.state / "keys" / "spool.pub",
        )

    def fill(self, secret: bytes) -> list[list[str]]:
        """Give the vault numbers; return the rows of the table, sorted."""
        vault = self.vault()
        vault.unseal(secret)
        rows = [
            [number, of, clinic, vault.accession(key, Accession(number, of), lease=None)]
            for number, of, clinic, key in (
                ("ZQ1", "", "CLINIC", subject()),
                ('Z"Q,2', "RIS", "CLINIC", subject(study="1.2.4")),
                ("ÄQ1", "", "OTHER", subject(issuer="OTHER")),
            )
        ]
        vault.accession(subject(project="lung"), Accession("ZQ9", ""), lease=None)
        vault.close()
        return sorted(rows)

    def events(self) -> list[tuple[str, dict[str, str | int]]]:
        """Return what was audited, but that the vault was made."""
        found = read_events(open_audit_database(f"sqlite:///{self.state / 'audit.db'}"))
        return [(e.event, dict(e.fields)) for e in found if e.event != "vault.initialised"]


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    monkeypatch.chdir(tmp_path)
    return Node(tmp_path)


@pytest.fixture
def table(node: Node) -> list[list[str]]:
    node.narthex("init")
    return node.fill((node.state / "keys" / "unseal.key").read_bytes())


def test_the_table_is_written_for_its_owner_and_audited(
    node: Node, table: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert node.narthex("export-accessions", "heart", "table.csv") == Exit.DONE
    said = capsys.readouterr()
    with Path("table.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert head == [
        "accession_number",
        "issuer_of_accession_number",
        "issuer_of_patient_id",
        "pseudonym",
    ]
    assert sorted(rows) == table
    assert stat.S_IMODE(Path("table.csv").stat().st_mode) == 0o600
    assert node.events() == [("accessions.exported", {"project": "heart", "count": 3})]
    assert not [row for row in rows for word in row if word and word in said.out + said.err]


def test_what_exists_is_not_overwritten(node: Node, table: list[list[str]]) -> None:
    Path("table.csv").write_text("mine")
    assert node.narthex("export-accessions", "heart", "table.csv") == Exit.USAGE
    assert node.narthex("export-accessions", "heart", "missing/table.csv") == Exit.USAGE
    assert Path("table.csv").read_text() == "mine"
    assert node.events() == []


def test_another_project_or_key_or_no_vault_is_refused(node: Node) -> None:
    assert node.narthex("export-accessions", "heart", "table.csv") == Exit.UNSEAL
    assert not node.state.exists()
    node.narthex("init")
    assert node.narthex("export-accessions", "lung", "table.csv") == Exit.SETTINGS
    (node.state / "keys" / "unseal.key").write_bytes(bytes(32))
    assert node.narthex("export-accessions", "heart", "table.csv") == Exit.UNSEAL
    assert not Path("table.csv").exists()
    assert node.events() == [("vault.refused", {"code": "vault.unseal"})]


def test_a_row_that_was_changed_leaves_no_table(node: Node, table: list[list[str]]) -> None:
    engine = sa.create_engine(f"sqlite:///{node.state / 'vault' / 'records.db'}")
    with engine.begin() as connection:
        connection.execute(tables.accession.update().values(sealed=b"\x01" * 61))
    engine.dispose()
    assert node.narthex("export-accessions", "heart", "table.csv") == Exit.VAULT
    assert sorted(path.name for path in Path().iterdir()) == ["narthex.toml", "state"]
    assert node.events() == []


def test_without_an_audit_there_is_no_table(
    node: Node, table: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("folder").mkdir()
    monkeypatch.setenv("NARTHEX_DATABASE__AUDIT", f"sqlite:///{Path('folder').absolute()}")
    assert node.narthex("export-accessions", "heart", "table.csv") != Exit.DONE
    assert not Path("table.csv").exists()


def test_a_passphrase_is_asked_for_whatever_file_has_it(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    monkeypatch.setenv("NARTHEX_VAULT__PASSPHRASE_FILE", str(secret))
    assert node.narthex("init", "--seal", SealKind.PASSPHRASE.value) == Exit.DONE
    table = node.fill(PASSPHRASE.encode())
    for typed, code in (("wrong", Exit.UNSEAL), (PASSPHRASE, Exit.DONE)):
        monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _, typed=typed: typed)
        assert node.narthex("export-accessions", "heart", "table.csv") == code
    assert len(Path("table.csv").read_text(encoding="utf-8").splitlines()) == len(table) + 1
