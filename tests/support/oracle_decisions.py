"""Which action: ops/manual/metadata.md, section 1, decided anew for every element."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.support.oracle_held import OracleHeld
from tests.support.oracle_own import FULL_DATES, MODIFIED_DATES, own_row
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
TEXT_OR_BULK = ("LO", "SH", "ST", "LT", "UT", "UC", "PN", "UN", "OB", "OW", "OW/OB", "")

PrivateKey = tuple[str, int, int]
"""Creator, group, low byte of the element."""
Rule = tuple[int | PrivateKey, str]
"""Tag or private element, letter: a simple override."""


class Decision(NamedTuple):
    """What is done with one element."""

    operation: str
    fallback: str = "remove"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """A rule set over the tables, for one SOP class."""

    options: frozenset[str]
    rules: Sequence[Rule]
    unknown: str
    tables: StandardTables
    sop_class: str = field(default="")

    def row(self, tag: int) -> Row | None:
        """Return the row of the table, or ours."""
        return self.tables.row(tag) or own_row(tag)

    def basic(self, tag: int, path: tuple[str, ...]) -> str:
        """Resolve the basic column by the Type of the attribute at `path`; ours have none."""
        row = self.row(tag)
        assert row is not None
        type_ = self.tables.type_of(self.sop_class, path) if self.tables.row(tag) else ""
        column = {"1": 0, "2": 1, "3": 2}.get(type_[:1], 3)
        return OPERATIONS[COMPOUNDS[row.basic][column]]

    def letter(self, key: int | PrivateKey) -> str:
        """Return the letter of the first rule that names the element; "" if none does."""
        return next((letter for named, letter in self.rules if named == key), "")

    def decide(self, tag: int, path: tuple[str, ...]) -> Decision:
        """Return what is done with a standard element."""
        if tag & 0xFFFF == 0 or tag >> 16 in (0, 2, 4) or tag in (0xFFFCFFFC, 0xFFFAFFFA):
            return Decision("remove")
        letter = self.letter(tag)
        if letter:
            return self.decide_by_rule(tag, letter, path)
        if self.row(tag) is not None:
            return self.decide_by_row(tag, path)
        entry = dictionary_entry(tag)
        if entry is None:
            if self.unknown == "hold":
                raise OracleHeld("metadata.unknown")
            return Decision("remove")
        vr, keyword = entry
        ends = keyword.endswith(("ClassUID", "TransferSyntaxUID")) or keyword in KEPT_UID_KEYWORDS
        if vr == "UI" and not ends and RETAIN_UIDS not in self.options:
            return Decision("uid")
        return Decision("keep")

    def decide_by_rule(self, tag: int, letter: str, path: tuple[str, ...]) -> Decision:
        """Return what a letter of a rule says; a C that nobody carries out is basic."""
        entry = dictionary_entry(tag)
        basic = self.basic(tag, path) if self.row(tag) else "remove"
        if letter == "C" and entry is not None and entry[0] == "UI":
            return Decision("uid")
        if letter == "C" and (entry is None or entry[0] not in SHIFTED):
            return Decision(basic if self.tables.row(tag) else "remove")
        return Decision(OPERATIONS[letter], fallback=basic)

    def decide_by_row(self, tag: int, path: tuple[str, ...]) -> Decision:
        """Return what the row says with the options that are on."""
        row = self.row(tag)
        assert row is not None
        basic = self.basic(tag, path)
        on = {name: letter for name, letter in row.options.items() if name in self.options}
        if on.get(MODIFIED_DATES) == "C":
            entry = dictionary_entry(tag)
            no_date = entry is not None and entry[0] not in SHIFTED
            return Decision(basic if no_date else "shift", fallback=basic)
        if "K" in on.values():
            capped = tag == PATIENT_AGE and on.get(CHARACTERISTICS) == "K"
            return Decision("age" if capped else "keep", fallback=basic)
        for name, letter in on.items():
            if letter == "C":
                return Decision(basic, note=f"{name}.removed")
        return Decision(basic)

    def overlay_goes(self, tag: int, path: tuple[str, ...]) -> bool:
        """Return whether the 60xx group of `tag` goes with its Overlay Data."""
        group = tag >> 16
        if group >> 8 != 0x60:
            return False
        return self.decide(group << 16 | 0x3000, path).operation != "keep"

    def listed_vr(self, key: PrivateKey) -> str:
        """Return the VR of the list of safe private elements; "" if it has none or several."""
        vr = self.tables.safe_private.get(key, "")
        return "" if "/" in vr else vr

    def private_by_rule(self, letter: str, *, listed: str, vr: str) -> Decision:
        """Return what a rule does with a private element of that VR in list and file."""
        full = FULL_DATES in self.options
        if letter == "K" and not full and (listed in SHIFTED or vr in SHIFTED):
            return Decision("shift")
        if letter != "C":
            return Decision(OPERATIONS[letter])
        if listed in SHIFTED and not full:
            return Decision("shift")
        return Decision("uid" if listed == "UI" else "remove")

    def safe_private(self, vr: str) -> Decision:
        """Return what is done with a safe private element of that VR."""
        if vr in TEXT_OR_BULK:
            return Decision("remove", note=f"{SAFE_PRIVATE}.removed")
        if vr in SHIFTED:
            kept = "keep" if FULL_DATES in self.options else "remove"
            return Decision("shift" if MODIFIED_DATES in self.options else kept)
        if vr == "UI" and RETAIN_UIDS not in self.options:
            return Decision("uid")
        return Decision("keep")

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
