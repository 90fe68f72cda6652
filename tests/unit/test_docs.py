"""The manual says everything that the program can be told, and can say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import COMMANDS
from gateway.exits import TABLE, Exit
from gateway.failpoints import NAMES
from gateway.health import METRICS, REASONS
from ops.manual.generate import PAGES, readiness_page, settings_fields
from rules.disclosure import FIELDS, Event

ROOT = Path(__file__).resolve().parents[2]
MANUAL = ROOT / "ops" / "manual"
PACKAGES = ("gateway", "pipelines", "rules")


def manual(name: str) -> str:
    return (MANUAL / name).read_text(encoding="utf-8")


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from (ROOT / package).rglob("*.py")


@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_made_page_is_current(page: str) -> None:
    """If not: ``python -m ops.manual.generate``."""
    assert manual(page) == PAGES[page]()


def test_every_setting_says_what_it_means() -> None:
    for name, field in settings_fields():
        assert field.description, name
        assert f"| `{name}` |" in manual("settings.md")


def test_every_command_and_exit_code_is_explained() -> None:
    for name in COMMANDS:
        assert f"## narthex {name}\n" in manual("commands.md")
    for code in Exit:
        assert f"| {code.value} | " in manual("commands.md")
    assert len({code for _, code, _ in TABLE}) == len(TABLE)


def test_every_event_is_explained_and_said_somewhere() -> None:
    page = manual("events.md")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(*PACKAGES))
    for event in Event:
        assert re.search(rf"[ |]{re.escape(event)}[ ,|]", page), event
        assert f"Event.{event.name}" in text, f"{event} is never said"


def test_every_field_is_used() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources(*PACKAGES))
    for field in FIELDS:
        assert re.search(rf'\b{field}=|"{field}":|"{field}", ', text), field


def test_every_reason_code_is_explained() -> None:
    page = manual("reasons.md")
    codes = set(_raised_codes())
    assert "identity.missing" in codes
    missing = sorted(code for code in codes if f"| {code} |" not in page)
    assert not missing


def _raised_codes() -> Iterator[str]:
    """Yield the codes that objects are held with, as the source spells them."""
    for path in sources("pipelines", "gateway/work", "gateway/scp"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.search(
                r"(Held|Residual|Malformed)Error$|_held$|_hold$", ast.unparse(node.func)
            ):
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and re.fullmatch(
                        r"[a-z-]+\.[a-z-]+", str(argument.value)
                    ):
                        yield str(argument.value)


def test_every_delivery_code_is_explained() -> None:
    page = manual("operation.md")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources("gateway/send"))
    codes = set(re.findall(r'(?<!failpoint\()"(send\.[a-z-]+|delivered(?:\.[a-z-]+)?)"', text))
    assert "send.refused" in codes
    assert not sorted(code for code in codes if f"`{code}`" not in page)


def test_every_failpoint_is_explained_and_passed_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources("gateway"))
    for name in NAMES:
        assert f"| `{name}` |" in manual("failpoints.md")
        assert f'failpoint("{name}")' in text, f"nothing passes {name}"


def test_every_metric_and_readiness_reason_is_explained() -> None:
    page = manual("operation.md")
    for name in METRICS:
        assert f"| `{name}` |" in page
    assert readiness_page() in page
    assert len(REASONS) == readiness_page().count("\n") + 1


def test_the_readme_names_the_commands_and_existing_files() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("ops/run", "ops/test", "ops/check", ".ci/run"):
        assert command in readme
        assert (ROOT / command).stat().st_mode & 0o100, f"{command} can't be executed"
    for path in re.findall(r"`((?:gateway|pipelines|rules|ops)/[\w./]+)`", readme):
        assert (ROOT / path).exists(), path
    for path in re.findall(r"\]\(([\w./]+)\)", readme):
        assert (ROOT / path).exists(), path
