"""What may be demanded of a written element, and whether a value is that."""

from collections.abc import Set as AbstractSet
from enum import IntEnum, auto
from typing import NamedTuple

from pipelines.verify.fitness import is_fit
from pipelines.verify.values import (
    MAX_DUMMY_BYTES,
    are_new_uids,
    is_dummy,
    is_patient,
    is_too_old,
)
from pipelines.verify.window import Window
from rules.vocabulary import Operation


class Check(IntEnum):
    """What an element must be (numbers: they are looked up for every element)."""

    ABSENT = auto()
    EMPTY = auto()
    DUMMY = auto()
    UID = auto()
    PSEUDONYM = auto()
    ACCESSION = auto()
    ITEMS = auto()
    """A kept sequence: its items are walked, beside the source's."""
    EITHER = auto()
    """A sequence, one of several things by a condition: its items are walked."""
    UNKNOWN = auto()
    """Kept, of no VR that the plan knows: walked where it begins like a sequence."""
    FIT = auto()
    """Kept where its value is of the VR that the plan names."""
    TEXT = auto()
    """As it was, cut, or the fallback."""
    CODED = auto()
    """As it was, or the fallback: a code is never cut."""
    DATE = auto()
    """Shifted, or the fallback."""
    AGE = auto()
    """Of nobody over 89; a sequence: empty where the source's is of somebody over 89."""
    DOCUMENT = auto()
    """At the root a PDF that we made; elsewhere a dummy."""
    FREE = auto()
    """Whatever it is."""


class Rule(NamedTuple):
    """What must be checked of one element.

    Attributes
    ----------
    check : Check
    is_sequence : bool
        By the dictionary.
    vr : str
        Of the plan; "" where no check asks for it.
    fallback : Operation
        Where the value can't be cleaned.
    is_listed : bool
        A private element that stays because a list calls it safe.
    is_kept : bool
        A text that stays, but for an identifier in it.
    """

    check: Check
    is_sequence: bool = False
    vr: str = ""
    fallback: Operation = Operation.REMOVE
    is_listed: bool = False
    is_kept: bool = False


ABSENT = Rule(Check.ABSENT)
"""The rule of what must not be there."""
_WALKED = frozenset([Check.ITEMS, Check.EITHER, Check.UNKNOWN, Check.AGE, Check.FREE])
_SEQUENCES = _WALKED | {Check.ABSENT, Check.DUMMY}
_WITHOUT_VALUE = frozenset(
    [Check.ABSENT, *_WALKED - {Check.AGE}, Check.TEXT, Check.CODED, Check.DATE]
)
"""Of their value alone there is nothing to say."""
TEXTS = frozenset([Check.TEXT, Check.CODED])
"""What may stay as it was."""
COMPARED = frozenset([Check.UID, Check.DUMMY, Check.TEXT, Check.CODED, Check.DATE])
"""Whose value is looked at beside the source's."""
_NO_VRS = (b"", b"UN")
_ITEM_TAG = b"\xfe\xff\x00\xe0"


def is_met(  # noqa: PLR0911  (one answer for each check)
    rule: Rule,
    window: Window,
    span: tuple[int, int],
    *,
    vr: bytes,
    pseudonym: bytes,
    accessions: AbstractSet[bytes],
    is_root: bool,
) -> bool:
    """Return True where the value in `span` of the file is what `rule` demands.

    What must be absent, what was walked as items, and what must be compared with the
    source, is said elsewhere.
    """
    start, end = span
    check = rule.check
    if check in _WITHOUT_VALUE or start == end:
        return check is not Check.PSEUDONYM or not is_root
    if check is Check.FIT:
        return is_fit(window.read(start, end), written_vr=vr, vr=rule.vr)
    if check is Check.DOCUMENT and is_root:
        return True
    if check is Check.EMPTY or end - start > MAX_DUMMY_BYTES:
        return False
    value = window.read(start, end)
    if check is Check.UID:
        return are_new_uids(value)
    if check is Check.AGE:
        return not is_too_old(value)
    if check is Check.PSEUDONYM:
        return value.strip(b"\0 ") == pseudonym if is_root else is_patient(value, pseudonym)
    if check is Check.ACCESSION and value.strip(b"\0 ") in accessions:
        return True
    return is_dummy(value)


def may_be_sequence(rule: Rule, length: int) -> bool:
    """Return False for a sequence where `rule` demands a value, or none."""
    return not length or rule.check in _SEQUENCES or rule.is_kept


def are_kept(rule: Rule | None) -> bool:
    """Return True where the items of a sequence are those of the source."""
    if rule is None or rule.is_kept:
        return True
    return rule.check in _WALKED and rule.check is not Check.EITHER


def hides_items(window: Window, span: tuple[int, int], vr: bytes) -> bool:
    """Return True for a value without a VR that begins like a sequence."""
    start, end = span
    return vr in _NO_VRS and window.read(start, min(end, start + 4)) == _ITEM_TAG
