"""The metadata engine: one walk over the encoded elements, driven by the plan.

Runs of kept elements are copied as slices; a value is decoded only where an operation
needs it; bulk values pass as spans of the source. What each operation means stands in
``ops/manual/metadata.md``.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.context import Segment, Span, SubjectContext
from pipelines.errors import HeldError, MalformedError
from pipelines.metadata.additions import AppendedItem, with_additions
from pipelines.metadata.characteristics import Declarations, is_unsafe
from pipelines.metadata.charsets import DEFAULT
from pipelines.metadata.content import concept_of, is_oldest, may_be_empty, needs_item
from pipelines.metadata.dummies import dummy_items
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
from pipelines.metadata.outline import Outline
from pipelines.metadata.place import Place, encodings_at, show
from pipelines.metadata.private import PrivateBlocks
from pipelines.metadata.replacement import Replacement, written_vr
from pipelines.metadata.root import RootLookup
from pipelines.metadata.texts import Texts
from pipelines.metadata.trail import Trail
from rules.entries import CODED_TEXT_VRS, CUT_SECTIONS, SECTIONS, TEXT_VRS, removed
from rules.plan import Entry, Node
from rules.vocabulary import Operation, Option

_ODD_GROUP = 0x10000
_FRAGMENTS_VRS = frozenset([b"OB", b"OW"])
_DATE_VRS = frozenset([b"DA", b"DT", b"TM"])
_NO_VRS = frozenset([b"", b"UN"])
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_CONTENT_ITEM_IDENTIFIER = b"\x40\x00\x73\xdb"
"""Tag of Referenced Content Item Identifier, as encoded: items are named by position."""
_SAFE = SECTIONS[Option.RETAIN_SAFE_PRIVATE]
_DECLARED_UNSAFE = replace(removed("source: may identify (0008,0300)"), section=_SAFE)
_TEXT_VRS = TEXT_VRS | CODED_TEXT_VRS
_MAY_HOLD_ITEMS = _TEXT_VRS | {"", "UN"}

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
    texts : Texts
    declared : Declarations
        What the source says of its private blocks.
    cuts_known : bool
        True: what is known of the subject is also cut out of texts that the tables keep.
    explain : bool
        True: list every change.

    Attributes
    ----------
    trail : Trail
    private_blocks : list[tuple[str, int]]
        Creator and group of the private blocks of the root of which something stays.
    replacement : Replacement
    """

    def __init__(
        self,
        outline: Outline,
        *,
        context: SubjectContext,
        root: RootLookup,
        texts: Texts,
        declared: Declarations,
        cuts_known: bool,
        explain: bool,
    ) -> None:
        self._outline = outline
        self._buffer = outline.buffer
        self._scanner = Scanner(outline.buffer, outline.ends)
        self._root = root
        self.trail = Trail(lists_changes=explain)
        self._appended: dict[int, AppendedItem] = {}
        self._refers_by_position = _CONTENT_ITEM_IDENTIFIER in outline.buffer
        self._elements_seen = 0
        self._items_seen = 0
        self.replacement = Replacement(outline, context, texts)
        self._cuts_known = cuts_known
        self._declared = declared
        self.private_blocks: list[tuple[str, int]] = []

    def run(
        self, node: Node, additions: dict[int, bytes], *, items: dict[int, AppendedItem]
    ) -> tuple[list[Segment], dict[int, int]]:
        """Clean the data set.

        Parameters
        ----------
        node : Node
            Of the root.
        additions : dict[int, bytes]
            Encoded elements to add at the root, by tag; they replace the source's.
        items : dict[int, AppendedItem]
            Make the items to append to sequences of the root that stay, by tag.

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
        self._appended = items
        elements = self._outline.elements
        place = Place(
            node=node,
            implicit=self._outline.head.implicit,
            depth=0,
            encodings=encodings_at(elements, self._buffer, DEFAULT),
            path="",
        )
        return with_additions(elements, additions, lambda part: self._part(part, place))

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
        listing = self.trail.lists_changes
        nothing_private = node.private.nothing_stays and not listing
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
                if self._declared and entry.section == _SAFE and is_unsafe(self._declared, key):
                    entry = _DECLARED_UNSAFE
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
                if entry.note or listing:
                    self.trail.note(entry.note)
                    self.trail.record(element.tag, entry, _REMOVE, place)
                new = b""
            elif operation is not _KEEP:
                new = self._replace(element, entry, place, elements)
            elif (
                entry.unfit_note
                and entry.vr != "SQ"
                and not fits(self._value(element), vr=element.vr, asked=entry.vr)
            ):
                removed += 1
                self.trail.note(entry.unfit_note)
                self.trail.record(element.tag, entry, _REMOVE, place)
                new = b""
            elif (
                element.vr == b"SQ"
                or entry.vr == "SQ"
                or element.length == UNDEFINED
                or (entry.vr in _MAY_HOLD_ITEMS and self._may_hold_items(element))
            ):
                new = self._keep_sequence(element, entry, place)
                gone = new == b""
                removed += gone
                kept += not gone
            elif self._cuts_known and entry.vr in _TEXT_VRS and entry.section in CUT_SECTIONS:
                new = self._replace(element, entry, place)
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
        if not place.depth:
            self.private_blocks += blocks.kept()
        self.trail.counts["keep"] += kept
        self.trail.counts["remove"] += removed + blocks.removed()
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
        holding = (e for condition, e in entry.alternatives if condition.holds(self._root, item))
        return next(holding, entry)

    def _replace(
        self, element: Element, entry: Entry, place: Place, beside: Sequence[Element] = ()
    ) -> bytes | None:
        """Return the element with another value; empty where it goes, None where it stays."""
        if entry.operation is Operation.HOLD:
            raise HeldError("metadata.unknown", where=show(element.tag))
        self.trail.note(entry.note)
        if entry.operation is Operation.CAP_AGE and entry.vr == "SQ":
            return self._measured_age(element, entry, place)
        value = self._value(element)
        if entry.operation is Operation.ACCESSION:
            self.replacement.accessions.look(beside, self._scanner)
        operation, new, note, reasons = self.replacement.make(entry, element, value, place)
        self.trail.note(note)
        self.trail.counts[operation.value] += 1
        self.trail.reasons.update(reasons)
        if new is None:
            return None
        self.trail.record(element.tag, entry, operation, place, reasons)
        if operation is _REMOVE:
            return b""
        vr = written_vr(entry, element, operation)
        return encode_element(element.tag, vr, new, implicit=place.implicit)

    def _value(self, element: Element) -> bytes:
        if element.bulk is None:
            return self._buffer[element.value : element.following]
        return self._outline.source.read(*element.bulk)

    def _measured_age(self, element: Element, entry: Entry, place: Place) -> bytes | None:
        """Keep the Measured Value Sequence of an age up to 89 years; else empty it."""
        if not is_oldest(element, self._scanner, implicit=place.implicit):
            return self._keep_sequence(element, entry, place)
        self.trail.counts[Operation.CAP_AGE.value] += 1
        return encode_sequence(element.tag, b"SQ", b"", implicit=place.implicit)

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
            self.trail.note(entry.unfit_note)
            self.trail.record(element.tag, entry, _REMOVE, place)
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
            self.trail.note("unreadable-sequence.removed")
            self.trail.note(entry.unfit_note)
            if place.depth or element.tag not in self._appended:
                return b""
            ours = self._appended[element.tag](implicit=place.implicit)
            return encode_sequence(element.tag, b"SQ", ours, implicit=place.implicit)
        if content is None or not (content or may_be_empty(element.tag, place.depth)):
            return content
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
        of_concept = node.content
        lists_changes = self.trail.lists_changes
        for number, (start, content, end, following) in enumerate(items):
            elements, _ = self._scanner.scan(content, end, implicit=implicit)
            inner_node: Node | None = node
            if of_concept is not None:
                concept = concept_of(elements, self._scanner, implicit=implicit)
                inner_node = node if concept is None else of_concept[concept]
            if inner_node is None:
                changed = True
                self._leave_item(element, parts, place, number=number, implicit=implicit)
                continue
            inner = Place(
                node=inner_node,
                implicit=implicit,
                depth=place.depth + 1,
                encodings=encodings_at(elements, self._buffer, place.encodings),
                path=f"{place.path}{show(element.tag)}[{number}]." if lists_changes else "",
            )
            cleaned = self._dataset(elements, inner)
            if cleaned is None:
                parts.append(self._buffer[start:following])
            else:
                changed = True
                parts.append(encode_item(_join(cleaned)))
        if items and not parts and needs_item(element.tag, place.depth):
            parts.append(dummy_items("ContentSequence", self.replacement.uids, implicit=implicit))
        if not place.depth and element.tag in self._appended:
            changed = True
            parts.append(self._appended[element.tag](implicit=implicit))
        return b"".join(parts) if changed else None

    def _leave_item(
        self,
        element: Element,
        parts: list[bytes],
        place: Place,
        *,
        number: int,
        implicit: bool,
    ) -> None:
        """Remove a content item; where others are referred to by position, one stands in."""
        self.trail.leave_item(element.tag, number, place)
        if self._refers_by_position:
            parts.append(dummy_items("ContentSequence", self.replacement.uids, implicit=implicit))

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


def _join(segments: list[Segment]) -> bytes:
    """Return what is left of an item; its elements are in the buffer, so are these."""
    return b"".join(segment for segment in segments if isinstance(segment, bytes))
