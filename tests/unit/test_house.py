"""The distribution: what is in it, what it needs, and where it is read from."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from rules.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "pipelines", "enclave", "rules")
DATA = (".tsv", ".json", ".md", ".yaml", ".lark", ".typed", ".mako", ".ini")


def installed() -> metadata.Distribution:
    try:
        return metadata.distribution("narthex")
    except metadata.PackageNotFoundError:
        pytest.skip("narthex is not installed here: run ops/test")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_name_is_ours(package: str) -> None:
    installed()
    assert set(metadata.packages_distributions()[package]) == {"narthex"}


def test_nothing_else_is_in_the_wheel() -> None:
    files = installed().files or []
    tops = {file.parts[0] for file in files if not file.parts[0].startswith("..")}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_data_of_the_packages_is_in_the_wheel() -> None:
    there = {str(file) for file in installed().files or []}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*"):
            if file.suffix in DATA:
                assert str(file.relative_to(ROOT)) in there, file


def test_each_package_is_typed() -> None:
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


def test_the_version_is_that_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION


def test_the_base_imports_without_the_enclave_s_libraries() -> None:
    code = """
import importlib, pkgutil, sys
sys.modules["torch"] = sys.modules["tenseal"] = None
for package in ("gateway", "pipelines", "enclave", "rules"):
    for module in pkgutil.walk_packages([package_path for package_path in
            importlib.import_module(package).__path__], package + "."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_locks_agree_and_tell_no_place() -> None:
    base, dev = (_pins(f"requirements{kind}.lock") for kind in ("", "-dev"))
    assert base.items() <= dev.items()
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"https?:|file:|--(extra-)?index|--find-links", text)
        pins = re.findall(r"^[a-z].*$", text, re.MULTILINE)
        assert len(re.findall(r"^[a-z][^\n]*==[^\n]*\\\n +--hash=", text, re.MULTILINE)) == len(
            pins
        )


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(.*)$", text, re.MULTILINE))


def test_every_dependency_is_locked_and_was_decided_about() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    decisions = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "ops" / "decisions").glob("*.md")
    ).lower()
    pins = _pins("requirements.lock")
    for requirement in project["dependencies"]:
        name = re.split(r"[^A-Za-z0-9.-]", requirement)[0].lower()
        assert name.replace(".", "-") in pins
        assert name in decisions, f"{name}: no record in ops/decisions"


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in listed.stdout.splitlines():
        file = ROOT / name
        if file.is_file() and file != Path(__file__):
            text = file.read_text(encoding="utf-8", errors="ignore")
            if re.search(r"/(work/main|work/shared|root/|home/[a-z])", text):
                found.append(name)
    assert not found
