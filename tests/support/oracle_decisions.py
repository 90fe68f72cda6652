"""Which action: ops/manual/metadata.md, section 1, decided anew for every element."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.oracle_held import OracleHeld
from tests.support.oracle_own import FULL_DATES, MODIFIED_DATES, fits, own_row
from tests.support.oracle_reading import PADDING, Element, bytes_of, is_empty, vr_of
from tests.support.oracle_tables import COMPOUNDS, OPERATIONS, Row, StandardTables, dictionary_entry
from tests.support.oracle_values import SHIFTED

PATIENT_AGE = 0x00101010
CHARACTERISTICS = "retain-patient-characteristics"
SAFE_PRIVATE = "retain-safe-private"
RETAIN_UIDS = "retain-uids"
KEPT_UID_KEYWORDS = (
    "SOPClassesInStudy",
    "SOPClassesSupported",
    "CodingSchemeUID",
    "ContextUID",
    "MappingResourceUID",
    "ContextGroupExtensionCreatorUID",
)
DESCRIPTORS = "clean-descriptors"
CLEANS_TEXT = (DESCRIPTORS, CHARACTERISTICS, "retain-device-identity")
CLEANED_TEXT = ("LO", "SH", "ST", "LT", "UT", "UC")
CLEANED_CODE = ("AE", "CS")
BULK = ("PN", "UN", "OB", "OW", "OW/OB", "")
ENCAPSULATED_DOCUMENT = 0x00420011
UID = re.compile(rb"[0-9.\\]*")

PrivateKey = tuple[str, int, int]
"""Creator, group, low byte of the element."""
Rule = tuple[int | PrivateKey, str]
"""Tag or private element, letter: a simple override."""


class Decision(NamedTuple):
    """What is done with one element."""

    operation: str
    fallback: str = "remove"
    note: str = ""
    unread: str = ""
    """Note where a text can't be read and takes the fallback."""
    known: bool = False
    """Kept by the tables alone: what is known is cut out of it where it must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """A rule set over the tables, for one SOP class."""

    options: frozenset[str]
    rules: Sequence[Rule]
    unknown: str
    tables: StandardTables
    private_lists: Sequence[str] = ()
    sop_class: str = field(default="")

    def row(self, tag: int) -> Row | None:
        """Return the row of the table, or ours."""
        return self.tables.row(tag) or own_row(tag)

    def basic(self, tag: int, path: tuple[str, ...]) -> str:
        """Resolve the basic column by the Type of the attribute at `path`; ours have none."""
        row = self.row(tag)
        assert row is not None
        column = self.column(path) if self.tables.row(tag) else 3
        return OPERATIONS[COMPOUNDS[row.basic][column]]

    def letter(self, key: int | PrivateKey) -> str:
        """Return the letter of the first rule that names the element; "" if none does."""
        return next((letter for named, letter in self.rules if named == key), "")

    def decide(self, tag: int, path: tuple[str, ...], file_vr: str = "") -> Decision:
        """Return what is done with a standard element; `file_vr` counts if no other is known."""
        if tag & 0xFFFF == 0 or tag >> 16 in (0, 2, 4) or tag in (0xFFFCFFFC, 0xFFFAFFFA):
            return Decision("remove")
        letter = self.letter(tag)
        if letter:
            return self.decide_by_rule(tag, letter, path)
        if self.row(tag) is not None:
            return self.decide_by_row(tag, path, file_vr)
        entry = dictionary_entry(tag)
        if entry is None:
            if self.unknown == "hold":
                raise OracleHeld("metadata.unknown")
            return Decision("remove")
        vr, keyword = entry
        ends = keyword.endswith(("ClassUID", "TransferSyntaxUID")) or keyword in KEPT_UID_KEYWORDS
        if vr == "UI" and not ends and RETAIN_UIDS not in self.options:
            return Decision("uid")
        known = DESCRIPTORS in self.options and vr in (*CLEANED_TEXT, *CLEANED_CODE)
        return Decision("keep", fallback="dummy", known=known)

    def column(self, path: tuple[str, ...]) -> int:
        """Return the column of the grid of compounds: by the Type of the attribute at `path`."""
        type_ = self.tables.type_of(self.sop_class, path)
        return {"1": 0, "2": 1, "3": 2}.get(type_[:1], 3)

    def decide_by_rule(self, tag: int, letter: str, path: tuple[str, ...]) -> Decision:
        """Return what a letter of a rule says; a C that nobody carries out is basic."""
        entry = dictionary_entry(tag)
        vr = entry[0] if entry else ""
        basic = self.basic(tag, path) if self.row(tag) else "remove"
        unread = "rules.clean.removed"
        if letter != "C" or vr in SHIFTED:
            return Decision(OPERATIONS[letter], fallback=basic)
        if vr == "UI":
            return Decision("uid")
        if vr == "SQ":
            return Decision("keep")
        if vr in (*CLEANED_TEXT, *CLEANED_CODE):
            operation = "clean-text" if vr in CLEANED_TEXT else "clean-known"
            return Decision(operation, fallback=basic, unread=unread)
        if tag == ENCAPSULATED_DOCUMENT:
            return Decision("clean-document")
        return Decision(basic if self.tables.row(tag) else "remove", note=unread)

    def clean_by_row(self, option: str, vr: str, basic: str) -> Decision:
        """Return what a C of the table means: by the option that gives it and the VR."""
        note = f"{option}.removed"
        if vr == "SQ":
            return Decision("keep")
        if option in CLEANS_TEXT and vr in (*CLEANED_TEXT, *CLEANED_CODE):
            operation = "clean-text" if vr in CLEANED_TEXT else "clean-known"
            return Decision(operation, fallback=basic, unread=note)
        return Decision(basic, note=note)

    def decide_by_row(self, tag: int, path: tuple[str, ...], file_vr: str) -> Decision:
        """Return what the row says with the options that are on."""
        row = self.row(tag)
        assert row is not None
        basic = self.basic(tag, path)
        entry = dictionary_entry(tag)
        vr = entry[0] if entry else row.named_vr or file_vr
        on = {name: letter for name, letter in row.options.items() if name in self.options}
        if on.get(MODIFIED_DATES) == "C":
            no_date = entry is not None and vr not in SHIFTED
            return Decision(basic if no_date else "shift", fallback=basic)
        if "K" in on.values():
            capped = tag == PATIENT_AGE and on.get(CHARACTERISTICS) == "K"
            known = DESCRIPTORS in self.options and vr in (*CLEANED_TEXT, *CLEANED_CODE)
            return Decision("age" if capped else "keep", fallback=basic, known=known and not capped)
        for name, letter in on.items():
            if letter == "C":
                return self.clean_by_row(name, vr, basic if basic != "keep" else "dummy")
        return Decision(basic)

    def overlay(self, tag: int, path: tuple[str, ...]) -> Decision | None:
        """Return why the 60xx group of `tag` goes with its Overlay Data; None if it does not."""
        group = tag >> 16
        if group >> 8 != 0x60:
            return None
        decision = self.decide(group << 16 | 0x3000, path)
        return None if decision.operation == "keep" else decision

    def listed_vr(self, key: PrivateKey) -> str:
        """Return the VR of the list of safe private elements; "" if it has none or several."""
        vr = self.tables.safe_private.get(key, "")
        return "" if "/" in vr else vr

    def private_by_rule(  # noqa: PLR0911  one return per kind
        self, letter: str, *, listed: str, vr: str
    ) -> Decision:
        """Return what a rule does with a private element of that VR in list and file."""
        full = FULL_DATES in self.options
        if letter == "K" and not full and (listed in SHIFTED or vr in SHIFTED):
            return Decision("shift")
        if letter != "C":
            return Decision(OPERATIONS[letter])
        unread = "rules.clean.removed"
        if not listed:
            return Decision(
                "clean-text" if vr in CLEANED_TEXT else "remove", note="", unread=unread
            )
        vr = listed
        if vr in (*CLEANED_TEXT, *CLEANED_CODE):
            operation = "clean-text" if vr in CLEANED_TEXT else "clean-known"
            return Decision(operation, unread=unread)
        if vr == "SQ":
            return Decision("keep")
        if vr in SHIFTED and not full:
            return Decision("shift")
        return Decision("uid") if vr == "UI" else Decision("remove", note=unread)

    def listed(self, key: PrivateKey) -> tuple[str, str] | None:
        """Return letter and VR of an element on a list of safe ones that is in force."""
        if SAFE_PRIVATE not in self.options:
            return None
        if key in self.tables.safe_private:
            return "K", self.tables.safe_private[key]
        return self.tables.tcia.get(key) if "tcia" in self.private_lists else None

    def safe_private(  # noqa: PLR0911  one return per kind
        self, letter: str, vr: str
    ) -> Decision:
        """Return what is done with a safe private element of that letter and VR."""
        note = f"{SAFE_PRIVATE}.removed"
        if letter == "C" and vr not in SHIFTED:
            return Decision("remove", note=note)
        if letter == "U" and RETAIN_UIDS not in self.options:
            return Decision("uid")
        if vr in CLEANED_TEXT and DESCRIPTORS in self.options:
            return Decision("clean-text", unread=note)
        if vr in BULK or vr in CLEANED_TEXT:
            return Decision("remove", note=note)
        if vr in SHIFTED:
            kept = "keep" if FULL_DATES in self.options else "remove"
            return Decision("shift" if MODIFIED_DATES in self.options else kept)
        if vr == "UI" and RETAIN_UIDS not in self.options:
            return Decision("uid")
        return Decision("keep", known=DESCRIPTORS in self.options and vr in CLEANED_CODE)

    def fits(self, element: Element, decision: Decision, vr: str) -> bool:
        """Return whether the value of a safe private element is what the list says."""
        if decision.operation == "keep":
            return fits(element, vr)
        if decision.operation == "clean-text":
            return is_empty(element) or vr_of(element) in ("", "UN", *CLEANED_TEXT)
        if decision.operation == "uid" and vr in CLEANED_TEXT:
            return vr_of(element) != "SQ" and bool(UID.fullmatch(bytes_of(element).rstrip(PADDING)))
        return True

    def basic_ran(self) -> bool:
        """Return whether no rule keeps what the basic profile does not (code 113100)."""
        plain = Decisions(options=frozenset(), rules=(), unknown="remove", tables=self.tables)
        kept = [key for key, letter in self.rules if letter == "K"]
        return not any(
            isinstance(key, tuple) or self.row(key) or plain.decide(key, ()).operation != "keep"
            for key in kept
        )


def refused(options: frozenset[str], rules: Sequence[Rule]) -> bool:
    """Return whether the rule set is refused: one date that is told tells the shift."""
    told = "C" if FULL_DATES in options else "K"
    entries = [dictionary_entry(k) for k, letter in rules if letter == told and isinstance(k, int)]
    return any(entry is not None and entry[0] in SHIFTED for entry in entries)
