"""Find what is wrong in a rule set beyond its YAML: schema, tags, conditions, options."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.compiler import DATE_VRS, PATIENT_IDENTITY, CompiledRule
from rules.conditions import Condition, parse_condition
from rules.errors import ConditionError, Problem, TagError
from rules.schema import Rule, RuleSet
from rules.source import Source, Where
from rules.tables import tags_by_keyword
from rules.tags import TagPattern, parse_tag
from rules.vocabulary import Action, Option

_ALLOWED: Mapping[int, str] = {
    **dict.fromkeys(PATIENT_IDENTITY, "ZD"),
    0x00080016: "K",  # SOP Class UID
    0x00080018: "UK",  # SOP Instance UID
    0x0020000D: "UK",  # Study Instance UID
    0x0020000E: "UK",  # Series Instance UID
}
"""Letters that a rule may give to what the gateway itself needs."""


def validated(source: Source) -> tuple[RuleSet | None, list[Problem]]:
    """Return the rule set, or what the schema has against it."""
    try:
        return RuleSet.model_validate(source.content), []
    except ValidationError as refused:
        errors = refused.errors(include_url=False, include_input=False)
        return None, [_schema_problem(source, error) for error in errors]


def compiled(rule_set: RuleSet, source: Source) -> tuple[list[CompiledRule], list[Problem]]:
    """Return the rules with tags and conditions read, and all problems found."""
    problems = list(_option_problems(rule_set, source))
    problems += _date_problems(rule_set, source)
    problems += _test_problems(rule_set, source)
    rules = []
    for i, rule in enumerate(rule_set.rules):
        where: Where = ("rules", i)
        tags = []
        for j, text in enumerate(rule.tags):
            try:
                pattern = parse_tag(text)
            except TagError as error:
                at = (*where, "tags", j)
                problems.append(source.problem(at, message=error.message, hint=error.hint))
                continue
            tags.append(pattern)
            problems += _action_problems(rule_set, rule, pattern, source, where=(*where, "action"))
        when, wrong = _condition(rule, source, where=(*where, "when"))
        problems += wrong
        rules.append(
            CompiledRule(
                origin=f"rules[{i}], line {source.line(where)}",
                tags=tuple(tags),
                action=Action(rule.action),
                when=when,
            )
        )
    return rules, sorted(problems, key=lambda p: (p.line, p.column))


def _condition(
    rule: Rule, source: Source, *, where: Where
) -> tuple[Condition | None, list[Problem]]:
    if rule.when is None:
        return None, []
    try:
        return parse_condition(rule.when), []
    except ConditionError as error:
        problem = source.problem(where, message=error.message, hint=error.hint, offset=error.offset)
        return None, [problem]


def _option_problems(rule_set: RuleSet, source: Source) -> Iterator[Problem]:
    seen: set[Option] = set()
    both = {Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES}
    for i, option in enumerate(rule_set.options):
        where: Where = ("options", i)
        if option in seen:
            message = f"the option {option} is here twice"
            yield source.problem(where, message=message, hint="Leave one out")
        elif option in both and both & seen:
            message = "full and modified dates exclude each other"
            yield source.problem(where, message=message, hint="Leave one of the two out")
        seen.add(option)
    if rule_set.private_lists and Option.RETAIN_SAFE_PRIVATE not in seen:
        yield source.problem(
            ("private_lists",),
            message="a list of private elements without the option that keeps them",
            hint=f"Add the option {Option.RETAIN_SAFE_PRIVATE}, or leave private_lists out",
        )


def _date_problems(rule_set: RuleSet, source: Source) -> Iterator[Problem]:
    low, high = rule_set.dates.shift_days
    message = ""
    if low > high:
        message, hint = "the bounds of the shift are reversed", f"Write [{high}, {low}]"
    elif low <= 0 <= high:
        message, hint = "a shift of 0 days is no shift", "Give two bounds of the same sign"
    elif low == high:
        message, hint = "one shift for every subject is no secret", "Give two different bounds"
    if message:
        yield source.problem(("dates", "shift_days"), message=message, hint=hint)


def _test_problems(rule_set: RuleSet, source: Source) -> Iterator[Problem]:
    for i, test in enumerate(rule_set.tests):
        for part in ("given", "expect"):
            for keyword in getattr(test, part):
                if keyword in tags_by_keyword():
                    continue
                near = get_close_matches(keyword, tags_by_keyword(), n=1)
                yield source.problem(
                    ("tests", i, part, keyword),
                    message="a test names attributes by keyword; this is none",
                    hint=f"Did you mean {near[0]}?" if near else "Use a keyword of PS3.6",
                    at_key=True,
                )


def _action_problems(
    rule_set: RuleSet, rule: Rule, pattern: TagPattern, source: Source, *, where: Where
) -> Iterator[Problem]:
    for tag, letters in _ALLOWED.items():
        path = pattern.path or ""
        allowed = "XZD" if path and tag in PATIENT_IDENTITY else letters
        if (path and tag not in PATIENT_IDENTITY) or not pattern.names(tag, path=path):
            continue
        if rule.action not in allowed:
            names = next(k for k, t in tags_by_keyword().items() if t == tag)
            yield source.problem(
                where,
                message=f"{pattern.text} covers {names}, which can't have the action {rule.action}",
                hint=f"Write {' or '.join(allowed)}, or name other tags",
            )
            return
    if rule.action == "U" and pattern.vr not in ("", "UI"):
        yield source.problem(
            where,
            message=f"{pattern.text} holds no UID",
            hint="Action U is for attributes of VR UI",
        )
    full = Option.RETAIN_LONGITUDINAL_FULL_DATES in rule_set.options
    if rule.action == "K" and not full and pattern.vr in DATE_VRS:
        yield source.problem(
            where,
            message="a kept date among dates that are shifted or removed tells too much",
            hint="Use C, X, Z or D, or the option retain-longitudinal-full-dates",
        )
    if rule.action == "C" and full and pattern.vr in DATE_VRS:
        yield source.problem(
            where,
            message="one shifted date among full dates tells the shift",
            hint="Use X or K, or the option retain-longitudinal-modified-dates",
        )


def _schema_problem(source: Source, error: ErrorDetails) -> Problem:
    where: Where = error["loc"]
    kind = error["type"]
    if kind == "extra_forbidden":
        names = _names_at(where[:-1])
        near = get_close_matches(str(where[-1]), names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(names)}"
        return source.problem(where, message="unknown key", hint=hint, at_key=True)
    if kind == "missing" and isinstance(where[-1], int):
        return source.problem(where, message="a bound is missing", hint="Write two bounds")
    if kind == "missing":
        message = f"the key {where[-1]} is missing"
        return source.problem(where, message=message, hint=f"Add {where[-1]}:", at_key=True)
    if kind in ("enum", "literal_error"):
        return _choice_problem(source, where, error.get("ctx", {}))
    hint = {
        "string_type": "Put the text in quotes",
        "tuple_type": "Write a list: [first, second]",
        "model_type": "Write key: value",
        "dict_type": "Write key: value",
        "int_type": "Write a whole number",
        "string_pattern_mismatch": _pattern_hint(where),
    }.get(kind, "See the schema: narthex rules schema")
    message = error["msg"][0].lower() + error["msg"][1:]
    if kind == "string_pattern_mismatch":
        message = "this name can't be used"
    return source.problem(where, message=message, hint=hint)


def _choice_problem(source: Source, where: Where, context: Mapping[str, Any]) -> Problem:
    choices = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
    node = source.values.get(where)
    said = str(node.value) if node is not None else ""
    near = get_close_matches(said, choices, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Write one of: {', '.join(choices)}"
    noun = "option" if where[0] == "options" else str(where[-1])
    return source.problem(where, message=f"unknown {noun}", hint=hint)


def _pattern_hint(where: Where) -> str:
    if where and where[0] == "deface":
        return "A modality is written in capitals, e.g. CT"
    return "Use up to 64 letters, digits, spaces, dots, hyphens, underscores"


def _names_at(where: Where) -> list[str]:
    """Return the keys that the schema knows at `where`."""
    model: type[BaseModel] = RuleSet
    for step in where:
        if isinstance(step, int):
            continue
        inner = model.model_fields[step].annotation
        arguments = getattr(inner, "__args__", ())
        model = arguments[0] if arguments else inner  # type: ignore[assignment]  # a model or a tuple of models
    return list(model.model_fields)
