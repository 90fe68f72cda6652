"""``narthex deface``: see what would be removed of faces, and settle what is in doubt."""

import click

from gateway.commands.deface.decide import decide
from gateway.commands.deface.preview import preview
from gateway.commands.deface.verdicts import verdicts


@click.group()
def deface() -> None:
    """See what would be removed of faces, and settle what a node holds in doubt."""


deface.add_command(preview)
deface.add_command(decide)
deface.add_command(verdicts)
