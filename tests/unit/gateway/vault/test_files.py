from pathlib import Path

import pytest

from gateway.vault.files import write_durably


def test_a_file_is_private_and_alone_in_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_durably(path, b"one", replaces=False)
    write_durably(path, b"two", replaces=True)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_must_not_give_way_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        write_durably(path, b"new", replaces=False)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
