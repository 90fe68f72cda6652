"""What this node holds, for ``narthex rules preview --quarantine``."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.commands.rules.shared import with_progress
from gateway.invocation import Invocation
from gateway.workbench.examination import Examined, Examiner

if TYPE_CHECKING:
    from gateway.workbench.held import OpenableObject


def of_held(
    examiner: Examiner, invocation: Invocation, *, reason: str | None, limit: int | None
) -> Iterator[Examined]:
    """Yield what would become of each held object, the oldest first.

    Raises
    ------
    gateway.errors.SealedError
        There is no vault, or no file that opens it.
    """
    for each in with_progress(_openable(invocation, reason=reason, limit=limit)):
        held = each.object
        if held.deaths:
            # here it is no child that it would end
            where = f"not opened: it ended {held.deaths} processes"
            yield Examined(input=held.id, outcome="quarantined", reason=held.reason, where=where)
            continue
        examined = examiner.examine_opened(held.id, each.open)
        yield replace(examined, held_for=held.reason)


def _openable(
    invocation: Invocation, *, reason: str | None, limit: int | None
) -> "list[OpenableObject]":
    from gateway.app import open_project_vault, open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.audit.log import open_audit_log  # noqa: PLC0415
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.work.quarantine import held_objects  # noqa: PLC0415
    from gateway.workbench.held import openable  # noqa: PLC0415

    settings = invocation.settings()
    vault = open_project_vault(settings)
    try:
        found = held_objects(open_work_database(settings), reason=reason)[:limit]
        audit = open_audit_log(settings.database.audit, SystemClock())
        return openable(found, spool=settings.spool, vault=vault, audit=audit)
    finally:
        vault.close()  # before anything hostile is parsed
