"""Print a conformance statement as Markdown, in the shape of PS3.2, annex N."""

from collections.abc import Iterable, Iterator

from rules.conformance import Attribute, Profile, Statement, Treatment

_SCOPE = """\
Replacement values are consistent within a subject of a project, over all studies and also
when an object is processed again; they differ between subjects and between projects. The
Encrypted Attributes Sequence is not written; one that is met is removed. Re-identification
is by the vault, never from the object.
"""
_MODIFIED_DATES = "retain-longitudinal-modified-dates"
_UNKNOWN = {
    "remove": "Attributes that the data dictionary (PS3.6) does not have are removed.",
    "hold": "An object with attributes that the data dictionary (PS3.6) lacks is held.",
}


def page(statement: Statement) -> str:
    """Return the statement as a page of Markdown."""
    return "\n".join(_lines(statement)) + "\n"


def _lines(statement: Statement) -> Iterator[str]:
    low, high = statement.shift_days
    yield f"# De-identification by the rule set {statement.name}\n"
    yield f"Narthex {statement.version}, plan sha256:{statement.plan}.\n"
    yield from _table(("table", "edition"), statement.editions.items())
    yield "\n## N.8.4.4 Attribute confidentiality profiles\n"
    yield from _table(
        (
            *("profile", "option", "AE", "de-identifier", "re-identifier", "configurable"),
            *("method code", "claimed", "why not"),
        ),
        map(_profile, statement.profiles),
    )
    yield f"\n{_UNKNOWN.get(statement.unknown, statement.unknown)}"
    yield "Attributes that the dictionary has and no table names are kept."
    modified = next(p for p in statement.profiles if p.option == _MODIFIED_DATES)
    if modified.is_on:
        yield f"Modified dates are shifted by {low} to {high} days."
    yield ""
    yield "## N.11.2.6 Attribute confidentiality details\n"
    yield _SCOPE
    yield "### Rules of the rule set\n"
    rules = [(r["origin"], r["tags"], r["action"], r["when"] or "always") for r in statement.rules]
    if rules:
        yield from _table(("rule", "attributes", "action", "condition"), rules)
    else:
        yield "None."
    yield "\n### De-identified elements and actions\n"
    yield "Encrypted: N for all. A Type (PS3.3) stands before what holds at that Type only.\n"
    yield from _table(
        ("attribute name", "tag", "action", "comments", "from"),
        map(_attribute, statement.attributes),
    )


def _profile(profile: Profile) -> tuple[str, ...]:
    return (
        "Basic Application Level Confidentiality",
        f"{profile.option} ({profile.section})",
        *("ALL", "N" if profile.claim == "no" else "Y", "N", "Y"),
        f"{profile.code} {profile.meaning}",
        profile.claim,
        profile.hindrance,
    )


def _attribute(attribute: Attribute) -> tuple[str, ...]:
    comments = "; ".join(map(_comment, attribute.treatments))
    return attribute.name, attribute.tag, attribute.action, comments, attribute.origin


def _comment(treatment: Treatment) -> str:
    types = ", ".join(type_ or "unknown" for type_ in treatment.types)
    parts = [
        f"Type {types}:" if types else "",
        f"when {treatment.condition}:" if treatment.condition else "",
        treatment.how,
        f"(where that can't be done: {treatment.otherwise})" if treatment.otherwise else "",
        f"[{treatment.rule}]" if treatment.rule.startswith("rules[") else "",
        f"[note {treatment.note}]" if treatment.note else "",
        f"[removed where unfit, note {treatment.unfit_note}]" if treatment.unfit_note else "",
    ]
    return " ".join(part for part in parts if part)


def _table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
