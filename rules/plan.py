"""The plan: a compiled, hashed, immutable rule set.

A plan answers one question for the metadata engine: what is done with this element,
here? The answer is an `Entry`, found in a `Node`. A node stands for one place: the
root of a dataset of one SOP class, or the items of one sequence inside it.

Nodes are dictionaries that fill themselves on first look-up, so that the second
look-up of a tag costs one dictionary access and no call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rules.conditions import Condition
from rules.vocabulary import (
    Action,
    DefaceMask,
    Operation,
    Option,
    RenderingPolicy,
    UnknownPolicy,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is done with one element at one place, and why.

    Attributes
    ----------
    action : Action
        Letter of PS3.15 Table E.1-1a after compounds were resolved.
    operation : Operation
        What the engine carries out.
    fallback : Operation
        What it carries out where `operation` can't be (a date that is no date).
        One of ``REMOVE``, ``EMPTY``, ``DUMMY``.
    vr : str
        VR in the dictionary (PS3.6) or the safe private list; "" where unknown.
    keyword : str
        DICOM keyword; "" where there is none.
    rule : str
        Where the answer comes from, e.g. ``"PS3.15 Table E.1-1, basic profile"`` or
        ``"rules[2], line 14"``. Never a value of a dataset.
    section : str
        Part and section of the standard, e.g. ``"PS3.15 E.3.6"``.
    type : str
        Type of the attribute in the IOD (PS3.3): 1, 1C, 2, 2C, 3, or "" if unknown.
    note : str
        Code for the report where this entry does less than an option asks for, e.g.
        ``"clean-descriptors.removed"``; "" otherwise.
    unfit_note : str
        Of a kept private element: it stays only where its value is one of `vr`; else it
        is removed with this note. Of a text that is cleaned: where it can't be read, the
        fallback is carried out with this note. "" asks nothing.
    if_date : Entry | None
        Of a private element that a rule keeps: what is done where the file's VR is one of
        a date or time; None: no other thing.
    alternatives : tuple
        Conditional overrides, asked in order before this entry: the first whose
        condition holds wins.
    """

    action: Action
    operation: Operation
    fallback: Operation
    vr: str
    keyword: str
    rule: str
    section: str
    type: str = ""
    note: str = ""
    unfit_note: str = ""
    if_date: "Entry | None" = None
    alternatives: tuple[tuple[Condition, "Entry"], ...] = ()


_MOST_ENTRIES = 20_000
"""More than the dictionary has: hostile tags do not fill the memory of a long-lived process."""

PrivateKey = tuple[str, int, int]
"""Private creator (stripped of padding), group, low byte of the element."""


class PrivateEntries(dict[PrivateKey, Entry]):
    """Entries of private elements; filled on first look-up.

    Attributes
    ----------
    nothing_stays : bool
        True where every private element is removed, without a look at its creator.
    """

    __slots__ = ("_resolve", "nothing_stays")

    def __init__(
        self, resolve: Callable[[PrivateKey], Entry], *, nothing_stays: bool = False
    ) -> None:
        super().__init__()
        self._resolve = resolve
        self.nothing_stays = nothing_stays

    def __missing__(self, key: PrivateKey) -> Entry:
        """Resolve `key` once."""
        if len(self) >= _MOST_ENTRIES:
            self.clear()
        entry = self[key] = self._resolve(key)
        return entry


class Children(dict[int, "Node"]):
    """Nodes of the items of sequences; filled on first look-up."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[int], "Node"]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, tag: int) -> "Node":
        """Make the node for the items of `tag` once."""
        node = self[tag] = self._make(tag)
        return node


ConceptKey = tuple[str, str, str]
"""Value type, code and coding scheme of a content item; "" where unknown."""


class ContentNodes(dict[ConceptKey, "Node | None"]):
    """Nodes of content items (PS3.3, 10.2) by concept; None: the item goes."""

    __slots__ = ("_resolve",)

    def __init__(self, resolve: Callable[[ConceptKey], "Node | None"]) -> None:
        super().__init__()
        self._resolve = resolve

    def __missing__(self, key: ConceptKey) -> "Node | None":
        """Resolve `key` once."""
        if len(self) >= _MOST_ENTRIES:
            self.clear()
        node = self[key] = self._resolve(key)
        return node


class Node(dict[int, Entry]):
    """Entries of the standard (even group) elements of one place, by tag.

    Never asked for group 0002, for group lengths, for odd groups.

    Attributes
    ----------
    private : PrivateEntries
    children : Children
        By tag of the sequence (standard or private).
    item_conditions : bool
        True where a condition looks at attributes of the item that holds the element.
    content : ContentNodes or None
        Of the items of a sequence of content items: an item with a concept name has a node
        of its own.
    """

    __slots__ = ("_resolve", "children", "content", "item_conditions", "private")

    def __init__(
        self,
        resolve: Callable[[int], Entry],
        *,
        private: PrivateEntries,
        children: Children,
        item_conditions: bool,
        content: ContentNodes | None = None,
    ) -> None:
        super().__init__()
        self._resolve = resolve
        self.private = private
        self.children = children
        self.item_conditions = item_conditions
        self.content = content

    def __missing__(self, tag: int) -> Entry:
        """Resolve `tag` once."""
        if len(self) >= _MOST_ENTRIES:
            self.clear()
        entry = self[tag] = self._resolve(tag)
        return entry


class Roots(dict[str, Node]):
    """Root nodes by SOP Class UID; filled on first look-up."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[str], Node]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, sop_class_uid: str) -> Node:
        """Make the root node of `sop_class_uid` once."""
        node = self[sop_class_uid] = self._make(sop_class_uid)
        return node


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A compiled rule set.

    Attributes
    ----------
    name : str
    hash : str
        SHA-256 (hex) over the canonical rule set and the editions of the tables.
    edition : str
        Edition of Table E.1-1, e.g. ``"2026d"``.
    options : frozenset[Option]
    unknown : UnknownPolicy
    shift_days : tuple[int, int]
        Bounds, inclusive, of the shift of dates, days.
    condition_attributes : frozenset[str]
        Keywords of root attributes that conditions look at.
    deface_modalities : frozenset[str]
        Modalities that `CLEAN_RECOGNIZABLE_VISUAL_FEATURES` concerns.
    deface_mask : DefaceMask
        How much goes with a face.
    deface_renderings : RenderingPolicy
        What happens to photographs and 3-D renderings.
    keeps_profile : bool
        False where a rule keeps what the basic profile changes.
    unavailable : Mapping[Option, str]
        Options whose engine is not there yet, with the reason code of the hold, e.g.
        ``{Option.CLEAN_PIXEL_DATA: "pixels.unchecked"}``.
    roots : Roots
        ``plan.roots[sop_class_uid]`` is the root node; an unmapped SOP class has one too.
    """

    name: str
    hash: str
    edition: str
    options: frozenset[Option]
    unknown: UnknownPolicy
    shift_days: tuple[int, int]
    condition_attributes: frozenset[str]
    deface_modalities: frozenset[str]
    deface_mask: DefaceMask
    deface_renderings: RenderingPolicy
    keeps_profile: bool
    unavailable: Mapping[Option, str]
    roots: Roots = field(repr=False, compare=False)
