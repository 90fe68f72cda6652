"""What the vault promises on each database."""

import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.errors import (
    SealedError,
    StateError,
    SubjectErasedError,
    TamperedError,
    UnsealError,
    VaultError,
)
from gateway.vault.envelope import wrap_file_key
from gateway.vault.keyring import tables as keyring_tables
from gateway.vault.keyring.store import SubjectEntry
from gateway.vault.pseudonyms import is_pseudonym
from gateway.vault.records import tables as record_tables
from gateway.vault.records.store import SubjectRecord
from gateway.vault.unsealing import SealKind
from gateway.vault.vault import VaultStore, stored_status
from tests.support.vault import (
    DAYS,
    KEY,
    VaultPlace,
    close_vaults,
    hits,
    place_in,
    spellings,
    subject,
)

SPAWN = get_context("spawn")
IDENTITIES = 200
RACERS = 6


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VaultPlace]:
    if request.param == "sqlite":
        yield place_in(tmp_path)
    else:
        url = request.getfixturevalue("postgres_url")
        yield VaultPlace(url, url, tmp_path / "keys" / "spool.pub")
    close_vaults()


@pytest.fixture
def vault(place: VaultPlace) -> VaultStore:
    return place.open_unsealed()


@pytest.fixture
def keyring(place: VaultPlace, vault: VaultStore) -> Iterator[sa.Connection]:
    with _raw(place.keyring_url) as connection:
        yield connection


@pytest.fixture
def records(place: VaultPlace, vault: VaultStore) -> Iterator[sa.Connection]:
    with _raw(place.records_url) as connection:
        yield connection


def _raw(url: str) -> sa.Connection:
    """Return the hand of somebody who may write the database but holds no key."""
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect()


# -- who is who ------------------------------------------------------------------------


def test_a_subject_keeps_its_context(place: VaultPlace, vault: VaultStore) -> None:
    first = vault.context(subject(), lease=None, shift_days=DAYS)
    assert is_pseudonym(first.pseudonym)
    assert len(first.pseudonym) == 12
    assert DAYS[0] <= first.shift_days <= DAYS[1]
    assert len(first.uid_secret) == 32
    assert first.uid_generation == 1
    assert vault.context(subject(), lease=None, shift_days=DAYS) == first
    assert vault.context(subject(study="1.2.4"), lease=None, shift_days=DAYS) == first
    assert place.open_unsealed().context(subject(), lease=None, shift_days=DAYS) == first


def test_subjects_projects_and_issuers_never_meet(vault: VaultStore) -> None:
    asked = [
        subject(p, project=project, issuer=i, study=f"1.{n}")
        for n, (p, project, i) in enumerate(
            [("1", "a", ""), ("2", "a", ""), ("1", "b", ""), ("1", "a", "X"), ("X1", "a", "")]
        )
    ]
    contexts = [vault.context(key, lease=None, shift_days=DAYS) for key in asked]
    assert len({c.pseudonym for c in contexts}) == len(asked)
    assert len({c.uid_secret for c in contexts}) == len(asked)
    assert len({vault.project_secret(p, lease=None) for p in ("a", "b")}) == 2
    assert vault.project_secret("a", lease=None) == vault.project_secret("a", lease=None)


def test_shifts_spread_over_the_range(vault: VaultStore) -> None:
    shifts = {
        vault.context(subject(str(i)), lease=None, shift_days=(-3, -1)).shift_days
        for i in range(40)
    }
    assert shifts == {-3, -2, -1}


def test_a_study_keeps_the_secret_it_was_first_minted_under(vault: VaultStore) -> None:
    first = vault.context(subject("before"), lease=None, shift_days=DAYS)
    merged = vault.context(subject("after"), lease=None, shift_days=DAYS)
    other = vault.context(subject("after", study="1.2.4"), lease=None, shift_days=DAYS)
    assert merged.uid_secret == first.uid_secret
    assert merged.pseudonym == other.pseudonym != first.pseudonym
    assert other.uid_secret != first.uid_secret


def test_pins_do_not_tie_projects_issuers_or_nameless_studies(vault: VaultStore) -> None:
    asked = [
        subject("1"),
        subject("2", project="lung"),
        subject("3", issuer="OTHER"),
        subject("4", study=""),
        subject("5", study=""),
    ]
    secrets = {vault.context(key, lease=None, shift_days=DAYS).uid_secret for key in asked}
    assert len(secrets) == len(asked)


def test_without_patient_id_there_is_no_subject(vault: VaultStore) -> None:
    with pytest.raises(VaultError):
        vault.context(subject(""), lease=None, shift_days=DAYS)


@pytest.mark.parametrize(
    "patient_id", ["Ä^ß", "患者", "a\x00b", "\udce4\udcf6", "x" * 10_000, "1|2"]
)
def test_every_spelling_of_an_id_is_a_subject(vault: VaultStore, patient_id: str) -> None:
    first = vault.context(subject(patient_id), lease=None, shift_days=DAYS)
    assert vault.context(subject(patient_id), lease=None, shift_days=DAYS) == first


def test_a_pseudonym_stands_for_one_subject_of_a_project(vault: VaultStore) -> None:
    opened = vault._keys()
    record = SubjectRecord(
        pseudonym="NX0", shift=0, uid_secret=bytes(32), issuer="", patient_id="1"
    )
    added = [
        vault._records.add(
            opened,
            project,
            entry=SubjectEntry(id=str(number), version=1, key=KEY),
            record=record,
        )
        for number, project in enumerate(["heart", "heart", "lung"])
    ]
    assert added == [True, False, True]


def test_a_record_that_a_crash_left_alone_does_no_harm(
    vault: VaultStore, keyring: sa.Connection
) -> None:
    first = vault.context(subject(), lease=None, shift_days=DAYS)
    keyring.execute(keyring_tables.subject_key.delete())  # as if it had not been written yet
    again = vault.context(subject(study="1.2.4"), lease=None, shift_days=DAYS)
    assert again.pseudonym != first.pseudonym


def test_a_look_at_what_is_known_waits_for_no_writer(
    place: VaultPlace,
    vault: VaultStore,
    keyring: sa.Connection,
    records: sa.Connection,
) -> None:
    first = vault.context(subject("before"), lease=None, shift_days=DAYS)
    merged = vault.context(subject("after"), lease=None, shift_days=DAYS)
    secret = vault.project_secret("heart", lease=None)
    for connection, tables in ((keyring, keyring_tables), (records, record_tables)):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")
            for name in tables.metadata.tables:
                connection.exec_driver_sql(f"LOCK TABLE {name} IN EXCLUSIVE MODE")
    assert vault.context(subject("before"), lease=None, shift_days=DAYS) == first
    assert vault.context(subject("after"), lease=None, shift_days=DAYS) == merged
    assert vault.project_secret("heart", lease=None) == secret
    assert vault.status().subjects == 2
    assert stored_status(place.keyring_url).sealed
    vault.seal()
    vault.unseal(KEY)
    for connection in (keyring, records):
        connection.exec_driver_sql("ROLLBACK")


# -- sealed and unsealed ---------------------------------------------------------------


def test_a_sealed_vault_says_nothing_but_its_status(place: VaultPlace, vault: VaultStore) -> None:
    wrapped = wrap_file_key(place.spool_public.read_bytes(), b"k" * 32, object_id="a")
    vault.seal()
    asked: list[Callable[[], object]] = [
        lambda: vault.context(subject(), lease=None, shift_days=DAYS),
        lambda: vault.file_key(wrapped, lease=None),
        lambda: vault.project_secret("heart", lease=None),
        lambda: vault.erase("heart", issuer="", patient_id="1"),
    ]
    for ask in asked:
        with pytest.raises(SealedError):
            ask()
    status = vault.status()
    assert (status.initialised, status.sealed, status.seal) == (True, True, "key-file")
    vault.unseal(KEY)
    assert vault.file_key(wrapped, lease=None) == b"k" * 32


def test_a_vault_is_made_once(place: VaultPlace) -> None:
    vault = place.open()
    assert not vault.status().initialised
    with pytest.raises(UnsealError):
        vault.unseal(KEY)
    vault.init(KEY, SealKind.KEY_FILE)
    context = vault.context(subject(), lease=None, shift_days=DAYS)
    with pytest.raises(StateError):
        place.open().init(bytes(32), SealKind.KEY_FILE)
    assert vault.context(subject(), lease=None, shift_days=DAYS) == context


@pytest.mark.parametrize("secret", [bytes(32), KEY[:31], KEY + b"\n", b""])
def test_another_key_file_does_not_open(
    place: VaultPlace, vault: VaultStore, secret: bytes
) -> None:
    with pytest.raises(UnsealError):
        place.open().unseal(secret)


def test_a_passphrase_opens(place: VaultPlace) -> None:
    vault = place.open()
    vault.init("ein längerer Satz".encode(), SealKind.PASSPHRASE)
    context = vault.context(subject(), lease=None, shift_days=DAYS)
    again = place.open()
    with pytest.raises(UnsealError):
        again.unseal("ein längerer Satz ".encode())
    again.unseal("ein längerer Satz".encode())
    assert again.context(subject(), lease=None, shift_days=DAYS) == context


def test_a_public_half_that_was_changed_is_written_again(
    place: VaultPlace, vault: VaultStore
) -> None:
    right = place.spool_public.read_bytes()
    place.spool_public.write_bytes(b"\x01\x00\x00\x00\x01" + b"x" * 32)
    vault.unseal(KEY)
    assert place.spool_public.read_bytes() == right
    place.spool_public.unlink()
    vault.unseal(KEY)
    assert place.spool_public.read_bytes() == right


def test_status_counts(place: VaultPlace, vault: VaultStore) -> None:
    for i in range(3):
        vault.context(subject(str(i)), lease=None, shift_days=DAYS)
    vault.erase("heart", issuer="CLINIC", patient_id="0")
    status = vault.status()
    assert (status.epoch, status.subjects, status.erased) == (1, 2, 1)
    stored = stored_status(place.keyring_url)
    assert (stored.sealed, stored.subjects) == (True, 2)


# -- erasure ---------------------------------------------------------------------------


def test_an_erased_subject_stays_erased(
    place: VaultPlace, vault: VaultStore, keyring: sa.Connection, records: sa.Connection
) -> None:
    vault.context(subject(), lease=None, shift_days=DAYS)
    assert vault.erase("heart", issuer="CLINIC", patient_id="4711")
    for opened in (vault, place.open_unsealed()):
        with pytest.raises(SubjectErasedError):
            opened.context(subject(), lease=None, shift_days=DAYS)
    row = keyring.execute(sa.select(keyring_tables.subject_key)).one()
    assert (row.state, row.wrapped) == ("erased", None)
    assert records.execute(sa.select(record_tables.subject_record)).all() == []
    assert vault.erase("heart", issuer="CLINIC", patient_id="4711")
    vault.context(subject(project="lung"), lease=None, shift_days=DAYS)


def test_a_study_of_the_erased_does_not_return_under_another_name(vault: VaultStore) -> None:
    vault.context(subject("erased"), lease=None, shift_days=DAYS)
    vault.erase("heart", issuer="CLINIC", patient_id="erased")
    with pytest.raises(SubjectErasedError):
        vault.context(subject("renamed"), lease=None, shift_days=DAYS)
    vault.context(subject("renamed", study="1.2.4"), lease=None, shift_days=DAYS)


def test_an_unknown_subject_can_be_erased_in_advance(vault: VaultStore) -> None:
    assert not vault.erase("heart", issuer="CLINIC", patient_id="4711")
    with pytest.raises(SubjectErasedError):
        vault.context(subject(), lease=None, shift_days=DAYS)


# -- somebody writes the databases -----------------------------------------------------


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
    keyring.execute(table.update().where(here).values(wrapped=wrapped[:-1] + b"\x00"))
    keyring.execute(table.update().where(here).values(wrapped=wrapped[:-1] + b"\x01"))
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


# -- processes -------------------------------------------------------------------------


def _ask_all(place: VaultPlace, seed: int) -> dict[str, tuple[str, bytes]]:
    vault = place.open_unsealed()
    names = [str(i) for i in range(IDENTITIES)]
    Random(seed).shuffle(names)
    found = {}
    for name in names:
        context = vault.context(subject(name, study=f"1.{name}"), lease=None, shift_days=DAYS)
        found[name] = (context.pseudonym, context.uid_secret)
    found["project"] = ("", vault.project_secret("heart", lease=None))
    return found


def test_racing_processes_agree_on_every_subject(
    place: VaultPlace, vault: VaultStore, keyring: sa.Connection, records: sa.Connection
) -> None:
    with SPAWN.Pool(RACERS) as pool:
        # few orders: processes meet at the same names at the same time
        answers = pool.starmap(_ask_all, [(place, racer % 2) for racer in range(RACERS)], 1)
    assert all(answer == answers[0] for answer in answers)
    assert len({pseudonym for pseudonym, _ in answers[0].values()}) == IDENTITIES + 1
    for connection, table in (
        (keyring, keyring_tables.subject_key),
        (records, record_tables.subject_record),
        (records, record_tables.study_pin),
    ):
        count = sa.select(sa.func.count()).select_from(table)
        assert connection.execute(count).scalar_one() == IDENTITIES


def test_racing_processes_make_one_vault(place: VaultPlace) -> None:
    place.open()
    with SPAWN.Pool(4) as pool:
        made = pool.starmap(_try_to_make, [(place, racer) for racer in range(4)], 1)
    assert sum(made) == 1
    place.open().unseal(bytes([made.index(True)]) * 32)


def _try_to_make(place: VaultPlace, racer: int) -> bool:
    try:
        place.open().init(bytes([racer]) * 32, SealKind.KEY_FILE)
    except StateError:
        return False
    return True


def _write_until_killed(place: VaultPlace, acknowledged: Connection) -> None:
    vault = place.open_unsealed()
    number = 0
    while True:
        context = vault.context(subject(f"{os.getpid()}-{number}"), lease=None, shift_days=DAYS)
        acknowledged.send((f"{os.getpid()}-{number}", context.pseudonym))
        number += 1


def test_what_was_answered_survives_kill_9(place: VaultPlace, vault: VaultStore) -> None:
    answered: list[tuple[str, str]] = []
    for wanted in (1, 7, 40):
        ours, theirs = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=_write_until_killed, args=(place, theirs))
        process.start()
        theirs.close()
        answered += [ours.recv() for _ in range(wanted)]
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        while ours.poll():
            try:
                answered.append(ours.recv())
            except (EOFError, OSError):
                break  # the last answer broke off
        ours.close()
    reopened = place.open_unsealed()
    for name, pseudonym in answered:
        context = reopened.context(subject(name), lease=None, shift_days=DAYS)
        assert context.pseudonym == pseudonym


# -- at rest ---------------------------------------------------------------------------


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
