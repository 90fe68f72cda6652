"""The command line: what it offers, and how it says that something is wrong."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

import gateway.commands
from gateway.cli import COMMANDS, narthex, run
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


def test_a_wrong_option_is_a_matter_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--no-such-option"]) == Exit.USAGE
    assert run(["no-such-command"]) == Exit.USAGE
    assert "No such" in capsys.readouterr().err


def test_what_nobody_expected_is_an_internal_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    def broken() -> None:
        raise KeyError("CANARY")

    monkeypatch.setitem(COMMANDS, "broken", "")
    monkeypatch.setattr(type(narthex), "get_command", lambda *_: broken)
    assert run(["broken"]) == Exit.INTERNAL
    assert "CANARY" not in "".join(capsys.readouterr())
