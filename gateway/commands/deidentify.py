"""``narthex deidentify IN OUT``: the pipeline from folder to folder."""

import csv
import json
import os
import resource
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Protocol, Self

import click

from gateway.batch import Job, results
from gateway.exits import Exit
from gateway.files import create_private
from gateway.invocation import Invocation
from gateway.offline import Result, Row, find_inputs
from gateway.vault.ephemeral import new_run_secret
from pipelines.verify.graph import ReferenceGraph, References
from rules.load import load_plan
from rules.plan import Plan
from rules.vocabulary import Operation

_PROGRESS_SECONDS = 1.0
_ACCESSION_NUMBER = 0x00080050


@click.command()
@click.argument("source", metavar="IN", type=click.Path(exists=True, path_type=Path))
@click.argument("output", metavar="OUT", type=click.Path(file_okay=False, path_type=Path))
@click.option("--rules", required=True, help="Rule set: a file, or the name of a shipped one.")
@click.option("--project", help="Take pseudonyms from this project of the vault.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Rows, JSON lines.")
@click.option(
    "--mapping",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for uid_mapping.csv, patid_mapping.csv and, where accession numbers get"
    " pseudonyms, accession_mapping.csv (only without --project).",
)
@click.option("--explain", is_flag=True, help="Say what became of each element, and why.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.pass_obj
def deidentify(
    invocation: Invocation,
    *,
    source: Path,
    output: Path,
    rules: str,
    project: str | None,
    jobs: int,
    report: Path | None,
    mapping: Path | None,
    explain: bool,
    as_json: bool,
) -> int:
    """De-identify files or folders.

    OUT gets StudyUID/SeriesUID/SOPUID.dcm in new UIDs. Without --project the subjects
    live for this run only. Exit code 1 where an input was quarantined or refused, or a
    reference between two objects of OUT was broken.

    In the end references between the objects of the run are counted, with the new SOP
    Instance UID of the object that holds them: dangling ones, which name an object of OUT
    by a UID that it has not (it belongs to another subject, or a rule keeps the old UID),
    and those to objects that were quarantined or refused, as far as these can be read.
    What an earlier run released is not looked at.

    Under clean-recognizable-visual-features the files are sorted by study first, a study is
    looked at as a whole, and the end says what was found.

    OUT, report and tables must not be inside IN. Report and tables are new files for
    their owner only; what has their names gives way. Where the file system has no files
    without a name (exFAT, SMB), a run that is killed may leave one named .*.part.
    """
    if mapping is not None and project is not None:
        raise click.UsageError("--mapping is allowed without --project only")
    for name, path in (("OUT", output), ("--report", report), ("--mapping", mapping)):
        if path is not None and _stands_in(path, source):
            raise click.UsageError(f"{name} must not be inside IN: the next run would read it")
    plan = load_plan(rules)  # refuses a bad rule set before anything is written
    settings = invocation.settings()
    job = Job(
        output=output,
        rules=rules,
        project=project,
        invocation=invocation,
        run_secret=new_run_secret(),
        private_sop_classes=settings.dicom.private_sop_classes,
        explain=explain,
    )
    output.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    totals: Counter[str] = Counter()
    faces: Counter[str] = Counter()
    graph = ReferenceGraph()
    with ExitStack() as stack:
        rows = stack.enter_context(_private_text(report)) if report else None
        mappings = None
        if mapping is not None:
            mappings = stack.enter_context(_Mappings(mapping, accessions=_has_accessions(plan)))
        progress = _Progress()
        inputs = find_inputs(source)
        for result in results(inputs, job, plan=plan, jobs=jobs, sorting=progress.show_sorting):
            totals[result.row.outcome] += 1
            if result.row.face:
                faces[result.row.face] += 1
            _add(graph, result)
            _write_row(rows, result.row)
            if mappings is not None:
                mappings.add(result)
            if explain:
                _explain(result.row)
            elif result.row.outcome != "cleaned" and not as_json:
                click.echo(f"{result.row.input}: {result.row.outcome}: {result.row.reason}")
            progress.show(totals)
        progress.end()
    references = graph.references()
    seconds = time.perf_counter() - started
    _say_totals(totals, faces, references, seconds, as_json=as_json)
    is_whole = totals.total() == totals["cleaned"] and not references.dangling
    return Exit.DONE if is_whole else Exit.FINDINGS


def _has_accessions(plan: Plan) -> bool:
    return plan.roots[""][_ACCESSION_NUMBER].operation is Operation.ACCESSION


def _stands_in(path: Path, source: Path) -> bool:
    """Return whether `path`, or what it is a link to, is `source` or in it."""
    places = (path.resolve(), path.parent.resolve() / path.name)
    return any(place.is_relative_to(source.resolve()) for place in places)


def _private_text(path: Path) -> IO[str]:
    """Open a file that may hold patient data; what stood there gives way.

    Raises
    ------
    click.FileError
    """
    try:
        return os.fdopen(create_private(path), "w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.FileError(str(path), error.strerror or "") from None


def _add(graph: ReferenceGraph, result: Result) -> None:
    if result.subject is not None:
        name = Path(result.row.output).stem
        graph.add_released(result.own, name=name, replaced=result.uids, kept=result.kept)
    else:
        for uid in result.own:
            graph.add_held(uid)


def _write_row(rows: IO[str] | None, row: Row) -> None:
    if rows is not None:
        fields = asdict(row)
        if not row.changes:
            del fields["changes"]
        rows.write(json.dumps(fields) + "\n")


def _explain(row: Row) -> None:
    click.echo(f"{row.input}: {row.outcome} {row.output}{row.reason} {row.where}".rstrip())
    if row.face:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in row.face_figures.items())
        click.echo(f"  face: {row.face}{f' ({figures})' if figures else ''}")
    for change in row.changes:
        cut = f"; cut: {', '.join(change.reasons)}" if change.reasons else ""
        click.echo(
            f"  {change.path:<40} {change.keyword:<44} {change.action} {change.operation:<12}"
            f" {change.rule}; {change.section}{cut}"
        )


def _say_totals(
    totals: Counter[str],
    faces: Counter[str],
    references: References,
    seconds: float,
    *,
    as_json: bool,
) -> None:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    facts = {
        "files": totals.total(),
        "cleaned": totals["cleaned"],
        "quarantined": totals["quarantined"],
        "refused": totals["refused"],
        "dangling_references": sum(references.dangling.values()),
        "dangling_references_of": references.dangling,
        "references_to_held": sum(references.to_held.values()),
        "references_to_held_of": references.to_held,
        "faces": dict(sorted(faces.items())),
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "peak_rss_mb": round(max(own.ru_maxrss, children.ru_maxrss) / 1024, 1),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, count in references.dangling.items():
        click.echo(f"{name}: dangling references: {count}")
    for name, count in references.to_held.items():
        click.echo(f"{name}: references to held objects: {count}")
    for outcome, count in sorted(faces.items()):
        click.echo(f"faces: {outcome}: {count} files")
    click.echo(
        f"{facts['files']} files in {facts['seconds']} s: {facts['cleaned']} cleaned,"
        f" {facts['quarantined']} quarantined, {facts['refused']} refused;"
        f" {facts['dangling_references']} dangling references,"
        f" {facts['references_to_held']} to held objects"
    )


class _Progress:
    """One line on the terminal, while there is one."""

    def __init__(self) -> None:
        self._shown = time.monotonic()
        self._on = sys.stderr.isatty()

    def show_sorting(self, files: int) -> None:
        """Show how many files are sorted by study, at most once a second."""
        if self._is_time():
            click.echo(f"\r{files} files sorted by study", nl=False, err=True)

    def show(self, totals: Counter[str]) -> None:
        """Show the count, at most once a second."""
        if self._is_time():
            click.echo(f"\r{totals.total()} files, {totals['cleaned']} cleaned", nl=False, err=True)

    def _is_time(self) -> bool:
        is_time = self._on and time.monotonic() - self._shown >= _PROGRESS_SECONDS
        if is_time:
            self._shown = time.monotonic()
        return is_time

    def end(self) -> None:
        """Leave the line."""
        if self._on:
            click.echo("", err=True)


class _Table(Protocol):
    """What `csv.writer` returns."""

    def writerow(self, row: tuple[str, str], /) -> object:
        """Write one row."""
        ...


class _Mappings:
    """The tables of a run without project: patient data, for its owner only."""

    def __init__(self, folder: Path, *, accessions: bool) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.FileError(str(folder), error.strerror or "") from None
        self._files: list[IO[str]] = []
        self._uids = self._table(folder / "uid_mapping.csv")
        self._patients = self._table(folder / "patid_mapping.csv")
        self._accessions: _Table | None = None
        if accessions:
            self._accessions = self._table(folder / "accession_mapping.csv")
        self._seen: set[tuple[str, str]] = set()

    def _table(self, path: Path) -> "_Table":
        file = _private_text(path)
        self._files.append(file)
        table = csv.writer(file)
        table.writerow(("id_old", "id_new"))
        return table

    def add(self, result: Result) -> None:
        """Add what one object mapped, each pair once."""
        for pair in result.uids.items():
            self._once(self._uids, pair)
        if result.subject is not None:
            self._once(self._patients, result.subject)
        for pair in result.accessions:
            if self._accessions is not None:
                self._once(self._accessions, pair)

    def _once(self, table: "_Table", pair: tuple[str, str]) -> None:
        if pair not in self._seen:
            self._seen.add(pair)
            table.writerow(pair)

    def __enter__(self) -> Self:
        """Return the tables themselves."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        for file in self._files:
            file.close()
