"""``narthex deface decide``: what a reviewer says about faces that are in doubt."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gateway.commands.deface.findings import Looked, look, passes
from gateway.commands.deface.held import of_held
from gateway.commands.deface.inputs import Inputs
from gateway.errors import FaceVerdictError
from gateway.exits import Exit
from gateway.invocation import Invocation
from pipelines.deface.decision import FaceOutcome
from pipelines.faces import is_asked
from rules.load import load_plan
from rules.plan import Plan

if TYPE_CHECKING:
    from gateway.work.verdicts import Question

_WORDS = {
    FaceOutcome.REMOVED: "released without what the mask covers",
    FaceOutcome.NO_FACE: "released with their pixels as they are: no face is in them",
}


@click.command()
@click.option("--study-id", metavar="ID", required=True, help="The study that is held.")
@click.option(
    "--seen",
    metavar="NUMBER",
    multiple=True,
    help="What you saw: from narthex deface preview --held --pictures. Several: several series.",
)
@click.option("--mask-is-right", is_flag=True, help="Remove what the mask covers.")
@click.option("--no-face", is_flag=True, help="There is no face in the images.")
@click.option("--undo", is_flag=True, help="Take back what no worker has begun with.")
@click.option(
    "--rules",
    default="research-default",
    show_default=True,
    help="Rule set of the project: a file, or the name of a shipped one.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def decide(
    invocation: Invocation,
    *,
    study_id: str,
    seen: tuple[str, ...],
    mask_is_right: bool,
    no_face: bool,
    undo: bool,
    rules: str,
    dry_run: bool,
    yes: bool,
) -> int:
    """Say that a proposed mask is right, or that images show no face.

    Look at the pictures first (narthex deface preview --held --study-id ID --pictures DIR).
    Below each series that you can decide about stands a number: of exactly these objects, this
    mask and this rule set. The objects are looked at again here, and where anything has
    changed, nothing is decided. What you say counts for these objects and for none that come
    later, in each project that uses the rule set.

    They are released to be cleaned: they pass all other checks, and are held again where one
    fails. The audit log names you by your user id before anything counts. Objects say in De-
    identification Method that a person decided.

    --undo takes back all that was decided about the study, until a worker has begun: what was
    held is held again, for the same reason. Exit code 1: nothing was to be taken back; 130:
    not confirmed.
    """
    _check_use(seen, mask_is_right=mask_is_right, no_face=no_face, undo=undo)
    if undo:
        return _undo(invocation, study_id)
    plan = load_plan(rules)
    if not is_asked(plan):
        raise click.UsageError("this rule set does not ask for faces to be removed")
    inputs = of_held(invocation, plan, study_id=study_id, reason=None, writes=False)
    if not inputs.secrets:
        raise click.UsageError("no project of this node uses this rule set")
    outcome = FaceOutcome.REMOVED if mask_is_right else FaceOutcome.NO_FACE
    looked = look(inputs, plan=plan)
    questions = _questions(looked, plan, seen, outcome)
    _say(looked, inputs, questions, outcome, plan)
    if dry_run:
        return Exit.DONE
    if not yes:
        click.confirm("Decide so?", abort=True)
    count = _give(invocation, questions, outcome, study_id=study_id, plan=plan, inputs=inputs)
    click.echo(f"{count} objects released; a worker cleans them when their study is quiet.")
    return Exit.DONE


def _check_use(seen: Sequence[str], *, mask_is_right: bool, no_face: bool, undo: bool) -> None:
    if undo:
        if seen or mask_is_right or no_face:
            raise click.UsageError("--undo stands alone: it takes back all about the study.")
        return
    if mask_is_right == no_face:
        raise click.UsageError("Give --mask-is-right, or --no-face.")
    if not seen:
        raise click.UsageError("Give --seen: narthex deface preview --held --pictures says it.")


def _questions(
    looked: Looked, plan: Plan, seen: Sequence[str], outcome: FaceOutcome
) -> "list[Question]":
    """Return what is decided about.

    Raises
    ------
    FaceVerdictError
        It is not what the person saw, or it was no question.
    """
    # scipy: not for --help
    from gateway.commands.deface.questions import questions_of  # noqa: PLC0415

    asked = {each.seen: each for each in questions_of(looked.series, plan).values()}
    if not asked.keys() >= set(seen):
        raise FaceVerdictError(
            "what you saw is not what is held and proposed now: look at the pictures again"
        )
    chosen = [asked[each] for each in dict.fromkeys(seen)]
    if not all(outcome in each.data for each in chosen):
        raise FaceVerdictError(
            "no mask was proposed for them: say --no-face, or leave them"
            if outcome is FaceOutcome.REMOVED
            else "they have no picture of their own: say --mask-is-right, or leave them"
        )
    return chosen


def _say(
    looked: Looked,
    inputs: Inputs,
    questions: "Sequence[Question]",
    outcome: FaceOutcome,
    plan: Plan,
) -> None:
    """Say what will happen to which objects."""
    verdicts = {each.id: q.data[outcome] for q in questions for each in q.objects}
    for finding in looked.series:
        numbers = [n for n, each in enumerate(finding.inputs) if each.name in verdicts]
        if not numbers:
            continue
        named = f"series {finding.number:03}, {finding.modality}: {len(numbers)} objects"
        click.echo(f"{named} are {_WORDS[outcome]}")
        for number in numbers:
            held = finding.inputs[number]
            code = passes(held, finding.decisions[number], verdicts[held.name], plan)
            if code:
                click.echo(f"     {held.name} is held again: {code}")
    left = sum(len(each) for each in inputs.studies) + len(inputs.rest) - len(verdicts)
    click.echo(f"projects: {', '.join(sorted(inputs.secrets))}; {left} others stay held")


def _give(
    invocation: Invocation,
    questions: "Sequence[Question]",
    outcome: FaceOutcome,
    *,
    study_id: str,
    plan: Plan,
    inputs: Inputs,
) -> int:
    from gateway.app import open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.audit.log import open_audit_log  # noqa: PLC0415
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.work.verdicts import give  # noqa: PLC0415

    settings, clock = invocation.settings(), SystemClock()
    return give(
        open_work_database(settings),
        questions,
        outcome,
        study_id=study_id,
        plan_hash=plan.hash,
        secrets=inputs.secrets,
        person=os.getuid(),
        audit=open_audit_log(settings.database.audit, clock),
        clock=clock,
    )


def _undo(invocation: Invocation, study_id: str) -> int:
    from gateway.app import open_work_database  # noqa: PLC0415  (not for --help)
    from gateway.audit.log import open_audit_log  # noqa: PLC0415
    from gateway.clock import SystemClock  # noqa: PLC0415
    from gateway.state import prepare  # noqa: PLC0415
    from gateway.work.verdicts import undo  # noqa: PLC0415

    settings = invocation.settings()
    prepare(settings)
    audit = open_audit_log(settings.database.audit, SystemClock())
    count = undo(open_work_database(settings), study_id, person=os.getuid(), audit=audit)
    click.echo(f"{count} objects are held again.")
    return Exit.DONE if count else Exit.FINDINGS
