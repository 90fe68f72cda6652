"""Compile a rule set with the tables of the standard into a plan.

What is done with which element: ``ops/manual/metadata.md``, section 1. Here is the tree
of places; `rules.overrides`, `rules.attributes` and `rules.private` answer for an element.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pydicom

from rules.attributes import (
    PATIENT_IDENTITY,
    AttributeTable,
    is_beside_overlay_data,
    overlay_data,
    with_overlay_data,
)
from rules.beyond import rows_beyond
from rules.compounds import resolve
from rules.content import CONTENT_SEQUENCES, ContentRules
from rules.entries import DATE_VRS, UNDEFINED, removed
from rules.overrides import CompiledRule, overridden, rule_entry
from rules.plan import Children, ConceptKey, ContentNodes, Entry, Node, Plan, Roots
from rules.private import private_entries
from rules.schema import RuleSet
from rules.tables import (
    ContentRow,
    confidentiality_table,
    definition,
    iod_of,
    iod_types,
    provenance,
)
from rules.version import VERSION
from rules.vocabulary import Action, Option

__all__ = [
    "DATE_VRS",
    "PATIENT_IDENTITY",
    "REMOVED_GROUPS",
    "UNAVAILABLE",
    "CompiledRule",
    "compile_plan",
    "plan_hash",
]

UNAVAILABLE: Mapping[Option, str] = {
    Option.CLEAN_PIXEL_DATA: "pixels.unchecked",
}
"""Reason code of the hold, by option whose engine is not there yet."""

REMOVED_GROUPS = frozenset({0x0000, 0x0002, 0x0004, 0xFFFA, 0xFFFC})
"""Commands, file meta information, directories, signatures, padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The root of a dataset, or the items of a sequence, in one IOD.

    `sequences` are the paths of the sequences in which the IOD lists attributes.
    `holds_content`: its items are content items; `row` is that of their concept, if any.
    """

    types: Mapping[str, str]
    sequences: frozenset[str]
    path: str
    holds_content: bool = False
    row: ContentRow | None = None

    def inside(self, keyword: str) -> str:
        return f"{self.path}.{keyword}" if self.path else keyword

    def type_of(self, keyword: str) -> str:
        return self.types.get(self.inside(keyword), "") if keyword else ""


_NodeKey = tuple[str, str, bool, ConceptKey | None]
_ANYWHERE_ELSE = _Place(types={}, sequences=frozenset(), path="?")
"""Items that neither the IOD nor a rule knows."""


class _Compiler:
    """Answers what is done with an element; the plan's nodes ask it once per tag."""

    def __init__(self, rule_set: RuleSet, rules: Sequence[CompiledRule]) -> None:
        self._table = AttributeTable(
            options=frozenset(rule_set.options),
            unknown=rule_set.unknown,
            accession=rule_set.accession,
        )
        self._rules = rules
        self._rule_paths = frozenset(
            parent
            for rule in rules
            for tag in rule.tags
            if tag.path is not None
            for parent in _parents([f"{tag.path}.x"])
        )
        self._item_conditions = any(r.when and r.when.item_attributes for r in rules)
        self._private = private_entries(
            self._table.options, rules, lists=frozenset(rule_set.private_lists)
        )
        self._content = ContentRules(options=self._table.options)
        self._nodes: dict[_NodeKey, Node] = {}

    def root(self, sop_class_uid: str) -> Node:
        """Return the root node of a SOP class."""
        iod = iod_of(sop_class_uid) or ""
        types = iod_types(iod).types if iod else {}
        place = _Place(types=types, sequences=frozenset(_parents(types)), path="")
        return self._node(iod, place)

    def _node(self, iod: str, place: _Place) -> Node:
        key = iod, place.path, place.holds_content, place.row.key if place.row else None
        known = self._nodes.get(key)
        if known is None:
            content = None
            if place.holds_content:
                content = ContentNodes(lambda concept: self._of_concept(iod, place, concept))
            known = self._nodes[key] = Node(
                lambda tag: self.standard(place, tag),
                private=self._private,
                children=Children(lambda tag: self._child(iod, place, tag)),
                item_conditions=self._item_conditions,
                content=content,
            )
        return known

    def _of_concept(self, iod: str, place: _Place, concept: ConceptKey) -> Node | None:
        """Return the node of a content item; None: it goes."""
        row = self._content.row(*concept)
        if self._content.goes(row):
            return None
        return self._node(iod, replace(place, row=row))

    def _child(self, iod: str, place: _Place, tag: int) -> Node:
        found = definition(tag) if not tag >> 16 & 1 else None
        path = place.inside(found.keyword) if found and found.keyword else ""
        holds_content = (
            tag in CONTENT_SEQUENCES and Option.CLEAN_STRUCTURED_CONTENT in self._table.options
        )
        if path in place.sequences or path in self._rule_paths:
            inside = replace(place, path=path, holds_content=holds_content, row=None)
            return self._node(iod, inside)
        # One node for all such places: what a hostile file nests costs no memory here.
        return self._node("", replace(_ANYWHERE_ELSE, holds_content=holds_content))

    def standard(self, place: _Place, tag: int) -> Entry:
        """Return the entry of an element of an even group."""
        if tag >> 16 in REMOVED_GROUPS or not tag & 0xFFFF:
            return removed("group lengths, signatures, padding, groups of other files")
        return overridden(
            (r for r in self._rules if any(t.names(tag, path=place.path) for t in r.tags)),
            lambda rule: self._of_rule(rule, place, tag),
            otherwise=lambda: self._of_tables(place, tag),
        )

    def _of_rule(self, rule: CompiledRule, place: _Place, tag: int) -> Entry:
        found = definition(tag) or UNDEFINED
        type_ = place.type_of(found.keyword)
        row = confidentiality_table().row(tag)
        basic = resolve(row.basic if row else "X", type_=type_)
        return rule_entry(rule, found, basic=basic, type_=type_)

    def _of_tables(self, place: _Place, tag: int) -> Entry:
        if place.holds_content:
            of_content = self._content.entry(tag, place.row)
            if of_content is not None:
                return of_content
        entry = self._table.entry(tag, type_of=place.type_of)
        if is_beside_overlay_data(tag):
            return with_overlay_data(entry, self.standard(place, overlay_data(tag)))
        return entry


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
        deface_mask=rule_set.deface.mask,
        deface_renderings=rule_set.deface.renderings,
        unavailable={o: code for o, code in UNAVAILABLE.items() if o in options},
        keeps_profile=not any(r.action is Action.KEEP and r.weakens for r in rules),
        roots=Roots(compiler.root),
    )


def plan_hash(rule_set: RuleSet) -> str:
    """Return the SHA-256 (hex) of all that decides what is written of an object.

    The rule set without its tests, the tables, this program and the dictionary (pydicom): with
    the same hash the same object of the same subject gives the same bytes.
    """
    said = rule_set.model_dump(mode="json", exclude={"tests"})
    said["options"] = sorted(set(said["options"]))
    canonical = {
        "format": 2,
        "narthex": VERSION,
        "pydicom": pydicom.__version__,
        "rule_set": said,
        "tables": provenance(),
        "beyond": rows_beyond(),
    }
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _parents(paths: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition(".")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition(".")[0]
    return found
