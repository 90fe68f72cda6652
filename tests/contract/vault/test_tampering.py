"""Somebody writes the databases: what was swapped or changed is noticed."""

import pytest
import sqlalchemy as sa

from gateway.errors import TamperedError
from gateway.vault.envelope import wrap_file_key
from gateway.vault.keyring import tables as keyring_tables
from gateway.vault.records import tables as record_tables
from gateway.vault.vault import VaultStore
from tests.support.vault import DAYS, KEY, VaultPlace, subject


@pytest.fixture
def two_subjects(vault: VaultStore) -> VaultStore:
    """Return a vault that knows subjects ``one`` and ``two``, with a study each."""
    for name in ("one", "two"):
        vault.context(subject(name, study=f"1.{name}"), lease=None, shift_days=DAYS)
    return vault


def _both_are_refused(vault: VaultStore) -> None:
    for name in ("one", "two"):
        with pytest.raises(TamperedError):
            vault.context(subject(name, study=f"1.{name}"), lease=None, shift_days=DAYS)


@pytest.mark.parametrize(
    ("database", "table", "column"),
    [
        ("keyring", keyring_tables.subject_key, "wrapped"),
        ("keyring", keyring_tables.subject_key, "subject_index"),
        ("records", record_tables.subject_record, "sealed"),
        ("records", record_tables.study_pin, "subject_id"),
        ("records", record_tables.study_pin, "tag"),
    ],
)
def test_swapped_rows_are_noticed(
    two_subjects: VaultStore,
    request: pytest.FixtureRequest,
    database: str,
    table: sa.Table,
    column: str,
) -> None:
    connection: sa.Connection = request.getfixturevalue(database)
    key = list(table.primary_key.columns)[-1]
    one, two = connection.execute(sa.select(key, table.c[column])).all()
    between = b"\x00" * 32 if isinstance(one[1], bytes) else "0" * 32
    for place, value in ((one[0], between), (two[0], one[1]), (one[0], two[1])):
        connection.execute(table.update().where(key == place).values({column: value}))
    _both_are_refused(two_subjects)


@pytest.mark.parametrize(
    ("database", "table", "values"),
    [
        ("keyring", keyring_tables.subject_key, {"epoch": 2}),
        ("keyring", keyring_tables.subject_key, {"version": 2}),
        ("keyring", keyring_tables.subject_key, {"wrapped": b"\x01" * 61}),
        ("keyring", keyring_tables.subject_key, {"wrapped": None}),
        ("records", record_tables.subject_record, {"sealed": b""}),
        ("records", record_tables.study_pin, {"tag": bytes(32)}),
    ],
)
def test_changed_rows_are_noticed(
    two_subjects: VaultStore,
    request: pytest.FixtureRequest,
    database: str,
    table: sa.Table,
    values: dict[str, object],
) -> None:
    request.getfixturevalue(database).execute(table.update().values(values))
    _both_are_refused(two_subjects)


def test_a_row_moved_to_another_project_is_noticed(
    two_subjects: VaultStore, keyring: sa.Connection, records: sa.Connection
) -> None:
    vault = two_subjects
    vault.context(subject("three", project="lung"), lease=None, shift_days=DAYS)
    keyring.execute(
        keyring_tables.subject_key.delete().where(keyring_tables.subject_key.c.project == "lung")
    )
    keyring.execute(keyring_tables.subject_key.update().values(project="lung"))
    index = keyring.execute(sa.select(keyring_tables.subject_key.c.subject_index)).scalars().first()
    with pytest.raises(TamperedError):
        vault._keyring.subject(vault._keys(), "lung", index=index or b"")


def test_an_old_backup_of_the_records_is_noticed(
    two_subjects: VaultStore, records: sa.Connection
) -> None:
    records.execute(record_tables.subject_record.delete())
    _both_are_refused(two_subjects)


def test_a_tombstone_without_key_does_not_rise(
    two_subjects: VaultStore, keyring: sa.Connection
) -> None:
    for name in ("one", "two"):
        two_subjects.erase("heart", issuer="CLINIC", patient_id=name)
    keyring.execute(keyring_tables.subject_key.update().values(state="live"))
    _both_are_refused(two_subjects)


@pytest.mark.parametrize("purpose", ["epoch", "index", "spool"])
def test_a_changed_or_missing_key_does_not_open(
    place: VaultPlace, vault: VaultStore, keyring: sa.Connection, purpose: str
) -> None:
    table = keyring_tables.vault_key
    here = table.c.purpose == purpose
    wrapped = keyring.execute(sa.select(table.c.wrapped).where(here)).scalar_one()
    changed = wrapped[:-1] + bytes([wrapped[-1] ^ 1])
    keyring.execute(table.update().where(here).values(wrapped=changed))
    with pytest.raises(TamperedError):
        place.open().unseal(KEY)
    keyring.execute(table.delete().where(here))
    with pytest.raises(TamperedError):
        place.open().unseal(KEY)


def test_a_changed_project_secret_is_noticed(vault: VaultStore, keyring: sa.Connection) -> None:
    vault.project_secret("heart", lease=None)
    keyring.execute(keyring_tables.project_secret.update().values(project="lung"))
    with pytest.raises(TamperedError):
        vault.project_secret("lung", lease=None)


def test_a_file_key_of_another_epoch_is_noticed(place: VaultPlace, vault: VaultStore) -> None:
    public = place.spool_public.read_bytes()
    wrapped = wrap_file_key(public[:1] + b"\x00\x00\x00\x09" + public[5:], KEY, object_id="a")
    with pytest.raises(TamperedError):
        vault.file_key(wrapped, lease=None)
