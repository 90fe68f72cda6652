"""``narthex vault``: make the vault, open it, seal it, say how it is, export from it."""

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.audit.log import open_audit_log
from gateway.clock import SystemClock
from gateway.errors import SettingsError, StateError, UnsealError, VaultUnavailableError
from gateway.exits import Exit
from gateway.invocation import Invocation
from gateway.state import prepare
from gateway.vault.broker import ADMIN_SOCKET, harden_process
from gateway.vault.client import AdminClient
from gateway.vault.export import export_accessions
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
    """Make the vault, open it, seal it, say how it is, export from it."""


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


@vault.command("export-accessions")
@click.argument("project")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(invocation: Invocation, *, project: str, file: Path) -> int:
    """Write accession numbers and their pseudonyms to FILE, to link reports.

    This identifies: whoever has FILE finds the patients of PROJECT. It is a new CSV file for
    its owner only; what exists is not overwritten. The audit log has the export first. The
    vault is opened for this alone, whatever the broker holds: a passphrase is always asked
    for, also where a file has it. So let one person have the node and another the
    passphrase; a key file has no such second person.

    Exit code 3: there is no such project; 6: the key or passphrase does not fit.
    """
    settings = invocation.settings()
    if project not in {each.name for each in settings.projects}:
        raise SettingsError("the settings have no such project")
    kind = stored_status(settings.database.keyring).seal
    if not kind:
        raise UnsealError("there is no vault yet: narthex vault init")
    harden_process()
    if kind == SealKind.KEY_FILE:
        secret = read_secret(settings.vault.key_file, SealKind.KEY_FILE)
    else:
        secret = str(click.prompt("Passphrase", hide_input=True)).encode()
    with ExitStack() as stack:
        audit = open_audit_log(settings.database.audit, SystemClock())
        stack.callback(audit.close)
        store = open_vault(
            settings.database.keyring,
            settings.database.vault,
            spool_public=settings.spool_public_file,
        )
        stack.callback(store.close)
        try:
            store.unseal(secret)
        except UnsealError as error:
            audit.append([(Event.VAULT_REFUSED, {"code": error.code})])
            raise
        try:
            count = export_accessions(store, project, file, audit=audit)
        except OSError as error:
            raise click.FileError(str(file), error.strerror or "it exists already") from None
    click.echo(f"{count} accession numbers of {project} were written.")
    return Exit.DONE


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
