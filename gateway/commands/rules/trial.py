"""``narthex rules test|preview|coverage``: a rule set tried out; nothing is written."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from gateway.commands.rules.held import of_held
from gateway.commands.rules.shared import JSON, refused, with_progress
from gateway.exits import Exit
from gateway.invocation import Invocation
from gateway.offline import find_inputs
from gateway.vault.ephemeral import EphemeralVault, new_run_secret
from gateway.workbench.coverage import Coverage
from gateway.workbench.examination import Examined, Examiner, Fate, Handled
from gateway.workbench.preview import Preview
from gateway.workbench.trials import run_trial
from rules.compiler import compile_plan
from rules.difference import Compiled
from rules.errors import RuleSetError
from rules.load import read_rules, rule_text
from rules.trials import Finding, findings

_FOLDER = click.argument("folder", type=click.Path(exists=True, path_type=Path))
_LIMIT = click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="The first N files only."
)


def _compiled(name: str) -> Compiled:
    """Return a rule set whose own tests may fail.

    Raises
    ------
    rules.errors.RuleSetError
    """
    loaded = read_rules(rule_text(name), source=name)
    return Compiled(loaded=loaded, plan=compile_plan(loaded.rule_set, loaded.rules))


@click.command()
@click.argument("name", metavar="FILE|NAME")
@JSON
def test(*, name: str, as_json: bool) -> int:
    """Run the tests of a rule set through the engine: inspect, clean, verify.

    The values that are printed are those of the tests, which are synthetic. Exit code 1: a
    test fails, or the rule set is refused.
    """
    try:
        found = _compiled(name)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    loaded, failed = found.loaded, 0
    tests = []
    for number, each in enumerate(loaded.rule_set.tests):
        results = findings(found.plan, each, run_test=run_trial)
        is_good = all(result.is_good for result in results)
        failed += not is_good
        line = loaded.source.line(("tests", number))
        tests.append(
            {
                "test": number + 1,
                "line": line,
                "good": is_good,
                "findings": [_finding(result) for result in results],
            }
        )
        if not as_json:
            click.echo(f"test {number + 1}, line {line}: {'good' if is_good else 'FAILED'}")
            for result in results:
                if not result.is_good:
                    click.echo(f"  {_sentence(result)}")
    if as_json:
        click.echo(json.dumps({"ok": not failed, "name": found.plan.name, "tests": tests}))
    else:
        click.echo(f"{len(tests)} tests, {failed} failed")
    return Exit.FINDINGS if failed else Exit.DONE


def _finding(result: Finding) -> dict[str, object]:
    return {
        "keyword": result.keyword,
        "good": result.is_good,
        "expected": {"kind": result.expected, "value": result.expected_value},
        "got": {"kind": result.got, "value": result.got_value},
    }


def _sentence(result: Finding) -> str:
    expected = "" if result.expected_value is None else f" {result.expected_value!r}"
    got = "" if result.got_value is None else f" {result.got_value!r}"
    return f"{result.keyword}: expected {result.expected}{expected}, got {result.got}{got}"


@click.command()
@click.argument("name", metavar="RULES")
@click.argument("folder", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--quarantine", "of_quarantine", is_flag=True, help="What this node holds.")
@click.option("--reason", metavar="CODE", help="Only what is held for this reason.")
@_LIMIT
@click.option("--show-values", "shows_values", is_flag=True, help="Before and after: patient data.")
@click.option("--yes", is_flag=True, help="Show values also where the output is no terminal.")
@JSON
@click.pass_obj
def preview(
    invocation: Invocation,
    *,
    name: str,
    folder: Path | None,
    of_quarantine: bool,
    reason: str | None,
    limit: int | None,
    shows_values: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Say what a rule set would do to the files in FOLDER; nothing is written.

    With --quarantine: to what this node holds. That it is read is in the audit log; the
    vault lends the keys of the files and nothing else.

    Of each object the outcome, of each attribute how often it is kept, removed, emptied,
    replaced or cleaned, and by which rule. An object that is held because an option has no
    engine yet is counted as if the option were off. Exit code 1: an object would not be
    cleaned, or the rule set is refused.
    """
    _check_use(folder, reason, of_quarantine=of_quarantine)
    if shows_values and not (yes or sys.stdout.isatty()):
        raise click.UsageError("the output is no terminal: --show-values needs --yes, too")
    try:
        found = _compiled(name)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    if shows_values:
        click.echo("narthex: this shows patient data", err=True)
    examiner = _examiner(invocation, found, shows_values=shows_values)
    if folder is not None:
        examinations = _of_folder(examiner, folder, limit=limit)
    else:
        examinations = of_held(examiner, invocation, reason=reason, limit=limit)
    summary = Preview(found.loaded.rules)
    values = []
    for examined in examinations:
        summary.add(examined)
        if as_json:
            values.append(_values(examined))
        else:
            _say_object(examined, summary)
    data = {"name": found.plan.name, "plan": found.plan.hash, **summary.as_data()}
    if as_json:
        click.echo(json.dumps(data | ({"values": values} if shows_values else {})))
    else:
        _say_preview(data)
    is_clean = all(each["outcome"] == "cleaned" for each in data["outcomes"])
    return Exit.DONE if is_clean else Exit.FINDINGS


def _check_use(folder: Path | None, reason: str | None, *, of_quarantine: bool) -> None:
    if of_quarantine == (folder is not None):
        raise click.UsageError("Give FOLDER, or --quarantine.")
    if reason is not None and not of_quarantine:
        raise click.UsageError("--reason is for --quarantine.")


def _examiner(invocation: Invocation, found: Compiled, *, shows_values: bool) -> Examiner:
    """Return an examiner for whom every subject is new, and forgotten with the run."""
    return Examiner(
        plan=found.plan,
        vault=EphemeralVault(new_run_secret()),
        private_sop_classes=invocation.settings().dicom.private_sop_classes,
        shows_values=shows_values,
    )


def _of_folder(examiner: Examiner, folder: Path, *, limit: int | None) -> Iterator[Examined]:
    yield from map(examiner.examine, with_progress(islice(find_inputs(folder), limit)))


def _values(examined: Examined) -> list[dict[str, object]]:
    return [
        {
            "path": each.path,
            "before": each.before,
            "after": each.after,
            "operation": each.operation,
            "rule": each.rule,
            "reasons": list(each.reasons),
        }
        for each in examined.handled
        if each.before is not None
    ]


def _say_object(examined: Examined, summary: Preview) -> None:
    reason = f": {examined.reason} {examined.where}".rstrip() if examined.reason else ""
    held = f" (held for {examined.held_for})" if examined.held_for else ""
    click.echo(f"{examined.input}{held}: {examined.outcome}{reason}")
    for each in examined.handled:
        if each.before is None or _is_the_same(each):
            continue
        after = "-" if each.after is None else repr(each.after)
        _, keyword = summary.name(each)
        changed = f"{each.before!r} -> {after}"
        click.echo(f"  {each.path:<28} {keyword:<32} {changed}  {each.operation}, {each.rule}")


def _is_the_same(handled: Handled) -> bool:
    """Return whether a value came out as it was; of what is not shown nobody can see it."""
    before = handled.before or ""
    return handled.before == handled.after and not before.endswith("bytes>")


def _say_preview(data: dict[str, Any]) -> None:
    fates = " ".join(f"{fate.value:>8}" for fate in Fate)
    click.echo(f"\n{'tag':<40} {'attribute':<40} {fates}")
    for row in data["attributes"]:
        counts = " ".join(f"{row[fate.value]:>8}" for fate in Fate)
        click.echo(f"{row['tag']:<40} {row['keyword']:<40} {counts}")
        for by in row["by"]:
            if by["fate"] != Fate.KEPT:
                click.echo(f"    {by['count']} {by['operation']}: {by['rule']}")
    for note, count in data["notes"].items():
        click.echo(f"note {note}: {count} objects")
    for each in data["outcomes"]:
        click.echo(f"{each['count']} {each['outcome']} {each['reason']}".rstrip())
    click.echo(f"{data['files']} objects; nothing was written")


@click.command()
@click.argument("name", metavar="RULES")
@_FOLDER
@_LIMIT
@JSON
@click.pass_obj
def coverage(
    invocation: Invocation, *, name: str, folder: Path, limit: int | None, as_json: bool
) -> int:
    """Say which devices wrote the files in FOLDER, and what they write beyond the standard.

    By Manufacturer, model and SOP class: private creators and elements, unknown attributes,
    what the rule set does with them, and which options did less than they say. No other
    value is printed, and no private creator that is not known. Exit code 1: a file could
    not be counted, or the rule set is refused.
    """
    try:
        found = _compiled(name)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    summary = Coverage(found.loaded.rules)
    examiner = _examiner(invocation, found, shows_values=False)
    for examined in _of_folder(examiner, folder, limit=limit):
        summary.add(examined)
    data = {"name": found.plan.name, "plan": found.plan.hash, **summary.as_data()}
    if as_json:
        click.echo(json.dumps(data))
    else:
        _say_coverage(data)
    return Exit.FINDINGS if data["unread"] else Exit.DONE


def _say_coverage(data: dict[str, Any]) -> None:
    for device in data["devices"]:
        click.echo(
            f"{device['manufacturer'] or '-'} / {device['model'] or '-'} / {device['sop_class']}:"
            f" {device['objects']} objects"
        )
        for code, count in device["held"].items():
            click.echo(f"  held {code}: {count}")
        for creator in device["private"]:
            click.echo(f"  {creator['creator']}")
            for each in creator["elements"]:
                by = "" if each["what"] == each["fate"] else each["what"]
                line = f"{each['element']} {each['count']:>6} {each['fate']:<8} {by:<12}"
                click.echo(f"    {line} {each['name']}".rstrip())
        if device["without_creator"]:
            click.echo(f"  private without creator: {device['without_creator']}")
        for each in device["unknown"]:
            click.echo(f"  unknown {each['tag']} {each['count']:>6} {each['what']}")
        for note, count in device["notes"].items():
            click.echo(f"  note {note}: {count} objects")
    for code, count in data["unread"].items():
        click.echo(f"held before anything could be counted: {code}: {count} files")
