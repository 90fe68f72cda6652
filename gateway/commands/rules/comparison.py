"""``narthex rules conformance|diff``: what a rule set can claim, and what changed."""

import json

import click

from gateway.commands.rules.shared import JSON, refused
from gateway.exits import Exit
from pipelines.metadata.method import codes_of
from rules.conformance import statement
from rules.conformance_page import page
from rules.difference import Difference, Direction, compiled, differences
from rules.errors import RuleSetError
from rules.version import VERSION


@click.command()
@click.argument("name", metavar="FILE|NAME")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["markdown", "json"]),
    default="markdown",
    show_default=True,
)
def conformance(*, name: str, shape: str) -> int:
    """Write the de-identification tables of a DICOM Conformance Statement.

    PS3.2 N.8.4.4 (profiles and options, method codes that can be claimed) and N.11.2.6
    (attributes). Exit code 1: the rule set is refused.
    """
    try:
        found = compiled(name)
    except RuleSetError as error:
        return refused(error, as_json=shape == "json")
    codes = [code.value for code in codes_of(found.plan, frozenset())]
    said = statement(found, claimed=codes, version=VERSION)
    text = page(said) if shape == "markdown" else json.dumps(said.as_data()) + "\n"
    click.echo(text, nl=False)
    return Exit.DONE


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@JSON
def diff(*, first: str, second: str, as_json: bool) -> int:
    """Say what the rule set B does differently from A.

    Where it keeps more comes first. A and B are files or shipped rule sets. Exit code 0:
    the same; 1: they differ, or one is refused.
    """
    try:
        one, other = compiled(first), compiled(second)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    found = differences(one, other)
    if as_json:
        data = {
            "first": {"name": one.plan.name, "hash": one.plan.hash},
            "second": {"name": other.plan.name, "hash": other.plan.hash},
            "differences": [each.as_data() for each in found],
        }
        click.echo(json.dumps(data))
    else:
        click.echo(f"A {one.plan.name} {one.plan.hash}\nB {other.plan.name} {other.plan.hash}")
        for direction in Direction:
            _say(direction, [each for each in found if each.direction is direction])
        if not found:
            click.echo("No difference.")
    return Exit.FINDINGS if found else Exit.DONE


def _say(direction: Direction, found: list[Difference]) -> None:
    if not found:
        return
    click.echo(f"\nB {direction} ({len(found)}):")
    for each in found:
        types = ", ".join(type_ or "unknown" for type_ in each.types)
        where = f", Type {types}" if types else ""
        click.echo(f"  {each.what} {each.name}{where}")
        click.echo(f"    A {each.first or '-'}\n    B {each.second or '-'}")
