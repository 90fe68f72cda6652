"""``narthex rules import``: a rule set of another product's script, and what is lost."""

import json
import os
import re
from dataclasses import asdict
from pathlib import Path

import click

from gateway.commands.rules.shared import JSON, refused
from gateway.exits import Exit
from rules.errors import RuleSetError
from rules.importers import Account, Imported, import_ctp

_IMPORTERS = {"ctp": import_ctp}
_NAME_CHARACTERS = 64


@click.command("import")
@click.argument("kind", type=click.Choice(sorted(_IMPORTERS)))
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file.")
@click.option("--name", help="Of the rule set (default: the name of the script).")
@JSON
def import_(*, kind: str, script: Path, out: Path | None, name: str | None, as_json: bool) -> int:
    """Make a rule set of SCRIPT, and say what is different or lost in it.

    KIND ctp: an anonymizer script of RSNA's Clinical Trial Processor. Without --out the
    rule set goes to standard output and the report to standard error. Exit code 0: nothing
    is different; 1: something is, or SCRIPT is refused; 2: SCRIPT can't be read, or the
    file is there already.
    """
    try:
        text = script.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise click.FileError(str(script), "no UTF-8 text that can be read") from None
    try:
        found = _IMPORTERS[kind](text, name=name or _name(script), source=str(script))
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    if out is not None:
        _write(out, found.rule_set_text)
    if as_json:
        click.echo(json.dumps(_data(found)))
    else:
        if out is None:
            click.echo(found.rule_set_text, nl=False)
        for account in found.losses:
            click.echo(_sentence(account), err=out is None)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in found.counts.items())
        click.echo(f"{len(found.accounts)} lines: {counts}", err=out is None)
    return Exit.FINDINGS if found.losses else Exit.DONE


def _name(script: Path) -> str:
    word = re.sub(r"[^A-Za-z0-9 ._-]", "-", script.stem).lstrip(" ._-")
    return word[:_NAME_CHARACTERS] or "imported"


def _write(out: Path, text: str) -> None:
    try:
        descriptor = os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise click.FileError(str(out), error.strerror or "") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _data(found: Imported) -> dict[str, object]:
    return {
        "rule_set": found.rule_set_text,
        "counts": {outcome.value: count for outcome, count in found.counts.items()},
        "accounts": [asdict(account) for account in found.accounts],
    }


def _sentence(account: Account) -> str:
    action = f" -> {account.action}" if account.action else ""
    hint = f". {account.hint}" if account.hint else ""
    return (
        f"line {account.line}: {account.outcome}: {account.element} {account.said}{action}:"
        f" {account.why}{hint}"
    )
