"""``narthex deface preview``: what would be removed, in figures and in pictures."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from gateway.commands.deface.findings import SeriesFinding, look
from gateway.commands.deface.folder import make_private, stands_in, write_private
from gateway.commands.deface.words import data_of, lines_of, notes_for
from gateway.exits import Exit
from gateway.offline import find_inputs
from gateway.studies import by_study, study_of
from pipelines.errors import HeldError
from pipelines.faces import is_asked
from rules.load import load_plan
from rules.plan import Plan
from rules.vocabulary import DefaceMask

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


@click.command()
@click.argument("series", type=click.Path(exists=True, path_type=Path))
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
def preview(
    *,
    series: Path,
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

    Of each series: what was found, reason code, what was measured, and with --pictures two
    PNG files, numbered in the order of the report: the surface of the head from three sides
    before and after, and sections with the mask. These show the face as it was. They are
    patient data like the images, hold no other identifier, and are files for their owner
    only, in a folder for their owner only.

    The Segmentation of --seg names the patient. It is for review in the hospital only; it
    must never be forwarded.

    Neither DIR nor FILE may be inside SERIES or --study. Exit code 1: something is in doubt
    or could not be read, or there is no mask for FILE.
    """
    _check_places(series, study, {"--pictures": pictures, "--seg": seg})
    plan = _plan(rules, mask)
    if pictures is not None:
        make_private(pictures)
        click.echo(f"narthex: {_PICTURES}", err=True)
    started = time.perf_counter()
    studies, rest = _studies(series, study)
    looked = look(studies, plan=plan, shown=lambda path: _is_of(path, series))
    seconds = time.perf_counter() - started
    unread = looked.unread + sum(_is_of(path, series) for path in rest)
    is_stored = seg is None or _write_segmentation(looked.series, seg)
    data = []
    for finding, written in _draw(looked.series, pictures):
        if as_json:
            data.append(data_of(finding) | _as_data(written))
        else:
            _say(finding, written)
    if as_json:
        figures = {"unread": unread, "seconds": round(seconds, 2)}
        click.echo(json.dumps({"mask": plan.deface_mask.value, "series": data, **figures}))
    else:
        click.echo(
            f"{len(looked.series)} series, mask {plan.deface_mask.value}, looked at in"
            f" {seconds:.1f} s; {unread} files could not be read"
        )
    is_sure = is_stored and not unread and not any(each.is_doubtful for each in looked.series)
    return Exit.DONE if is_sure else Exit.FINDINGS


def _check_places(series: Path, study: Path | None, places: dict[str, Path | None]) -> None:
    for name, path in places.items():
        for source in (series, study):
            if path is not None and source is not None and stands_in(path, source):
                raise click.UsageError(f"{name} must not be inside SERIES or --study")


def _plan(rules: str, mask: str | None) -> Plan:
    plan = load_plan(rules)
    if not is_asked(plan):
        raise click.UsageError(
            "this rule set does not ask for faces to be removed"
            " (options: clean-recognizable-visual-features)"
        )
    return plan if mask is None else replace(plan, deface_mask=DefaceMask(mask))


def _studies(series: Path, study: Path | None) -> tuple[list[list[Path]], list[Path]]:
    """Return the files of each study of SERIES, with the others of it, and the rest."""
    paths = list(find_inputs(series))
    known = {path.resolve() for path in paths}
    if study is not None:
        paths += [path for path in find_inputs(study) if path.resolve() not in known]
    studies, rest = by_study((path, study_of(path)) for path in paths)
    return [each for each in studies if any(_is_of(path, series) for path in each)], rest


def _is_of(path: Path, series: Path) -> bool:
    return path.is_relative_to(series)


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
            yield finding, _Written(reason=str(error))
        else:
            yield finding, _Written(names=names, seconds=time.perf_counter() - started)


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
        raise click.UsageError(f"--seg is for one series; SERIES has {len(findings)}")
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
