"""Pseudonyms of accession numbers: kept for months, one each, and gone with their subject."""

from multiprocessing import get_context
from random import Random

import pytest
import sqlalchemy as sa

from gateway.errors import SealedError, SubjectErasedError, TamperedError, VaultError
from gateway.ports import SubjectKey
from gateway.vault.pseudonyms import ACCESSION_PREFIX, is_pseudonym
from gateway.vault.records import accessions, tables
from gateway.vault.vault import VaultStore
from pipelines.context import Accession
from tests.support.vault import DAYS, VaultPlace, hits, subject

SPAWN = get_context("spawn")
NUMBERS = 60
RACERS = 4


def ask(vault: VaultStore, key: SubjectKey, number: str = "A1", issuer: str = "") -> str:
    return vault.accession(key, Accession(number, issuer), lease=None)


def test_a_number_keeps_its_pseudonym(place: VaultPlace, vault: VaultStore) -> None:
    first = ask(vault, subject())
    assert is_pseudonym(first, prefix=ACCESSION_PREFIX)
    assert not is_pseudonym(first)
    assert len(first) == 16
    assert ask(vault, subject(study="1.2.4")) == first
    assert ask(place.open_unsealed(), subject(study="1.2.5")) == first


def test_projects_subjects_numbers_and_issuers_never_meet(vault: VaultStore) -> None:
    found = [
        ask(vault, subject()),
        ask(vault, subject(), "A2"),
        ask(vault, subject(), "A1", "RIS"),
        ask(vault, subject(), "1", "RISA"),
        ask(vault, subject("4712", study="1.2.4")),
        ask(vault, subject(issuer="OTHER")),
        ask(vault, subject(project="lung")),
    ]
    assert len(set(found)) == len(found)


def test_after_a_merge_of_subjects_a_study_keeps_it(vault: VaultStore) -> None:
    first = ask(vault, subject("before"))
    assert ask(vault, subject("after")) == first
    assert ask(vault, subject("after", study="1.2.4")) != first


@pytest.mark.parametrize("number", ["Ä^ß", "患者", "\udce4", "x" * 64, "a|b"])
def test_every_spelling_is_a_number(vault: VaultStore, number: str) -> None:
    assert ask(vault, subject(), number, number) == ask(vault, subject(), number, number)


def test_nobody_and_nothing_are_refused(vault: VaultStore) -> None:
    with pytest.raises(VaultError):
        ask(vault, subject(""))
    with pytest.raises(VaultError):
        ask(vault, subject(), "")
    vault.seal()
    with pytest.raises(SealedError):
        ask(vault, subject())
    with pytest.raises(SealedError):
        list(vault.accessions("heart"))


def test_a_pseudonym_that_is_taken_is_drawn_again(
    vault: VaultStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(vault, subject())
    drawn = iter([first, first, "AX2"])
    monkeypatch.setattr(accessions, "new_accession_pseudonym", lambda: next(drawn))
    assert ask(vault, subject(), "A2") == "AX2"
    drawn = iter([first])
    assert ask(vault, subject(project="lung")) == first  # another project may have it


def _ask_all(place: VaultPlace, seed: int) -> dict[str, str]:
    vault = place.open_unsealed()
    numbers = [f"A{i}" for i in range(NUMBERS)]
    Random(seed).shuffle(numbers)
    return {number: ask(vault, subject(study=f"1.{number[1:]}"), number) for number in numbers}


def test_racing_processes_agree(
    place: VaultPlace, vault: VaultStore, records: sa.Connection
) -> None:
    with SPAWN.Pool(RACERS) as pool:
        # few orders: processes meet at the same numbers at the same time
        answers = pool.starmap(_ask_all, [(place, racer % 2) for racer in range(RACERS)], 1)
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0].values())) == NUMBERS
    count = sa.select(sa.func.count()).select_from(tables.accession)
    assert records.execute(count).scalar_one() == NUMBERS


def test_an_erased_subject_takes_its_numbers_along(
    vault: VaultStore, records: sa.Connection
) -> None:
    ask(vault, subject())
    kept = ask(vault, subject("other", study="1.2.4"))
    vault.erase("heart", issuer="CLINIC", patient_id="4711")
    assert len(records.execute(sa.select(tables.accession)).all()) == 1
    with pytest.raises(SubjectErasedError):
        ask(vault, subject())
    assert [each.pseudonym for each in vault.accessions("heart")] == [kept]


def test_what_is_asked_while_the_subject_is_erased_leaves_nothing(
    vault: VaultStore, records: sa.Connection
) -> None:
    vault.context(subject(), lease=None, shift_days=DAYS)
    opened = vault._keys()
    entry = vault._entry(opened, subject())  # read a moment before
    vault.erase("heart", issuer="CLINIC", patient_id="4711")
    with pytest.raises(SubjectErasedError):
        vault._accessions.pseudonym(opened, "heart", entry=entry, accession=Accession("A1", ""))
    assert records.execute(sa.select(tables.accession)).all() == []


def test_an_old_backup_of_the_rows_says_nothing_of_the_erased(
    vault: VaultStore, records: sa.Connection
) -> None:
    ask(vault, subject())
    record = records.execute(sa.select(tables.subject_record)).mappings().one()
    row = records.execute(sa.select(tables.accession)).mappings().one()
    vault.erase("heart", issuer="CLINIC", patient_id="4711")
    records.execute(tables.subject_record.insert().values(**record))
    records.execute(tables.accession.insert().values(**row))
    assert list(vault.accessions("heart")) == []


def test_a_project_is_listed_with_its_issuers(vault: VaultStore) -> None:
    made = {
        ("A1", "", "CLINIC"): ask(vault, subject()),
        ("A2", "RIS", "CLINIC"): ask(vault, subject(), "A2", "RIS"),
        ("A1", "", "OTHER"): ask(vault, subject(issuer="OTHER")),
    }
    ask(vault, subject(project="lung"))
    listed = {
        (*each.accession, each.patient_id_issuer): each.pseudonym
        for each in vault.accessions("heart")
    }
    assert listed == made


def test_no_number_lies_in_any_row(vault: VaultStore, records: sa.Connection) -> None:
    words = ["ZQACCESSION4711", "ZQISSUEROFNUMBERS"]
    words.append(ask(vault, subject(), *words))
    (row,) = records.execute(sa.select(tables.accession))
    cells = [v if isinstance(v, bytes) else str(v).encode() for v in row]
    assert hits(words, b"|".join(cells)) == []


@pytest.mark.parametrize("column", ["sealed", "accession_index"])
def test_swapped_rows_are_noticed(vault: VaultStore, records: sa.Connection, column: str) -> None:
    for number in ("A1", "A2"):
        ask(vault, subject(), number)
    table = tables.accession
    key = table.c.pseudonym_index
    one, two = records.execute(sa.select(key, table.c[column])).all()
    for place, value in ((one[0], bytes(32)), (two[0], one[1]), (one[0], two[1])):
        records.execute(table.update().where(key == place).values({column: value}))
    for number in ("A1", "A2"):
        with pytest.raises(TamperedError):
            ask(vault, subject(), number)
    with pytest.raises(TamperedError):
        list(vault.accessions("heart"))


def test_a_row_of_another_subject_is_noticed(vault: VaultStore, records: sa.Connection) -> None:
    ask(vault, subject())
    ask(vault, subject("other", study="1.2.4"))
    table = tables.accession
    one, two = records.execute(sa.select(table.c.subject_id)).scalars()
    records.execute(table.update().where(table.c.subject_id == one).values(subject_id=two))
    with pytest.raises(TamperedError):
        list(vault.accessions("heart"))
