"""What lies in the files and rows of a vault."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.vault.keyring import tables as keyring_tables
from gateway.vault.records import tables as record_tables
from gateway.vault.vault import VaultStore
from tests.support.vault import DAYS, VaultPlace, hits, place_in, spellings, subject


def test_no_identifier_lies_in_any_file(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    vault = place.open_unsealed()
    words = ["ZQPATIENT4711", "ZQISSUERCLINIC", "1.2.840.99999.4711.20240131"]
    contexts = [
        vault.context(
            subject(f"{words[0]}{i}", issuer=words[1], study=words[2]),
            lease=None,
            shift_days=DAYS,
        )
        for i in range(20)
    ]
    vault.erase("heart", issuer=words[1], patient_id=words[0] + "1")
    words += [c.pseudonym for c in contexts]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    assert {path.name: hits(words, path.read_bytes()) for path in files} == {
        path.name: [] for path in files
    }


def test_no_identifier_lies_in_any_row(
    place: VaultPlace, vault: VaultStore, keyring: sa.Connection, records: sa.Connection
) -> None:
    words = ["ZQPATIENT4711", "ZQISSUERCLINIC", "1.2.840.99999.4711.20240131"]
    vault.context(subject(words[0], issuer=words[1], study=words[2]), lease=None, shift_days=DAYS)
    seen = 0
    for connection, metadata in (
        (keyring, keyring_tables.metadata),
        (records, record_tables.metadata),
    ):
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                seen += 1
                cells = [v if isinstance(v, bytes) else str(v).encode() for v in row]
                assert hits(words, b"|".join(cells)) == []
    assert seen >= 6


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    word = "ZQPATIENT4711"
    for number, spelling in enumerate(spellings(word)):
        engine = sa.create_engine(f"sqlite:///{tmp_path / str(number)}.db")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (v BLOB)")
            connection.exec_driver_sql("INSERT INTO t VALUES (?)", (spelling,))
        engine.dispose()
        assert hits([word], (tmp_path / f"{number}.db").read_bytes()) == [word]


def test_the_files_are_private(tmp_path: Path) -> None:
    place_in(tmp_path).open_unsealed()
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path.name


@pytest.mark.parametrize("name", ["keyring", "records"])
def test_migrations_make_the_tables(place: VaultPlace, vault: VaultStore, name: str) -> None:
    metadata = {"keyring": keyring_tables, "records": record_tables}[name].metadata
    url = {"keyring": place.keyring_url, "records": place.records_url}[name]
    engine = sa.create_engine(url, poolclass=sa.NullPool)

    def ours(_thing: object, label: str, kind: str, *_: object) -> bool:
        return kind != "table" or label in metadata.tables

    options = {"version_table": f"alembic_version_{name}", "include_object": ours}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
