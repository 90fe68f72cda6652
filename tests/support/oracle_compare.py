"""Compare two datasets element by element at every depth, on encoded values."""

import re
from collections import Counter

from pydicom import Dataset, FileDataset
from pydicom.tag import Tag

from tests.support.oracle_reading import (
    PADDING,
    Element,
    Open,
    bytes_of,
    elements,
    items_of,
    put,
    vr_of,
)
from tests.support.oracle_tables import dictionary_entry

METHOD, METHOD_CODES, CODE_VALUE = 0x00120063, 0x00120064, 0x00080100
METHOD_PATTERN = rb"Narthex [^\\]+\\[^\\]{1,64}\\sha256:[0-9a-f]{32}"
GROUP_2 = {0x00020000 + e for e in (0, 1, 2, 3, 0x10, 0x12, 0x13)}
COMPARED_META = (0x00020001, 0x00020002, 0x00020003, 0x00020010)
# Trailing spaces and NULs of these are padding (PS3.5, 6.2).
PADDED = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())  # noqa: SIM905


def differences(expected: FileDataset, actual: FileDataset) -> list[str]:
    """Return one line per difference: place and kind; short values in hexadecimal."""
    found = meta_differences(expected, actual)
    found += dataset_differences(expected, actual, "")
    return found


def meta_differences(expected: FileDataset, actual: FileDataset) -> list[str]:
    """Compare group 2: what must be there, and nothing else."""
    found = []
    tags = {int(e.tag) for e in elements(actual.file_meta)}
    if tags != GROUP_2:
        found.append(f"group 2: {sorted(hex(t) for t in tags ^ GROUP_2)}")
    for tag in COMPARED_META:
        values = [
            [bytes_of(e).strip(PADDING if tag & 0xFFFF > 1 else b"") for e in elements(ds)]
            for ds in (_only(expected.file_meta, tag), _only(actual.file_meta, tag))
        ]
        if values[0] != values[1]:
            found.append(f"group 2 {tag:08X}: expected {values[0]}, got {values[1]}")
    if actual.preamble != bytes(128):
        found.append("preamble")
    return found


def _only(ds: Dataset, tag: int) -> Dataset:
    out = Dataset()
    for element in elements(ds):
        if element.tag == tag:
            put(out, element)
    return out


def dataset_differences(expected: Dataset, actual: Dataset, where: str) -> list[str]:
    """Compare one dataset or item."""
    wanted = {int(e.tag): e for e in elements(expected)}
    got = {int(e.tag): e for e in elements(actual)}
    found = []
    judges = [element for element in wanted.values() if isinstance(element, Open)]
    for judge in sorted(judges, key=lambda open_: (open_.late, open_.tag)):
        problem = judge.judge(got.get(int(judge.tag)))
        found += [f"{where}{judge.tag}: {problem}"] if problem else []
    wanted, got = (
        {t: e for t, e in side.items() if not isinstance(wanted.get(t), Open)}
        for side in (wanted, got)
    )
    found += [f"{where}{Tag(t)}: missing" for t in sorted(wanted.keys() - got.keys())]
    found += [f"{where}{Tag(t)}: left over" for t in sorted(got.keys() - wanted.keys())]
    for tag in sorted(wanted.keys() & got.keys()):
        found += element_differences(wanted[tag], got[tag], f"{where}{Tag(tag)}")
    return found


def element_differences(expected: Element, actual: Element, where: str) -> list[str]:
    """Compare one element."""
    tag = int(expected.tag)
    if tag == METHOD and where == str(Tag(METHOD)):
        good = re.fullmatch(METHOD_PATTERN, bytes_of(actual).strip(PADDING))
        return [] if good else [f"{where}: {bytes_of(actual)!r}"]
    wanted = items_of(expected)
    if wanted is not None:
        return _sequence_differences(wanted, actual, where)
    return _value_differences(expected, actual, where)


def _value_differences(expected: Element, actual: Element, where: str) -> list[str]:
    found = _vr_differences(vr_of(expected), vr_of(actual), where)
    got = items_of(actual)
    if got is not None:
        left = bytes_of(expected) or got
        return [*found, f"{where}: a sequence, expected a value"] if left else found
    left, right = bytes_of(expected), bytes_of(actual)
    entry = dictionary_entry(expected.tag)
    if left == right:
        return found
    if vr_of(expected) in ("DS", "IS"):  # pydicom drops what leads, where it normalises
        left, right = left.replace(b" ", b""), right.replace(b" ", b"")
    if {vr_of(expected), vr_of(actual), entry[0] if entry else ""} & PADDED and (
        left.rstrip(PADDING) == right.rstrip(PADDING)
    ):
        return found
    if len(right) == len(left) + 1 and len(left) % 2 and right == left + b"\0":
        return found
    short = f"expected {_short(left)}, got {_short(right)}"
    return [*found, f"{where}: {short}"]


def _sequence_differences(wanted: list[Dataset], actual: Element, where: str) -> list[str]:
    try:
        got = items_of(actual, known_vr="SQ")
    except OSError as error:
        return [f"{where}: not a sequence any more, {error}"]
    if got is None:
        if not wanted and not bytes_of(actual):
            return []
        return [f"{where}: {vr_of(actual)}, expected a sequence"]
    if len(wanted) != len(got):
        return [f"{where}: {len(wanted)} items expected, {len(got)} there"]
    if where == str(Tag(METHOD_CODES)):
        left, right = ([_code(item) for item in items] for items in (wanted, got))
        if Counter(left) != Counter(right):
            return [f"{where}: expected {left}, got {right}"]
        wanted, got = sorted(wanted, key=_code), sorted(got, key=_code)
    found = []
    for index, pair in enumerate(zip(wanted, got, strict=True)):
        found += dataset_differences(*pair, f"{where}[{index}].")
    return found


def _code(item: Dataset) -> bytes:
    return b"".join(bytes_of(e).strip(PADDING) for e in elements(item) if e.tag == CODE_VALUE)


def _vr_differences(expected: str, actual: str, where: str) -> list[str]:
    """Compare VRs where both are known; UN may stand for any."""
    if expected == actual or not expected or not actual or "UN" in (expected, actual):
        return []
    return [f"{where}: VR {expected} expected, {actual} there"]


def _short(value: bytes) -> str:
    return f"{len(value)} bytes {value[:48]!r}"
