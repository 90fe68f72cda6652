"""Private Data Element Characteristics Sequence (PS3.3, C.12.1.1.7): heed it, write ours.

A source may say which of its private elements identify. What it calls unsafe goes, though a
list of safe elements has it; what it calls safe is a claim, and changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import iter_unpack, pack

from pipelines.errors import MalformedError
from pipelines.metadata.elements import UNDEFINED, Scanner
from pipelines.metadata.encode import encode_element, encode_item
from pipelines.metadata.outline import Outline
from rules.plan import PrivateKey

PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE = 0x00080300
_GROUP, _CREATOR, _STATUS, _SAFE = 0x00080301, 0x00080302, 0x00080303, 0x00080304
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a source says of one of its private blocks.

    Attributes
    ----------
    status : str
        ``SAFE``, ``UNSAFE``, ``MIXED``.
    safe : frozenset[int]
        Low bytes of the elements that do not identify, where it is ``MIXED``.
    """

    status: str
    safe: frozenset[int]

    def is_unsafe(self, element: int) -> bool:
        """Return whether the element with this low byte may identify."""
        return self.status != "SAFE" and element not in self.safe

    def and_also(self, other: "Declared") -> "Declared":
        """Return what two items say of the same block, in the strict reading."""
        if "SAFE" in (self.status, other.status):
            return other if self.status == "SAFE" else self
        return Declared(status="MIXED", safe=self.safe & other.safe)


Declarations = dict[tuple[str, int], Declared]
"""By private creator and group."""


def declarations(outline: Outline) -> Declarations:
    """Return what the root says of its private blocks; nothing where it can't be read."""
    element = outline.by_tag.get(PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE)
    if element is None or element.bulk is not None:
        return {}
    implicit = outline.head.implicit or element.vr != b"SQ"
    scanner = Scanner(outline.buffer, outline.ends)
    found: Declarations = {}
    try:
        items = scanner.items(
            element.value,
            element.following,
            implicit=implicit,
            defined=element.length != UNDEFINED,
        )
        for _, content, end, _ in items:
            values = {
                each.tag: outline.buffer[each.value : each.following][:_MOST_BYTES]
                for each in scanner.scan(content, end, implicit=implicit)[0]
            }
            groups = _numbers(values.get(_GROUP, b""))
            creator = values.get(_CREATOR, b"").decode("latin-1").strip("\0 ")
            if groups and creator:
                said = Declared(
                    status=values.get(_STATUS, b"").decode("latin-1").strip("\0 "),
                    safe=frozenset(number & 0xFF for number in _numbers(values.get(_SAFE, b""))),
                )
                before = found.get((creator, groups[0]))
                found[creator, groups[0]] = said if before is None else before.and_also(said)
    except MalformedError:
        return found
    return found


def is_unsafe(declared: Declarations, key: PrivateKey) -> bool:
    """Return whether the source says that a private element may identify."""
    creator, group, element = key
    found = declared.get((creator, group))
    return found is not None and found.is_unsafe(element)


def encode_characteristics(blocks: Iterable[tuple[str, int]], *, implicit: bool) -> bytes:
    """Return the sequence that calls `blocks` safe; nothing where there are none.

    Parameters
    ----------
    blocks : Iterable[tuple[str, int]]
        Private creator (ASCII) and group.
    """
    items = b"".join(
        encode_item(
            encode_element(_GROUP, b"US", pack("<H", group), implicit=implicit)
            + encode_element(_CREATOR, b"LO", creator.encode("latin-1"), implicit=implicit)
            + encode_element(_STATUS, b"CS", b"SAFE", implicit=implicit)
        )
        for creator, group in blocks
    )
    if not items:
        return b""
    tag = PRIVATE_DATA_ELEMENT_CHARACTERISTICS_SEQUENCE
    return encode_element(tag, b"SQ", items, implicit=implicit)


def _numbers(value: bytes) -> list[int]:
    return [number for (number,) in iter_unpack("<H", value[: len(value) // 2 * 2])]
