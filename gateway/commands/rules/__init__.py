"""``narthex rules``: check, show, compare, try and import rule sets."""

import click

from gateway.commands.rules.comparison import conformance, diff
from gateway.commands.rules.imports import import_
from gateway.commands.rules.inspection import check, explain_tag, schema, show
from gateway.commands.rules.trial import coverage, preview, test


@click.group()
def rules() -> None:
    """Check, show, compare, try or import rule sets.

    Exit code 1: the rule set is refused, with line, column and what to do.
    """


for _command in (
    check,
    conformance,
    coverage,
    diff,
    explain_tag,
    import_,
    preview,
    schema,
    show,
    test,
):
    rules.add_command(_command)
