"""Ask a plan about every attribute, at every kind of place that the standard knows it at.

What is done with an attribute depends on its Type, and the Type on the IOD and the place.
One place per Type stands for all; the Type ``""`` for wherever no IOD lists the attribute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from pydicom import datadict
from pydicom._uid_dict import UID_dictionary

from rules.beyond import is_free_text, names_instance, row_beyond
from rules.compiler import REMOVED_GROUPS
from rules.content import VALUES
from rules.entries import removed
from rules.overrides import CompiledRule
from rules.plan import ConceptKey, Entry, Node, Plan, PrivateKey
from rules.tables import (
    TYPES,
    confidentiality_table,
    content_table,
    definition,
    iod_of,
    iod_types,
    safe_private,
    tags_by_keyword,
    tcia_private,
)
from rules.tags import parse_tag
from rules.vocabulary import Operation

_CONTENT_SEQUENCE = 0x0040A730
_FIRST_OF_GROUP = 0x0005
"""Stands for a group of which all elements are meant: no group length, no private block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an attribute stands.

    Attributes
    ----------
    sop_class_uid : str
        "": one that is not mapped.
    path : str
        Keywords of the sequences around it, joined by dots.
    """

    sop_class_uid: str
    path: str


ANYWHERE = Place(sop_class_uid="", path="")


def attributes_of_table() -> list[int]:
    """Return the tags of Table E.1-1 and of our own rows beyond it, ascending.

    A repeating group is there with its first group; private attributes are not.
    """
    table = confidentiality_table()
    tags = {*table.rows, *map(representative, table.repeating)}
    for tag in datadict.keyword_dict.values():
        found = definition(tag)
        if found is not None and (
            row_beyond(tag, found) or is_free_text(found) or names_instance(found)
        ):
            tags.add(tag)
    return sorted(tag for tag in tags if tag >> 16 not in REMOVED_GROUPS)


def all_attributes(rules: Iterable[CompiledRule]) -> list[int]:
    """Return the tags of the dictionary, of Table E.1-1 and of `rules`, ascending."""
    tags = {*attributes_of_table(), *datadict.keyword_dict.values(), *named_tags(rules)}
    return sorted(tag for tag in tags if tag >> 16 not in REMOVED_GROUPS)


def named_tags(rules: Iterable[CompiledRule]) -> set[int]:
    """Return the standard tags that `rules` name, of a repeating group the first."""
    return {representative(t.mask) for rule in rules for t in rule.tags if t.mask}


def all_private(rules: Iterable[CompiledRule]) -> list[PrivateKey]:
    """Return the keys of the private elements on any list and of those that `rules` name."""
    named = {tag.private for rule in rules for tag in rule.tags if tag.private}
    return sorted({*safe_private(), *tcia_private(), *named})


def content_entries(plan: Plan) -> dict[ConceptKey, Entry]:
    """Return what `plan` does with the value of each content item of Table E.3.4-1.

    Items whose value is no text, name, date or UID are there only where they go. Nothing
    is there where Content Sequence does not stay.
    """
    around = entries_by_type(plan, _CONTENT_SEQUENCE).values()
    if not any(entry.operation is Operation.KEEP for entry in around):
        return {}
    items = plan.roots[""].children[_CONTENT_SEQUENCE]
    found: dict[ConceptKey, Entry] = {}
    for row in content_table().values():
        node = items if items.content is None else items.content[row.key]
        value = VALUES.get(row.value_type)
        if node is None:
            found[row.key] = removed("PS3.15 Table E.3.4-1")
        elif value is not None:
            found[row.key] = node[value]
    return found


def named_places(rules: Iterable[CompiledRule]) -> dict[int, set[str]]:
    """Return the paths at which `rules` name attributes, by tag."""
    found: dict[int, set[str]] = {}
    for rule in rules:
        for tag in rule.tags:
            if tag.path and tag.mask:
                found.setdefault(representative(tag.mask), set()).add(tag.path)
    return found


def representative(mask: str) -> int:
    """Return a tag for eight hexadecimal digits in which ``X`` stands for any."""
    tag = int(mask.replace("X", "0"), 16)
    return tag if tag & 0xFFFF else tag | _FIRST_OF_GROUP


def entries_by_type(plan: Plan, tag: int) -> dict[str, Entry]:
    """Return what `plan` does with an attribute, by its Type; "" comes last."""
    found = definition(tag)
    places = _places().get(found.keyword if found else "", {})
    by_type = {t: entry_at(plan, tag, places[t]) for t in TYPES if t in places}
    return by_type | {"": entry_at(plan, tag, ANYWHERE)}


def entry_at(plan: Plan, tag: int, place: Place) -> Entry:
    """Return what `plan` does with an attribute at `place`."""
    return node_at(plan, place)[tag]


def node_at(plan: Plan, place: Place) -> Node:
    """Return the node of `place`.

    Raises
    ------
    rules.errors.TagError
        If its path names what is no attribute.
    """
    node = plan.roots[place.sop_class_uid]
    for keyword in place.path.split(".") if place.path else ():
        tag = tags_by_keyword().get(keyword)
        node = node.children[int(parse_tag(keyword).mask, 16) if tag is None else tag]
    return node


@cache
def _places() -> Mapping[str, Mapping[str, Place]]:
    """Return a place by keyword and Type: at the root, where there is one."""
    found: dict[str, dict[str, Place]] = {}
    for sop_class_uid, iod in _one_class_per_iod().items():
        for where, type_ in iod_types(iod).types.items():
            path, _, keyword = where.rpartition(".")
            known = found.setdefault(keyword, {})
            if type_ not in known or len(path) < len(known[type_].path):
                known[type_] = Place(sop_class_uid=sop_class_uid, path=path)
    return MappingProxyType(found)


def _one_class_per_iod() -> dict[str, str]:
    by_iod: dict[str, str] = {}
    for sop_class_uid in sorted(UID_dictionary):
        iod = iod_of(sop_class_uid)
        if iod is not None:
            by_iod.setdefault(iod, sop_class_uid)
    return {sop_class_uid: iod for iod, sop_class_uid in by_iod.items()}
