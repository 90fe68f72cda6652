"""What the commands of ``narthex rules`` share."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from gateway.exits import Exit
from rules.errors import RuleSetError

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def refused(error: RuleSetError, *, as_json: bool) -> int:
    """Say what is wrong with a rule set; return the exit code."""
    if as_json:
        problems = [
            {"line": p.line, "column": p.column, "message": p.message, "hint": p.hint}
            for p in error.problems
        ]
        click.echo(json.dumps({"ok": False, "problems": problems}))
    else:
        click.echo(str(error), err=True)
    return Exit.FINDINGS


def with_progress(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the paths; show how far it is on a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(list(paths), label="files", file=sys.stderr, hidden=hidden) as bar:
        yield from bar
