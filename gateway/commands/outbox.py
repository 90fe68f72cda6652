"""``narthex outbox``: what waits for its delivery, and what a person decides about it."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.exits import Exit
from gateway.invocation import Invocation

if TYPE_CHECKING:
    import sqlalchemy as sa


@click.group()
def outbox() -> None:
    """Deliveries that did not end yet: counts, states and codes; never content."""


@outbox.command("list")
@click.option("--destination", help="Only this one.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def list_(invocation: Invocation, *, destination: str | None, as_json: bool) -> int:
    """Count what is queued, being sent or held, by destination, state and last answer."""
    from gateway.send.queue import waiting  # noqa: PLC0415  (not for --help)

    found = waiting(_engine(invocation), destination=destination)
    for each in found:
        click.echo(
            json.dumps(asdict(each))
            if as_json
            else f"{each.destination:16}  {each.state:8}  {each.count:>8}  {each.code}"
        )
    if not found and not as_json:
        click.echo("Nothing waits.")
    return Exit.DONE


@outbox.command()
@click.argument("destination")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def retry(invocation: Invocation, destination: str, *, yes: bool) -> int:
    """Queue again what is held for DESTINATION, e.g. after it was set right.

    Exit code 1: nothing is held for it; 130: not confirmed.
    """
    from gateway.audit.log import open_audit_log  # noqa: PLC0415  (not for --help)
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.send import queue  # noqa: PLC0415

    engine = _engine(invocation)
    held = sum(
        each.count
        for each in queue.waiting(engine, destination=destination)
        if each.state == "held"
    )
    if held and not yes:
        click.confirm(f"Send {held} held objects to {destination} again?", abort=True)
    clock = SystemClock()
    audit = open_audit_log(invocation.settings().database.audit, clock)
    count = queue.retry(engine, destination=destination, audit=audit, clock=clock)
    click.echo(f"{count} queued again.")
    return Exit.DONE if count else Exit.FINDINGS


def _engine(invocation: Invocation) -> "sa.Engine":
    from gateway.app import open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.state import prepare  # noqa: PLC0415

    settings = invocation.settings()
    prepare(settings)
    return open_work_database(settings)
