"""Say in what two rule sets differ: where the second keeps more, where it removes more."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from pydantic import BaseModel

from rules.entries import PROFILE, UNDEFINED, entry_of, removed
from rules.load import LoadedRules, compile_rules, read_rules, rule_text
from rules.plan import Entry, Plan, PrivateKey
from rules.schema import RuleSet
from rules.survey import (
    ANYWHERE,
    Place,
    all_attributes,
    all_private,
    content_entries,
    entries_by_type,
    entry_at,
    named_places,
)
from rules.tables import definition
from rules.vocabulary import Action, Operation, Option, UnknownPolicy

_LEFT: Mapping[Operation, int] = {
    Operation.HOLD: 0,
    Operation.REMOVE: 1,
    Operation.EMPTY: 2,
    Operation.DUMMY: 3,
    Operation.PSEUDONYM: 4,
    Operation.ACCESSION: 4,
    Operation.REPLACE_UID: 4,
    Operation.KEEP: 9,
}
"""How much is left of a value; operations that clean it stand between."""
_CLEANED = 5
_WHY = frozenset({"rule", "section", "note"})
"""Fields of an entry that say why, not what."""
_OF_REMOVED = frozenset({"operation", "alternatives"})
"""Fields that matter where nothing of a value is left."""
_ASKED_OTHERWISE = frozenset({"name", "profile", "options", "rules", "tests"})
"""Keys of a rule set that are no settings."""
_KEPT_ITEM = entry_of(UNDEFINED, Action.KEEP, rule="PS3.15 E.3.4", section=PROFILE)
_REMOVING = frozenset({Option.CLEAN_PIXEL_DATA, Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES})
"""Options that take away more than the basic profile does; all others leave more."""


class Direction(StrEnum):
    """What the second rule set does, compared to the first."""

    KEEPS_MORE = "keeps more"
    REMOVES_MORE = "removes more"
    OTHERWISE = "does otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A rule set, read and compiled."""

    loaded: LoadedRules
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that two rule sets do differently.

    Attributes
    ----------
    what : str
        ``attribute``, ``content item``, ``private element``, ``option``, ``rules``, or a key
        of the rule set.
    name : str
        Tag and keyword; the option.
    types : tuple[str, ...]
        Types (PS3.3) of the attribute at which it is so, "" is unknown; none: all.
    first, second : str
        In words.
    """

    what: str
    name: str
    first: str
    second: str
    direction: Direction
    types: tuple[str, ...] = ()

    def as_data(self) -> dict[str, object]:
        """Return what ``narthex rules diff --json`` prints."""
        return {
            "what": self.what,
            "name": self.name,
            "types": list(self.types),
            "first": self.first,
            "second": self.second,
            "direction": self.direction.value,
        }


def compiled(name: str) -> Compiled:
    """Return a shipped rule set, or that of a file.

    Raises
    ------
    rules.errors.RuleSetError
    """
    text = rule_text(name)
    return Compiled(loaded=read_rules(text, source=name), plan=compile_rules(text, source=name))


def differences(first: Compiled, second: Compiled) -> list[Difference]:
    """Return what `second` does differently; names, tests and layout do not count."""
    found = [
        *_options(first.plan, second.plan),
        *_settings(first, second),
        *_attributes(first, second),
        *_content(first, second),
        *_private(first, second),
    ]
    if not found and _said(first) != _said(second):
        # what the places that were looked at do not show is not called the same
        found.append(
            Difference(
                what="rules",
                name="rules",
                first="",
                second="written differently; no attribute was found that is treated differently",
                direction=Direction.OTHERWISE,
            )
        )
    return found


def _options(first: Plan, second: Plan) -> Iterator[Difference]:
    for option in Option:
        before, after = option in first.options, option in second.options
        if before == after:
            continue
        keeps = (option not in _REMOVING) == after
        yield Difference(
            what="option",
            name=option.value,
            first="on" if before else "off",
            second="on" if after else "off",
            direction=Direction.KEEPS_MORE if keeps else Direction.REMOVES_MORE,
        )


def _settings(first: Compiled, second: Compiled) -> Iterator[Difference]:
    for name in sorted(RuleSet.model_fields.keys() - _ASKED_OTHERWISE):
        before, after = (getattr(each.loaded.rule_set, name) for each in (first, second))
        if before != after:
            yield Difference(
                what=name,
                name=name,
                first=_setting(before),
                second=_setting(after),
                direction=_setting_direction(name, after),
            )


def _setting_direction(name: str, after: object) -> Direction:
    removes = {
        "unknown": after is UnknownPolicy.HOLD,
        "private_lists": isinstance(after, tuple) and not after,
    }
    if name not in removes:
        return Direction.OTHERWISE
    return Direction.REMOVES_MORE if removes[name] else Direction.KEEPS_MORE


def _setting(value: object) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(f"{k}: {v}" for k, v in value.model_dump(mode="json").items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _attributes(first: Compiled, second: Compiled) -> Iterator[Difference]:
    rules = [*first.loaded.rules, *second.loaded.rules]
    places = named_places(rules)
    for tag in all_attributes(rules):
        one, other = (entries_by_type(each.plan, tag) for each in (first, second))
        pairs = [(type_, entry, other[type_]) for type_, entry in one.items()]
        yield from _grouped("attribute", _name(tag), pairs)
        for path in sorted(places.get(tag, ())):
            place = Place(sop_class_uid=ANYWHERE.sop_class_uid, path=path)
            here, there = (entry_at(each.plan, tag, place) for each in (first, second))
            is_as_elsewhere = _signature(here) == _signature(one[""]) and _signature(
                there
            ) == _signature(other[""])
            if not is_as_elsewhere:
                yield from _grouped("attribute", f"{_name(tag)} in {path}", [("", here, there)])


def _private(first: Compiled, second: Compiled) -> Iterator[Difference]:
    rules = [*first.loaded.rules, *second.loaded.rules]
    for key in all_private(rules):
        one, other = (each.plan.roots[""].private[key] for each in (first, second))
        yield from _grouped("private element", private_name(key), [("", one, other)])


def _content(first: Compiled, second: Compiled) -> Iterator[Difference]:
    one, other = (content_entries(each.plan) for each in (first, second))
    for key in sorted(one.keys() | other.keys()):
        value_type, code, scheme = key
        before, after = (
            entries.get(key, _KEPT_ITEM if entries else removed("with ContentSequence"))
            for entries in (one, other)
        )
        name = f"{value_type} ({code}, {scheme})"
        yield from _grouped("content item", name, [("", before, after)])


def _grouped(
    what: str, name: str, pairs: Iterable[tuple[str, Entry, Entry]]
) -> Iterator[Difference]:
    """Yield the differences of one attribute, equal ones of several Types as one."""
    groups: dict[tuple[str, str, Direction], list[str]] = {}
    count = 0
    for type_, one, other in pairs:
        count += 1
        if _signature(one) != _signature(other):
            key = in_words(one), in_words(other), _direction(one, other)
            groups.setdefault(key, []).append(type_)
    for (before, after, direction), types in groups.items():
        yield Difference(
            what=what,
            name=name,
            types=() if len(types) == count else tuple(types),
            first=before,
            second=after,
            direction=direction,
        )


def private_name(key: PrivateKey) -> str:
    """Return a private element as a rule names it."""
    creator, group, low = key
    return f'({group:04X},"{creator}",{low:02X})'


def in_words(entry: Entry) -> str:
    """Return what an entry does, and why."""
    note = f" [{entry.note}]" if entry.note else ""
    text = f"{entry.action} {entry.operation}{note} ({entry.rule})"
    for condition, alternative in reversed(entry.alternatives):
        text = f"when {condition.text}: {in_words(alternative)}; else {text}"
    return text


def _direction(one: Entry, other: Entry) -> Direction:
    before, after = _range(one), _range(other)
    if before == after:
        return Direction.OTHERWISE
    if after[0] >= before[0] and after[1] >= before[1]:
        return Direction.KEEPS_MORE
    if after[0] <= before[0] and after[1] <= before[1]:
        return Direction.REMOVES_MORE
    return Direction.OTHERWISE


def _range(entry: Entry) -> tuple[int, int]:
    """Return how much an entry leaves at least and at most."""
    entries = [entry, *(alternative for _, alternative in entry.alternatives)]
    if entry.if_date is not None:
        entries.append(entry.if_date)
    left = [_LEFT.get(each.operation, _CLEANED) for each in entries]
    return min(left), max(left)


def _signature(entry: Entry) -> tuple[object, ...]:
    """Return what an entry does, without why."""
    found: list[object] = []
    for field in fields(entry):
        value = getattr(entry, field.name)
        if entry.operation is Operation.REMOVE and field.name not in _OF_REMOVED:
            continue
        if field.name == "alternatives":
            value = tuple((c.text, _signature(alternative)) for c, alternative in value)
        elif isinstance(value, Entry):
            value = _signature(value)
        if field.name not in _WHY:
            found.append(value)
    return tuple(found)


def _name(tag: int) -> str:
    found = definition(tag)
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {found.keyword if found else ''}".rstrip()


def _said(each: Compiled) -> object:
    said = each.loaded.rule_set.model_dump(mode="json", exclude={"name", "tests"})
    said["options"] = sorted(said["options"])
    return said
