"""What is done with private elements: removed, unless a rule or the safe private list names one."""

from collections.abc import Sequence
from dataclasses import replace

from rules.entries import DATE_VRS, SECTIONS, UNDEFINED, entry_of, removed, shifted
from rules.overrides import CompiledRule, overridden, rule_entry
from rules.plan import Entry, PrivateEntries, PrivateKey
from rules.tables import Definition, safe_private
from rules.tags import REFUSED_PRIVATE_GROUPS
from rules.vocabulary import Action, Operation, Option

_FREE_VRS = frozenset(["LO", "SH", "ST", "LT", "UT", "UC", "PN", "UN", "OB", "OW"])
"""VRs that hold anything: the list of safe elements is no proof."""


def private_entries(options: frozenset[Option], rules: Sequence[CompiledRule]) -> PrivateEntries:
    """Return the entries of private elements, the same at every place.

    Parameters
    ----------
    options : frozenset[Option]
        Those that are on.
    rules : Sequence[CompiledRule]
        Of the rule set, in order.
    """
    nothing_stays = Option.RETAIN_SAFE_PRIVATE not in options and not any(
        tag.private for rule in rules for tag in rule.tags
    )
    return PrivateEntries(lambda key: _entry(key, options, rules), nothing_stays=nothing_stays)


def _entry(key: PrivateKey, options: frozenset[Option], rules: Sequence[CompiledRule]) -> Entry:
    if key[1] in REFUSED_PRIVATE_GROUPS:
        gone = removed("private group that no data set may have")
        return replace(gone, section="PS3.5 7.8")
    full_dates = Option.RETAIN_LONGITUDINAL_FULL_DATES in options
    safe = safe_private().get(key)
    found = Definition(vr=safe.vr if safe and "/" not in safe.vr else "", keyword="", name="")

    def by_table() -> Entry:
        if safe is not None and Option.RETAIN_SAFE_PRIVATE in options:
            return _of_safe(found, options)
        return removed("PS3.15 Table E.1-1, private attributes")

    return overridden(
        (rule for rule in rules if any(tag.private == key for tag in rule.tags)),
        lambda rule: _of_rule(rule, found, full_dates=full_dates),
        otherwise=by_table,
    )


def _of_rule(rule: CompiledRule, found: Definition, *, full_dates: bool) -> Entry:
    """Return what a rule makes of an element; one date beside others tells the shift.

    With a standard attribute such a rule is refused (`rules.checks`). Of a private element
    often the file alone knows that it is a date: K is then carried out like C.
    """
    entry = rule_entry(rule, found, basic=Action.REMOVE)
    if full_dates:
        if entry.operation is Operation.SHIFT_DATE:
            gone = entry_of(found, Action.REMOVE, rule=rule.origin, section=entry.section)
            return replace(gone, note="rules.clean.removed")
        return entry
    if rule.action is not Action.KEEP:
        return entry
    section = SECTIONS[Option.RETAIN_LONGITUDINAL_MODIFIED_DATES]
    date = shifted(UNDEFINED, rule=rule.origin, section=section, fallback=Operation.REMOVE)
    if found.vr in DATE_VRS:
        return replace(date, vr=found.vr)
    return replace(entry, if_date=date)


def _of_safe(found: Definition, options: frozenset[Option]) -> Entry:
    option = Option.RETAIN_SAFE_PRIVATE
    rule, section, note = "PS3.15 Table E.3.10-1", SECTIONS[option], f"{option}.removed"
    if not found.vr or found.vr in _FREE_VRS:
        return replace(entry_of(found, Action.REMOVE, rule=rule, section=section), note=note)
    action = Action.KEEP
    if found.vr == "UI" and Option.RETAIN_UIDS not in options:
        action = Action.UID
    if found.vr in DATE_VRS and Option.RETAIN_LONGITUDINAL_FULL_DATES not in options:
        action = Action.REMOVE
        if Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in options:
            return shifted(found, rule=rule, section=section, fallback=Operation.REMOVE)
    entry = entry_of(found, action, rule=rule, section=section)
    return replace(entry, unfit_note=note)
