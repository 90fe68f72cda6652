"""Content items: Table E.3.4-1 by the grid of ops/manual/metadata.md, *Content items*."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from pydicom import Dataset
from pydicom.sr._snomed_dict import mapping
from pydicom.tag import Tag

from tests.support.oracle_own import FULL_DATES, MODIFIED_DATES
from tests.support.oracle_reading import PADDING, bytes_of, elements, items_of, vr_of
from tests.support.shared_data import SHARED

STRUCTURED = "clean-structured-content"
DESCRIPTORS = "clean-descriptors"
RETAIN_UIDS = "retain-uids"
CONTENT_SEQUENCE, CONTEXT_ITEMS, STEP_ITEMS = 0x0040A730, 0x00400555, 0x00400612
CONTENT_SEQUENCES = (CONTENT_SEQUENCE, CONTEXT_ITEMS, STEP_ITEMS, 0x00400441)
"""Content, Acquisition Context, Specimen Preparation Step Content Item, Modifier."""
CONCEPT_NAME, VALUE_TYPE, REFERENCED_ITEM = 0x0040A043, 0x0040A040, 0x0040DB73
CODE_VALUES = (0x00080100, 0x00080119, 0x00080120)
SCHEME = 0x00080102
VALUES = {
    "TEXT": 0x0040A160,
    "PNAME": 0x0040A123,
    "UIDREF": 0x0040A124,
    "DATE": 0x0040A121,
    "TIME": 0x0040A122,
    "DATETIME": 0x0040A120,
}
"""The value attribute of a value type that has one of its own."""
WHOLE = ("NUM", "CODE", "CONTAINER")
DATES = ("DATE", "TIME", "DATETIME")
MEASURED_VALUES = 0x0040A300
UNITS, NUMBER = 0x004008EA, 0x0040A30A


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRow:
    """A row of PS3.15 Table E.3.4-1: letters as printed."""

    basic: str
    options: Mapping[str, str]


class Concept(NamedTuple):
    """What a content item is about."""

    value_type: str
    code: str
    scheme: str


SUBJECT_AGE = Concept("NUM", "121033", "DCM")
AGES = (
    SUBJECT_AGE,
    Concept("NUM", "424144002", "SCT"),
    Concept("NUM", "397669002", "SCT"),
    Concept("NUM", "30525-0", "LN"),
)
YEARS = {"a": 1.0, "mo": 12.0, "wk": 52.18, "d": 365.25, "h": 8766.0, "min": 525960.0}
"""How many of a unit (UCUM, CID 7456) make a year."""
PERSON_OR_UID = ContentRow(basic="D", options={})
"""Of a text where the table has a name, a UID or a number."""


@cache
def content_rows() -> Mapping[Concept, ContentRow]:
    """Read Table E.3.4-1 once."""
    assert SHARED is not None
    text = (SHARED / "standard" / "ps315_e3_4_1.json").read_text(encoding="utf-8")
    return {
        Concept(r["value_type"], r["code"], r["scheme"]): ContentRow(
            basic=r["basic"],
            options={name.replace("_", "-"): letter for name, letter in r["options"].items()},
        )
        for r in json.loads(text)["rows"]
    }


def _text(ds: Dataset, tag: int) -> str:
    element = ds._dict.get(Tag(tag))
    if element is None or vr_of(element) == "SQ":
        return ""
    return bytes_of(element).strip(PADDING).decode("latin-1")


def _items(ds: Dataset, tag: int) -> list[Dataset]:
    element = ds._dict.get(Tag(tag))
    return (items_of(element, known_vr="SQ") or []) if element is not None else []


def concept_of(item: Dataset) -> Concept:
    """Return what the item is about; without code and scheme if it does not say it."""
    code = scheme = ""
    for name in _items(item, CONCEPT_NAME)[:1]:
        code = next((text for tag in CODE_VALUES if (text := _text(name, tag))), "")
        scheme = _text(name, SCHEME).upper()
    if scheme in ("SRT", "SNM3", "99SDM"):
        code, scheme = mapping["SRT"].get(code, code), "SCT"
    kind = _text(item, VALUE_TYPE).upper()
    values = {**VALUES, "NUM": MEASURED_VALUES}
    there = (name for name, tag in values.items() if Tag(tag) in item._dict)
    return Concept(kind or next(there, ""), code, scheme)


def row_of(concept: Concept) -> ContentRow | None:
    """Return the row of a concept; of a text also if it is listed as a name or a UID."""
    rows = {key._replace(scheme=key.scheme.upper()): row for key, row in content_rows().items()}
    concept = concept._replace(scheme=concept.scheme.upper())
    if concept in AGES:
        concept = SUBJECT_AGE
    row = rows.get(concept)
    if row is None and concept.value_type == "TEXT":
        others = [concept._replace(value_type=kind) for kind in ("PNAME", "UIDREF", "NUM")]
        row = PERSON_OR_UID if any(other in rows for other in others) else None
    return row


def letter_of(concept: Concept, options: frozenset[str]) -> str:
    """Return K, C (of clean-descriptors), the basic column, or "" where there is no row.

    The C of modified dates and the K of full dates are read from the options alone.
    """
    row = row_of(concept)
    if row is None:
        return ""
    on = {
        name: letter
        for name, letter in row.options.items()
        if name in options and name not in (FULL_DATES, MODIFIED_DATES)
    }
    if "K" in on.values():
        return "K"
    return "C" if on.get(DESCRIPTORS) == "C" else row.basic


def goes(concept: Concept, options: frozenset[str]) -> bool:
    """Return whether the item goes with all below it."""
    row = row_of(concept)
    if row is None or letter_of(concept, options) != "X":
        return False
    if concept.value_type in DATES:
        return not any(name in options for name in row.options)
    return concept.value_type in ("TEXT", "PNAME", *WHOLE)


def value_operation(concept: Concept, options: frozenset[str]) -> tuple[int, str]:
    """Return tag and operation of the value attribute; (0, "") if it is walked like any."""
    tag = VALUES.get(concept.value_type, 0)
    letter = letter_of(concept, options)
    if concept.value_type == "TEXT":
        return tag, {"": "clean-text", "K": "keep", "C": "clean-text"}.get(letter, "dummy")
    if concept.value_type == "PNAME":
        return tag, "keep" if letter == "K" else "dummy"
    if concept.value_type == "UIDREF":
        keep = letter == "K" or (not letter and RETAIN_UIDS in options)
        return tag, "keep" if keep else "uid"
    if concept.value_type in DATES:
        kept = "keep" if FULL_DATES in options else "dummy"
        return tag, "shift" if MODIFIED_DATES in options else kept
    return 0, ""


def too_old(item: Dataset, concept: Concept) -> bool:
    """Return whether it says an age of the subject over 89 years."""
    if concept not in AGES:
        return False
    for measured in _items(item, MEASURED_VALUES):
        units = [_text(unit, CODE_VALUES[0]) for unit in _items(measured, UNITS)]
        number = float(_text(measured, NUMBER) or 0)
        if number / YEARS.get(units[0] if units else "a", 1.0) > 89:
            return True
    return False


def refers_by_position(ds: Dataset) -> bool:
    """Return whether an item, at any depth, refers to another one by its position."""
    for element in elements(ds):
        if element.tag == REFERENCED_ITEM:
            return True
        if any(refers_by_position(child) for child in items_of(element) or ()):
            return True
    return False
