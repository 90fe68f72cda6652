"""``narthex deface verdicts``: what reviewers said."""

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from gateway.exits import Exit
from gateway.invocation import Invocation


@click.command()
@click.option("--study-id", metavar="ID", help="Only about this study.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def verdicts(invocation: Invocation, *, study_id: str | None, as_json: bool) -> int:
    """List what was decided about faces, the oldest first.

    Of each: when, by which user id, about which study and how many objects, in which project
    and under which plan, and whether it is given (a worker has not begun), used, or undone.
    """
    from gateway.app import open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.state import prepare  # noqa: PLC0415
    from gateway.work.verdicts import verdicts_of  # noqa: PLC0415

    settings = invocation.settings()
    prepare(settings)
    found = verdicts_of(open_work_database(settings), study_id)
    for each in found:
        objects = {one.id: one.reason for one in each.objects}
        if as_json:
            kept = {k: v for k, v in asdict(each).items() if k != "sealed"}
            click.echo(json.dumps({**kept, "objects": objects}))
            continue
        time = datetime.fromtimestamp(each.created, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        click.echo(
            f"{time}  {each.state:6}  user {each.person}  {each.outcome:8}  study {each.study_id}"
            f"  {len(objects)} objects  project {each.project}  seen {each.seen}"
        )
    if not found and not as_json:
        click.echo("Nothing was decided.")
    return Exit.DONE
