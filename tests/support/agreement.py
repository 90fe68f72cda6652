"""Run engine and oracle on the same bytes, and say where they disagree."""

from collections.abc import Sequence

from pipelines.context import SubjectContext
from pipelines.errors import HeldError
from tests.support.engine import run_engine
from tests.support.oracle import OracleHeld, Rule, expected
from tests.support.oracle_compare import differences
from tests.support.oracle_reading import parse
from tests.support.oracle_tables import standard_tables

CONTEXT = SubjectContext(
    pseudonym="NX-7K3M9", shift_days=-1000, uid_secret=bytes(range(32)), uid_generation=1
)
OPTIONS = (
    "retain-safe-private",
    "retain-uids",
    "retain-device-identity",
    "retain-institution-identity",
    "retain-patient-characteristics",
    "retain-longitudinal-full-dates",
    "retain-longitudinal-modified-dates",
    "clean-descriptors",
    "clean-structured-content",
    "clean-graphics",
)
"""The option columns of Table E.1-1."""
RESEARCH = (
    "retain-longitudinal-modified-dates",
    "retain-patient-characteristics",
    "retain-device-identity",
    "retain-safe-private",
)
OPTION_SETS: tuple[tuple[str, ...], ...] = ((), *((option,) for option in OPTIONS), RESEARCH)


def option_name(options: Sequence[str]) -> str:
    """Return a name of an option set for test ids."""
    return "+".join(options) or "basic"


def rules_yaml(
    options: Sequence[str],
    *,
    rules: Sequence[Rule] = (),
    unknown: str = "remove",
    private_lists: Sequence[str] = (),
) -> str:
    """Return a rule set."""
    lines = ["name: contract", "profile: basic", f"options: [{', '.join(options)}]"]
    lines.append(f"unknown: {unknown}")
    if private_lists:
        lines.append(f"private_lists: [{', '.join(private_lists)}]")
    if rules:
        lines.append("rules:")
    for key, letter in rules:
        if isinstance(key, tuple):
            creator, group, low = key
            text = f'({group:04X},"{creator}",{low:02X})'
        else:
            text = f"({key >> 16:04X},{key & 0xFFFF:04X})"
        lines.append(f"  - {{tags: ['{text}'], action: {letter}}}")
    return "\n".join(lines) + "\n"


def disagreements(
    data: bytes,
    options: Sequence[str],
    *,
    rules: Sequence[Rule] = (),
    unknown: str = "remove",
    private_lists: Sequence[str] = (),
    context: SubjectContext = CONTEXT,
) -> list[str]:
    """Return one line per disagreement; none where both hold with the same code."""
    text = rules_yaml(options, rules=rules, unknown=unknown, private_lists=private_lists)
    held = released = ""
    try:
        wanted = expected(
            data,
            options=frozenset(options),
            rules=rules,
            unknown=unknown,
            private_lists=private_lists,
            context=context,
            tables=standard_tables(),
        )
    except OracleHeld as reason:
        held = reason.code
    try:
        written = run_engine(data, rules_yaml=text, context=context, verified=False)
    except HeldError as reason:
        released = reason.code
    if held or released:
        return [] if held == released else [f"oracle: {held or 'ok'}, engine: {released or 'ok'}"]
    return differences(wanted, parse(written))
