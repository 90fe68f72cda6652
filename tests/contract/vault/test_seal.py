"""A vault is made once, opens with its secret only, and says nothing while sealed."""

from collections.abc import Callable

import pytest

from gateway.errors import SealedError, StateError, UnsealError
from gateway.vault.envelope import wrap_file_key
from gateway.vault.unsealing import SealKind
from gateway.vault.vault import VaultStore, stored_status
from tests.support.vault import DAYS, KEY, VaultPlace, subject


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
