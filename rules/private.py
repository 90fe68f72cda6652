"""What is done with private elements: removed, unless a rule or the safe private list names one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rules.entries import (
    DATE_VRS,
    SECTIONS,
    TEXT_VRS,
    UNDEFINED,
    cleaned_text,
    entry_of,
    removed,
    shifted,
)
from rules.overrides import CompiledRule, overridden, rule_entry
from rules.plan import Entry, PrivateEntries, PrivateKey
from rules.tables import Definition, ListedPrivate, safe_private, tcia_private
from rules.tags import REFUSED_PRIVATE_GROUPS
from rules.vocabulary import Action, Operation, Option, PrivateList

_FREE_VRS = frozenset(["LO", "SH", "ST", "LT", "UT", "UC", "PN", "UN", "OB", "OW"])
"""VRs that hold anything: the list of safe elements is no proof."""


def private_entries(
    options: frozenset[Option],
    rules: Sequence[CompiledRule],
    *,
    lists: frozenset[PrivateList],
) -> PrivateEntries:
    """Return the entries of private elements, the same at every place.

    Parameters
    ----------
    options : frozenset[Option]
        Those that are on.
    lists : frozenset[PrivateList]
        Taken beside the standard's, under `retain-safe-private`.
    rules : Sequence[CompiledRule]
        Of the rule set, in order.
    """
    nothing_stays = Option.RETAIN_SAFE_PRIVATE not in options and not any(
        tag.private for rule in rules for tag in rule.tags
    )
    listed = _listed(lists) if Option.RETAIN_SAFE_PRIVATE in options else {}
    return PrivateEntries(
        lambda key: _entry(key, options, rules, listed=listed), nothing_stays=nothing_stays
    )


def _listed(lists: frozenset[PrivateList]) -> Mapping[PrivateKey, ListedPrivate]:
    """Return the safe elements of all lists; of two VRs nobody knows which."""
    found = dict(tcia_private()) if PrivateList.TCIA in lists else {}
    for key, safe in safe_private().items():
        found[key] = ListedPrivate(letter="K", vr=safe.vr, rule="PS3.15 Table E.3.10-1")
    return found


def _entry(
    key: PrivateKey,
    options: frozenset[Option],
    rules: Sequence[CompiledRule],
    *,
    listed: Mapping[PrivateKey, ListedPrivate],
) -> Entry:
    if key[1] in REFUSED_PRIVATE_GROUPS:
        gone = removed("private group that no data set may have")
        return replace(gone, section="PS3.5 7.8")
    full_dates = Option.RETAIN_LONGITUDINAL_FULL_DATES in options
    safe = listed.get(key)
    vr = safe.vr if safe else _known_vr(key)
    found = Definition(vr=vr if "/" not in vr else "", keyword="", name="")

    def by_table() -> Entry:
        if safe is not None:
            return _of_safe(safe, found, options)
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


def _known_vr(key: PrivateKey) -> str:
    safe = safe_private().get(key)
    return safe.vr if safe else ""


def _of_safe(safe: ListedPrivate, found: Definition, options: frozenset[Option]) -> Entry:
    option = Option.RETAIN_SAFE_PRIVATE
    rule, section, note = safe.rule, SECTIONS[option], f"{option}.removed"
    if found.vr in TEXT_VRS and safe.letter == "K" and Option.CLEAN_DESCRIPTORS in options:
        return cleaned_text(
            found, rule=rule, section=section, fallback=Operation.REMOVE, option=option
        )
    is_odd = safe.letter == "C" and found.vr not in DATE_VRS  # e.g. seconds since an epoch
    if not found.vr or found.vr in _FREE_VRS or is_odd:
        return replace(entry_of(found, Action.REMOVE, rule=rule, section=section), note=note)
    action = Action.KEEP
    if (found.vr == "UI" or safe.letter == "U") and Option.RETAIN_UIDS not in options:
        action = Action.UID
    if found.vr in DATE_VRS and Option.RETAIN_LONGITUDINAL_FULL_DATES not in options:
        action = Action.REMOVE
        if Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in options:
            return shifted(found, rule=rule, section=section, fallback=Operation.REMOVE)
    entry = entry_of(found, action, rule=rule, section=section)
    return replace(entry, unfit_note=note)
