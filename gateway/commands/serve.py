"""``narthex serve``: the whole appliance on one machine."""

import subprocess
import sys

import click

from gateway.invocation import Invocation
from gateway.settings import Settings
from gateway.state import locked, prepare
from gateway.supervisor import GRACE_SECONDS, Supervisor, command
from rules.disclosure import Event, log


@click.command()
@click.pass_obj
def serve(invocation: Invocation) -> int:
    """Run broker, receiver, workers and health pages, until SIGTERM or Ctrl-C.

    At the first start the state folder, the databases and, with a key-file seal, the
    vault are made. Exit code 4: another serve runs on the state folder.
    """
    from gateway.app import migrate  # noqa: PLC0415  (not needed for --help)

    settings = invocation.settings()
    prepare(settings)
    words = [*invocation.arguments()]
    with locked(settings):
        migrate(settings)
        code = _first_vault(settings, words)
        if code:
            return code
        workers = [f"work-{number}" for number in range(1, settings.work.workers + 1)]
        parts = {name: name.partition("-")[0] for name in ("broker", "receive", *workers, "web")}
        Supervisor(
            {name: command(*words, verb) for name, verb in parts.items()},
            grace_seconds=GRACE_SECONDS,
        ).run()
    return 0


def _first_vault(settings: Settings, words: list[str]) -> int:
    """Make the vault where it opens with a key file and there is none; return the exit code.

    In a process of its own: no key is ever in the memory of the supervisor. Its words
    are for a terminal; a log gets its events only.
    """
    from gateway.vault.vault import stored_status  # noqa: PLC0415  (not needed for --help)

    if settings.vault.seal != "key-file" or stored_status(settings.database.keyring).initialised:
        return 0
    ended = subprocess.run(  # noqa: S603  (our own command line)
        command(*words, "vault", "init"), check=False, stderr=subprocess.PIPE, text=True
    )
    for line in ended.stderr.splitlines():
        if line.startswith("{") or sys.stderr.isatty():
            click.echo(line, err=True)
    if ended.returncode:
        log(Event.CHILD_DIED, component="vault", status=ended.returncode)
    return ended.returncode
