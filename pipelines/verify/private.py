"""Private elements and who reserved their block (PS3.5, 7.8.1)."""

from collections.abc import Iterator

from rules.plan import PrivateKey

_FIRST_CREATOR, _LAST_CREATOR = 0x10, 0xFF


def is_creator(tag: int) -> bool:
    """Return True for the tags of private creators."""
    return _FIRST_CREATOR <= tag & 0xFFFF <= _LAST_CREATOR


class Creators:
    """Private creators of one data set, by group and block."""

    __slots__ = ("_names", "_used")

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._used: set[int] = set()

    def add(self, tag: int, value: bytes) -> None:
        """Remember a private creator element."""
        self._names[tag >> 16 << 8 | tag & 0xFF] = value.decode("latin-1").strip("\0 ")

    def key(self, tag: int) -> PrivateKey | None:
        """Return what a private element is known by; None for one without creator."""
        block = tag >> 8
        creator = self._names.get(block)
        if creator is None:
            return None
        self._used.add(block)
        return creator, tag >> 16, tag & 0xFF

    def blocks(self) -> Iterator[tuple[str, int]]:
        """Yield creator and group of the blocks that are reserved, in order."""
        for block, name in sorted(self._names.items()):
            yield name, block >> 8

    def unused(self) -> Iterator[int]:
        """Yield the tags of creators without an element in their block."""
        for block in self._names.keys() - self._used:
            yield block >> 8 << 16 | block & 0xFF
