"""What this node holds, for ``narthex deface preview --held``."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from gateway.commands.deface.inputs import Input, Inputs
from gateway.invocation import Invocation
from pipelines.context import RangeReader
from rules.disclosure import Event
from rules.plan import Plan

if TYPE_CHECKING:
    import sqlalchemy as sa

    from gateway.work.quarantine import HeldObject
    from gateway.workbench.held import OpenableObject


def of_held(
    invocation: Invocation, plan: Plan, *, study_id: str | None, reason: str | None, writes: bool
) -> Inputs:
    """Return what is held, by study, the oldest first; the vault is closed again.

    With it what the node remembers of the faces of these studies, where a project has the
    plan: so a dry run knows what a worker would know.

    An object over which child processes died is not opened: here it is no child that it
    would end.

    Parameters
    ----------
    study_id : str or None
        Only this study.
    reason : str or None
        Only studies of which an object is held for this reason, whole.
    writes : bool
        Pictures or a mask are to be written: that is what the audit log says.

    Raises
    ------
    gateway.errors.SealedError
        There is no vault, or no file that opens it.
    """
    from gateway.app import open_project_vault, open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.audit.log import open_audit_log  # noqa: PLC0415
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.configuration import routes_of  # noqa: PLC0415
    from gateway.work.quarantine import content_digests, held_objects  # noqa: PLC0415
    from gateway.workbench.held import openable  # noqa: PLC0415

    settings = invocation.settings()
    vault = open_project_vault(settings)
    try:
        engine = open_work_database(settings)
        chosen = _chosen(held_objects(engine), study_id=study_id, reason=reason)
        projects = [each.project for each in routes_of(settings) if each.plan.hash == plan.hash]
        secrets = {name: vault.project_secret(name, lease=None) for name in projects}
        digests = content_digests(engine)
        earlier = {
            each: _earlier(engine, each, plan, secrets)
            for each in sorted({each.study_id for each in chosen})
        }
        objects = openable(
            [each for each in chosen if not each.deaths],
            spool=settings.spool,
            vault=vault,
            audit=open_audit_log(settings.database.audit, SystemClock()),
            event=Event.QUARANTINE_PICTURED if writes else Event.QUARANTINE_EXAMINED,
        )
    finally:
        vault.close()  # before anything hostile is parsed
    studies: dict[str, list[Input]] = {}
    for each in objects:
        digest = digests.get(each.object.id, b"")
        studies.setdefault(each.object.study_id, []).append(_input(each, digest))
    return Inputs(
        earlier=earlier,
        secrets=secrets,
        studies=list(studies.values()),
        rest=[_deadly(each) for each in chosen if each.deaths],
    )


def _chosen(
    objects: "Sequence[HeldObject]", *, study_id: str | None, reason: str | None
) -> "list[HeldObject]":
    studies = {each.study_id for each in objects if reason is None or each.reason == reason}
    if study_id is not None:
        studies &= {study_id}
    return [each for each in objects if each.study_id in studies]


def _earlier(
    engine: "sa.Engine",
    study_id: str,
    plan: Plan,
    secrets: Mapping[str, bytes],
) -> list[bytes]:
    """Return what the first project that knows anything of a study knows."""
    from gateway.work.quarantine import subject_indexes  # noqa: PLC0415  (not for --help)
    from gateway.work.remembered import memories_of  # noqa: PLC0415

    memories = memories_of(engine, study_id, subject_indexes(engine, study_id))
    for project, secret in secrets.items():
        found = memories.earlier(plan, project=project, secret=secret)
        if found:
            return found
    return []


def _input(each: "OpenableObject", content_digest: bytes) -> Input:
    held = each.object
    return Input(
        name=held.id,
        open=each.open,
        study_id=held.study_id,
        held_for=held.reason,
        content_digest=content_digest,
    )


def _deadly(held: "HeldObject") -> Input:
    return Input(
        name=held.id,
        open=_refuse,
        study_id=held.study_id,
        held_for=held.reason,
        not_opened=f"not opened: it ended {held.deaths} processes",
    )


def _refuse() -> AbstractContextManager[RangeReader]:
    raise PermissionError("it must not be opened")
