"""Private blocks of one place: a creator stays only if an element of its block does.

PS3.5, 7.8.1. A creator comes before the elements of its block, so its place in the
output is kept free until one of them stays.
"""

from pipelines.context import Segment
from pipelines.metadata.elements import Element
from rules.plan import PrivateKey

_FIRST_CREATOR, _LAST_CREATOR = 0x10, 0xFF
_NO_PRIVATE_GROUPS = frozenset([0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF])


class PrivateBlocks:
    """The creators met so far at one place.

    Parameters
    ----------
    buffer : bytes
    out : list[Segment]
        Of the place; the list that the walk appends to.
    """

    __slots__ = ("_buffer", "_creators", "_out")

    def __init__(self, buffer: bytes, out: list[Segment]) -> None:
        self._buffer = buffer
        self._out = out
        self._creators: dict[int, tuple[str, Element, int]] = {}

    def key(self, element: Element) -> PrivateKey | None:
        """Return what a private element is known by; None for one without creator."""
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if number <= _LAST_CREATOR:
            return None
        creator = self._creators.get(group << 8 | number >> 8)
        return None if creator is None else (creator[0], group, number & 0xFF)

    def add(self, element: Element) -> bool:
        """Note a creator and keep its place free; False where it is none."""
        group, number = element.tag >> 16, element.tag & 0xFFFF
        is_creator = (
            _FIRST_CREATOR <= number <= _LAST_CREATOR
            and group not in _NO_PRIVATE_GROUPS
            and element.bulk is None
        )
        if is_creator:
            value = self._buffer[element.value : element.following]
            name = value.decode("latin-1").strip("\0 ")
            self._creators[group << 8 | number] = name, element, len(self._out)
            self._out.append(b"")
        return is_creator

    def keep(self, element: Element) -> None:
        """Let the creator of an element that stays stay too."""
        block = element.tag >> 16 << 8 | (element.tag & 0xFFFF) >> 8
        _, creator, position = self._creators[block]
        self._out[position] = self._buffer[creator.start : creator.following]

    def kept(self) -> list[tuple[str, int]]:
        """Return creator and group of the blocks of which something stays."""
        return [
            (name, block >> 8)
            for block, (name, _, position) in self._creators.items()
            if self._out[position] != b""
        ]

    def removed(self) -> int:
        """Return how many creators did not stay."""
        return sum(self._out[position] == b"" for _, _, position in self._creators.values())
