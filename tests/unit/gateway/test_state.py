"""The state folder."""

from pathlib import Path

import pytest

from gateway.errors import StateError
from gateway.settings import Settings, load
from gateway.state import locked, permissions, prepare, read_receiver_id, read_receiver_key


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings on a state folder that does not exist yet."""
    return load(config=None, state=tmp_path / "state")


def test_everything_is_private_from_the_start(settings: Settings) -> None:
    prepare(settings)
    for path in [settings.state, *settings.state.rglob("*")]:
        assert permissions(path) == ""


def test_the_keys_are_made_once(settings: Settings) -> None:
    prepare(settings)
    key, name = read_receiver_key(settings), read_receiver_id(settings)
    prepare(settings)
    assert (read_receiver_key(settings), read_receiver_id(settings)) == (key, name)
    assert len(key) == 32


def test_a_folder_that_others_may_enter_is_refused(settings: Settings) -> None:
    settings.state.mkdir()
    settings.state.chmod(0o755)
    with pytest.raises(StateError, match="chmod 700"):
        prepare(settings)


def test_a_file_in_the_way_is_refused(settings: Settings) -> None:
    settings.state.write_text("")
    with pytest.raises(StateError, match="can't be made"):
        prepare(settings)


def test_a_short_or_open_receiver_key_is_refused(settings: Settings) -> None:
    prepare(settings)
    settings.receiver_key_file.write_bytes(b"short")
    with pytest.raises(StateError, match="32 bytes"):
        read_receiver_key(settings)
    settings.receiver_key_file.chmod(0o644)
    with pytest.raises(StateError, match="chmod 600"):
        read_receiver_key(settings)


def test_one_installation_at_a_time(settings: Settings) -> None:
    prepare(settings)
    with locked(settings), pytest.raises(StateError, match="another"), locked(settings):
        pass
    with locked(settings):
        pass
