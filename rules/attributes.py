"""What the tables make of a standard attribute, under the options that are on.

Table E.1-1 decides, then our rows beyond it, then the dictionary.
``ops/manual/metadata.md``, section 1, says how.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rules.beyond import is_free_text, names_instance, row_beyond
from rules.compounds import resolve
from rules.entries import (
    CODED_TEXT_VRS,
    DATE_VRS,
    PROFILE,
    SECTIONS,
    TEXT_VRS,
    UNDEFINED,
    cleaned_text,
    entry_of,
    removed,
    walked,
)
from rules.plan import Entry
from rules.tables import Definition, Row, confidentiality_table, definition
from rules.vocabulary import AccessionPolicy, Action, Operation, Option, UnknownPolicy

PATIENT_IDENTITY = frozenset({0x00100010, 0x00100020})
_ACCESSION_NUMBER = 0x00080050
_PSEUDONYMS: Mapping[int, Operation] = dict.fromkeys(PATIENT_IDENTITY, Operation.PSEUDONYM)
_PSEUDONYMS_AND_ACCESSION = {**_PSEUDONYMS, _ACCESSION_NUMBER: Operation.ACCESSION}
_PATIENT_AGE = 0x00101010
_OVERLAY_DATA = 0x3000
_TEXT_OPTIONS = frozenset(
    [
        Option.CLEAN_DESCRIPTORS,
        Option.RETAIN_PATIENT_CHARACTERISTICS,
        Option.RETAIN_DEVICE_IDENTITY,
    ]
)
_CLEANED_VRS = TEXT_VRS | CODED_TEXT_VRS | {""}
"""Of an attribute that the dictionary does not know, the file says the VR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeTable:
    """The tables of the standard under one rule set.

    Attributes
    ----------
    options : frozenset[Option]
        Those that are on.
    unknown : UnknownPolicy
    accession : AccessionPolicy
    """

    options: frozenset[Option]
    unknown: UnknownPolicy
    accession: AccessionPolicy

    @property
    def _pseudonyms(self) -> Mapping[int, Operation]:
        if self.accession is AccessionPolicy.PSEUDONYM:
            return _PSEUDONYMS_AND_ACCESSION
        return _PSEUDONYMS

    def entry(self, tag: int, *, type_of: Callable[[str], str]) -> Entry:
        """Return what is done with an attribute that no rule names.

        Parameters
        ----------
        type_of : Callable[[str], str]
            Type of the attribute with a keyword, at its place in the IOD.
        """
        found = definition(tag) or UNDEFINED
        type_ = type_of(found.keyword)
        row = confidentiality_table().row(tag)
        if row is not None:
            rule = "PS3.15 Table E.1-1, basic profile"
            return self._of_row(row, tag, found, rule=rule, type_=type_)
        if not found.keyword:
            return self._of_unknown()
        row = row_beyond(tag, found)
        if row is not None:
            rule = "not in PS3.15 Table E.1-1, but can identify"
            return self._of_row(row, tag, found, rule=rule, type_=type_)
        return self._of_dictionary(found, type_=type_)

    def _of_dictionary(self, found: Definition, *, type_: str) -> Entry:
        rule = "not in PS3.15 Table E.1-1"
        option = Option.CLEAN_DESCRIPTORS
        if option in self.options and is_free_text(found):
            return cleaned_text(
                found,
                rule=f"{rule}, but free text, {option}",
                section=SECTIONS[option],
                fallback=Operation.DUMMY,
                option=option,
                type_=type_,
            )
        if not names_instance(found):
            kept = entry_of(found, Action.KEEP, rule=rule, section=PROFILE, type_=type_)
            # where an identifier stands in it after all: of what type it is, nobody knows here
            return replace(kept, fallback=Operation.DUMMY)
        action, section = Action.UID, PROFILE
        if Option.RETAIN_UIDS in self.options:
            action, section = Action.KEEP, SECTIONS[Option.RETAIN_UIDS]
        rule = f"{rule}, UID of an instance"
        return entry_of(found, action, rule=rule, section=section, type_=type_)

    def _of_unknown(self) -> Entry:
        entry = removed(f"unknown: {self.unknown}")
        if self.unknown is UnknownPolicy.HOLD:
            return replace(entry, operation=Operation.HOLD, note="metadata.unknown")
        return entry

    def _of_row(self, row: Row, tag: int, found: Definition, *, rule: str, type_: str) -> Entry:
        action = resolve(row.basic, type_=type_)
        if found.vr == "SQ" and row.basic == "X/Z" and type_.startswith("1"):
            action = Action.KEEP  # references, whose UIDs are replaced
        basic = entry_of(found, action, rule=rule, section=PROFILE, type_=type_)
        if tag in self._pseudonyms:
            return replace(basic, operation=self._pseudonyms[tag])
        letters = {o: letter for o, letter in row.options.items() if o in self.options}
        modified = Option.RETAIN_LONGITUDINAL_MODIFIED_DATES
        if modified in letters:
            entry = _by_option(basic, modified)
            if found.vr not in DATE_VRS:  # Timezone Offset From UTC, binary timestamps
                return entry
            return replace(entry, action=Action.CLEAN, operation=Operation.SHIFT_DATE)
        keeping = [o for o, letter in letters.items() if letter == "K"]
        if keeping:
            caps = tag == _PATIENT_AGE and Option.RETAIN_PATIENT_CHARACTERISTICS in keeping
            return replace(
                _by_option(basic, keeping[0]),
                action=Action.KEEP,
                operation=Operation.CAP_AGE if caps else Operation.KEEP,
            )
        cleaning = [o for o, letter in letters.items() if letter == "C"]
        if cleaning:
            return _cleaned(basic, found, cleaning[0])
        return basic


def _cleaned(basic: Entry, found: Definition, option: Option) -> Entry:
    """Return the entry of an attribute that `option` cleans; bitmaps can't be read."""
    by_option = _by_option(basic, option)
    if found.vr == "SQ":
        return walked(found, rule=by_option.rule, section=by_option.section, type_=basic.type)
    if option in _TEXT_OPTIONS and found.vr in _CLEANED_VRS:
        return cleaned_text(
            found,
            rule=by_option.rule,
            section=by_option.section,
            fallback=basic.operation,
            option=option,
            type_=basic.type,
        )
    return replace(basic, note=f"{option}.removed")


def is_beside_overlay_data(tag: int) -> bool:
    """Return whether an element is in the group of an overlay, but not Overlay Data."""
    return tag >> 24 == 0x60 and tag & 0xFFFF != _OVERLAY_DATA


def overlay_data(tag: int) -> int:
    """Return the tag of Overlay Data in the group of `tag`."""
    return tag & 0xFFFF0000 | _OVERLAY_DATA


def with_overlay_data(own: Entry, data: Entry) -> Entry:
    """Return what is done with an element beside Overlay Data: without it, it means nothing.

    Parameters
    ----------
    own : Entry
        What the tables make of the element.
    data : Entry
        Of Overlay Data.
    """

    def along(with_data: Entry) -> Entry:
        if with_data.operation is Operation.KEEP:
            return own
        return replace(
            own,
            action=Action.REMOVE,
            operation=Operation.REMOVE,
            fallback=Operation.REMOVE,
            rule=f"with OverlayData: {with_data.rule}",
            section=with_data.section,
            note=with_data.note,
        )

    alternatives = tuple((condition, along(entry)) for condition, entry in data.alternatives)
    return replace(along(data), alternatives=alternatives)


def _by_option(basic: Entry, option: Option) -> Entry:
    source = basic.rule.partition(", basic profile")[0]
    return replace(basic, rule=f"{source}, {option}", section=SECTIONS[option])
