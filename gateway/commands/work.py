"""``narthex work``: clean, archive and send what was received."""

import click

from gateway.invocation import Invocation


@click.command()
@click.pass_obj
def work(invocation: Invocation) -> None:
    """Clean, archive and send until SIGTERM; the batch at hand is finished.

    ``narthex serve`` starts it.
    """
    from gateway.app import run_worker  # noqa: PLC0415  (not needed for --help)

    run_worker(invocation.settings())
