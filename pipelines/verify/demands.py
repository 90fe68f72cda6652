"""Ask whether a written value is what the plan demands."""

from collections.abc import Set as AbstractSet

from pipelines.verify.fitness import is_fit
from pipelines.verify.policy import Check, Rule
from pipelines.verify.values import MAX_DUMMY_BYTES, are_new_uids, is_dummy, is_patient
from pipelines.verify.window import Window

_SEQUENCES = frozenset([Check.ABSENT, Check.DUMMY, Check.ITEMS, Check.UNKNOWN])
_WITHOUT_VALUE = frozenset([Check.ABSENT, Check.ITEMS, Check.UNKNOWN])
_NO_VRS = (b"", b"UN")
_ITEM_TAG = b"\xfe\xff\x00\xe0"


def is_met(
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

    What must be absent, and what was walked as items, is said elsewhere.
    """
    start, end = span
    check = rule.check
    if check in _WITHOUT_VALUE or start == end:
        return check is not Check.PSEUDONYM or not is_root
    if check is Check.FIT:
        return is_fit(window.read(start, end), written_vr=vr, vr=rule.vr)
    if check is Check.EMPTY or end - start > MAX_DUMMY_BYTES:
        return False
    value = window.read(start, end)
    if check is Check.UID:
        return are_new_uids(value)
    if check is Check.PSEUDONYM:
        return value.strip(b"\0 ") == pseudonym if is_root else is_patient(value, pseudonym)
    return is_dummy(value) or (check is Check.ACCESSION and value.strip(b"\0 ") in accessions)


def may_be_sequence(rule: Rule, length: int) -> bool:
    """Return False for a sequence where `rule` demands a value, or none."""
    return not length or rule.check in _SEQUENCES


def hides_items(window: Window, span: tuple[int, int], vr: bytes) -> bool:
    """Return True for a value without a VR that begins like a sequence."""
    start, end = span
    return vr in _NO_VRS and window.read(start, min(end, start + 4)) == _ITEM_TAG
