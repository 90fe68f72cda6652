"""What the commands of ``narthex rules`` share."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from gateway.exits import Exit
from rules.errors import RuleSetError

Each = TypeVar("Each")
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


def with_progress(things: Iterable[Each]) -> Iterator[Each]:
    """Yield the things; show how far it is on a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(list(things), label="objects", file=sys.stderr, hidden=hidden) as bar:
        yield from bar
