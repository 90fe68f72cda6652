"""Compile a rule set with the tables of the standard into a plan.

What is done with which element: ``ops/manual/metadata.md``, section 1.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rules.beyond import letter_beyond, rows_beyond
from rules.compounds import OPERATIONS, resolve
from rules.conditions import Condition
from rules.plan import Children, Entry, Node, Plan, PrivateEntries, PrivateKey, Roots
from rules.schema import RuleSet
from rules.tables import (
    Definition,
    Row,
    confidentiality_table,
    definition,
    iod_of,
    iod_types,
    provenance,
    safe_private,
)
from rules.tags import REFUSED_PRIVATE_GROUPS, TagPattern
from rules.vocabulary import Action, Operation, Option, UnknownPolicy

SECTIONS: Mapping[Option, str] = {
    Option.CLEAN_PIXEL_DATA: "PS3.15 E.3.1",
    Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES: "PS3.15 E.3.2",
    Option.CLEAN_GRAPHICS: "PS3.15 E.3.3",
    Option.CLEAN_STRUCTURED_CONTENT: "PS3.15 E.3.4",
    Option.CLEAN_DESCRIPTORS: "PS3.15 E.3.5",
    Option.RETAIN_LONGITUDINAL_FULL_DATES: "PS3.15 E.3.6",
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "PS3.15 E.3.6",
    Option.RETAIN_PATIENT_CHARACTERISTICS: "PS3.15 E.3.7",
    Option.RETAIN_DEVICE_IDENTITY: "PS3.15 E.3.8",
    Option.RETAIN_UIDS: "PS3.15 E.3.9",
    Option.RETAIN_SAFE_PRIVATE: "PS3.15 E.3.10",
    Option.RETAIN_INSTITUTION_IDENTITY: "PS3.15 E.3.11",
}
UNAVAILABLE: Mapping[Option, str] = {
    Option.CLEAN_PIXEL_DATA: "pixels.unchecked",
    Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES: "face.unchecked",
}
KEPT_UIDS = frozenset(
    {
        "SOPClassesInStudy",
        "SOPClassesSupported",
        "CodingSchemeUID",
        "ContextUID",
        "MappingResourceUID",
        "ContextGroupExtensionCreatorUID",
    }
)
"""Attributes of VR UI outside Table E.1-1 that name no instance."""

DATE_VRS = frozenset({"DA", "DT", "TM"})
REMOVED_GROUPS = frozenset({0x0000, 0x0002, 0x0004, 0xFFFA, 0xFFFC})
"""Commands, file meta information, directories, signatures, padding."""

PATIENT_IDENTITY = frozenset({0x00100010, 0x00100020})
PATIENT_AGE = 0x00101010
_BASIC = "PS3.15 Table E.1-1, basic profile"
_BEYOND = "not in PS3.15 Table E.1-1, but can identify"
_PROFILE = "PS3.15 E.2"
_FREE_PRIVATE_VRS = frozenset(["LO", "SH", "ST", "LT", "UT", "UC", "PN", "UN", "OB", "OW"])


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The root of a dataset, or the items of a sequence, in one IOD.

    `sequences` are the paths of the sequences in which the IOD lists attributes.
    """

    types: Mapping[str, str]
    sequences: frozenset[str]
    path: str

    def inside(self, keyword: str) -> str:
        return f"{self.path}.{keyword}" if self.path else keyword

    def type_of(self, keyword: str) -> str:
        return self.types.get(self.inside(keyword), "") if keyword else ""


_ANYWHERE_ELSE = _Place(types={}, sequences=frozenset(), path="?")
"""Items that neither the IOD nor a rule knows."""


class _Compiler:
    """Answers what is done with an element; the plan's nodes ask it once per tag."""

    def __init__(self, rule_set: RuleSet, rules: Sequence[CompiledRule]) -> None:
        self._options = frozenset(rule_set.options)
        self._unknown = rule_set.unknown
        self._rules = rules
        self._rule_paths = frozenset(
            parent
            for rule in rules
            for tag in rule.tags
            if tag.path is not None
            for parent in _parents([f"{tag.path}.x"])
        )
        self._item_conditions = any(r.when and r.when.item_attributes for r in rules)
        self._private = PrivateEntries(
            self.private,
            nothing_stays=Option.RETAIN_SAFE_PRIVATE not in self._options
            and not any(tag.private for rule in rules for tag in rule.tags),
        )
        self._nodes: dict[tuple[str, str], Node] = {}

    def root(self, sop_class_uid: str) -> Node:
        """Return the root node of a SOP class."""
        iod = iod_of(sop_class_uid) or ""
        types = iod_types(iod).types if iod else {}
        place = _Place(types=types, sequences=frozenset(_parents(types)), path="")
        return self._node(iod, place)

    def _node(self, iod: str, place: _Place) -> Node:
        known = self._nodes.get((iod, place.path))
        if known is None:
            known = self._nodes[iod, place.path] = Node(
                lambda tag: self.standard(place, tag),
                private=self._private,
                children=Children(lambda tag: self._child(iod, place, tag)),
                item_conditions=self._item_conditions,
            )
        return known

    def _child(self, iod: str, place: _Place, tag: int) -> Node:
        found = definition(tag) if not tag >> 16 & 1 else None
        path = place.inside(found.keyword) if found and found.keyword else ""
        if path in place.sequences or path in self._rule_paths:
            return self._node(iod, replace(place, path=path))
        # One node for all such places: what a hostile file nests costs no memory here.
        return self._node("", _ANYWHERE_ELSE)

    # Standard elements ---------------------------------------------------------------

    def standard(self, place: _Place, tag: int) -> Entry:
        """Return the entry of an element of an even group."""
        group = tag >> 16
        if group in REMOVED_GROUPS or not tag & 0xFFFF:
            return _removed("group lengths, signatures, padding, groups of other files", _PROFILE)
        matching = (r for r in self._rules if any(t.names(tag, path=place.path) for t in r.tags))
        conditional: list[tuple[Condition, Entry]] = []
        for rule in matching:
            entry = self._of_rule(rule, place, tag)
            if rule.when is None:
                return replace(entry, alternatives=tuple(conditional))
            conditional.append((rule.when, entry))
        entry = self._of_overlay(place, tag) if _is_overlay(tag) else self._of_table(place, tag)
        return replace(entry, alternatives=(*conditional, *entry.alternatives))

    def _of_rule(self, rule: CompiledRule, place: _Place, tag: int) -> Entry:
        found = definition(tag) or Definition(vr="", keyword="", name="")
        type_ = place.type_of(found.keyword)
        row = confidentiality_table().row(tag)
        basic = resolve(row.basic if row else "X", type_=type_)
        return _rule_entry(rule, found, basic=basic, type_=type_)

    def _of_overlay(self, place: _Place, tag: int) -> Entry:
        """Overlay Data decides over its group: without it the rest means nothing."""
        own = self._of_table(place, tag)
        data = self.standard(place, tag & 0xFFFF0000 | 0x3000)

        def along(with_data: Entry) -> Entry:
            if with_data.operation is Operation.KEEP:
                return own
            return replace(
                own,
                action=Action.REMOVE,
                operation=Operation.REMOVE,
                fallback=Operation.REMOVE,
                rule=f"with OverlayData: {with_data.rule}",
                section=with_data.section,
                note=with_data.note,
            )

        alternatives = tuple((condition, along(e)) for condition, e in data.alternatives)
        return replace(along(data), alternatives=alternatives)

    def _of_table(self, place: _Place, tag: int) -> Entry:
        found = definition(tag) or Definition(vr="", keyword="", name="")
        type_ = place.type_of(found.keyword)
        row = confidentiality_table().row(tag)
        if row is not None:
            return self._of_row(row, tag, found, type_=type_)
        if not found.keyword:
            return self._of_unknown()
        letter = letter_beyond(found.keyword, found.vr)
        if letter is not None:
            return self._of_row(_row_beyond(tag, found, letter), tag, found, type_=type_)
        action, why = Action.KEEP, "not in PS3.15 Table E.1-1"
        section = _PROFILE
        if found.vr == "UI" and not _names_no_instance(found.keyword):
            action, why = Action.UID, "not in PS3.15 Table E.1-1, UID of an instance"
            if Option.RETAIN_UIDS in self._options:
                action, section = Action.KEEP, SECTIONS[Option.RETAIN_UIDS]
        return _entry(found, action, rule=why, section=section, type_=type_)

    def _of_unknown(self) -> Entry:
        entry = _removed(f"unknown: {self._unknown}", _PROFILE)
        if self._unknown is UnknownPolicy.HOLD:
            return replace(entry, operation=Operation.HOLD, note="metadata.unknown")
        return entry

    def _of_row(self, row: Row, tag: int, found: Definition, *, type_: str) -> Entry:
        letters = {o: letter for o, letter in row.options.items() if o in self._options}
        basic = _entry(
            found,
            resolve(row.basic, type_=type_),
            rule=_BEYOND if confidentiality_table().row(tag) is None else _BASIC,
            section=_PROFILE,
            type_=type_,
        )
        if tag in PATIENT_IDENTITY:
            return replace(basic, operation=Operation.PSEUDONYM, fallback=basic.fallback)
        modified = Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
        keeping = [o for o, letter in letters.items() if letter == "K"]
        cleaning = [o for o, letter in letters.items() if letter == "C" and o is not modified]
        if modified in letters:
            entry = _by_option(basic, modified)
            if found.vr not in DATE_VRS:  # Timezone Offset From UTC, binary timestamps
                return entry
            return replace(entry, action=Action.CLEAN, operation=Operation.SHIFT_DATE)
        if keeping:
            caps = tag == PATIENT_AGE and Option.RETAIN_PATIENT_CHARACTERISTICS in keeping
            return replace(
                _by_option(basic, keeping[0]),
                action=Action.KEEP,
                operation=Operation.CAP_AGE if caps else Operation.KEEP,
            )
        if cleaning:
            return replace(basic, note=f"{cleaning[0]}.removed")
        return basic

    # Private elements ----------------------------------------------------------------

    def private(self, key: PrivateKey) -> Entry:
        """Return the entry of a private element."""
        if key[1] in REFUSED_PRIVATE_GROUPS:
            return _removed("private group that no data set may have", "PS3.5 7.8")
        matching = (r for r in self._rules if any(t.private == key for t in r.tags))
        safe = safe_private().get(key)
        found = Definition(vr=safe.vr if safe and "/" not in safe.vr else "", keyword="", name="")
        conditional: list[tuple[Condition, Entry]] = []
        for rule in matching:
            entry = _rule_entry(rule, found, basic=Action.REMOVE, type_="")
            if rule.when is None:
                return replace(entry, alternatives=tuple(conditional))
            conditional.append((rule.when, entry))
        entry = _removed("PS3.15 Table E.1-1, private attributes", _PROFILE)
        if safe is not None and Option.RETAIN_SAFE_PRIVATE in self._options:
            entry = self._of_safe_private(found)
        return replace(entry, alternatives=tuple(conditional))

    def _of_safe_private(self, found: Definition) -> Entry:
        option = Option.RETAIN_SAFE_PRIVATE
        rule, section = "PS3.15 Table E.3.10-1", SECTIONS[option]
        if not found.vr or found.vr in _FREE_PRIVATE_VRS:
            return replace(_removed(rule, section), vr=found.vr, note=f"{option}.removed")
        action = Action.KEEP
        if found.vr == "UI" and Option.RETAIN_UIDS not in self._options:
            action = Action.UID
        if found.vr in DATE_VRS and Option.RETAIN_LONGITUDINAL_FULL_DATES not in self._options:
            action = Action.REMOVE
            if Option.RETAIN_LONGITUDINAL_MODIFIED_DATES in self._options:
                return _shifted(found, rule=rule, section=section, fallback=Operation.REMOVE)
        entry = _entry(found, action, rule=rule, section=section)
        return replace(entry, unfit_note=f"{option}.removed")


def compile_plan(rule_set: RuleSet, rules: Sequence[CompiledRule]) -> Plan:
    """Return the plan of `rule_set`.

    Parameters
    ----------
    rule_set : RuleSet
    rules : Sequence[CompiledRule]
        Its rules, in order.
    """
    compiler = _Compiler(rule_set, rules)
    options = frozenset(rule_set.options)
    return Plan(
        name=rule_set.name,
        hash=plan_hash(rule_set),
        edition=confidentiality_table().edition,
        options=options,
        unknown=rule_set.unknown,
        shift_days=rule_set.dates.shift_days,
        condition_attributes=frozenset(
            keyword for r in rules if r.when is not None for keyword in r.when.attributes
        ),
        deface_modalities=frozenset(rule_set.deface.modalities),
        unavailable={o: code for o, code in UNAVAILABLE.items() if o in options},
        keeps_profile=not any(r.action is Action.KEEP and r.weakens for r in rules),
        roots=Roots(compiler.root),
    )


def plan_hash(rule_set: RuleSet) -> str:
    """Return the SHA-256 (hex) of the rule set, without its tests, and of the tables."""
    said = rule_set.model_dump(mode="json", exclude={"tests"})
    said["options"] = sorted(set(said["options"]))
    canonical = {
        "format": 1,
        "rule_set": said,
        "tables": provenance(),
        "beyond": rows_beyond(),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


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
    names_instance = found.vr == "UI" and not _names_no_instance(found.keyword)
    return names_instance or letter_beyond(found.keyword, found.vr) is not None


def _row_beyond(tag: int, found: Definition, letter: str) -> Row:
    dates = {
        Option.RETAIN_LONGITUDINAL_FULL_DATES: "K",
        Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "C",
    }
    return Row(
        tag=f"{tag:08X}",
        vr=found.vr,
        keyword=found.keyword,
        name=found.name,
        retired=False,
        basic=letter,
        options=dates if found.vr in DATE_VRS else {},
    )


def _parents(paths: Mapping[str, str] | Sequence[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition(".")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition(".")[0]
    return found


def _is_overlay(tag: int) -> bool:
    return tag >> 24 == 0x60 and tag & 0xFFFF != 0x3000


def _names_no_instance(keyword: str) -> bool:
    return keyword in KEPT_UIDS or keyword.endswith(("ClassUID", "TransferSyntaxUID"))


def _fallback(operation: Operation) -> Operation:
    falls = operation in (Operation.REMOVE, Operation.EMPTY, Operation.DUMMY)
    return operation if falls else Operation.REMOVE


def _entry(found: Definition, action: Action, *, rule: str, section: str, type_: str = "") -> Entry:
    operation = OPERATIONS[action]
    return Entry(
        action=action,
        operation=operation,
        fallback=_fallback(operation),
        vr=found.vr,
        keyword=found.keyword,
        rule=rule,
        section=section,
        type=type_,
    )


def _removed(rule: str, section: str) -> Entry:
    nothing = Definition(vr="", keyword="", name="")
    return _entry(nothing, Action.REMOVE, rule=rule, section=section)


def _by_option(basic: Entry, option: Option) -> Entry:
    return replace(basic, rule=f"PS3.15 Table E.1-1, {option}", section=SECTIONS[option])


def _shifted(found: Definition, *, rule: str, section: str, fallback: Operation) -> Entry:
    entry = _entry(found, Action.REMOVE, rule=rule, section=section)
    return replace(entry, action=Action.CLEAN, operation=Operation.SHIFT_DATE, fallback=fallback)


def _rule_entry(rule: CompiledRule, found: Definition, *, basic: Action, type_: str) -> Entry:
    """Return what a rule makes of an attribute; `basic` is what C falls back to."""
    section = "PS3.15 Table E.1-1a"
    if rule.action is not Action.CLEAN:
        return _entry(found, rule.action, rule=rule.origin, section=section, type_=type_)
    if found.vr in DATE_VRS:
        shifted = _shifted(
            found,
            rule=rule.origin,
            section=SECTIONS[Option.RETAIN_LONGITUDINAL_MODIFIED_DATES],
            fallback=_fallback(OPERATIONS[basic]),
        )
        return replace(shifted, type=type_)
    if found.vr == "UI":
        return _entry(found, Action.UID, rule=rule.origin, section=section, type_=type_)
    entry = _entry(found, basic, rule=rule.origin, section=section, type_=type_)
    return replace(entry, note="rules.clean.removed")
