"""Keep the object as valid as the source was (PS3.5, 7.4; PS3.3)."""

from collections.abc import Collection

from pipelines.errors import ResidualError
from pipelines.verify.places import show
from rules.plan import Entry, Node
from rules.vocabulary import Operation

_WITHOUT_TYPE = frozenset([0x50, 0x60])
"""Curves and overlays go as whole groups, and with them their module."""


def check_validity(
    node: Node,
    *,
    present: frozenset[int],
    present_empty: frozenset[int],
    filled: Collection[int],
    empty: Collection[int],
    may_lose_sequences: bool,
) -> None:
    """Compare the root of the output with that of the source.

    Parameters
    ----------
    node : Node
        Of the root.
    present, present_empty : frozenset[int]
        Tags of the source with a value, and without.
    filled, empty : Collection[int]
        Tags of the output with a value, and without.
    may_lose_sequences : bool
        True where the report says that an unreadable sequence was removed.

    Raises
    ------
    ResidualError
        `verify.validity` where an attribute of Type 1, or one that the plan keeps, lost
        its value, or one of Type 1 or 2 is gone.
    """
    without_value = present.difference(filled)
    gone = (without_value | present_empty).difference(filled, empty)
    for tag in without_value | gone:
        group = tag >> 16
        if group & 1 or group >> 8 in _WITHOUT_TYPE or group > 0xFEFF or not tag & 0xFFFF:
            continue
        entry = node[tag]
        if (
            (entry.type.startswith("1") and tag in without_value)
            or (entry.type.startswith(("1", "2")) and tag in gone)
            or (tag in without_value and _is_kept(entry, may_lose_sequences=may_lose_sequences))
        ):
            raise ResidualError("verify.validity", where=show(tag))


def _is_kept(entry: Entry, *, may_lose_sequences: bool) -> bool:
    if entry.operation is not Operation.KEEP or entry.alternatives:
        return False
    return not (may_lose_sequences and entry.vr == "SQ")
