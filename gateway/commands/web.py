"""``narthex web``: the health pages."""

import click

from gateway.invocation import Invocation


@click.command()
@click.pass_obj
def web(invocation: Invocation) -> None:
    """Serve /healthz, /readyz and /metrics until SIGTERM; ``narthex serve`` starts it."""
    from gateway.app import run_web  # noqa: PLC0415  (not needed for --help)

    run_web(invocation.settings())
