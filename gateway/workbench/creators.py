"""Name private creators: only those that are known stand in a report.

Anybody can write anything into a private creator, also a name.
"""

from collections.abc import Iterable

from pydicom._private_dict import private_dictionaries

from rules.overrides import CompiledRule
from rules.plan import PrivateKey
from rules.survey import all_private
from rules.tables import safe_private


class CreatorNames:
    """Names creators; unknown ones are numbered as they come.

    Parameters
    ----------
    rules : Iterable[CompiledRule]
        The creators that they name are known, too.
    """

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self._known = {creator for creator, _, _ in all_private(rules)} | set(private_dictionaries)
        self._numbers: dict[str, int] = {}

    def name(self, creator: str) -> str:
        """Return the creator, or ``unknown creator #1``."""
        if creator in self._known:
            return creator
        number = self._numbers.setdefault(creator, len(self._numbers) + 1)
        return f"unknown creator #{number}"

    def element(self, key: PrivateKey) -> str:
        """Return a private element as rules name it."""
        creator, group, low = key
        return f'({group:04X},"{self.name(creator)}",{low:02X})'


def element_name(key: PrivateKey) -> str:
    """Return what Table E.3.10-1 or pydicom's private dictionary calls an element, else ""."""
    creator, group, low = key
    safe = safe_private().get(key)
    if safe is not None and safe.name:
        return safe.name
    entry = private_dictionaries.get(creator, {}).get(f"{group:04X}xx{low:02X}")
    return "" if entry is None or entry[2] == "Unknown" else entry[2]
