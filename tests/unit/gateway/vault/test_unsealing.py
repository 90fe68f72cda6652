from pathlib import Path

import pytest

from gateway.errors import UnsealError
from gateway.vault.unsealing import (
    STRETCHING,
    SealKind,
    Stretching,
    make_key_file,
    read_secret,
    root_key,
    stored_secret,
)

SALT = bytes(16)
CHEAP = Stretching(memory_kib=64, passes=1, lanes=1)


def test_a_guess_costs_64_mib_three_passes_four_lanes() -> None:
    assert Stretching(memory_kib=64 * 1024, passes=3, lanes=4) == STRETCHING


def test_passphrase_salt_and_cost_decide_the_root_key() -> None:
    made = {
        root_key(secret, SealKind.PASSPHRASE, salt=salt, stretching=cost)
        for secret in (b"one passphrase", b"another passphrase")
        for salt in (SALT, b"1" * 16)
        for cost in (CHEAP, Stretching(memory_kib=64, passes=2, lanes=1))
    }
    assert len(made) == 8
    assert all(len(key) == 32 for key in made)


@pytest.mark.parametrize(
    ("secret", "kind"),
    [(b"", SealKind.PASSPHRASE), (b"", SealKind.KEY_FILE), (bytes(31), SealKind.KEY_FILE)],
)
def test_a_secret_of_another_form_is_refused(secret: bytes, kind: SealKind) -> None:
    with pytest.raises(UnsealError):
        root_key(secret, kind, salt=SALT, stretching=CHEAP)


def test_a_key_file_is_private_random_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "unseal.key"
    key = make_key_file(path)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["unseal.key"]
    with pytest.raises(UnsealError):
        make_key_file(path)
    assert read_secret(path, SealKind.KEY_FILE) == key
    assert make_key_file(tmp_path / "other.key") != key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "unseal.key"
    make_key_file(path)
    path.chmod(mode)
    with pytest.raises(UnsealError):
        read_secret(path, SealKind.KEY_FILE)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnsealError):
            read_secret(path, SealKind.KEY_FILE)


def test_line_ends_belong_to_the_file_of_a_passphrase_but_to_a_key(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"a long passphrase \r\n")
    assert read_secret(path, SealKind.PASSPHRASE) == b"a long passphrase "
    path.write_bytes(bytes(31) + b"\n")
    assert read_secret(path, SealKind.KEY_FILE) == bytes(31) + b"\n"


def test_without_passphrase_file_a_person_is_asked(tmp_path: Path) -> None:
    kind = SealKind.PASSPHRASE
    assert stored_secret(kind, key_file=tmp_path / "unseal.key", passphrase_file=None) is None
