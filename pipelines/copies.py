"""Tell whether a cleaned object holds pixels beside those in which a face was filled.

Only Pixel Data of the root is filled. What else may show the same face: Coefficients and
Variable Pixel Data (groups 7Fxx), and Pixel Data within items, as of an icon. Looked at is
what the walk left: what it removes is no reason to hold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.context import RangeReader, Segment
from pipelines.errors import MalformedError
from pipelines.joined import JoinedReader
from pipelines.metadata.elements import UNDEFINED, Element, Scanner
from pipelines.metadata.head import Head
from pipelines.metadata.outline import Outline, read_outline

PIXEL_TAGS = frozenset([0x7FE00008, 0x7FE00009, 0x7FE00010])
"""Float, Double Float and plain Pixel Data."""
_LENGTHS = frozenset([0x7FE00000, 0x7FE00003])
"""Of the group (retired), and of what was encapsulated."""
_HIGH_BYTE = 0x7F
_ENCODED = [
    (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") for tag in PIXEL_TAGS
]
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_NO_VRS = frozenset([b"", b"UN"])


def place_of_copies(segments: Iterable[Segment], source: RangeReader, *, head: Head) -> str:
    """Return where pixels stand that were not filled; "" where there are none.

    Parameters
    ----------
    segments : Iterable[Segment]
        The cleaned data set, without its meta information.
    source : RangeReader
    head : Head
        Of the object: how the data set is encoded.

    Raises
    ------
    pipelines.errors.MalformedError
    """
    outline = read_outline(JoinedReader(list(segments), source), replace(head, dataset=0))
    pixels = PIXEL_TAGS & outline.by_tag.keys()
    for tag in outline.by_tag:
        is_filled = pixels == {tag}
        if tag >> 24 == _HIGH_BYTE and not is_filled and tag not in _LENGTHS:
            return _show(tag)
    return next((_show(e.tag) for e in outline.elements if _hides_pixels(outline, e)), "")


def _show(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _hides_pixels(outline: Outline, element: Element) -> bool:
    """Return whether items of an element of the root hold Pixel Data."""
    if element.vr != b"SQ" and (element.vr not in _NO_VRS or element.tag in PIXEL_TAGS):
        return False
    if element.bulk is not None and outline.source.read(element.bulk[0], 4) != _ITEM_TAG:
        return False
    value = outline.value(element)
    if not any(encoded in value for encoded in _ENCODED):
        return False
    whole = element._replace(value=0, following=len(value), bulk=None)
    return _is_in_items(Scanner(value, {}), [whole], implicit=outline.head.implicit)


def _is_in_items(scanner: Scanner, elements: Sequence[Element], *, implicit: bool) -> bool:
    for element in elements:
        start = scanner.buffer[element.value : element.value + 4]
        is_unnamed = element.vr in _NO_VRS
        is_told = element.vr == b"SQ" or (is_unnamed and element.length == UNDEFINED)
        if not is_told and not (is_unnamed and start == _ITEM_TAG):
            continue
        # UN holds implicit VR items (PS3.5, 6.2.2, note 2)
        is_implicit = implicit or element.vr != b"SQ"
        try:
            found = _items(scanner, element, implicit=is_implicit)
        except MalformedError:
            if is_told:
                raise
            continue  # bytes that only begin like an item
        for inside in found:
            if any(each.tag in PIXEL_TAGS for each in inside):
                return True
            if _is_in_items(scanner, inside, implicit=is_implicit):
                return True
    return False


def _items(scanner: Scanner, element: Element, *, implicit: bool) -> list[list[Element]]:
    items = scanner.items(
        element.value, element.following, implicit=implicit, defined=element.length != UNDEFINED
    )
    return [scanner.scan(content, end, implicit=implicit)[0] for _, content, end, _ in items]
