"""Build the entries of a plan."""

from collections.abc import Mapping
from dataclasses import replace

from rules.compounds import OPERATIONS
from rules.plan import Entry
from rules.tables import Definition
from rules.vocabulary import Action, Operation, Option

PROFILE = "PS3.15 E.2"
"""Where the standard defines the basic profile."""

SECTIONS: Mapping[Option, str] = {
    Option.CLEAN_PIXEL_DATA: "PS3.15 E.3.1",
    Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES: "PS3.15 E.3.2",
    Option.CLEAN_GRAPHICS: "PS3.15 E.3.3",
    Option.CLEAN_STRUCTURED_CONTENT: "PS3.15 E.3.4",
    Option.CLEAN_DESCRIPTORS: "PS3.15 E.3.5",
    Option.RETAIN_LONGITUDINAL_FULL_DATES: "PS3.15 E.3.6",
    Option.RETAIN_LONGITUDINAL_MODIFIED_DATES: "PS3.15 E.3.6",
    Option.RETAIN_PATIENT_CHARACTERISTICS: "PS3.15 E.3.7",
    Option.RETAIN_DEVICE_IDENTITY: "PS3.15 E.3.8",
    Option.RETAIN_UIDS: "PS3.15 E.3.9",
    Option.RETAIN_SAFE_PRIVATE: "PS3.15 E.3.10",
    Option.RETAIN_INSTITUTION_IDENTITY: "PS3.15 E.3.11",
}
"""Where the standard defines an option."""

CUT_SECTIONS = frozenset(
    [
        PROFILE,
        SECTIONS[Option.RETAIN_PATIENT_CHARACTERISTICS],
        SECTIONS[Option.RETAIN_DEVICE_IDENTITY],
        SECTIONS[Option.RETAIN_SAFE_PRIVATE],
        SECTIONS[Option.RETAIN_INSTITUTION_IDENTITY],
    ]
)
"""Why a text may stay out of which what is known of the subject is cut all the same."""

DATE_VRS = frozenset({"DA", "DT", "TM"})
TEXT_VRS = frozenset({"LO", "SH", "ST", "LT", "UT", "UC"})
"""VRs of free text."""
CODED_TEXT_VRS = frozenset({"AE", "CS"})
"""VRs of words that a text cleaner may not change in part."""
UNDEFINED = Definition(vr="", keyword="", name="")
"""What the dictionary says of an element that it does not have."""

_FALLBACKS = frozenset({Operation.REMOVE, Operation.EMPTY, Operation.DUMMY})


def entry_of(
    found: Definition, action: Action, *, rule: str, section: str, type_: str = ""
) -> Entry:
    """Return the entry that carries out any action but C.

    Parameters
    ----------
    found : Definition
        Of the attribute.
    rule, section, type_ : str
        As in `Entry`.
    """
    operation = OPERATIONS[action]
    return Entry(
        action=action,
        operation=operation,
        fallback=fallback_of(operation),
        vr=found.vr,
        keyword=found.keyword,
        rule=rule,
        section=section,
        type=type_,
    )


def shifted(
    found: Definition, *, rule: str, section: str, fallback: Operation, type_: str = ""
) -> Entry:
    """Return the entry that shifts a date; `fallback` is for what is none."""
    entry = entry_of(found, Action.REMOVE, rule=rule, section=section, type_=type_)
    return replace(entry, action=Action.CLEAN, operation=Operation.SHIFT_DATE, fallback=fallback)


def cleaned_text(
    found: Definition,
    *,
    rule: str,
    section: str,
    fallback: Operation,
    option: str,
    type_: str = "",
) -> Entry:
    """Return the entry that cuts the person out of a text.

    Parameters
    ----------
    fallback : Operation
        For what is no text, and where nothing of it is left.
    option : str
        Whose ``.removed`` note is written where a value can't be read as text.
    """
    operation = Operation.CLEAN_KNOWN if found.vr in CODED_TEXT_VRS else Operation.CLEAN_TEXT
    return Entry(
        action=Action.CLEAN,
        operation=operation,
        fallback=fallback_of(fallback),
        vr=found.vr,
        keyword=found.keyword,
        rule=rule,
        section=section,
        type=type_,
        unfit_note=f"{option}.removed",
    )


def walked(found: Definition, *, rule: str, section: str, type_: str = "") -> Entry:
    """Return the entry of a sequence that is cleaned by what is done with its items."""
    kept = entry_of(found, Action.KEEP, rule=rule, section=section, type_=type_)
    return replace(kept, action=Action.CLEAN)


def removed(rule: str) -> Entry:
    """Return the entry that removes what the profile does not let pass."""
    return entry_of(UNDEFINED, Action.REMOVE, rule=rule, section=PROFILE)


def fallback_of(operation: Operation) -> Operation:
    """Return `operation` if it needs no value; else removal."""
    return operation if operation in _FALLBACKS else Operation.REMOVE
