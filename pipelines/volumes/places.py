"""Where root elements are in the source: the outline's buffer leaves bulk values out."""

from pipelines.metadata.elements import Element
from pipelines.metadata.outline import Outline


def element_range(outline: Outline, element: Element) -> tuple[int, int]:
    """Return where an element of the root begins and ends in the source."""
    start = outline.head.dataset + _left_out(outline, element) + element.start
    return start, sum(value_range(outline, element))


def value_range(outline: Outline, element: Element) -> tuple[int, int]:
    """Return where the value of an element of the root begins, and its length."""
    if element.bulk is not None:
        return element.bulk
    start = outline.head.dataset + _left_out(outline, element) + element.value
    return start, element.following - element.value


def _left_out(outline: Outline, element: Element) -> int:
    """Return the length of what is before the element and not in the buffer."""
    return sum(
        other.bulk[1]
        for other in outline.elements
        if other.bulk is not None and other.tag < element.tag
    )
