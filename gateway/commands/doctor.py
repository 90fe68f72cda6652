"""``narthex doctor``: check the installation."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.exits import Exit
from gateway.invocation import Invocation

if TYPE_CHECKING:
    from gateway.settings import Settings
    from gateway.vault.status import VaultStatus


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per check.")
@click.pass_obj
def doctor(invocation: Invocation, *, as_json: bool) -> int:
    """Check the installation and say what to do; changes nothing.

    Exit code 1 where a check failed.
    """
    from gateway.doctor import Verdict, examine  # noqa: PLC0415  (not needed for --help)

    settings = invocation.settings()
    failed = False
    for finding in examine(settings, vault_status=lambda: _vault_status(settings)):
        failed = failed or finding.verdict is Verdict.FAILED
        if as_json:
            click.echo(json.dumps(asdict(finding)))
        else:
            click.echo(f"{finding.verdict:<7} {finding.check:<22} {finding.words}")
    return Exit.FINDINGS if failed else Exit.DONE


def _vault_status(settings: "Settings") -> "tuple[VaultStatus, bool]":
    """Return the state of the vault, and whether the broker said so."""
    from gateway.app import LOOK_SECONDS, admin_client  # noqa: PLC0415  (not needed for --help)
    from gateway.errors import VaultUnavailableError  # noqa: PLC0415
    from gateway.vault.vault import stored_status  # noqa: PLC0415

    try:
        return admin_client(settings, seconds=LOOK_SECONDS).status(), True
    except VaultUnavailableError:
        return stored_status(settings.database.keyring), False
