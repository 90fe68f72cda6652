"""Processes race and are killed: one answer for each subject, none is lost."""

import os
import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from random import Random

import sqlalchemy as sa

from gateway.errors import StateError
from gateway.vault.keyring import tables as keyring_tables
from gateway.vault.records import tables as record_tables
from gateway.vault.unsealing import SealKind
from gateway.vault.vault import VaultStore
from tests.support.vault import DAYS, VaultPlace, subject

SPAWN = get_context("spawn")
IDENTITIES = 200
RACERS = 6


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
