"""What is done with a content item, by its concept name and value type (PS3.15, E.3.4).

Table E.3.4-1 names the concepts that can identify; every other item is treated by its value
type alone. ``ops/manual/metadata.md``, section 1, says how.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from pydicom.sr._snomed_dict import mapping as snomed_mapping

from rules.entries import (
    SECTIONS,
    cleaned_text,
    entry_of,
    fallback_of,
    shifted,
)
from rules.plan import Entry
from rules.tables import ContentRow, Definition, content_table, definition
from rules.vocabulary import Action, Operation, Option

CONTENT_SEQUENCES = frozenset({0x00400441, 0x00400555, 0x00400612, 0x0040A730})
"""Sequences of content items: Content Item Modifier, Acquisition Context, Specimen
Preparation Step Content Item, Content Sequence."""

VALUES: Mapping[str, int] = {
    "TEXT": 0x0040A160,
    "PNAME": 0x0040A123,
    "UIDREF": 0x0040A124,
    "DATE": 0x0040A121,
    "TIME": 0x0040A122,
    "DATETIME": 0x0040A120,
}
"""Attribute that holds the value, by value type (PS3.3, 10.2)."""

_VALUE_TYPES = {tag: value_type for value_type, tag in VALUES.items()}
_REFERENCES = frozenset({"IMAGE", "COMPOSITE", "WAVEFORM", "UIDREF"})
"""Items that point at instances: they stay, and the UIDs are replaced."""
_NAMES = ("PNAME", "UIDREF", "NUM")
_DATES = frozenset({"DATE", "TIME", "DATETIME"})
_MEASURED_VALUE_SEQUENCE = 0x0040A300
_SUBJECT_AGE = ("121033", "DCM", "NUM")
_OTHER_AGES = frozenset([("424144002", "SCT"), ("397669002", "SCT"), ("30525-0", "LN")])
"""Concepts of an age that reports use beside that of the table."""
_BY_TYPE = "PS3.15 E.3.4, by value type"


@cache
def _table() -> Mapping[tuple[str, str, str], ContentRow]:
    """Return Table E.3.4-1 by code, coding scheme in capitals, and value type."""
    return {(code, scheme.upper(), vt): row for (code, scheme, vt), row in content_table().items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRules:
    """What Table E.3.4-1 says under the options that are on.

    Attributes
    ----------
    options : frozenset[Option]
    """

    options: frozenset[Option]

    def row(self, value_type: str, code: str, scheme: str) -> ContentRow | None:
        """Return the row of a concept; SNOMED-RT codes are looked up as SNOMED CT.

        A text whose concept the table lists as a person, a UID or a number says it: a dummy.
        """
        scheme = scheme.upper()
        if scheme in ("SRT", "SNM3", "99SDM"):
            code, scheme = snomed_mapping["SRT"].get(code, code), "SCT"
        table = _table()
        row = table.get((code, scheme, value_type))
        if (code, scheme) in _OTHER_AGES and value_type == "NUM":
            age = table[_SUBJECT_AGE[0], _SUBJECT_AGE[1], _SUBJECT_AGE[2]]
            return replace(age, code=code, scheme=scheme)
        if row is not None or value_type != "TEXT":
            return row
        if any((code, scheme, each) in table for each in _NAMES):
            return ContentRow(code=code, scheme=scheme, value_type="TEXT", basic="D", options={})
        return None

    def goes(self, row: ContentRow | None) -> bool:
        """Return whether the whole item is removed."""
        if row is None or row.basic != "X" or row.value_type in _REFERENCES:
            return False
        return self._letter(row) is None

    def entry(self, tag: int, row: ContentRow | None) -> Entry | None:
        """Return what is done with an attribute of an item; None: what the tables say.

        Parameters
        ----------
        row : ContentRow or None
            Of the item's concept.
        """
        value_type = _VALUE_TYPES.get(tag)
        if value_type is None:
            return self._capped(tag, row)
        found = definition(tag)
        if found is None:  # pragma: no cover  (they are in PS3.6)
            return None
        if row is None or row.value_type != value_type:
            return self._by_type(found, value_type)
        return self._by_row(found, row)

    def _by_type(self, found: Definition, value_type: str) -> Entry:
        section = SECTIONS[Option.CLEAN_STRUCTURED_CONTENT]
        if value_type == "TEXT":
            option = Option.CLEAN_STRUCTURED_CONTENT
            return cleaned_text(
                found, rule=_BY_TYPE, section=section, fallback=Operation.DUMMY, option=option
            )
        if value_type == "UIDREF":
            keeps = Option.RETAIN_UIDS in self.options
            section = SECTIONS[Option.RETAIN_UIDS] if keeps else section
            action = Action.KEEP if keeps else Action.UID
            return entry_of(found, action, rule=_BY_TYPE, section=section)
        if value_type in _DATES:
            return self._date(found, _BY_TYPE)
        return entry_of(found, Action.DUMMY, rule=_BY_TYPE, section=section)

    def _by_row(self, found: Definition, row: ContentRow) -> Entry:
        rule = f"PS3.15 Table E.3.4-1, {row.code} {row.scheme}"
        section = SECTIONS[Option.CLEAN_STRUCTURED_CONTENT]
        if row.value_type in _DATES:
            return self._date(found, rule)
        letter = self._letter(row)
        if letter is not None:
            option, action = letter
            if action is Action.KEEP:
                kept = entry_of(found, action, rule=rule, section=SECTIONS[option])
                return replace(kept, fallback=Operation.DUMMY)
            return cleaned_text(
                found,
                rule=rule,
                section=SECTIONS[option],
                fallback=Operation.DUMMY,
                option=option,
            )
        action = Action.UID if row.value_type == "UIDREF" else Action.DUMMY
        return entry_of(found, action, rule=rule, section=section)

    def _date(self, found: Definition, rule: str) -> Entry:
        full = Option.RETAIN_LONGITUDINAL_FULL_DATES
        modified = Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
        if modified in self.options:
            return shifted(found, rule=rule, section=SECTIONS[modified], fallback=Operation.DUMMY)
        if full in self.options:
            return entry_of(found, Action.KEEP, rule=rule, section=SECTIONS[full])
        section = SECTIONS[Option.CLEAN_STRUCTURED_CONTENT]
        return entry_of(found, Action.DUMMY, rule=rule, section=section)

    def _letter(self, row: ContentRow) -> tuple[Option, Action] | None:
        """Return the option that decides, and its letter; None: the basic column."""
        on = {option: letter for option, letter in row.options.items() if option in self.options}
        for wanted in ("K", "C"):
            for option, letter in on.items():
                if letter == wanted:
                    return option, Action(letter)
        return None

    def _capped(self, tag: int, row: ContentRow | None) -> Entry | None:
        """Return the entry of the number of Subject Age; None for anything else."""
        if row is None or tag != _MEASURED_VALUE_SEQUENCE:
            return None
        is_age = (row.code, row.scheme) in {_SUBJECT_AGE[:2], *_OTHER_AGES}
        if row.value_type != "NUM" or not is_age:
            return None
        found = definition(tag)
        if found is None:  # pragma: no cover  (it is in PS3.6)
            return None
        rule = f"PS3.15 Table E.3.4-1, {row.code} {row.scheme}"
        section = SECTIONS[Option.RETAIN_PATIENT_CHARACTERISTICS]
        kept = entry_of(found, Action.KEEP, rule=rule, section=section)
        empty = fallback_of(Operation.EMPTY)
        return replace(kept, operation=Operation.CAP_AGE, fallback=empty)
