"""The slow, obvious de-identifier: what the metadata engine is compared with.

Written from PS3.15, PS3.5 and ops/manual/metadata.md by someone who has not seen the
engine. It works on pydicom datasets, decides anew for every element, and caches nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydicom import Dataset, FileDataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag

from pipelines.context import SubjectContext
from tests.support.oracle_decisions import (
    SAFE_PRIVATE,
    Decision,
    Decisions,
    PrivateKey,
    Rule,
)
from tests.support.oracle_held import SOP_CLASS, SOP_INSTANCE, OracleHeld, check, value_at
from tests.support.oracle_own import FULL_DATES, MODIFIED_DATES, fits, is_sequence, looks_like_items
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
from tests.support.oracle_tables import METHODS, StandardTables, dictionary_entry
from tests.support.oracle_values import SHIFTED, NotADate, cap_age, dummy, new_uids, shift

PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
METHOD_CODES = 0x00120064
DEEPEST, MOST = 64, 200_000


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
    root_name: bytes = b""
    root_id: bytes = b""
    seen: int = 0
    items: int = 0
    notes: set[str] = field(default_factory=set)

    # What an action does --------------------------------------------------------

    def walk(self, ds: Dataset, place: Place) -> Dataset:
        """Return the cleaned dataset or item."""
        self.seen += len(ds._dict)
        self.items += bool(place.depth)
        if place.depth > DEEPEST or max(self.seen, self.items) > MOST:
            raise OracleHeld("metadata.limit")
        place = place._replace(encodings=encodings_of(ds, place.encodings))
        out = Dataset()
        for element in elements(ds):
            if element.tag >> 16 & 1:
                continue
            new = self.standard(element, place)
            if new is not None:
                put(out, new)
        self.private(ds, out, place)
        return out

    def standard(self, element: Element, place: Place) -> Element | None:
        """Return the new element of an even group, or None."""
        tag = int(element.tag)
        entry = dictionary_entry(tag)
        keyword = entry[1] if entry else ""
        path = (*place.path, keyword)
        if self.decisions.overlay_goes(tag, path):
            return None
        decision = self.decisions.decide(tag, path)
        if tag in (PATIENT_NAME, PATIENT_ID) and not self.decisions.letter(tag):
            decision = self.patient(element, decision, place)
        if decision.note:
            self.notes.add(decision.note)
        row = self.decisions.row(tag)
        named = row.named_vr if row else ""
        vr = entry[0] if entry else named or vr_of(element) or "UN"
        return self.carry_out(element, decision, vr=vr, path=path, place=place)

    def patient(self, element: Element, decision: Decision, place: Place) -> Decision:
        """Return the pseudonym for the subject, also inside items."""
        if not place.path:
            return Decision("pseudonym")
        root = self.root_name if element.tag == PATIENT_NAME else self.root_id
        value = bytes_of(element).strip(PADDING)
        return Decision("pseudonym") if value and value == root else decision

    def carry_out(
        self, element: Element, decision: Decision, *, vr: str, path: tuple[str, ...], place: Place
    ) -> Element | None:
        """Return the element after its operation, or None."""
        operation = decision.operation
        if operation == "remove":
            return None
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

    def dummy(self, element: Element, *, vr: str, keyword: str, place: Place) -> Element:
        """Return the element with its dummy value."""
        return dummy(
            element,
            value=b"" if isinstance(element, DataElement) else bytes_of(element),
            vr=vr,
            keyword=keyword,
            encodings=place.encodings,
            context=self.context,
        )

    def value(self, operation: str, element: Element, vr: str) -> bytes:
        """Return the new value; what is empty stays so."""
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

    def keep(self, element: Element, *, vr: str, path: tuple[str, ...], place: Place) -> Element:
        """Return the element as it is; the items of a sequence are walked."""
        items = items_of(element, known_vr=vr)
        if items is None:
            return element
        inside = Place(path, place.encodings, place.depth + 1)
        return make(element.tag, "SQ", items=[self.walk(item, inside) for item in items])

    # Private --------------------------------------------------------------------

    def private(self, ds: Dataset, out: Dataset, place: Place) -> None:
        """Put the private elements that stay, with their creators, into `out`."""
        creators = {
            int(e.tag): bytes_of(e).strip(PADDING).decode("latin-1")
            for e in elements(ds)
            if e.tag >> 16 & 1 and 0x10 <= e.tag & 0xFFFF <= 0xFF and vr_of(e) != "SQ"
        }
        for element in elements(ds):
            tag = int(element.tag)
            group, block = tag >> 16, (tag & 0xFFFF) >> 8
            creator_tag = group << 16 | block
            if not group & 1 or block < 0x10 or group in (1, 3, 5, 7, 0xFFFF):
                continue
            if creator_tag not in creators:
                continue
            new = self.private_element(element, (creators[creator_tag], group, tag & 0xFF), place)
            if new is not None:
                put(out, new)
                put(out, ds._dict[type(element.tag)(creator_tag)])

    def private_element(self, element: Element, key: PrivateKey, place: Place) -> Element | None:
        """Return a private element if a rule names it or it is safe."""
        decisions, path = self.decisions, (*place.path, "")
        letter = decisions.letter(key)
        if letter:
            listed = decisions.listed_vr(key)
            hidden = letter == "K" and not listed and looks_like_items(element)
            decision = decisions.private_by_rule(letter, listed=listed, vr=vr_of(element))
            if hidden and not is_sequence(element):
                decision = Decision("remove")
            vr = "SQ" if hidden else listed or vr_of(element) or "UN"
            if decision.operation == "shift" and listed not in SHIFTED:
                vr = vr_of(element)
            return self.carry_out(element, decision, vr=vr, path=path, place=place)
        safe = decisions.tables.safe_private
        if SAFE_PRIVATE not in decisions.options or key not in safe:
            return None
        decision = decisions.safe_private(safe[key])
        if decision.operation == "keep" and not fits(element, safe[key]):
            decision = Decision("remove", note=f"{SAFE_PRIVATE}.removed")
        if decision.note:
            self.notes.add(decision.note)
        return self.carry_out(element, decision, vr=safe[key], path=path, place=place)

    # The whole ------------------------------------------------------------------

    def added(self, out: Dataset) -> None:
        """Put what is added at the root."""
        pseudonym = self.context.pseudonym.encode("ascii")
        for tag, vr in ((PATIENT_NAME, "PN"), (PATIENT_ID, "LO")):
            if tag not in out:
                put(out, make(tag, vr, pseudonym))
        options = self.decisions.options
        times = b"REMOVED"
        times = b"UNMODIFIED" if FULL_DATES in options else times
        times = b"MODIFIED" if MODIFIED_DATES in options else times
        codes = ["113100"] if self.decisions.basic_ran() else []
        for option, code in METHODS.items():
            if option in options and f"{option}.removed" not in self.notes:
                codes.append(code)
        items = []
        for code in codes:
            item = Dataset()
            put(item, make(0x00080100, "SH", code.encode("ascii")))
            put(item, make(0x00080102, "SH", b"DCM"))
            put(item, make(0x00080104, "LO", self.decisions.tables.meanings[code].encode("ascii")))
            items.append(item)
        put(out, make(0x00120062, "CS", b"YES"))
        put(out, make(0x00120063, "LO", b"Narthex"))
        out._dict.pop(Tag(METHOD_CODES), None)
        if items:
            put(out, make(METHOD_CODES, "SQ", items=items))
        put(out, make(0x00280303, "CS", times))


def deidentify(
    ds: FileDataset,
    *,
    options: frozenset[str],
    rules: Sequence[Rule],
    unknown: str,
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
            tables=tables,
            sop_class=value_at(ds, SOP_CLASS).decode("latin-1"),
        ),
        context=context,
        root_name=value_at(ds, PATIENT_NAME),
        root_id=value_at(ds, PATIENT_ID),
    )
    out = oracle.walk(ds, Place((), ["iso8859"], 0))
    oracle.added(out)
    meta = FileMetaDataset()
    raw = [element for element in elements(ds) if isinstance(element, RawDataElement)]
    implicit = not any(vr_of(element) for element in raw)  # whatever the file meta says
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
        ds, options=options, rules=rules, unknown=unknown, context=context, tables=tables
    )


__all__ = ["Oracle", "OracleHeld", "Rule", "deidentify", "expected"]
