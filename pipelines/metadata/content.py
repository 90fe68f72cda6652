"""Read what a content item is: its value type and the concept it names (PS3.3, 10.2)."""

from pipelines.metadata.elements import UNDEFINED, Element, Scanner
from rules.content import VALUES
from rules.plan import ConceptKey

_VALUE_TYPE = 0x0040A040
_CONCEPT_NAME_CODE_SEQUENCE = 0x0040A043
_NUMERIC_VALUE = 0x0040A30A
_SCHEME = 0x00080102
_CODES = frozenset([0x00080100, 0x00080119, 0x00080120])
"""Code Value, Long Code Value, URN Code Value."""
_MEASUREMENT_UNITS_CODE_SEQUENCE = 0x004008EA
_OLDEST_YEARS = 89
_PER_YEAR = {"a": 1.0, "mo": 12.0, "wk": 52.18, "d": 365.25, "h": 8766.0, "min": 525_960.0}
"""UCUM codes of units of time (CID 7456, and shorter ones), and how many make a year."""
_MOST_BYTES = 1024
_CONTENT_SEQUENCE = 0x0040A730
_ACQUISITION_CONTEXT_SEQUENCE = 0x00400555
_SPECIMEN_PREPARATION_STEP_CONTENT_ITEM_SEQUENCE = 0x00400612


def needs_item(tag: int, depth: int) -> bool:
    """Return whether a sequence of content items may not be empty.

    The tree of a document (PS3.3, C.17.3) and a step of specimen preparation (C.7.6.22).
    """
    if tag == _SPECIMEN_PREPARATION_STEP_CONTENT_ITEM_SEQUENCE:
        return True
    return tag == _CONTENT_SEQUENCE and not depth


def may_be_empty(tag: int, depth: int) -> bool:
    """Return whether a sequence stays without items (Type 2: PS3.3, C.7.6.14)."""
    return tag == _ACQUISITION_CONTEXT_SEQUENCE and not depth


def concept_of(elements: list[Element], scanner: Scanner, *, implicit: bool) -> ConceptKey | None:
    """Return value type, code and scheme of an item; None for what is no content item.

    Parameters
    ----------
    elements : list[Element]
        Of the item.
    implicit : bool
        Its encoding.

    Raises
    ------
    MalformedError
    """
    by_tag = {element.tag: element for element in elements}
    name = by_tag.get(_CONCEPT_NAME_CODE_SEQUENCE)
    if name is None:
        return None
    code = scheme = ""
    for element in first_item(name, scanner, implicit=implicit):
        if element.tag in _CODES and not code:
            code = _text(element, scanner)
        elif element.tag == _SCHEME:
            scheme = _text(element, scanner)
    stated = by_tag.get(_VALUE_TYPE)
    value_type = _text(stated, scanner) if stated is not None else ""
    if not value_type:
        value_type = next((kind for kind, tag in VALUES.items() if tag in by_tag), "")
    return value_type, code, scheme


def is_oldest(element: Element, scanner: Scanner, *, implicit: bool) -> bool:
    """Return whether a measured age is over 89 years, or is no number.

    Of another unit than those of CID 7456, the number counts as years.
    """
    value, per_year = "", 1.0
    for each in first_item(element, scanner, implicit=implicit):
        if each.tag == _NUMERIC_VALUE:
            value = _text(each, scanner)
        elif each.tag == _MEASUREMENT_UNITS_CODE_SEQUENCE:
            units = first_item(each, scanner, implicit=implicit or element.vr != b"SQ")
            unit = next((_text(code, scanner) for code in units if code.tag in _CODES), "")
            per_year = _PER_YEAR.get(unit, 1.0)
    try:
        return bool(value) and not float(value) / per_year <= _OLDEST_YEARS
    except ValueError:
        return True


def first_item(element: Element, scanner: Scanner, *, implicit: bool) -> list[Element]:
    """Return the elements of the first item of a sequence; none where it has no item.

    Raises
    ------
    MalformedError
    """
    implicit = implicit or element.vr != b"SQ"
    items = scanner.items(
        element.value, element.following, implicit=implicit, defined=element.length != UNDEFINED
    )
    for _, content, end, _ in items:
        return scanner.scan(content, end, implicit=implicit)[0]
    return []


def _text(element: Element, scanner: Scanner) -> str:
    value = scanner.buffer[element.value : element.following][:_MOST_BYTES]
    return value.decode("latin-1").strip("\0 ")
