"""Load rule sets: YAML → schema → checks → plan → tests of the rule set."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from rules.checks import compiled, validated
from rules.compiler import CompiledRule, compile_plan
from rules.errors import Problem, RuleSetError
from rules.plan import Plan
from rules.schema import RuleSet
from rules.source import Source, SourceError, read_source
from rules.trials import RunTest, failures


@cache
def builtin_names() -> tuple[str, ...]:
    """Return the names of the rule sets that come with the product."""
    found = (files("rules") / "profiles").iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in found if f.name.endswith(".yaml")))


def load_plan(name: str | Path, *, run_test: RunTest | None = None) -> Plan:
    """Return the plan of a shipped rule set or of a file.

    Parameters
    ----------
    name : str | pathlib.Path
        ``"basic"``, ``"research-default"``, or the path of a YAML file.
    run_test : RunTest | None
        Runs the tests of the rule set; without it only what the plan alone decides is
        compared.

    Raises
    ------
    rules.errors.RuleSetError
        With line, column and what to do.
    """
    return compile_rules(rule_text(name), source=str(name), run_test=run_test)


def rule_text(name: str | Path) -> str:
    """Return the text of a shipped rule set or of a file.

    Raises
    ------
    rules.errors.RuleSetError
        If there is none, or it is no UTF-8 text.
    """
    try:
        if str(name) in builtin_names():
            return (files("rules") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        message = f"the rule set can't be read ({type(error).__name__})"
        hint = f"Give a file, or one of: {', '.join(builtin_names())}"
    except UnicodeDecodeError:
        message, hint = "the rule set is no UTF-8 text", "Save the file as UTF-8"
    problem = Problem(line=1, column=1, message=message, hint=hint)
    raise RuleSetError(str(name), [problem])


def compile_rules(text: str, *, source: str, run_test: RunTest | None = None) -> Plan:
    """Return the plan of the rule set `text`.

    Parameters
    ----------
    source : str
        What errors call the rule set: its name or its file.
    run_test : RunTest | None
        As in `load_plan`.

    Raises
    ------
    rules.errors.RuleSetError
        With line, column and what to do.
    """
    loaded = read_rules(text, source=source)
    plan = compile_plan(loaded.rule_set, loaded.rules)
    failed = [
        loaded.source.problem(
            ("tests", i, "expect", keyword),
            message=f"this test fails: {keyword} comes out as: {outcome}",
            hint="Change the rule or the test",
            at_key=True,
        )
        for i, test in enumerate(loaded.rule_set.tests)
        for keyword, outcome in failures(plan, test, run_test=run_test).items()
    ]
    if failed:
        raise RuleSetError(source, failed)
    return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRules:
    """A rule set that was read and checked, not yet compiled."""

    rule_set: RuleSet
    rules: tuple[CompiledRule, ...]
    source: Source


def read_rules(text: str, *, source: str) -> LoadedRules:
    """Return the rule set `text`, its tags and conditions read; its tests are not run.

    Raises
    ------
    rules.errors.RuleSetError
        With line, column and what to do.
    """
    try:
        read = read_source(text)
    except SourceError as error:
        raise RuleSetError(source, [error.problem]) from None
    rule_set, problems = validated(read)
    if rule_set is None:
        raise RuleSetError(source, problems)
    rules, problems = compiled(rule_set, read)
    if problems:
        raise RuleSetError(source, problems)
    return LoadedRules(rule_set=rule_set, rules=tuple(rules), source=read)
