"""``narthex vault``: make the vault, open it, seal it, say how it is."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.audit.log import open_audit_log
from gateway.clock import SystemClock
from gateway.errors import StateError, UnsealError, VaultUnavailableError
from gateway.exits import Exit
from gateway.invocation import Invocation
from gateway.state import prepare
from gateway.vault.broker import ADMIN_SOCKET
from gateway.vault.client import AdminClient
from gateway.vault.status import VaultStatus
from gateway.vault.unsealing import SealKind, make_key_file, read_secret, stored_secret
from gateway.vault.vault import open_vault, stored_status
from rules.disclosure import Event

if TYPE_CHECKING:
    from gateway.settings import Settings

_ANSWER_SECONDS = 30.0
_SHORTEST_PASSPHRASE = 12


@click.group()
def vault() -> None:
    """Make the vault, open it, seal it, say how it is."""


@vault.command()
@click.option(
    "--seal",
    type=click.Choice([kind.value for kind in SealKind]),
    help="What opens it (default: the setting vault.seal).",
)
@click.pass_obj
def init(invocation: Invocation, *, seal: str | None) -> int:
    """Make the vault; refused where there is one.

    A key file is made where the setting vault.key_file says, and used if it is there
    already. Exit code 4: there is a vault already; 6: the key file or passphrase can't be
    used.
    """
    settings = invocation.settings()
    prepare(settings)
    store = open_vault(
        settings.database.keyring,
        settings.database.vault,
        spool_public=settings.spool_public_file,
    )
    if store.status().initialised:
        raise StateError("there is a vault already; it is not made twice")
    kind = SealKind(seal or settings.vault.seal)
    store.init(_new_secret(settings, kind), kind)
    audit = open_audit_log(settings.database.audit, SystemClock())
    audit.append([(Event.VAULT_INITIALISED, {"kind": kind.value})])
    audit.close()
    store.close()
    click.echo(f"The vault is made; a {kind.value} opens it.")
    if kind is SealKind.KEY_FILE:
        click.echo(f"Copy {settings.vault.key_file} to a safe place: without it all is lost.")
    return Exit.DONE


@vault.command()
@click.pass_obj
def unseal(invocation: Invocation) -> int:
    """Open the vault in the running broker.

    Exit code 5: no broker runs; 6: the key or passphrase does not fit.
    """
    settings = invocation.settings()
    client = _client(settings)
    kind = client.status().seal
    if not kind:
        raise UnsealError("there is no vault yet: narthex vault init")
    secret = _stored_secret(settings, SealKind(kind))
    if secret is None:
        secret = str(click.prompt("Passphrase", hide_input=True)).encode()
    client.unseal(secret)
    click.echo("The vault is unsealed.")
    return Exit.DONE


@vault.command()
@click.pass_obj
def seal(invocation: Invocation) -> int:
    """Seal the vault: receiving goes on, cleaning waits.

    Exit code 5: no broker runs; then nothing is unsealed.
    """
    _client(invocation.settings()).seal()
    click.echo("The vault is sealed. Receiving goes on, cleaning waits.")
    return Exit.DONE


@vault.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
@click.pass_obj
def status(invocation: Invocation, *, as_json: bool) -> int:
    """Say how the vault is, also where no broker runs.

    Exit code 0: unsealed; 5: sealed, or no broker runs; 7: there is no vault.
    """
    settings = invocation.settings()
    try:
        found, running = _client(settings).status(), True
    except VaultUnavailableError:
        found, running = stored_status(settings.database.keyring), False
    if as_json:
        click.echo(json.dumps({**asdict(found), "broker": running}))
    else:
        click.echo(_in_words(found, running=running))
    if not found.initialised:
        return Exit.VAULT
    return Exit.SEALED if found.sealed else Exit.DONE


def _in_words(found: VaultStatus, *, running: bool) -> str:
    if not found.initialised:
        return "There is no vault yet: narthex vault init"
    state = "sealed" if found.sealed else "unsealed"
    broker = "" if running else " (no broker runs)"
    return (
        f"The vault is {state}{broker}; opened by {found.seal}; epoch {found.epoch};"
        f" {found.subjects} subjects, {found.erased} erased."
    )


def _client(settings: "Settings") -> AdminClient:
    return AdminClient(settings.run / ADMIN_SOCKET, timeout_seconds=_ANSWER_SECONDS)


def _stored_secret(settings: "Settings", kind: SealKind) -> bytes | None:
    return stored_secret(
        kind, key_file=settings.vault.key_file, passphrase_file=settings.vault.passphrase_file
    )


def _new_secret(settings: "Settings", kind: SealKind) -> bytes:
    if kind is SealKind.KEY_FILE:
        path = settings.vault.key_file
        return read_secret(path, kind) if path.exists() else make_key_file(path)
    secret = _stored_secret(settings, kind)
    if secret is None:
        words = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True)
        secret = str(words).encode()
    if len(secret.decode(errors="replace")) < _SHORTEST_PASSPHRASE:
        raise UnsealError(f"a passphrase has at least {_SHORTEST_PASSPHRASE} characters")
    return secret
