"""``narthex deface``: see what would be removed of faces."""

import click

from gateway.commands.deface.preview import preview


@click.group()
def deface() -> None:
    """Look at what would be removed of faces; nothing is de-identified here."""


deface.add_command(preview)
