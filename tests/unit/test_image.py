"""The Dockerfile says what the program understands; no engine builds it here."""

import os
import re
from pathlib import Path

import pytest

from gateway.cli import COMMANDS, narthex
from gateway.settings import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines() -> list[tuple[str, str]]:
    """Return instructions and arguments, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = (line.partition(" ") for line in text.splitlines() if line[:1] not in {"", "#"})
    return [(name, arguments.strip()) for name, _, arguments in found]


def of(lines: list[tuple[str, str]], name: str) -> list[str]:
    return [arguments for instruction, arguments in lines if instruction == name]


def test_its_settings_open_the_exposed_port_and_no_other(
    lines: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith("NARTHEX_")]:
        monkeypatch.delenv(name)
    for setting in of(lines, "ENV"):
        monkeypatch.setenv(*setting.split("=", 1))
    settings = load(config=None, state=None)
    assert of(lines, "EXPOSE") == [str(settings.dicom.port)]
    assert settings.dicom.host == "0.0.0.0"
    assert settings.web.host == "127.0.0.1"
    assert settings.peers == ()


def test_what_it_copies_is_there_and_reaches_the_engine(lines: list[tuple[str, str]]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        source
        for arguments in of(lines, "COPY")
        if not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    }
    assert all((ROOT / source).exists() for source in copied)
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored


def test_it_starts_a_command_with_options_that_exist_and_not_as_root(
    lines: list[tuple[str, str]],
) -> None:
    words = [re.findall(r'"([^"]+)"', of(lines, name)[0]) for name in ("ENTRYPOINT", "CMD")]
    assert words[0][0] == narthex.name
    assert words[1][0] in COMMANDS
    options = {option for each in narthex.params for option in each.opts}
    assert {word for word in words[0] if word.startswith("--")} <= options
    assert of(lines, "USER") == ["narthex"]
    assert Path(words[0][2]).is_relative_to(*of(lines, "VOLUME"))
