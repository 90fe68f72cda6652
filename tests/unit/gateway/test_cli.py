"""The command line: what it offers, and how it says that something is wrong."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import gateway.commands
from gateway.cli import COMMANDS, SERVICES, narthex, run
from gateway.errors import (
    DiskFullError,
    GatewayError,
    SealedError,
    SettingsError,
    StateError,
    SubjectErasedError,
    UnsealError,
)
from gateway.exits import Exit, explain
from pipelines.errors import HeldError
from rules.errors import TagError

_CHECKOUT = Path(__file__).parents[3]


def test_every_module_of_commands_is_offered() -> None:
    modules = {module.name for module in pkgutil.iter_modules(gateway.commands.__path__)}
    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_help_and_the_name_of_its_module(name: str) -> None:
    command = getattr(importlib.import_module(f"gateway.commands.{name}"), name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys; from gateway.cli import run; assert run(['--help']) == 0;"
        "heavy = {'sqlalchemy', 'pydicom', 'pynetdicom', 'fastapi', 'pydantic', 'cryptography'};"
        "sys.exit(repr(heavy & sys.modules.keys()) if heavy & sys.modules.keys() else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=_CHECKOUT, capture_output=True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError("dicom.port"), Exit.SETTINGS),
        (StateError("x"), Exit.STATE),
        (SealedError("x"), Exit.SEALED),
        (UnsealError("x"), Exit.UNSEAL),
        (SubjectErasedError("x"), Exit.VAULT),
        (DiskFullError("x"), Exit.DISK),
        (TagError("bad tag", hint="write it so"), Exit.RULES),
        (HeldError("identity.missing"), Exit.HELD),
        (GatewayError("x"), Exit.OTHER),
    ],
)
def test_an_error_becomes_code_and_words(error: Exception, code: Exit) -> None:
    known = explain(error)
    assert known is not None
    assert known[0] is code
    assert ": " in known[1]


def test_a_foreign_error_is_unknown() -> None:
    assert explain(KeyError("x")) is None


def test_a_wrong_setting_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[dicom]\nprot = 1\n")
    assert run(["--config", str(file), "doctor"]) == Exit.SETTINGS
    assert "dicom.prot" in capsys.readouterr().err


def _service(name: str, *, config: Path, stderr: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "gateway.cli", "--state", str(config.parent / "state")]
    return subprocess.run(
        [*words, "--config", str(config), name],
        check=False,
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_the_log_of_a_service_ends_with_an_event_and_no_words(tmp_path: Path, name: str) -> None:
    file = tmp_path / "CANARY.toml"
    file.write_text('failpoint = "CANARY"\n[dicom]\nport = 0\n[canary]\n')
    done = _service(name, config=file, stderr=subprocess.PIPE)
    assert done.returncode == Exit.SETTINGS
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert said.pop("time")
    assert said.pop("frames")
    assert said == {
        "event": "error",
        "error": "SettingsError",
        "code": "settings",
        "component": name,
    }
    assert "canary" not in done.stderr.lower()


def test_at_a_terminal_a_service_says_words_too(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text("[dicom]\nprot = 1\n")
    master, slave = os.openpty()
    done = _service("receive", config=file, stderr=slave)
    os.close(slave)
    with os.fdopen(master, "rb") as terminal:
        event, words = terminal.read1().decode().splitlines()
    assert done.returncode == Exit.SETTINGS
    assert json.loads(event)["code"] == "settings"
    assert "dicom.prot" in words


def test_a_vault_that_can_not_be_made_is_an_event_of_serve(tmp_path: Path) -> None:
    file, key = tmp_path / "narthex.toml", tmp_path / "key"
    file.write_text(f"[vault]\nkey_file = {json.dumps(str(key))}\n")
    key.write_bytes(b"short")
    done = _service("serve", config=file, stderr=subprocess.PIPE)
    assert done.returncode == Exit.UNSEAL
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["component"], line["status"]) for line in said] == [
        ("child.died", "vault", Exit.UNSEAL)
    ]


def test_the_help_of_a_service_and_its_wrong_options_are_for_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["receive", "--help"]) == Exit.DONE
    assert run(["receive", "--no-such-option"]) == Exit.USAGE
    assert "No such option" in capsys.readouterr().err


def test_a_wrong_option_is_a_matter_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == Exit.USAGE
    assert run(["no-such-command"]) == Exit.USAGE
    assert "No such" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["doctor", "receive"])
def test_what_nobody_expected_is_an_internal_error(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def broken() -> None:
        raise KeyError("CANARY")

    monkeypatch.setattr(type(narthex), "get_command", lambda *_: broken)
    assert run([name]) == Exit.INTERNAL
    said = capsys.readouterr()
    assert "CANARY" not in said.out + said.err
    assert ("narthex: an unexpected error" in said.err) is (name == "doctor")
