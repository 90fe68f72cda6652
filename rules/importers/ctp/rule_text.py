"""Write the YAML of an imported rule set."""

import re
from collections.abc import Iterable, Sequence

from rules.importers.ctp.actions import IDENTITY, INSTANCE_UIDS, UNTOUCHED
from rules.importers.ctp.decisions import Decision
from rules.tables import tags_by_keyword
from rules.vocabulary import AccessionPolicy, Option

_ORDER = "XZDUCK"
_FILES = frozenset({0x0000, 0x0002, 0x0004, 0xFFFA, 0xFFFC, 0xFFFE})
_CODES = (
    "CodeValue",
    "LongCodeValue",
    "URNCodeValue",
    "CodingSchemeDesignator",
    "CodingSchemeVersion",
)
_MEANING = "CodeMeaning"
"""Text that a person may have typed."""

_STAYING = IDENTITY | INSTANCE_UIDS | UNTOUCHED.keys()
OVERLAYS, CURVES = "(60xx,xxxx)", "(50xx,xxxx)"

Tagged = tuple[str, str]
"""A tag as `rules.tags` reads it, and the comment beside it."""


def rule_text(
    *,
    name: str,
    options: Sequence[Option],
    accession: AccessionPolicy,
    first: Sequence[Tagged],
    decisions: Iterable[Decision],
    last: Sequence[str],
) -> str:
    """Return the YAML.

    Parameters
    ----------
    options : Sequence[Option]
    accession : AccessionPolicy
    first : Sequence[Tagged]
        Removed before any other rule is asked.
    decisions : Iterable[Decision]
        One for each element.
    last : Sequence[str]
        Tags that are removed where no other rule names them.
    """
    lines = [
        "# Made of a script of the CTP DICOM anonymizer. The report of the import says what",
        "# is different; read both before this is used.",
        f"name: {_quoted(name)}",
        "profile: basic",
        f"options: [{', '.join(options)}]",
        "unknown: remove",
        *([] if accession is AccessionPolicy.TABLE else [f"accession: {accession}"]),
        "rules:" if first or last else "",
    ]
    rules = list(_rule("X", first))
    by_letter: dict[str, list[Tagged]] = {letter: [] for letter in _ORDER}
    codes: list[str] = []
    meanings: list[str] = []
    for decision in decisions:
        comment = f"line {decision.account.line}: {decision.account.said}"
        tags = [(pattern, comment) for pattern in decision.element.patterns]
        for branch in decision.branches:
            if branch.when is not None and branch.letter and tags:
                rules += _rule(branch.letter, tags, when=branch.when)
            elif branch.letter:
                by_letter[branch.letter] += tags
        if decision.letters == ("K",) and decision.element.vr == "SQ" and last:
            codes += [f"{decision.element.keyword}.{c}" for c in _CODES]
            meanings.append(f"{decision.element.keyword}.{_MEANING}")
    for letter, tags in by_letter.items():
        rules += _rule(letter, tags)
    rules += _rule("K", [(tag, "code of a kept sequence") for tag in codes])
    rules += _rule("C", [(tag, "meaning of such a code") for tag in meanings])
    rules += _rule("X", [(tag, "not named by the script") for tag in last])
    lines[-1] = "rules:" if rules else "rules: []"
    return "\n".join([*lines, *rules]) + "\n"


def unnamed_tags(*, kept_groups: Iterable[int], kept: Iterable[int]) -> list[str]:
    """Return the tags of all elements of the groups of the dictionary but `kept_groups`.

    What must stay is left out: a rule that covers it is refused. So is `kept`.
    """
    staying = _STAYING.union(kept)
    groups = {tag >> 16 for k, tag in tags_by_keyword().items() if k and not tag >> 16 & 1}
    return [
        f"({group:04X},{element})"
        for group in sorted(groups - _FILES - set(kept_groups))
        for element in _others({f"{t & 0xFFFF:04X}" for t in staying if t >> 16 == group})
    ]


def _others(spared: set[str], prefix: str = "") -> list[str]:
    """Return the four digits of every element but `spared`; ``x`` is any digit."""
    if not any(element.startswith(prefix) for element in spared):
        return [prefix.ljust(4, "x")] if prefix != "0000" else []
    if len(prefix) == 4:
        return []
    return [mask for digit in "0123456789ABCDEF" for mask in _others(spared, prefix + digit)]


def _rule(letter: str, tags: Sequence[Tagged], *, when: str | None = None) -> list[str]:
    if not tags:
        return []
    condition = [f"    when: {_quoted(when)}"] if when is not None else []
    return [
        f"  - action: {letter}",
        *condition,
        "    tags:",
        *(f"      - {_quoted(tag)} # {_comment(comment)}" for tag, comment in tags),
    ]


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _comment(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9@:,.()? -]", " ", text)
