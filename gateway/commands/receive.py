"""``narthex receive``: listen for DICOM."""

import click

from gateway.invocation import Invocation


@click.command()
@click.pass_obj
def receive(invocation: Invocation) -> None:
    """Listen for DICOM until SIGTERM; running C-STOREs end before it stops.

    ``narthex serve`` starts it.
    """
    from gateway.app import run_receiver  # noqa: PLC0415  (not needed for --help)

    run_receiver(invocation.settings())
