"""Collect the source values that identify, so that verify can look for them."""

from pipelines.errors import MalformedError
from pipelines.metadata.elements import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    UNDEFINED,
    Element,
    Scanner,
)
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

    __slots__ = ("_seen", "found", "tags")

    def __init__(self, tags: frozenset[int]) -> None:
        self.tags = tags
        self.found: Identity = set()
        self._seen = 0

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
        depth: int,
    ) -> None:
        """Collect from the items of a sequence that goes, at any depth."""
        if element.bulk is not None or not element.length:
            return
        if depth >= MAX_DEPTH:
            raise MalformedError("metadata.limit", where="depth")
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
                self._count(len(elements) + 1)
                inner = encodings_at(elements, buffer, encodings)
                for each in elements:
                    if each.tag in self.tags:
                        self.collect(each.tag, buffer[each.value : each.following], inner)
                    elif each.vr == b"SQ" or (
                        implicit and buffer[each.value : each.value + 4] == _ITEM_TAG
                    ):
                        self.collect_inside(
                            each, inner, scanner=scanner, implicit=implicit, depth=depth + 1
                        )
        except MalformedError as error:
            if error.code != "metadata.malformed":
                raise
            # what can't be read goes anyway

    def _count(self, number: int) -> None:
        self._seen += number
        if self._seen > MAX_ELEMENTS:
            raise MalformedError("metadata.limit", where="number of removed elements")
