"""Who is who: subjects keep their context, never meet, and stay erased."""

import pytest
import sqlalchemy as sa

from gateway.errors import SubjectErasedError, VaultError
from gateway.vault.keyring import tables as keyring_tables
from gateway.vault.keyring.store import SubjectEntry
from gateway.vault.pseudonyms import is_pseudonym
from gateway.vault.records import tables as record_tables
from gateway.vault.records.store import SubjectRecord
from gateway.vault.vault import VaultStore, stored_status
from tests.support.vault import DAYS, KEY, VaultPlace, subject


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
