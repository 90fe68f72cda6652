"""Collect the source values that identify: text must not repeat them, verify looks for them."""

from pipelines.errors import MalformedError
from pipelines.metadata.charsets import DEFAULT
from pipelines.metadata.elements import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    UNDEFINED,
    Element,
    Scanner,
)
from pipelines.metadata.outline import Outline
from pipelines.metadata.place import encodings_at
from rules.plan import Node
from rules.vocabulary import Operation

_ITEM_TAG = b"\xfe\xff\x00\xe0"
_ODD_GROUP = 0x10000

Identity = set[tuple[int, bytes, tuple[str, ...]]]
"""Tag, value as encoded, codecs in force."""


def collect_identity(outline: Outline, node: Node, tags: frozenset[int]) -> Identity:
    """Return the values of identifying attributes, at any depth, that the plan does not keep.

    Parameters
    ----------
    node : Node
        Of the root.
    tags : frozenset[int]
        Tags whose values identify.

    Raises
    ------
    MalformedError
        `metadata.limit`.
    """
    collector = _Collector(tags, Scanner(outline.buffer, outline.ends))
    encodings = encodings_at(outline.elements, outline.buffer, DEFAULT)
    collector.dataset(outline.elements, node, encodings, implicit=outline.head.implicit, depth=0)
    return collector.found


class _Collector:
    __slots__ = ("_elements_seen", "_items_seen", "_scanner", "_tags", "found")

    def __init__(self, tags: frozenset[int], scanner: Scanner) -> None:
        self._tags = tags
        self._scanner = scanner
        self._elements_seen = self._items_seen = 0
        self.found: Identity = set()

    def dataset(
        self,
        elements: list[Element],
        node: Node | None,
        encodings: tuple[str, ...],
        *,
        implicit: bool,
        depth: int,
    ) -> None:
        """Collect from one place; `node` is None inside what goes as a whole."""
        self._elements_seen += len(elements)
        if self._elements_seen > MAX_ELEMENTS:
            raise MalformedError("metadata.limit", where="number of elements")
        buffer, tags = self._scanner.buffer, self._tags
        for element in elements:
            tag = element.tag
            if element.bulk is not None:
                continue
            if tag in tags:
                if node is None or not _stays(node, tag):
                    value = buffer[element.value : element.following]
                    if value.strip(b"\0 "):
                        self.found.add((tag, value, encodings))
            elif element.vr == b"SQ" or (
                (implicit or element.vr == b"UN")
                and buffer[element.value : element.value + 4] == _ITEM_TAG
            ):
                inner = None if node is None or tag & _ODD_GROUP else node.children[tag]
                if inner is not None and node is not None and not _stays(node, tag):
                    inner = None
                self._items(element, inner, encodings, implicit=implicit, depth=depth)

    def _items(
        self,
        element: Element,
        node: Node | None,
        encodings: tuple[str, ...],
        *,
        implicit: bool,
        depth: int,
    ) -> None:
        if depth >= MAX_DEPTH:
            raise MalformedError("metadata.limit", where="depth")
        implicit = implicit or element.vr != b"SQ"
        scanner = self._scanner
        try:
            items = scanner.items(
                element.value,
                element.following,
                implicit=implicit,
                defined=element.length != UNDEFINED,
            )
            self._count_items(len(items))
            for _, content, end, _ in items:
                elements, _ = scanner.scan(content, end, implicit=implicit)
                inner = encodings_at(elements, scanner.buffer, encodings)
                self.dataset(elements, node, inner, implicit=implicit, depth=depth + 1)
        except MalformedError as error:
            if error.code != "metadata.malformed":
                raise
            # what can't be read does not stay

    def _count_items(self, number: int) -> None:
        self._items_seen += number
        if self._items_seen > MAX_ELEMENTS:
            raise MalformedError("metadata.limit", where="number of items")


def _stays(node: Node, tag: int) -> bool:
    """Return whether the plan keeps an element whatever its conditions say."""
    entry = node[tag]
    return all(
        each.operation is Operation.KEEP for each in (entry, *(e for _, e in entry.alternatives))
    )
