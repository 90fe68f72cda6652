"""``narthex deface preview``: what would be removed, in figures and in pictures."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.commands.deface.findings import SeriesFinding, look
from gateway.commands.deface.folder import make_private, stands_in, write_private
from gateway.commands.deface.held import of_held
from gateway.commands.deface.inputs import Inputs, of_files
from gateway.commands.deface.words import (
    data_of,
    lines_of,
    notes_for,
    question_data,
    question_lines,
    unread_data,
    unread_line,
)
from gateway.exits import Exit
from gateway.invocation import Invocation
from pipelines.errors import HeldError
from pipelines.faces import is_asked
from rules.load import load_plan
from rules.plan import Plan
from rules.vocabulary import DefaceMask

if TYPE_CHECKING:
    from gateway.work.verdicts import Question

_PICTURES = (
    "the pictures show the face as it was: they are patient data. Keep them where the"
    " originals are, and delete them after the review"
)
_SEGMENTATION = (
    "the segmentation names the patient and is for review in the hospital only: never forward it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What was written for one series: names of files, and why there are none."""

    names: tuple[str, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    is_lost: bool = False
    """There should be pictures."""


@click.command()
@click.argument("series", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--held", "is_held", is_flag=True, help="What this node holds, instead of SERIES.")
@click.option("--study-id", metavar="ID", help="Only the held objects of this study.")
@click.option("--reason", metavar="CODE", help="Only studies that are held for this reason.")
@click.option(
    "--rules",
    default="research-default",
    show_default=True,
    help="Rule set: a file, or the name of a shipped one.",
)
@click.option(
    "--study",
    type=click.Path(exists=True, path_type=Path),
    help="Other files of the study, which are looked at with SERIES.",
)
@click.option(
    "--pictures",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for NNN-surface.png and NNN-slices.png. They show the face.",
)
@click.option(
    "--seg",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the mask as a DICOM Segmentation; SERIES is one series then.",
)
@click.option(
    "--mask",
    type=click.Choice([each.value for each in DefaceMask]),
    help="Instead of what the rule set says.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def preview(
    invocation: Invocation,
    *,
    series: Path | None,
    is_held: bool,
    study_id: str | None,
    reason: str | None,
    rules: str,
    study: Path | None,
    pictures: Path | None,
    seg: Path | None,
    mask: str | None,
    as_json: bool,
) -> int:
    """Say what would be removed of faces, and draw it.

    SERIES is a file or a folder: one series, or the whole of a study. What is done about a
    series can depend on the others of its study, which share its mask: name them by --study.
    Nothing is de-identified.

    With --held: what this node holds, the held objects of each study together; of what went
    on already nothing is looked at. That they are read, and whether pictures are to be
    written, is in the audit log before; the vault lends the keys of the files and nothing
    else. Objects are named by their ids (narthex quarantine list --json).

    Where something is in doubt, and its pictures were drawn, --seen and a number stand below
    it: with them "narthex deface decide" says which mask, or that there is no face.

    Of each series: what was found, reason code, what was measured, and with --pictures two
    PNG files, numbered in the order of the report: the surface of the head from three sides
    before and after, and sections with the mask. These show the face as it was. They are
    patient data like the images, hold no other identifier, and are files for their owner
    only, in a folder for their owner only.

    The Segmentation of --seg names the patient. It is for review in the hospital only; it
    must never be forwarded.

    Neither DIR nor FILE may be inside SERIES, --study or, with --held, the state folder. Exit
    code 1: something is in doubt or could not be read, or there is no mask for FILE, or
    nothing is held of the study ID.
    """
    _check_use(series, study, study_id=study_id, reason=reason, is_held=is_held)
    kept = [each for each in (series, study) if each is not None]
    if is_held:
        settings = invocation.settings()
        kept = [settings.state, settings.spool]
    _check_places(kept, {"--pictures": pictures, "--seg": seg})
    plan = _plan(rules, mask)
    if pictures is not None:
        make_private(pictures)
        click.echo(f"narthex: {_PICTURES}", err=True)
    started = time.perf_counter()
    if series is not None:
        inputs = of_files(series, study)
    else:
        writes = pictures is not None or seg is not None
        inputs = of_held(invocation, plan, study_id=study_id, reason=reason, writes=writes)
    looked = look(inputs, plan=plan)
    seconds = time.perf_counter() - started
    unread = [*looked.unread, *inputs.rest]
    is_stored = seg is None or _write_segmentation(looked.series, seg)
    data = []
    is_seen = pictures is not None and inputs.secrets
    questions = _questions(looked.series, plan) if is_seen else {}
    for finding, written in _draw(looked.series, pictures):
        question = None if written.is_lost else questions.get(finding.number)
        if as_json:
            data.append(data_of(finding) | _as_data(written) | question_data(question))
        else:
            _say(finding, written)
            for line in question_lines(question):
                click.echo(line)
    if as_json:
        figures = {"unread": len(unread), "seconds": round(seconds, 2)}
        not_read = {"not_read": [unread_data(each) for each in unread]} if is_held else {}
        said = {"mask": plan.deface_mask.value, "series": data, **figures, **not_read}
        click.echo(json.dumps(said))
    else:
        for each in unread if is_held else ():
            click.echo(unread_line(each))
        click.echo(
            f"{len(looked.series)} series, mask {plan.deface_mask.value}, looked at in"
            f" {seconds:.1f} s; {len(unread)} {'objects' if is_held else 'files'} could not be read"
        )
    is_sure = is_stored and not unread and not any(each.is_doubtful for each in looked.series)
    is_found = study_id is None or _is_any(inputs)
    return Exit.DONE if is_sure and is_found else Exit.FINDINGS


def _check_use(
    series: Path | None,
    study: Path | None,
    *,
    study_id: str | None,
    reason: str | None,
    is_held: bool,
) -> None:
    if is_held == (series is not None):
        raise click.UsageError("Give SERIES, or --held.")
    if is_held and study is not None:
        raise click.UsageError("--study is for SERIES.")
    if not is_held and (study_id is not None or reason is not None):
        raise click.UsageError("--study-id and --reason are for --held.")
    if study_id is not None and reason is not None:
        raise click.UsageError("Give --study-id, or --reason.")


def _is_any(inputs: Inputs) -> bool:
    """Return whether anything is held; say so where it is not."""
    is_any = bool(inputs.studies or inputs.rest)
    if not is_any:
        click.echo("narthex: nothing is held of this study", err=True)
    return is_any


def _check_places(sources: Iterable[Path], places: dict[str, Path | None]) -> None:
    for name, path in places.items():
        if path is not None and any(stands_in(path, source) for source in sources):
            raise click.UsageError(
                f"{name} must not be inside SERIES or --study, nor among what this node keeps"
            )


def _plan(rules: str, mask: str | None) -> Plan:
    plan = load_plan(rules)
    if not is_asked(plan):
        raise click.UsageError(
            "this rule set does not ask for faces to be removed"
            " (options: clean-recognizable-visual-features)"
        )
    return plan if mask is None else replace(plan, deface_mask=DefaceMask(mask))


def _draw(
    findings: tuple[SeriesFinding, ...], folder: Path | None
) -> Iterator[tuple[SeriesFinding, _Written]]:
    for finding in findings:
        if folder is None:
            yield finding, _Written()
            continue
        if finding.stack is None:
            yield finding, _Written(reason=finding.not_drawn)
            continue
        started = time.perf_counter()
        try:
            names = _write_pictures(finding, folder)
        except HeldError as error:
            yield finding, _Written(reason=str(error), is_lost=True)
        else:
            yield finding, _Written(names=names, seconds=time.perf_counter() - started)


def _questions(findings: tuple[SeriesFinding, ...], plan: Plan) -> "dict[int, Question]":
    # scipy: only what is in doubt needs it
    from gateway.commands.deface.questions import questions_of  # noqa: PLC0415

    return questions_of(findings, plan)


def _write_pictures(finding: SeriesFinding, folder: Path) -> tuple[str, ...]:
    # scipy and Pillow: only pictures need them
    from pipelines.deface.pictures import pictures_of, png  # noqa: PLC0415

    drawn = pictures_of(
        finding.volume(),
        modality=finding.modality,
        mask=finding.decision.mask,
        notes=notes_for(finding),
    )
    sheets = {"surface": drawn.surface, "slices": drawn.slices}
    for name, sheet in sheets.items():
        write_private(folder / f"{finding.number:03}-{name}.png", png(sheet))
    return tuple(f"{finding.number:03}-{name}.png" for name in sheets)


def _write_segmentation(findings: tuple[SeriesFinding, ...], path: Path) -> bool:
    """Write the mask of the one series; return whether there is one."""
    # highdicom takes a second to import
    from gateway.commands.deface.segmentation import segmentation  # noqa: PLC0415

    if len(findings) != 1:
        raise click.UsageError(f"--seg is for one series; here are {len(findings)}")
    try:
        made = segmentation(findings[0])
    except HeldError as error:
        click.echo(f"narthex: no segmentation was written: {error}", err=True)
        return False
    write_private(path, made)
    click.echo(f"narthex: {_SEGMENTATION}", err=True)
    return True


def _as_data(written: _Written) -> dict[str, object]:
    return {
        "pictures": list(written.names),
        "not_drawn": written.reason,
        "drawing_seconds": round(written.seconds, 2),
    }


def _say(finding: SeriesFinding, written: _Written) -> None:
    for line in lines_of(finding):
        click.echo(line)
    if written.names:
        click.echo(f"     drawn in {written.seconds:.1f} s: {', '.join(written.names)}")
    if written.reason:
        click.echo(f"     not drawn: {written.reason}")
