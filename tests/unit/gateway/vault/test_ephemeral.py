import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import VaultError
from gateway.vault.ephemeral import EphemeralVault, new_run_secret
from gateway.vault.pseudonyms import ACCESSION_PREFIX, is_pseudonym
from pipelines.context import Accession
from tests.support.vault import DAYS, subject

names = st.text(min_size=1, max_size=10)
subjects = st.tuples(names, st.text(max_size=10))


@given(st.lists(subjects, unique=True, max_size=20))
def test_processes_of_a_run_agree_and_subjects_never_meet(found: list[tuple[str, str]]) -> None:
    secret = new_run_secret()
    one, other = EphemeralVault(secret), EphemeralVault(secret)
    contexts = [one.context(subject(p, issuer=i), lease=None, shift_days=DAYS) for p, i in found]
    assert contexts == [
        other.context(subject(p, issuer=i), lease=None, shift_days=DAYS) for p, i in found
    ]
    assert len({c.pseudonym for c in contexts}) == len(found)
    assert len({c.uid_secret for c in contexts}) == len(found)
    for context in contexts:
        assert is_pseudonym(context.pseudonym)
        assert len(context.pseudonym) == 16
        assert DAYS[0] <= context.shift_days <= DAYS[1]
        assert len(context.uid_secret) == 32
        assert context.uid_generation == 1


def test_another_run_or_project_gives_another_context() -> None:
    vault = EphemeralVault(new_run_secret())
    contexts = [
        vault.context(subject(), lease=None, shift_days=DAYS),
        vault.context(subject(project="lung"), lease=None, shift_days=DAYS),
        EphemeralVault(new_run_secret()).context(subject(), lease=None, shift_days=DAYS),
    ]
    assert len({c.pseudonym for c in contexts}) == len({c.uid_secret for c in contexts}) == 3
    assert vault.project_secret("heart", lease=None) != vault.project_secret("lung", lease=None)


def test_the_mapping_lists_each_subject_once() -> None:
    vault = EphemeralVault(new_run_secret())
    first = vault.context(subject("a"), lease=None, shift_days=DAYS)
    vault.context(subject("a", study="1.2.4"), lease=None, shift_days=DAYS)
    second = vault.context(subject("b"), lease=None, shift_days=DAYS)
    assert list(vault.mapping()) == [("a", first.pseudonym), ("b", second.pseudonym)]


@given(st.lists(st.tuples(subjects, names, names), unique=True, max_size=20))
def test_accession_numbers_of_a_run_never_meet(
    found: list[tuple[tuple[str, str], str, str]],
) -> None:
    secret = new_run_secret()
    answers = [
        [
            vault.accession(subject(p, issuer=i), Accession(number, issuer), lease=None)
            for (p, i), number, issuer in found
        ]
        for vault in (EphemeralVault(secret), EphemeralVault(secret))
    ]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == len(found)
    for answer in answers[0]:
        assert is_pseudonym(answer, prefix=ACCESSION_PREFIX)
        assert len(answer) == 16


def test_another_run_gives_an_accession_number_another_pseudonym() -> None:
    number = Accession("A1", "")
    one, other = (EphemeralVault(new_run_secret()) for _ in range(2))
    first = one.accession(subject(), number, lease=None)
    assert first == one.accession(subject(study="1.2.4"), number, lease=None)
    assert first != other.accession(subject(), number, lease=None)
    for key, nothing in ((subject(""), number), (subject(), Accession("", ""))):
        with pytest.raises(VaultError):
            one.accession(key, nothing, lease=None)


def test_there_is_no_spool_and_no_nameless_subject() -> None:
    vault = EphemeralVault(new_run_secret())
    with pytest.raises(VaultError):
        vault.file_key(b"", lease=None)
    with pytest.raises(VaultError):
        vault.context(subject(""), lease=None, shift_days=DAYS)


def test_a_run_without_project_loads_no_database() -> None:
    script = "import sys, gateway.vault.ephemeral; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
