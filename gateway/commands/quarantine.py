"""``narthex quarantine``: what is held, and what a person decides about it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.exits import Exit
from gateway.invocation import Invocation

if TYPE_CHECKING:
    import sqlalchemy as sa

    from gateway.audit.log import DatabaseAuditLog
    from gateway.work.quarantine import HeldObject

_chosen = click.argument("ids", nargs=-1)
_reason = click.option("--reason", help="All that are held for this reason.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


@click.group()
def quarantine() -> None:
    """Held objects: reason, size, time and a random id; never content."""


@quarantine.command("list")
@_reason
@_json
@click.pass_obj
def list_(invocation: Invocation, *, reason: str | None, as_json: bool) -> int:
    """List what is held, the oldest first."""
    from gateway.work.quarantine import held_objects  # noqa: PLC0415  (not for --help)

    found = held_objects(_engine(invocation), reason=reason)
    for each in found:
        click.echo(_json_of(each) if as_json else _line(each))
    if not found and not as_json:
        click.echo("Nothing is held.")
    return Exit.DONE


@quarantine.command()
@_chosen
@_json
@click.pass_obj
def show(invocation: Invocation, ids: tuple[str, ...], *, as_json: bool) -> int:
    """Show what is known of held objects.

    Exit code 1: an id is not that of a held object.
    """
    from gateway.work.quarantine import held_objects  # noqa: PLC0415  (not for --help)

    found = held_objects(_engine(invocation), ids=ids)
    for each in found:
        if as_json:
            click.echo(_json_of(each))
            continue
        for name, value in asdict(each).items():
            click.echo(f"{name:12}{_time(value) if name == 'received' else value}")
        click.echo()
    return _missing(ids, found)


@quarantine.command()
@_chosen
@_reason
@click.pass_obj
def release(invocation: Invocation, ids: tuple[str, ...], *, reason: str | None) -> int:
    """Let held objects be cleaned again, e.g. after a change of rules or routing.

    They pass the same checks again. Exit code 1: an id is not that of a held object.
    """
    from gateway.clock import SystemClock  # noqa: PLC0415  (not for --help)
    from gateway.work import quarantine as held  # noqa: PLC0415

    engine = _engine(invocation)
    found = _choose(engine, ids, reason)
    count = held.release(engine, found, audit=_audit(invocation), clock=SystemClock())
    click.echo(f"{count} released; a worker cleans them when their study is quiet.")
    return _missing(ids, found)


@quarantine.command()
@_chosen
@_reason
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def discard(invocation: Invocation, ids: tuple[str, ...], *, reason: str | None, yes: bool) -> int:
    """Destroy held objects for good. We told their sender Success: ask first.

    Exit code 1: an id is not that of a held object; 130: not confirmed.
    """
    from gateway.work import quarantine as held  # noqa: PLC0415  (not for --help)

    engine = _engine(invocation)
    found = _choose(engine, ids, reason)
    if found and not yes:
        click.confirm(f"Destroy {len(found)} received objects for good?", abort=True)
    count = held.discard(engine, found, spool=_spool(invocation), audit=_audit(invocation))
    click.echo(f"{count} discarded.")
    return _missing(ids, found)


def _choose(engine: "sa.Engine", ids: tuple[str, ...], reason: str | None) -> "list[HeldObject]":
    from gateway.work.quarantine import held_objects  # noqa: PLC0415  (not for --help)

    if not ids and reason is None:
        raise click.UsageError("Give ids, or --reason.")
    return held_objects(engine, ids=ids or None, reason=reason)


def _engine(invocation: Invocation) -> "sa.Engine":
    from gateway.app import open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.state import prepare  # noqa: PLC0415

    settings = invocation.settings()
    prepare(settings)
    return open_work_database(settings)


def _audit(invocation: Invocation) -> "DatabaseAuditLog":
    from gateway.audit.log import open_audit_log  # noqa: PLC0415  (not for --help)
    from gateway.clock import SystemClock  # noqa: PLC0415

    return open_audit_log(invocation.settings().database.audit, SystemClock())


def _spool(invocation: Invocation) -> Path:
    return invocation.settings().spool


def _missing(ids: Sequence[str], found: "Sequence[HeldObject]") -> int:
    known = {each.id for each in found}
    missing = [each for each in ids if each not in known]
    if missing:
        click.echo(f"{len(missing)} of the ids are not those of held objects.", err=True)
    return Exit.FINDINGS if missing else Exit.DONE


def _json_of(each: "HeldObject") -> str:
    return json.dumps(asdict(each))


def _line(each: "HeldObject") -> str:
    return (
        f"{each.id}  {_time(each.received)}  {each.size_bytes:>12}  {each.peer:16}  {each.reason}"
    )


def _time(received: float) -> str:
    return datetime.fromtimestamp(received, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
