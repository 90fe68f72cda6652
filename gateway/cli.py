"""The command ``narthex``.

Each command is a module of ``gateway.commands`` with a click command of the same name;
it is imported when it is called, so that ``narthex --help`` answers at once.
"""

import importlib
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.exits import Exit, explain
from gateway.invocation import Invocation
from rules.disclosure import install_hooks, log_error
from rules.version import VERSION

COMMANDS = {
    "broker": "Hold the keys of the vault (started by serve).",
    "deface": "Faces: preview what would be removed, decide what is in doubt.",
    "deidentify": "De-identify files or folders, without a node.",
    "doctor": "Check the installation and say what to do.",
    "outbox": "List what waits for delivery, or try again what was refused.",
    "quarantine": "List, show, release or discard held objects.",
    "receive": "Listen for DICOM (started by serve).",
    "rules": (
        "Rule sets: check, conformance, coverage, diff, explain, import, preview, schema, show,"
        " test."
    ),
    "serve": "Run the whole appliance on this machine.",
    "vault": "Initialise, unseal, seal the vault; show its status.",
    "web": "Serve the health pages (started by serve).",
    "work": "Clean, archive and send what was received (started by serve).",
}
"""Commands with their one line; a test compares it to the modules."""

SERVICES = frozenset({"broker", "receive", "serve", "web", "work"})
"""Commands whose standard error is a log: JSON lines, and words for a terminal only."""


class _LazyGroup(click.Group):
    """Import the module of a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's shape)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gateway.commands.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            name = ctx.invoked_subcommand or ""
            if name not in SERVICES:
                raise
            log_error(error, component=name)
            return _exit_code(error, says=sys.stderr.isatty())

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that holds all state (default: ./state).",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings (default: ./narthex.toml, where there is one).",
)
@click.version_option(VERSION, prog_name="narthex")
@click.pass_context
def narthex(context: click.Context, state: Path | None, config: Path | None) -> None:
    """DICOM de-identification and privacy gateway.

    Settings come from a TOML file and from NARTHEX_SECTION__KEY variables.
    """
    context.obj = Invocation(state=state, config=config)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; say errors in words on standard error."""
    try:
        result = narthex.main(list(arguments), prog_name="narthex", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has seen enough; nothing more can be written to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except Exception as error:  # noqa: BLE001  (the edge: recorded, and said in words)
        if explain(error) is None:
            log_error(error)
        return _exit_code(error, says=True)
    return result if isinstance(result, int) else Exit.DONE


def _exit_code(error: Exception, *, says: bool) -> Exit:
    """Return the exit code for `error`; if `says`, with words on standard error."""
    code, words = explain(error) or (
        Exit.INTERNAL,
        "an unexpected error; its place is in the line above.",
    )
    if says:
        click.echo(f"narthex: {words}", err=True)
    return code


def main() -> None:
    """Start the process as all of ours start: private files, no core dumps, no free text."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    install_hooks()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
