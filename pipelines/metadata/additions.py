"""Put our own elements between those of the root (PS3.5, 7.1: ascending by tag)."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pipelines.context import Segment
from pipelines.metadata.elements import Element


class AppendedItem(Protocol):
    """Makes an encoded item."""

    def __call__(self, *, implicit: bool) -> bytes:
        """Return the item in an encoding."""


def with_additions(
    elements: list[Element],
    additions: Mapping[int, bytes],
    clean: Callable[[list[Element]], list[Segment]],
) -> tuple[list[Segment], dict[int, int]]:
    """Return the cleaned root with our elements in their places.

    Parameters
    ----------
    elements : list[Element]
        Of the root.
    additions : Mapping[int, bytes]
        Encoded elements by tag; they replace the source's.
    clean : Callable
        Cleans a run of elements.

    Returns
    -------
    list[Segment]
        The cleaned data set.
    dict[int, int]
        Where among them each addition is, by tag.
    """
    segments: list[Segment] = []
    positions: dict[int, int] = {}
    start = 0
    for tag, encoded in sorted(additions.items()):
        stop = start
        while stop < len(elements) and elements[stop].tag < tag:
            stop += 1
        segments += clean(elements[start:stop])
        positions[tag] = len(segments)
        segments.append(encoded)
        replaced = stop < len(elements) and elements[stop].tag == tag
        start = stop + replaced
    segments += clean(elements[start:])
    return segments, positions
