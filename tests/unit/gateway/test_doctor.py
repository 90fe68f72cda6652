"""The doctor finds what is wrong, names what to do, and changes nothing."""

import socket
from pathlib import Path

import pytest

from gateway.doctor import Finding, Verdict, examine
from gateway.settings import Settings, load
from gateway.state import locked, prepare
from gateway.vault.status import NO_VAULT, VaultStatus
from tests.support.appliance import free_port

_UNSEALED = VaultStatus(
    initialised=True, sealed=False, seal="key-file", epoch=1, subjects=0, erased=0
)


def settings_of(folder: Path, text: str = "") -> Settings:
    config = folder / "narthex.toml"
    config.write_text(
        f"[dicom]\nport = {free_port()}\nminimum_free_mb = 1\n[web]\nport = {free_port()}\n{text}"
    )
    return load(config=config, state=folder / "state")


def findings(
    settings: Settings, *, vault: VaultStatus = NO_VAULT, by_broker: bool = False
) -> dict[str, Finding]:
    return {
        finding.check: finding
        for finding in examine(settings, vault_status=lambda: (vault, by_broker))
    }


def test_a_fresh_machine_has_notes_and_no_failure(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    found = findings(settings)
    assert not [each for each in found.values() if each.verdict is Verdict.FAILED]
    assert found["peers"].verdict is Verdict.NOTE
    assert found["vault"].verdict is Verdict.NOTE
    assert not settings.state.exists()


def test_open_folders_and_broken_keys_fail(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    prepare(settings)
    settings.spool.chmod(0o750)
    settings.receiver_key_file.write_bytes(b"short")
    settings.vault.key_file.write_bytes(bytes(32))
    settings.vault.key_file.chmod(0o604)
    found = findings(settings)
    assert "chmod 700" in found["state"].words
    assert found["key.receiver"].verdict is Verdict.FAILED
    assert "chmod 600" in found["key.unseal"].words


def test_a_sealed_vault_fails_only_where_a_broker_says_so(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    sealed = VaultStatus(
        initialised=True, sealed=True, seal="passphrase", epoch=1, subjects=3, erased=0
    )
    assert findings(settings, vault=sealed)["vault"].verdict is Verdict.NOTE
    assert findings(settings, vault=sealed, by_broker=True)["vault"].verdict is Verdict.FAILED
    assert findings(settings, vault=_UNSEALED, by_broker=True)["vault"].verdict is Verdict.OK


@pytest.mark.parametrize("package", ["SimpleITK", "pydeface"])
def test_what_faces_need_fails_only_where_a_project_asks(
    tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(settings_of(tmp_path))[f"faces.{package}"].verdict is Verdict.OK
    monkeypatch.setattr("gateway.doctor.importlib.util.find_spec", lambda _: None)
    assert findings(settings_of(tmp_path))[f"faces.{package}"].verdict is Verdict.NOTE
    project = '[[projects]]\nname = "heads"\nrules = "research-default"\n'
    found = findings(settings_of(tmp_path, project))[f"faces.{package}"]
    assert found.verdict is Verdict.FAILED
    assert "images of heads are held" in found.words


def test_a_taken_port_fails_unless_it_is_ours(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    prepare(settings)
    with socket.create_server((settings.dicom.host, settings.dicom.port)):
        assert "another program" in findings(settings)["dicom.port"].words
        with locked(settings):
            found = findings(settings)
            assert found["dicom.port"].verdict is Verdict.OK
            assert "nothing listens" in found["web.port"].words


@pytest.mark.parametrize("name", ["work", "audit", "vault", "keyring"])
def test_a_database_that_does_not_answer_fails(tmp_path: Path, name: str) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none"
    found = findings(settings_of(tmp_path, f'[database]\n{name} = "{url}"'))
    assert found[f"database.{name}"].verdict is Verdict.FAILED


def test_rules_and_conditions_are_compiled(tmp_path: Path) -> None:
    found = findings(
        settings_of(
            tmp_path,
            """
[[projects]]
name = "good"
rules = "basic"
[[projects]]
name = "missing"
rules = "no-such-file.yaml"
[[projects]]
name = "wrong"
rules = "basic"
match.when = "Modality ="
[[projects]]
name = "wide"
rules = "research-default"
""",
        )
    )
    assert found["rules.good"].verdict is Verdict.OK
    assert found["rules.missing"].verdict is Verdict.FAILED
    assert found["rules.wrong"].verdict is Verdict.FAILED
    assert found["rules.wide"].verdict is Verdict.OK


def test_a_silent_destination_fails(tmp_path: Path) -> None:
    found = findings(
        settings_of(
            tmp_path,
            f"""
[[destinations]]
name = "research"
host = "127.0.0.1"
port = {free_port()}
ae_title = "PACS"
""",
        )
    )
    assert found["destination.research"].verdict is Verdict.FAILED


def test_too_little_room_fails(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    hungry = settings.model_copy(
        update={"dicom": settings.dicom.model_copy(update={"minimum_free_mb": 1 << 40})}
    )
    assert findings(hungry)["disk"].verdict is Verdict.FAILED
