"""The slow, obvious de-identifier: what the metadata engine is compared with.

Written from PS3.15, PS3.5 and ops/manual/metadata.md by someone who has not seen the
engine. It works on pydicom datasets, decides anew for every element, and caches nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydicom import Dataset, FileDataset
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag

from pipelines.context import SubjectContext
from tests.support import oracle_content as content
from tests.support.oracle_additions import (
    DOCUMENT,
    DOCUMENT_LENGTH,
    METHOD_CODES,
    Block,
    PrivateBlock,
    add_characteristics,
    add_equipment,
    add_method,
    is_pdf,
    not_safe,
    notice_page,
)
from tests.support.oracle_cleaning import LONGEST, cleaned, decoded, known_words
from tests.support.oracle_decisions import (
    CLEANED_CODE,
    CLEANED_TEXT,
    DESCRIPTORS,
    SAFE_PRIVATE,
    Decision,
    Decisions,
    PrivateKey,
    Rule,
)
from tests.support.oracle_held import (
    SOP_CLASS,
    SOP_INSTANCE,
    OracleHeld,
    check,
    unexamined_face,
    value_at,
)
from tests.support.oracle_own import UNDEFINED, is_sequence, looks_like_items
from tests.support.oracle_reading import (
    PADDING,
    Element,
    bytes_of,
    elements,
    encodings_of,
    is_empty,
    items_of,
    make,
    parse,
    put,
    vr_of,
)
from tests.support.oracle_tables import StandardTables, dictionary_entry
from tests.support.oracle_values import (
    SHIFTED,
    NotADate,
    cap_age,
    dummy,
    dummy_item,
    new_uids,
    shift,
)

PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
DEEPEST, MOST = 64, 200_000
FACES = "clean-recognizable-visual-features"


class Place(NamedTuple):
    """Where an element stands."""

    path: tuple[str, ...]
    encodings: Sequence[str]
    depth: int


@dataclass(slots=True, kw_only=True)
class Oracle:
    """One object on its way."""

    decisions: Decisions
    context: SubjectContext
    root: Dataset
    known: frozenset[str] = frozenset()
    not_safe: dict[Block, set[int]] = field(default_factory=dict)
    by_position: bool = False
    blocks: list[PrivateBlock] = field(default_factory=list)
    length: Element | None = None
    seen: int = 0
    items: int = 0
    notes: set[str] = field(default_factory=set)

    # What an action does --------------------------------------------------------

    def walk(self, ds: Dataset, place: Place, concept: content.Concept | None = None) -> Dataset:
        """Return the cleaned dataset or item; `concept` of a content item."""
        self.seen += len(ds._dict)
        self.items += bool(place.depth)
        if place.depth > DEEPEST or max(self.seen, self.items) > MOST:
            raise OracleHeld("metadata.limit")
        place = place._replace(encodings=encodings_of(ds, place.encodings))
        out = Dataset()
        for element in elements(ds):
            if element.tag >> 16 & 1:
                continue
            new = self.standard(element, place, ds, concept)
            if new is not None:
                put(out, new)
        self.private(ds, out, place)
        return out

    def standard(
        self, element: Element, place: Place, ds: Dataset, concept: content.Concept | None
    ) -> Element | None:
        """Return the new element of an even group, or None."""
        tag = int(element.tag)
        if tag == METHOD_CODES and place.depth == 0:
            return None  # we write it
        entry = dictionary_entry(tag)
        keyword = entry[1] if entry else ""
        path = (*place.path, keyword)
        overlay = self.decisions.overlay(tag, path)
        if overlay is not None:
            self.notes.add(overlay.note)
            return None
        decision = self.decisions.decide(tag, path, vr_of(element))
        named = self.decisions.letter(tag)
        if tag in (PATIENT_NAME, PATIENT_ID) and not named:
            decision = self.patient(element, decision, place)
        if concept and not named:
            decision = self.of_content(decision, tag, ds, concept)
        if tag == DOCUMENT and place.depth == 0 and named in ("", "C"):
            return self.document(element, ds)
        if decision.note:
            self.notes.add(decision.note)
        row = self.decisions.row(tag)
        vr = entry[0] if entry else (row.named_vr if row else "") or vr_of(element) or "UN"
        return self.carry_out(element, decision, vr=vr, path=path, place=place)

    def patient(self, element: Element, decision: Decision, place: Place) -> Decision:
        """Return the pseudonym for the subject, also inside items."""
        if not place.path:
            return Decision("pseudonym")
        value = bytes_of(element).strip(PADDING)
        same = value and value == value_at(self.root, int(element.tag))
        return Decision("pseudonym") if same else decision

    def of_content(
        self, decision: Decision, tag: int, ds: Dataset, concept: content.Concept
    ) -> Decision:
        """Return what is done with an attribute of a content item."""
        if tag == content.MEASURED_VALUES and content.too_old(ds, concept):
            return Decision("empty")
        value_tag, operation = content.value_operation(concept, self.decisions.options)
        if tag != value_tag:
            return decision
        letter = content.letter_of(concept, self.decisions.options)
        unread = f"{DESCRIPTORS if letter == 'C' else content.STRUCTURED}.removed"
        known = operation == "keep" and tag == content.VALUES["TEXT"]
        known = known and DESCRIPTORS in self.decisions.options
        return Decision(operation, fallback="dummy", unread=unread, known=known)

    def document(self, element: Element, ds: Dataset) -> Element:
        """Return the judge of what stands for a PDF: another one, if only a notice page."""
        if not is_pdf(ds, element):
            raise OracleHeld("document.uncleanable")
        page, length = notice_page(element)
        self.length = length if Tag(DOCUMENT_LENGTH) in ds._dict else None
        return page

    def carry_out(  # noqa: PLR0911  one return per operation
        self, element: Element, decision: Decision, *, vr: str, path: tuple[str, ...], place: Place
    ) -> Element | None:
        """Return the element after its operation, or None."""
        operation = decision.operation
        if operation == "remove":
            return None
        if operation in ("clean-text", "clean-known") or decision.known:
            return self.clean(element, decision, vr=vr, path=path, place=place)
        if operation == "keep":
            return self.keep(element, vr=vr, path=path, place=place)
        if operation == "dummy":
            return self.dummy(element, vr=vr, keyword=path[-1], place=place)
        if operation == "pseudonym":
            return make(element.tag, vr, self.context.pseudonym.encode("ascii"))
        try:
            return make(element.tag, vr, self.value(operation, element, vr))
        except NotADate:
            fallback = Decision(decision.fallback)
            return self.carry_out(element, fallback, vr=vr, path=path, place=place)

    def clean(
        self, element: Element, decision: Decision, *, vr: str, path: tuple[str, ...], place: Place
    ) -> Element | None:
        """Return the judge of a cleaned text; what can't be read takes the fallback."""
        if is_empty(element):
            return element
        fallback = self.carry_out(
            element, Decision(decision.fallback), vr=vr, path=path, place=place
        )
        if decision.operation == "keep":
            if isinstance(element, RawDataElement) and element.length == UNDEFINED:
                element = element._replace(VR=None)  # pydicom takes that of the dictionary
                return self.keep(element, vr="SQ", path=path, place=place)
            if vr_of(element) == "SQ":
                return self.keep(element, vr=vr, path=path, place=place)
            if vr_of(element) in ("", "UN") and bytes_of(element).startswith(b"\xfe\xff\x00\xe0"):
                return self.keep(element, vr="SQ", path=path, place=place)
        elif (
            vr_of(element) not in ("", "UN", *CLEANED_TEXT, *CLEANED_CODE)
            or getattr(element, "length", 0) == UNDEFINED
            or len(bytes_of(element)) > LONGEST
            or decoded(bytes_of(element), place.encodings) is None
        ):
            self.notes.add(decision.unread)
            return fallback
        if vr in CLEANED_TEXT and vr_of(element) in CLEANED_TEXT:
            vr = vr_of(element)
        return cleaned(
            element, vr=vr, fallback=fallback, encodings=place.encodings, known=self.known
        )

    def dummy(self, element: Element, *, vr: str, keyword: str, place: Place) -> Element:
        """Return the element with its dummy value."""
        if keyword == "EncapsulatedDocument":
            self.length = make(Tag(DOCUMENT_LENGTH), "UL", (8).to_bytes(4, "little"))
        return dummy(
            element,
            value=b"" if vr_of(element) == "SQ" else bytes_of(element),
            vr=vr,
            keyword=keyword,
            encodings=place.encodings,
            context=self.context,
        )

    def value(self, operation: str, element: Element, vr: str) -> bytes:
        """Return the new value; what is empty stays so."""
        never_uid = vr not in ("UI", "", "UN", "CS", *CLEANED_TEXT)
        if operation == "uid" and never_uid and vr_of(element) != "SQ" and bytes_of(element):
            raise NotADate
        if operation == "empty" or is_empty(element):
            return b""
        if vr_of(element) == "SQ":
            raise NotADate
        value = bytes_of(element)
        if operation == "uid":
            if vr != "UI" and not re.fullmatch(rb"[0-9.\\]*", value.rstrip(PADDING)):
                raise NotADate
            return new_uids(value, self.context)
        if operation == "shift":
            return shift(value, vr, self.context.shift_days)
        assert operation == "age"
        return cap_age(value)

    def keep(
        self, element: Element, *, vr: str, path: tuple[str, ...], place: Place
    ) -> Element | None:
        """Return the element as it is; the items of a sequence are walked."""
        items = items_of(element, known_vr=vr)
        if items is None:
            return element
        inside = Place(path, place.encodings, place.depth + 1)
        options, tag = self.decisions.options, int(element.tag)
        structured = content.STRUCTURED in options and tag in content.CONTENT_SEQUENCES
        new = []
        for item in items:
            concept = content.concept_of(item) if structured else None
            if concept is None or not content.goes(concept, options):
                new.append(self.walk(item, inside, concept))
            elif self.by_position:
                new.append(dummy_item("ContentSequence", self.context))
        if items and not new and structured:
            return self.emptied(element, place)
        return make(element.tag, "SQ", items=new)

    def emptied(self, element: Element, place: Place) -> Element | None:
        """Return what becomes of a sequence of which all content items went."""
        tag = int(element.tag)
        item = dummy_item("ContentSequence", self.context)
        if tag == content.CONTEXT_ITEMS and place.depth == 0:  # Type 2
            return make(tag, "SQ", items=[])
        if tag == content.STEP_ITEMS or (tag == content.CONTENT_SEQUENCE and place.depth == 0):
            return make(tag, "SQ", items=[item])
        return None

    # Private --------------------------------------------------------------------

    def private(self, ds: Dataset, out: Dataset, place: Place) -> None:
        """Put the private elements that stay, with their creators, into `out`."""
        creators = {
            int(e.tag): bytes_of(e).strip(PADDING).decode("latin-1")
            for e in elements(ds)
            if e.tag >> 16 & 1 and 0x10 <= e.tag & 0xFFFF <= 0xFF and vr_of(e) != "SQ"
        }
        blocks: dict[int, PrivateBlock] = {}
        for element in elements(ds):
            tag = int(element.tag)
            group, block = tag >> 16, (tag & 0xFFFF) >> 8
            creator_tag = group << 16 | block
            if not group & 1 or block < 0x10 or group in (1, 3, 5, 7, 0xFFFF):
                continue
            if creator_tag not in creators:
                continue
            creator = creators[creator_tag]
            new = self.private_element(element, (creator, group, tag & 0xFF), place)
            if new is not None:
                named = PrivateBlock(group=group, creator=creator)
                put(out, blocks.setdefault(creator_tag, named).watch(new))
        for creator_tag, stays in blocks.items():
            put(out, stays.creator_judge(ds._dict[Tag(creator_tag)]))
        if place.depth == 0:
            self.blocks = [blocks[tag] for tag in sorted(blocks)]

    def private_element(self, element: Element, key: PrivateKey, place: Place) -> Element | None:
        """Return a private element if a rule names it or it is safe."""
        decisions, path = self.decisions, (*place.path, "")
        letter = decisions.letter(key)
        if letter:
            listed = decisions.listed_vr(key)
            hidden = letter == "K" and not listed and looks_like_items(element)
            decision = decisions.private_by_rule(letter, listed=listed, vr=vr_of(element))
            if letter == "C" and not listed and is_empty(element):
                decision = Decision("keep")
            if hidden and not is_sequence(element):
                decision = Decision("remove")
            vr = "SQ" if hidden else listed or vr_of(element) or "UN"
            if decision.operation == "shift" and listed not in SHIFTED:
                vr = vr_of(element)
            return self.carry_out(element, decision, vr=vr, path=path, place=place)
        found = decisions.listed(key)
        if found is None or key[2] not in self.not_safe.get((key[1], key[0]), {key[2]}):
            return None
        letter, vr = found
        decision = decisions.safe_private(letter, vr)
        if not self.decisions.fits(element, decision, vr):
            decision = Decision("remove", note=f"{SAFE_PRIVATE}.removed")
        if decision.note:
            self.notes.add(decision.note)
        return self.carry_out(element, decision, vr=vr, path=path, place=place)

    # The whole ------------------------------------------------------------------

    def added(self, out: Dataset) -> None:
        """Put what is added at the root."""
        pseudonym = self.context.pseudonym.encode("ascii")
        for tag, vr in ((PATIENT_NAME, "PN"), (PATIENT_ID, "LO")):
            if tag not in out:
                put(out, make(tag, vr, pseudonym))
        add_method(out, self.decisions, self.notes)
        if self.length is not None and Tag(DOCUMENT_LENGTH) in out:
            put(out, self.length)
        add_equipment(out)
        add_characteristics(out, self.blocks)


def deidentify(
    ds: FileDataset,
    *,
    options: frozenset[str],
    rules: Sequence[Rule],
    unknown: str,
    private_lists: Sequence[str],
    context: SubjectContext,
    tables: StandardTables,
) -> FileDataset:
    """Return the de-identified dataset, with its file meta information.

    Raises
    ------
    OracleHeld
    """
    check(ds)
    oracle = Oracle(
        decisions=Decisions(
            options=options,
            rules=rules,
            unknown=unknown,
            private_lists=private_lists,
            tables=tables,
            sop_class=value_at(ds, SOP_CLASS).decode("latin-1"),
        ),
        context=context,
        root=ds,
        known=known_words(ds),
        not_safe=not_safe(ds),
        by_position=content.refers_by_position(ds),
    )
    if FACES in options and unexamined_face(ds):
        oracle.notes.add(f"{FACES}.unexamined")
    out = oracle.walk(ds, Place((), ["iso8859"], 0))
    oracle.added(out)
    meta = FileMetaDataset()
    raw = [element for element in elements(ds) if isinstance(element, RawDataElement)]
    implicit = not any(
        vr_of(element) for element in raw if element.length != UNDEFINED
    )  # whatever the file meta says
    source = str(getattr(ds, "file_meta", meta).get("TransferSyntaxUID", ""))
    explicit_le, implicit_le = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
    plain = implicit_le if implicit else explicit_le
    normal = source in ("", implicit_le, "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
    put(meta, make(0x00020010, "UI", (plain if normal else source).encode("ascii")))
    put(meta, make(0x00020002, "UI", value_at(ds, SOP_CLASS)))
    instance = next(e for e in elements(out) if e.tag == SOP_INSTANCE)
    put(meta, make(0x00020003, "UI", bytes_of(instance).strip(PADDING)))
    put(meta, make(0x00020001, "OB", b"\x00\x01"))
    return FileDataset("", out, file_meta=meta, is_implicit_VR=bool(implicit))


def expected(
    data: bytes,
    *,
    options: frozenset[str],
    context: SubjectContext,
    tables: StandardTables,
    rules: Sequence[Rule] = (),
    unknown: str = "remove",
    private_lists: Sequence[str] = (),
) -> FileDataset:
    """Parse a file and return what must come out.

    Raises
    ------
    OracleHeld
    """
    try:
        ds = parse(data)
    except Exception:  # noqa: BLE001  whatever pydicom raises: it cannot be read
        raise OracleHeld("metadata.malformed") from None
    if not elements(ds):  # pydicom swallows the end of file in the middle of a value
        raise OracleHeld("metadata.malformed")
    return deidentify(
        ds,
        options=options,
        rules=rules,
        unknown=unknown,
        private_lists=private_lists,
        context=context,
        tables=tables,
    )


__all__ = ["Oracle", "OracleHeld", "Rule", "deidentify", "expected"]
