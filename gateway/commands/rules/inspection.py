"""``narthex rules check|show|explain|schema``."""

import json
from collections.abc import Sequence
from typing import Any

import click

from gateway.commands.rules.shared import JSON, refused
from gateway.exits import Exit
from gateway.workbench.trials import run_trial
from rules.compiler import CompiledRule
from rules.errors import RuleSetError, TagError
from rules.explain import Answer, answers, explain
from rules.load import compile_rules, load_plan, read_rules, rule_text
from rules.plan import Entry, Plan
from rules.schema import RuleSet
from rules.vocabulary import Operation, Option

_RULES = click.option(
    "--rules", "name", default="basic", show_default=True, help="A file, or a shipped rule set."
)
_BY_VALUE = (
    Operation.SHIFT_DATE,
    Operation.CAP_AGE,
    Operation.PSEUDONYM,
    Operation.ACCESSION,
    Operation.CLEAN_TEXT,
    Operation.CLEAN_KNOWN,
)
"""Operations that a value may not allow: then the fallback is carried out."""
_SOP_CLASS = click.option(
    "--sop-class", "sop_class_uid", default="", metavar="UID", help="Type of attributes: its IOD."
)


@click.command()
@click.argument("name", metavar="FILE")
@JSON
def check(*, name: str, as_json: bool) -> int:
    """Check a rule set and run its tests through the engine.

    Exit code 1: it is refused, or a test fails.
    """
    try:
        plan = load_plan(name, run_test=run_trial)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    if as_json:
        click.echo(json.dumps({"ok": True, "name": plan.name, "hash": plan.hash}))
    else:
        click.echo(f"{name}: good\nplan {plan.name} {plan.hash}")
    return Exit.DONE


@click.command()
@click.argument("name", metavar="FILE|NAME")
@_SOP_CLASS
@JSON
def show(*, name: str, sop_class_uid: str, as_json: bool) -> int:
    """Show what a rule set does with each attribute.

    Exit code 1: it is refused.
    """
    try:
        text = rule_text(name)
        loaded = read_rules(text, source=name)
        plan = compile_rules(text, source=name)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    found = list(answers(plan, sop_class_uid=sop_class_uid))
    if as_json:
        data = {
            **_plan_data(plan),
            "rules": [_rule_data(rule) for rule in loaded.rules],
            "attributes": [answer.as_data() for answer in found],
        }
        click.echo(json.dumps(data))
        return Exit.DONE
    for key, value in _plan_data(plan).items():
        click.echo(f"{key:<12} {_words(value)}")
    for rule in loaded.rules:
        tags = ", ".join(tag.text for tag in rule.tags)
        when = f" when {rule.when.text}" if rule.when else ""
        click.echo(f"{rule.origin}: {rule.action} {tags}{when}")
    click.echo(f"{'tag':<12} {'attribute':<48} type action operation    why")
    for answer in found:
        click.echo(_line(answer))
    return Exit.DONE


@click.command("explain")
@click.argument("tag")
@_RULES
@_SOP_CLASS
@click.option("--path", default="", help="Sequences around it, keywords joined by dots.")
@JSON
def explain_tag(*, tag: str, name: str, sop_class_uid: str, path: str, as_json: bool) -> int:
    """Say what is done with TAG (keyword, tag, private element, path), and why.

    Exit code 1: the rule set is refused; 2: TAG names nothing.
    """
    try:
        plan = load_plan(name)
    except RuleSetError as error:
        return refused(error, as_json=as_json)
    try:
        answer = explain(plan, tag, sop_class_uid=sop_class_uid, path=path)
    except TagError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        click.echo(json.dumps(answer.as_data()))
        return Exit.DONE
    for line in _explanation(plan, answer):
        click.echo(line)
    return Exit.DONE


@click.command()
def schema() -> int:
    """Print the JSON Schema of rule sets, for editors."""
    click.echo(json.dumps(RuleSet.model_json_schema(), indent=1))
    return Exit.DONE


def _plan_data(plan: Plan) -> dict[str, Any]:
    return {
        "name": plan.name,
        "hash": plan.hash,
        "edition": plan.edition,
        "options": sorted(plan.options),
        "unknown": plan.unknown.value,
        "shift_days": list(plan.shift_days),
        "deface": _deface_data(plan),
        "holds": {option.value: code for option, code in plan.unavailable.items()},
    }


def _deface_data(plan: Plan) -> dict[str, str]:
    if Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES not in plan.options:
        return {}
    return {
        "modalities": " ".join(sorted(plan.deface_modalities)),
        "mask": plan.deface_mask.value,
        "renderings": plan.deface_renderings.value,
    }


def _rule_data(rule: CompiledRule) -> dict[str, Any]:
    return {
        "origin": rule.origin,
        "tags": [tag.text for tag in rule.tags],
        "action": rule.action.value,
        "when": rule.when.text if rule.when else None,
    }


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {code}" for key, code in value.items()) or "-"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(part) for part in value) or "-"
    return str(value)


def _line(answer: Answer) -> str:
    entry = answer.entry
    conditional = f" (+{len(entry.alternatives)} conditional)" if entry.alternatives else ""
    note = f" [{entry.note}]" if entry.note else ""
    return (
        f"{answer.tag:<12} {entry.keyword or answer.name:<48} {entry.type or '-':<4} "
        f"{entry.action:<6} {entry.operation:<12} {entry.rule}{note}{conditional}"
    )


def _explanation(plan: Plan, answer: Answer) -> list[str]:
    entry, row = answer.entry, answer.row
    lines = [
        f"{answer.tag} {entry.keyword} {answer.name}".rstrip(),
        f"  place       {answer.path or 'root'}, IOD {answer.iod or 'not mapped'}",
        f"  VR, Type    {entry.vr or 'unknown'}, {entry.type or 'unknown'}",
    ]
    if row is not None:
        lines.append(f"  Table E.1-1 basic {row.basic}")
        lines += [
            f"              {option} {letter}{' (on)' if option in plan.options else ''}"
            for option, letter in row.options.items()
        ]
    else:
        lines.append("  Table E.1-1 has no row")
    for condition, other in entry.alternatives:
        lines.append(f"  when        {condition.text}")
        lines += _outcome(other, indent="    ")
    if entry.alternatives:
        lines.append("  otherwise")
    return lines + _outcome(entry, indent="    " if entry.alternatives else "  ")


def _outcome(entry: Entry, *, indent: str) -> list[str]:
    lines = [f"{indent}action      {entry.action} ({entry.operation})"]
    if entry.operation in _BY_VALUE:
        lines.append(f"{indent}else        {entry.fallback}")
    lines.append(f"{indent}why         {entry.rule}; {entry.section}")
    if entry.note:
        lines.append(f"{indent}note        {entry.note}")
    if entry.unfit_note:
        lines.append(f"{indent}if unfit    {entry.fallback}, note {entry.unfit_note}")
    if entry.if_date is not None:
        date = entry.if_date
        lines.append(f"{indent}if a date   {date.action} ({date.operation}), else {date.fallback}")
    return lines
