"""Collect the source values that identify, so that verify can look for them."""

from pipelines.errors import MalformedError
from pipelines.metadata.elements import UNDEFINED, Element, Scanner
from pipelines.metadata.place import encodings_at

_ITEM_TAG = b"\xfe\xff\x00\xe0"

Identity = set[tuple[int, bytes, tuple[str, ...]]]
"""Tag, value as encoded, codecs in force."""


class IdentityCollector:
    """Collects from the elements that are not kept.

    Parameters
    ----------
    tags : frozenset[int]
        Tags whose values identify.

    Attributes
    ----------
    found : Identity
    """

    __slots__ = ("found", "tags")

    def __init__(self, tags: frozenset[int]) -> None:
        self.tags = tags
        self.found: Identity = set()

    def collect(self, tag: int, value: bytes, encodings: tuple[str, ...]) -> None:
        """Collect a value, as encoded."""
        if value.strip(b"\0 "):
            self.found.add((tag, value, encodings))

    def collect_inside(
        self,
        element: Element,
        encodings: tuple[str, ...],
        *,
        scanner: Scanner,
        implicit: bool,
    ) -> None:
        """Collect from the items of a sequence that goes, at any depth."""
        if element.bulk is not None or not element.length:
            return
        implicit = implicit or element.vr != b"SQ"
        buffer = scanner.buffer
        try:
            items = scanner.items(
                element.value,
                element.following,
                implicit=implicit,
                defined=element.length != UNDEFINED,
            )
            for _, content, end, _ in items:
                elements, _ = scanner.scan(content, end, implicit=implicit)
                inner = encodings_at(elements, buffer, encodings)
                for each in elements:
                    if each.tag in self.tags:
                        self.collect(each.tag, buffer[each.value : each.following], inner)
                    elif each.vr == b"SQ" or (
                        implicit and buffer[each.value : each.value + 4] == _ITEM_TAG
                    ):
                        self.collect_inside(each, inner, scanner=scanner, implicit=implicit)
        except MalformedError:
            return  # the sequence goes anyway
