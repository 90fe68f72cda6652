"""What the rules of a rule set make of an element: they come before the tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rules.beyond import letter_beyond, names_instance
from rules.compounds import OPERATIONS
from rules.conditions import Condition
from rules.entries import (
    CODED_TEXT_VRS,
    DATE_VRS,
    SECTIONS,
    TEXT_VRS,
    cleaned_text,
    entry_of,
    fallback_of,
    shifted,
    walked,
)
from rules.plan import Entry
from rules.tables import Definition, confidentiality_table, definition
from rules.tags import TagPattern
from rules.vocabulary import Action, Operation, Option

RULE_SECTION = "PS3.15 Table E.1-1a"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule of the rule set, its tags and condition read.

    Attributes
    ----------
    origin : str
        ``"rules[2], line 14"``.
    """

    origin: str
    tags: tuple[TagPattern, ...]
    action: Action
    when: Condition | None

    @property
    def weakens(self) -> bool:
        """Whether one of its tags is not kept by the basic profile."""
        return any(_is_changed(tag) for tag in self.tags)


def overridden(
    matching: Iterable[CompiledRule],
    by_rule: Callable[[CompiledRule], Entry],
    *,
    otherwise: Callable[[], Entry],
) -> Entry:
    """Return the entry under the rules that match an element, in their order.

    Parameters
    ----------
    by_rule : Callable[[CompiledRule], Entry]
        What one rule makes of the element, its condition aside.
    otherwise : Callable[[], Entry]
        What the tables make of it, for where no rule holds.
    """
    conditional: list[tuple[Condition, Entry]] = []
    for rule in matching:
        entry = by_rule(rule)
        if rule.when is None:
            return replace(entry, alternatives=tuple(conditional))
        conditional.append((rule.when, entry))
    entry = otherwise()
    return replace(entry, alternatives=(*conditional, *entry.alternatives))


def rule_entry(rule: CompiledRule, found: Definition, *, basic: Action, type_: str = "") -> Entry:
    """Return what a rule makes of an attribute.

    Parameters
    ----------
    found : Definition
        Of the attribute.
    basic : Action
        What C falls back to.
    """
    if rule.action is not Action.CLEAN:
        return entry_of(found, rule.action, rule=rule.origin, section=RULE_SECTION, type_=type_)
    if found.vr in DATE_VRS:
        return shifted(
            found,
            rule=rule.origin,
            section=SECTIONS[Option.RETAIN_LONGITUDINAL_MODIFIED_DATES],
            fallback=fallback_of(OPERATIONS[basic]),
            type_=type_,
        )
    if found.vr == "UI":
        return entry_of(found, Action.UID, rule=rule.origin, section=RULE_SECTION, type_=type_)
    return _cleaned(rule, found, basic=basic, type_=type_)


def _cleaned(rule: CompiledRule, found: Definition, *, basic: Action, type_: str) -> Entry:
    if found.vr == "SQ":
        return walked(found, rule=rule.origin, section=RULE_SECTION, type_=type_)
    entry = entry_of(found, basic, rule=rule.origin, section=RULE_SECTION, type_=type_)
    if found.keyword == "EncapsulatedDocument":
        return replace(entry, action=Action.CLEAN, operation=Operation.CLEAN_DOCUMENT)
    if found.vr in TEXT_VRS | CODED_TEXT_VRS | {""}:
        return cleaned_text(
            found,
            rule=rule.origin,
            section=SECTIONS[Option.CLEAN_DESCRIPTORS],
            fallback=OPERATIONS[basic],
            option="rules.clean",
            type_=type_,
        )
    return replace(entry, note="rules.clean.removed")


def _is_changed(pattern: TagPattern) -> bool:
    """Return whether the basic profile changes what `pattern` names."""
    if pattern.private is not None or pattern.mask.startswith(("50", "60")):
        return True
    if "X" in pattern.mask:
        return True  # several attributes: no claim
    tag = int(pattern.mask, 16)
    found = definition(tag)
    if found is None or not found.keyword:
        return True
    if confidentiality_table().row(tag) is not None:
        return True
    return names_instance(found) or letter_beyond(found.keyword, found.vr) is not None
