"""Read what a content item is: its value type and the concept it names (PS3.3, 10.2)."""

from collections.abc import Iterator
from struct import iter_unpack

from pipelines.metadata.elements import UNDEFINED, Element, Scanner
from rules.content import VALUES
from rules.plan import ConceptKey

_VALUE_TYPE = 0x0040A040
_CONCEPT_NAME_CODE_SEQUENCE = 0x0040A043
_NUMERIC_VALUE = 0x0040A30A
_FLOATING_POINT_VALUE = 0x0040A161
_RATIONAL_NUMERATOR_VALUE = 0x0040A162
_SCHEME = 0x00080102
_CODES = frozenset([0x00080100, 0x00080119, 0x00080120])
"""Code Value, Long Code Value, URN Code Value."""
_VALUES = {**VALUES, "NUM": 0x0040A300}
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
    value_type = _text(stated, scanner).upper() if stated is not None else ""
    if not value_type:
        value_type = next((kind for kind, tag in _VALUES.items() if tag in by_tag), "")
    return value_type, code, scheme


def is_oldest(element: Element, scanner: Scanner, *, implicit: bool) -> bool:
    """Return whether a measured age is over 89 years in any of its values, or is no number.

    Of another unit than those of CID 7456, the number counts as years.
    """
    return any(
        _is_oldest(item, scanner, implicit=inside)
        for item, inside in _items(element, scanner, implicit=implicit)
    )


def _is_oldest(item: list[Element], scanner: Scanner, *, implicit: bool) -> bool:
    values: list[float] = []
    per_year = 1.0
    for each in item:
        if each.tag == _NUMERIC_VALUE and each.length:
            try:
                values += map(float, _text(each, scanner).split("\\"))
            except ValueError:
                return True
        elif each.tag == _FLOATING_POINT_VALUE:
            value = scanner.buffer[each.value : each.following][:_MOST_BYTES]
            values += (number for (number,) in iter_unpack("<d", value[: len(value) // 8 * 8]))
        elif each.tag == _RATIONAL_NUMERATOR_VALUE:
            return True  # nobody writes an age so
        elif each.tag == _MEASUREMENT_UNITS_CODE_SEQUENCE:
            units = first_item(each, scanner, implicit=implicit)
            unit = next((_text(code, scanner) for code in units if code.tag in _CODES), "")
            per_year = _PER_YEAR.get(unit, 1.0)
    return any(not value / per_year <= _OLDEST_YEARS for value in values)


def _items(
    element: Element, scanner: Scanner, *, implicit: bool
) -> Iterator[tuple[list[Element], bool]]:
    """Yield the elements of each item, and their encoding."""
    implicit = implicit or element.vr != b"SQ"
    items = scanner.items(
        element.value, element.following, implicit=implicit, defined=element.length != UNDEFINED
    )
    for _, content, end, _ in items:
        yield scanner.scan(content, end, implicit=implicit)[0], implicit


def first_item(element: Element, scanner: Scanner, *, implicit: bool) -> list[Element]:
    """Return the elements of the first item; none where there is no item."""
    return next((item for item, _ in _items(element, scanner, implicit=implicit)), [])


def _text(element: Element, scanner: Scanner) -> str:
    value = scanner.buffer[element.value : element.following][:_MOST_BYTES]
    return value.decode("latin-1").strip("\0 ")
