"""The metadata engine: one walk over the encoded elements, driven by the plan.

Runs of kept elements are copied as slices; a value is decoded only where an operation
needs it; bulk values pass as spans of the source. What each operation means stands in
``ops/manual/metadata.md``.
"""

from collections import Counter

from pipelines.context import Segment, Span, SubjectContext
from pipelines.errors import HeldError, MalformedError
from pipelines.metadata.charsets import DEFAULT
from pipelines.metadata.elements import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    PIXEL_DATA,
    UNDEFINED,
    Element,
    Scanner,
)
from pipelines.metadata.encode import encode_element, encode_item, encode_sequence
from pipelines.metadata.fitness import fits
from pipelines.metadata.identity import IdentityCollector
from pipelines.metadata.outline import Outline
from pipelines.metadata.place import Place, encodings_at, show
from pipelines.metadata.private import PrivateBlocks
from pipelines.metadata.replacement import Replacement, written_vr
from pipelines.metadata.root import RootLookup
from pipelines.report import Change
from rules.plan import Entry, Node
from rules.vocabulary import Operation

_ODD_GROUP = 0x10000
_FRAGMENTS_VRS = frozenset([b"OB", b"OW"])
_DATE_VRS = frozenset([b"DA", b"DT", b"TM"])
_NO_VRS = frozenset([b"", b"UN"])
_UNKNOWN_VRS = frozenset(["", "UN"])
_ITEM_TAG = b"\xfe\xff\x00\xe0"

_KEEP = Operation.KEEP
_REMOVE = Operation.REMOVE


class Walk:
    """One walk over one object.

    Parameters
    ----------
    outline : Outline
    context : SubjectContext
    root : RootLookup
        Decoded root attributes, for conditions.
    identity_tags : frozenset[int]
        Tags whose source values are collected where they are not kept.
    explain : bool
        True: list every change.

    Attributes
    ----------
    counts : Counter[str]
        Elements by operation, those inside removed sequences not counted.
    notes : set[str]
        See `rules.plan.Entry.note`.
    replacement : Replacement
    identity : IdentityCollector
    changes : list[Change]
    """

    __slots__ = (
        "_buffer",
        "_elements_seen",
        "_explain",
        "_items_seen",
        "_outline",
        "_root",
        "_scanner",
        "changes",
        "counts",
        "identity",
        "notes",
        "replacement",
    )

    def __init__(
        self,
        outline: Outline,
        *,
        context: SubjectContext,
        root: RootLookup,
        identity_tags: frozenset[int],
        explain: bool,
    ) -> None:
        self._outline = outline
        self._buffer = outline.buffer
        self._scanner = Scanner(outline.buffer, outline.ends)
        self._root = root
        self._explain = explain
        self._elements_seen = 0
        self._items_seen = 0
        self.counts: Counter[str] = Counter()
        self.notes: set[str] = set()
        self.replacement = Replacement(outline, context)
        self.identity = IdentityCollector(identity_tags)
        self.changes: list[Change] = []

    def run(self, node: Node, additions: dict[int, bytes]) -> tuple[list[Segment], dict[int, int]]:
        """Clean the data set.

        Parameters
        ----------
        node : Node
            Of the root.
        additions : dict[int, bytes]
            Encoded elements to add at the root, by tag; they replace the source's.

        Returns
        -------
        list[Segment]
            The cleaned data set.
        dict[int, int]
            Where among them each addition is, by tag.

        Raises
        ------
        HeldError
            `metadata.unknown`, `metadata.limit`, `metadata.malformed`.
        """
        elements = self._outline.elements
        place = Place(
            node=node,
            implicit=self._outline.head.implicit,
            depth=0,
            encodings=encodings_at(elements, self._buffer, DEFAULT),
            path="",
        )
        segments: list[Segment] = []
        positions: dict[int, int] = {}
        start = 0
        for tag, encoded in sorted(additions.items()):
            stop = start
            while stop < len(elements) and elements[stop].tag < tag:
                stop += 1
            segments += self._part(elements[start:stop], place)
            positions[tag] = len(segments)
            segments.append(encoded)
            replaced = stop < len(elements) and elements[stop].tag == tag
            start = stop + replaced
        segments += self._part(elements[start:], place)
        return segments, positions

    def _part(self, elements: list[Element], place: Place) -> list[Segment]:
        cleaned = self._dataset(elements, place)
        if cleaned is None:
            return [self._buffer[elements[0].start : elements[-1].following]] if elements else []
        return cleaned

    def _dataset(  # noqa: C901, PLR0912, PLR0915  (the hot loop is kept in one piece)
        self, elements: list[Element], place: Place
    ) -> list[Segment] | None:
        """Clean the elements of one place; None where nothing changed."""
        self._elements_seen += len(elements)
        if self._elements_seen > MAX_ELEMENTS:
            raise MalformedError("metadata.limit", where="number of elements")
        if not elements:
            return None
        buffer = self._buffer
        node = place.node
        out: list[Segment] = []
        first = run = elements[0].start  # where the run of kept elements starts
        blocks = PrivateBlocks(buffer, out)
        identity_tags = self.identity.tags
        nothing_private = node.private.nothing_stays and not self._explain
        kept = removed = 0
        for element in elements:
            tag = element.tag
            private = tag & _ODD_GROUP
            if private:
                if nothing_private:
                    if run < element.start:
                        out.append(buffer[run : element.start])
                    run = element.following
                    removed += 1
                    continue
                key = blocks.key(element)
                if key is None:
                    if run < element.start:
                        out.append(buffer[run : element.start])
                    run = element.following
                    removed += not blocks.add(element)
                    continue
                entry = node.private[key]
            else:
                entry = node[tag]
            if entry.alternatives:
                entry = self._choose(entry, elements, place)
            if entry.if_date is not None and element.vr in _DATE_VRS:
                entry = entry.if_date
            operation = entry.operation
            new: bytes | None
            if operation is _REMOVE:
                removed += 1
                if tag in identity_tags or entry.note or entry.vr == "SQ" or self._explain:
                    self._leave(element, entry, place)
                new = b""
            elif operation is not _KEEP:
                new = self._replace(element, entry, place)
            elif (
                entry.unfit_note
                and entry.vr != "SQ"
                and not fits(self._value(element), vr=element.vr, asked=entry.vr)
            ):
                removed += 1
                self.notes.add(entry.unfit_note)
                if self._explain:
                    self._record(element, entry, _REMOVE, place)
                new = b""
            elif (
                element.vr == b"SQ"
                or entry.vr == "SQ"
                or element.length == UNDEFINED
                or (entry.vr in _UNKNOWN_VRS and self._may_hold_items(element))
            ):
                new = self._keep_sequence(element, entry, place)
                gone = new == b""
                removed += gone
                kept += not gone
            else:
                kept += 1
                new = None
            if private and new != b"":
                blocks.keep(element)
            if new is not None:
                if run < element.start:
                    out.append(buffer[run : element.start])
                run = element.following
                if new:
                    out.append(new)
            elif element.bulk is not None:
                out.append(buffer[run : element.value])
                out.append(Span(*element.bulk))
                run = element.following
        self.counts["keep"] += kept
        self.counts["remove"] += removed + blocks.removed()
        if run == first and not out:
            return None
        out.append(buffer[run : elements[-1].following])
        return out

    def _choose(self, entry: Entry, elements: list[Element], place: Place) -> Entry:
        """Return the first alternative whose condition holds, else the entry."""
        item = self._root
        if place.depth and place.node.item_conditions:
            by_tag = {element.tag: element for element in elements}
            item = RootLookup(by_tag, self._buffer, place.encodings)
        for condition, alternative in entry.alternatives:
            if condition.holds(self._root, item):
                return alternative
        return entry

    def _leave(self, element: Element, entry: Entry, place: Place) -> None:
        """Note that the value of an element does not stay."""
        if entry.note:
            self.notes.add(entry.note)
        if element.tag in self.identity.tags:
            self.identity.collect(element.tag, self._value(element), place.encodings)
        elif entry.vr == "SQ":
            self.identity.collect_inside(
                element,
                place.encodings,
                scanner=self._scanner,
                implicit=place.implicit,
                depth=place.depth,
            )
        if self._explain and entry.operation is _REMOVE:
            self._record(element, entry, _REMOVE, place)

    def _replace(self, element: Element, entry: Entry, place: Place) -> bytes:
        """Return the element with another value; empty where it goes after all."""
        if entry.operation is Operation.HOLD:
            raise HeldError("metadata.unknown", where=show(element.tag))
        self._leave(element, entry, place)
        value = self._value(element)
        operation, new = self.replacement.make(entry, element, value, place)
        self.counts[operation.value] += 1
        if self._explain:
            self._record(element, entry, operation, place)
        if operation is _REMOVE:
            return b""
        vr = written_vr(entry, element)
        return encode_element(element.tag, vr, new, implicit=place.implicit)

    def _value(self, element: Element) -> bytes:
        if element.bulk is None:
            return self._buffer[element.value : element.following]
        return self._outline.source.read(*element.bulk)

    # Sequences

    def _may_hold_items(self, element: Element) -> bool:
        """Return whether a value of unknown VR begins like a sequence."""
        if element.vr not in _NO_VRS:
            return False
        if element.bulk is not None:
            return self._outline.source.read(element.bulk[0], 4) == _ITEM_TAG
        return self._buffer[element.value : element.value + 4] == _ITEM_TAG

    def _keep_sequence(self, element: Element, entry: Entry, place: Place) -> bytes | None:
        """Walk the items. None where nothing changed, empty where it goes."""
        is_sequence = entry.vr == "SQ"
        if entry.unfit_note and not is_sequence:
            self.notes.add(entry.unfit_note)
            if self._explain:
                self._record(element, entry, _REMOVE, place)
            return b""
        if element.tag == PIXEL_DATA or (element.vr in _FRAGMENTS_VRS and not is_sequence):
            return None  # encapsulated: fragments, no elements (PS3.5, A.4)
        if place.depth >= MAX_DEPTH:
            raise MalformedError("metadata.limit", where="depth")
        try:
            content = self._items(element, place)
        except MalformedError as error:
            believable = element.vr == b"SQ" or not (element.vr or element.tag & _ODD_GROUP)
            if believable or error.code != "metadata.malformed":
                raise
            # bytes that should be items and are not can't be shown to be clean
            self.notes.add("unreadable-sequence.removed")
            if entry.unfit_note:
                self.notes.add(entry.unfit_note)
            return b""
        if content is None:
            return None
        vr = b"SQ" if element.vr == b"SQ" else b"UN"  # whose items are implicit VR
        return encode_sequence(element.tag, vr, content, implicit=place.implicit)

    def _items(self, element: Element, place: Place) -> bytes | None:
        """Return the cleaned items; None where nothing changed."""
        if element.bulk is not None:
            return self._items_elsewhere(element, place)
        # UN holds implicit VR items (PS3.5, 6.2.2, note 2)
        implicit = place.implicit or element.vr != b"SQ"
        node = place.node.children[element.tag]
        items = self._scanner.items(
            element.value,
            element.following,
            implicit=implicit,
            defined=element.length != UNDEFINED,
        )
        self._items_seen += len(items)
        if self._items_seen > MAX_ELEMENTS:
            raise MalformedError("metadata.limit", where="number of items")
        parts: list[bytes] = []
        changed = False
        for number, (start, content, end, following) in enumerate(items):
            elements, _ = self._scanner.scan(content, end, implicit=implicit)
            inner = Place(
                node=node,
                implicit=implicit,
                depth=place.depth + 1,
                encodings=encodings_at(elements, self._buffer, place.encodings),
                path=f"{place.path}{show(element.tag)}[{number}]." if self._explain else "",
            )
            cleaned = self._dataset(elements, inner)
            if cleaned is None:
                parts.append(self._buffer[start:following])
            else:
                changed = True
                parts.append(encode_item(self._join(cleaned)))
        return b"".join(parts) if changed else None

    def _items_elsewhere(self, element: Element, place: Place) -> bytes | None:
        """Walk items whose bytes are not in the buffer: a large UN value."""
        value = self._value(element)
        outer = self._buffer, self._scanner
        self._buffer, self._scanner = value, Scanner(value, {})
        inner = element._replace(value=0, following=len(value), length=len(value), bulk=None)
        try:
            return self._items(inner, place)
        finally:
            self._buffer, self._scanner = outer

    def _join(self, segments: list[Segment]) -> bytes:
        """Return what is left of an item; its elements are in the buffer, so are these."""
        return b"".join(segment for segment in segments if isinstance(segment, bytes))

    def _record(self, element: Element, entry: Entry, operation: Operation, place: Place) -> None:
        self.changes.append(
            Change(
                path=place.path + show(element.tag),
                keyword=entry.keyword,
                action=entry.action.value,
                operation=operation.value,
                rule=entry.rule,
                section=entry.section,
            )
        )
