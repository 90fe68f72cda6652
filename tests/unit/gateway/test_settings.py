"""Settings: file, environment, refusal of everything else."""

from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings import load

_FULL = """
[dicom]
ae_title = "GATE"
port = 10104

[[peers]]
name = "ct-1"
ae_title = "CT1"
address = "192.0.2.0/24"
issuer = "HOSPITAL-A"

[[destinations]]
name = "research"
host = "198.51.100.7"
port = 104
ae_title = "PACS"

[[projects]]
name = "lung"
rules = "basic"
match = { peers = ["ct-1"], when = 'Modality = "CT"' }
destinations = ["research"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return the path of a complete file."""
    file = tmp_path / "narthex.toml"
    file.write_text(_FULL)
    return file


def test_the_file_is_read(config: Path, tmp_path: Path) -> None:
    settings = load(config=config, state=tmp_path / "state")
    assert settings.dicom.ae_title == "GATE"
    assert settings.peers[0].address == "192.0.2.0/24"
    assert settings.peers[0].quiet_seconds == 120
    assert settings.projects[0].match.peers == ("ct-1",)
    assert settings.projects[0].destinations == ("research",)


def test_the_environment_wins_key_by_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARTHEX_DICOM__PORT", "10105")
    monkeypatch.setenv("NARTHEX_PEERS", '[{"name": "mr", "ae_title": "MR", "address": "::1"}]')
    monkeypatch.setenv("NARTHEX_PROJECTS", "[]")
    settings = load(config=config, state=None)
    assert settings.dicom.port == 10105
    assert settings.dicom.ae_title == "GATE"
    assert [peer.name for peer in settings.peers] == ["mr"]


def test_the_argument_wins_over_all(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NARTHEX_STATE", "/nowhere")
    config.write_text('state = "elsewhere"\n' + _FULL)
    settings = load(config=config, state=Path("here"))
    assert settings.state == Path("here").absolute()
    assert load(config=config, state=None).state == Path("/nowhere")


def test_everything_lies_in_the_state_folder_unless_set(tmp_path: Path) -> None:
    settings = load(config=None, state=tmp_path / "state")
    for name in ("work", "audit", "vault", "keyring"):
        assert getattr(settings.database, name).startswith(f"sqlite:///{tmp_path}/state/")
    assert settings.vault.key_file == tmp_path / "state/keys/unseal.key"
    assert settings.dicom.host == settings.web.host == "127.0.0.1"
    assert settings.peers == ()


def test_values_are_frozen(config: Path) -> None:
    settings = load(config=config, state=None)
    with pytest.raises(ValueError, match="frozen"):
        settings.dicom.port = 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("surprise = 1", "surprise"),
        ("[dicom]\nsecret = 1", "dicom.secret"),
        ("[dicom]\nport = 'CANARY'", "dicom.port"),
        ("[dicom]\nport = 99999", "dicom.port"),
        ("[dicom]\nae_title = 'SEVENTEEN CANARYS'", "dicom.ae_title"),
        ("[dicom]\nae_title = '   '", "dicom.ae_title"),
        ("[[peers]]\nname='a b'\nae_title='X'\naddress='::1'", "peers.0.name"),
        ("[[peers]]\nname='a'\nae_title='X'\naddress='CANARY'", "peers.0.address"),
        ("[[peers]]\nname='a'\nae_title='X'\naddress='10.0.0.1/8'", "peers.0.address"),
        ("[[projects]]\nname='p'\nrules='basic'\ndestinations=['x']", "no such destination"),
        ("[[projects]]\nname='p'\nrules='basic'\nmatch.peers=['x']", "no such peer"),
        ("[[projects]]\nname='p'\nrules='a'\n[[projects]]\nname='p'\nrules='b'", "stands twice"),
        ("[database]\nwork = 'postgresql+psycopg://u:CANARY@h/d'", "passfile"),
        ("[database]\nwork = 'mysql://h/d'", "database.work"),
        ("[database]\nwork = '::'", "database.work"),
        ("[vault]\nseal = 'CANARY'", "vault.seal"),
        ("[work", "is no TOML"),
    ],
)
def test_a_mistake_is_named_and_its_value_is_not(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "narthex.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        load(config=file, state=None)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NARTHEX_SURPRISE", "1"),
        ("NARTHEX_DICOM__SURPRISE", "1"),
        ("NARTHEX_PEERS", "CANARY"),
        ("NARTHEX_WORK__WORKERS", "CANARY"),
    ],
)
def test_a_mistake_in_the_environment_too(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load(config=None, state=None)
    assert "CANARY" not in str(caught.value)


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load(config=tmp_path / "missing.toml", state=None)
