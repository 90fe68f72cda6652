"""Write the pages of the manual that the program itself knows.

``python ops/manual/generate.py`` writes them; a test compares them to what it would write.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import gateway
from gateway.cli import COMMANDS, narthex
from gateway.errors import GatewayError
from gateway.exits import TABLE, Exit
from gateway.failpoints import DESCRIPTIONS
from gateway.health import REASONS
from gateway.settings import Destination, Peer, Project, Settings
from rules.errors import RulesError

FOLDER = Path(__file__).resolve().parent
_NOTE = "<!-- Made by ops/manual/generate.py; change the source, then run it. -->\n"
_SETTINGS_WORDS = """\
One TOML file (`--config`, or `narthex.toml` in the current folder), then the environment:
`NARTHEX_SECTION__KEY`, which wins; lists (`NARTHEX_PEERS`) are JSON there. An unknown key is an
error. Nothing is read again after the start.

Secrets are paths of files, never values. A PostgreSQL password belongs into a passfile:
`postgresql+psycopg://narthex@db/work?passfile=/etc/narthex/pgpass`.
"""
_FAILPOINT_WORDS = """\
For tests of crashes: with the setting `failpoint = NAME` the process kills itself (SIGKILL)
when it passes there. Never set in a hospital.
"""
_LISTS: dict[str, type[BaseModel]] = {
    "peers": Peer,
    "projects": Project,
    "destinations": Destination,
}
_IN_STATE = {
    "database.work": "`sqlite:///STATE/work.db`",
    "database.audit": "`sqlite:///STATE/audit.db`",
    "database.vault": "`sqlite:///STATE/vault/records.db`",
    "database.keyring": "`sqlite:///STATE/keyring/keyring.db`",
    "vault.key_file": "`STATE/keys/unseal.key`",
    "state": "`./state`",
}
_EXITS = {
    Exit.DONE: "done",
    Exit.FINDINGS: "the work was done, and something failed or was held; the output says what",
    Exit.USAGE: "the command line is wrong",
    Exit.INTERNAL: "an unexpected error; its place is on standard error",
    Exit.INTERRUPTED: "interrupted (Ctrl-C)",
}


def settings_page() -> str:
    """Return ``settings.md``."""
    lines = [
        _NOTE,
        "# Settings\n",
        _SETTINGS_WORDS,
        "| setting | default | meaning |\n|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {_IN_STATE.get(name) or _default(field)} | {field.description} |"
        for name, field in settings_fields()
    ]
    return "\n".join(lines) + "\n"


def settings_fields() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every setting with its dotted name."""
    yield from _fields(Settings, "")


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if not prefix and name in _LISTS:
            yield from _fields(_LISTS[name], f"{name}[].")
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _fields(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required"
    return "none" if field.default in (None, (), "") else f"`{field.default}`"


def _words(field: FieldInfo) -> str:
    return (field.description or "").replace("``", "`").replace("|", "\\|")


def commands_page() -> str:
    """Return ``commands.md``."""
    lines = [_NOTE, "# Commands\n", "```", _help(narthex, "narthex"), "```\n"]
    for name in COMMANDS:
        command = getattr(importlib.import_module(f"gateway.commands.{name}"), name)
        lines += [f"## narthex {name}\n", "```", _help(command, f"narthex {name}"), "```\n"]
        for verb, inner in sorted(getattr(command, "commands", {}).items()):
            lines += ["```", _help(inner, f"narthex {name} {verb}"), "```\n"]
    lines += ["## Exit codes\n", "| code | meaning |\n|---|---|"]
    words = {code: text for _, code, text in TABLE} | _EXITS
    lines += [f"| {code.value} | {words[code]} |" for code in Exit]
    lines += ["", "## Error codes\n", "Beside the exit code, in logs (`code`) and answers.\n"]
    lines += ["| code | meaning | exit code |\n|---|---|---|"]
    for kind in error_classes():
        known = next(code for base, code, _ in TABLE if issubclass(kind, base))
        meaning = (kind.__doc__ or "").partition("\n")[0].rstrip(".")
        lines.append(f"| {_code(kind)} | {meaning} | {known.value} |")
    return "\n".join(lines) + "\n"


def error_classes() -> list[type[Exception]]:
    """Return the error classes of gateway and rules that carry a code, by code."""
    for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if "migrations" not in module.name and module.name != "gateway.work.child":
            importlib.import_module(module.name)
    found = {kind for root in (GatewayError, RulesError) for kind in _below(root)}
    return sorted((kind for kind in found if "code" in kind.__dict__), key=_code)


def _below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith(("gateway.", "rules.")):
            yield from _below(child)


def _code(kind: type[Exception]) -> str:
    return str(kind.__dict__["code"])


def _help(command: click.Command, name: str) -> str:
    above = click.Context(narthex, **narthex.context_settings)
    context = click.Context(command, above, info_name=name, terminal_width=80, max_content_width=80)
    # "narthex narthex work" otherwise: the name is written out already
    context.parent = None
    return command.get_help(context)


def failpoints_page() -> str:
    """Return ``failpoints.md``."""
    lines = [
        _NOTE,
        "# Failpoints\n",
        _FAILPOINT_WORDS,
        "| name | what is done by then |\n|---|---|",
    ]
    lines += [f"| `{name}` | {words} |" for name, words in DESCRIPTIONS.items()]
    return "\n".join(lines) + "\n"


def readiness_page() -> str:
    """Return the table of ``/readyz`` reason codes for ``operation.md``."""
    return "\n".join(f"| `{code}` | {words} |" for code, words in REASONS.items())


PAGES = {
    "settings.md": settings_page,
    "failpoints.md": failpoints_page,
    "commands.md": commands_page,
}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make(), encoding="utf-8")
