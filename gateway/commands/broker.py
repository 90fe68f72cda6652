"""``narthex broker``: hold the keys of the vault."""

import click

from gateway.invocation import Invocation


@click.command()
@click.pass_obj
def broker(invocation: Invocation) -> None:
    """Hold the keys of the vault and lend subjects to workers, until SIGTERM.

    A key-file vault is unsealed at the start; a passphrase is asked for by ``narthex
    vault unseal``. ``narthex serve`` starts it.
    """
    from gateway.app import run_broker  # noqa: PLC0415  (not needed for --help)

    run_broker(invocation.settings())
