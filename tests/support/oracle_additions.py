"""What stands at the root beside what was cleaned (ops/manual/metadata.md, sections 1 and 3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pydicom import Dataset
from pydicom.tag import Tag

from tests.support.oracle_decisions import Decisions
from tests.support.oracle_own import FULL_DATES, MODIFIED_DATES
from tests.support.oracle_reading import (
    PADDING,
    Element,
    Open,
    bytes_of,
    elements,
    items_of,
    make,
    put,
    vr_of,
)
from tests.support.oracle_tables import METHODS

METHOD_CODES = 0x00120064
EQUIPMENT, PURPOSE = 0x0018A001, 0x0040A170
CHARACTERISTICS = 0x00080300
GROUP, CREATOR, STATUS, NONIDENTIFYING = 0x00080301, 0x00080302, 0x00080303, 0x00080304
DOCUMENT, DOCUMENT_LENGTH, MIME_TYPE = 0x00420011, 0x00420015, 0x00420012

Block = tuple[int, str]
"""Group and creator."""


def code(value: str, meaning: str) -> Dataset:
    """Return the item of a DCM code."""
    item = Dataset()
    put(item, make(0x00080100, "SH", value.encode("ascii")))
    put(item, make(0x00080102, "SH", b"DCM"))
    put(item, make(0x00080104, "LO", meaning.encode("ascii")))
    return item


def add_method(out: Dataset, decisions: Decisions, notes: set[str]) -> None:
    """Put that, and by which options, the dataset was de-identified."""
    options = decisions.options
    times = b"REMOVED"
    times = b"UNMODIFIED" if FULL_DATES in options else times
    times = b"MODIFIED" if MODIFIED_DATES in options else times
    codes = ["113100"] if decisions.basic_ran() else []
    for option, value in METHODS.items():
        if option in options and not notes & {f"{option}.removed", f"{option}.unexamined"}:
            codes.append(value)
    put(out, make(0x00120062, "CS", b"YES"))
    put(out, make(0x00120063, "LO", b"Narthex"))
    out._dict.pop(Tag(METHOD_CODES), None)
    if codes:
        items = [code(value, decisions.tables.meanings[value]) for value in codes]
        put(out, make(METHOD_CODES, "SQ", items=items))
    put(out, make(0x00280303, "CS", times))


def add_equipment(out: Dataset) -> None:
    """Put the item of our own equipment behind those that stayed."""
    there = out._dict.get(Tag(EQUIPMENT))
    items = (items_of(there, known_vr="SQ") or []) if there is not None else []
    item = Dataset()
    put(item, make(0x00080070, "LO", b"Narthex"))
    put(item, make(0x00081090, "LO", b"Narthex"))
    put(item, Open(tag=Tag(0x00181020), VR="LO", judge=_a_version))
    put(item, make(PURPOSE, "SQ", items=[code("109104", "De-identifying Equipment")]))
    put(out, make(EQUIPMENT, "SQ", items=[*items, item]))


def _a_version(got: Element | None) -> str:
    there = got is not None and vr_of(got) != "SQ" and bytes_of(got).strip(PADDING)
    return "" if there else "no version"


@dataclass(slots=True, kw_only=True)
class PrivateBlock:
    """A private block that stays, if anything of it does.

    Attributes
    ----------
    certain : bool
        Something stays for certain.
    seen : list[bool]
        Of each text that is cleaned, whether it is still there: known after the comparison.
    """

    group: int
    creator: str
    certain: bool = False
    seen: list[bool] = field(default_factory=list)

    @property
    def stays(self) -> bool:
        """Return whether something of it stays."""
        return self.certain or any(self.seen)

    def described(self) -> tuple[bytes, ...]:
        """Return group, creator and status, without padding."""
        group, creator = self.group.to_bytes(2, "little"), self.creator.encode("latin-1")
        return group.rstrip(PADDING), creator, b"SAFE"

    def watch(self, element: Element) -> Element:
        """Return the element; a judge also tells whether there is something to judge."""
        if not isinstance(element, Open):
            self.certain = True
            return element
        inner = element.judge

        def judge(got: Element | None) -> str:
            self.seen.append(got is not None)
            return inner(got)

        return replace(element, judge=judge)

    def creator_judge(self, element: Element) -> Element:
        """Return the element of its creator, or the judge of it."""
        if self.certain:
            return element

        def judge(got: Element | None) -> str:
            if got is None or not self.stays:
                return "" if (got is not None) == self.stays else "a creator without elements"
            same = bytes_of(got).rstrip(PADDING) == bytes_of(element).rstrip(PADDING)
            return "" if same else "another creator"

        return Open(tag=Tag(element.tag), VR="LO", judge=judge, late=1)


def add_characteristics(out: Dataset, blocks: Sequence[PrivateBlock]) -> None:
    """Put an item per private block of which something stays; none: no sequence."""
    out._dict.pop(Tag(CHARACTERISTICS), None)

    def judge(got: Element | None) -> str:
        wanted = [block.described() for block in blocks if block.stays]
        items = (items_of(got, known_vr="SQ") or []) if got is not None else []
        tags = (GROUP, CREATOR, STATUS)
        there = [tuple(bytes_of(e).rstrip(PADDING) for e in elements(item)) for item in items]
        extra = any(tuple(int(e.tag) for e in elements(item)) != tags for item in items)
        if (got is not None and not items) or extra or there != wanted:
            return f"expected {wanted}, got {there}"
        return ""

    if blocks:
        put(out, Open(tag=Tag(CHARACTERISTICS), VR="SQ", judge=judge, late=2))


def not_safe(ds: Dataset) -> dict[Block, set[int]]:
    """Return the blocks that the source calls other than SAFE, with what is safe in them.

    Of a block that is described twice the strictest holds.
    """
    found: dict[Block, set[int]] = {}
    there = ds._dict.get(Tag(CHARACTERISTICS))
    for item in (items_of(there, known_vr="SQ") or []) if there is not None else []:
        values = {int(e.tag): bytes_of(e) for e in elements(item) if vr_of(e) != "SQ"}
        if values.get(STATUS, b"").strip(PADDING) == b"SAFE":
            continue
        group = int.from_bytes(values.get(GROUP, b"")[:2], "little")
        creator = values.get(CREATOR, b"").strip(PADDING).decode("latin-1")
        raw = values.get(NONIDENTIFYING, b"")
        listed = {int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)}
        found[group, creator] = found.get((group, creator), listed) & listed
    return found


def is_pdf(ds: Dataset, document: Element) -> bool:
    """Return whether the encapsulated document is a PDF."""
    mime = ds._dict.get(Tag(MIME_TYPE))
    named = mime is not None and bytes_of(mime).strip(PADDING).lower() == b"application/pdf"
    return named and b"%PDF-" in bytes_of(document)[:1024]


def notice_page(source: Element) -> tuple[Open, Open]:
    """Return the judges of the page that stands for a PDF, and of its length."""
    lengths: list[int] = []
    before = bytes_of(source)

    def page(got: Element | None) -> str:
        if got is None or vr_of(got) == "SQ":
            return "no document"
        after = bytes_of(got)
        lengths.append(len(after))
        if not after.startswith(b"%PDF-"):
            return "no PDF"
        return "the source" if before[:200] in after else ""

    def length(got: Element | None) -> str:
        if got is None or vr_of(got) == "SQ":
            return "no length"
        said = int.from_bytes(bytes_of(got), "little")
        good = any(said in (there, there - 1) for there in lengths)
        return "" if good else f"{said}, the document has {lengths}"

    return (
        Open(tag=Tag(DOCUMENT), VR="OB", judge=page),
        Open(tag=Tag(DOCUMENT_LENGTH), VR="UL", judge=length, late=1),
    )
