"""The references between the objects of a run: which of them cleaning has broken.

A reference is any UID that an object names beside its own three. Pure bookkeeping over
source UIDs and new UIDs, about 0.3 kB for each object. Patient data: lives in memory only;
what is told in the end are new UIDs and counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydicom._uid_dict import UID_dictionary

from pipelines.context import Segment

_uids = (re.compile(rb"1(?:\.[0-9]+){3,}"), re.compile(rb"2\.(?:16|25)(?:\.[0-9]+)+"))
"""One for each root that is in use: a literal start makes the search ten times as fast."""
_UID_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What became of the references of a run.

    Attributes
    ----------
    dangling : dict[str, int]
        By the new SOP Instance UID of the object that names it: how many UIDs of released
        objects it names that none of them has any more.
    to_held : dict[str, int]
        The same, of objects that were held or refused.
    """

    dangling: dict[str, int]
    to_held: dict[str, int]


def kept_uids(segments: Iterable[Segment], replaced: Mapping[str, str]) -> frozenset[str]:
    """Return what has the form of a UID in the written bytes and is as it was.

    Bulk values are not looked at, nor what PS3.6 registers.
    """
    found: set[bytes] = set()
    for segment in segments:
        if isinstance(segment, bytes):
            for expression in _uids:
                found.update(expression.findall(segment))
    new = set(replaced.values())
    texts = {u.decode("ascii") for u in found if len(u) <= _UID_BYTES}
    return frozenset(u for u in texts if u not in new and u not in UID_dictionary)


class ReferenceGraph:
    """Collects objects one by one, in any order."""

    def __init__(self) -> None:
        self._released: dict[str, set[str]] = {}
        self._held: set[str] = set()
        self._named: dict[tuple[str, str], list[str]] = {}

    def add_released(
        self, own: Mapping[str, str], *, name: str, replaced: Mapping[str, str], kept: Iterable[str]
    ) -> None:
        """Add an object that was released.

        Parameters
        ----------
        own : Mapping[str, str]
            Its source SOP Instance, Series and Study UID, with what they are now.
        name : str
            Its new SOP Instance UID.
        replaced : Mapping[str, str]
            All source UIDs that were replaced in it, with what they are now.
        kept : Iterable[str]
            Source UIDs that stand in it as they were.
        """
        for source, new in own.items():
            self._released.setdefault(source, set()).add(new)
        named = {*replaced.items(), *((uid, uid) for uid in kept)}
        for pair in named:
            if pair[0] not in own:
                self._named.setdefault(pair, []).append(name)

    def add_held(self, sop_instance_uid: str) -> None:
        """Add an object that was not released, by its source SOP Instance UID."""
        self._held.add(sop_instance_uid)

    def references(self) -> References:
        """Return what became of the references."""
        dangling: Counter[str] = Counter()
        to_held: Counter[str] = Counter()
        for (source, new), names in self._named.items():
            there = self._released.get(source)
            if there is not None and new not in there:
                dangling.update(set(names))
            elif there is None and source in self._held:
                to_held.update(set(names))
        return References(
            dangling=dict(sorted(dangling.items())), to_held=dict(sorted(to_held.items()))
        )
