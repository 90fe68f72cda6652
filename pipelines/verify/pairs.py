"""Compare the written object with its source, level by level.

What must be there of the source, in what order, and what became of each value.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, auto
from functools import cached_property
from struct import iter_unpack

from pipelines.errors import ResidualError
from pipelines.verify.changes import is_cut, is_mapped, is_shifted
from pipelines.verify.charsets import python_codecs
from pipelines.verify.demands import Check, Rule, are_kept
from pipelines.verify.ours import (
    CONTRIBUTING_EQUIPMENT_SEQUENCE,
    OUR_RULES,
    PRIVATE_CHARACTERISTICS_SEQUENCE,
)
from pipelines.verify.policy import DummyPolicy, Policy
from pipelines.verify.source import Before, Level, Source
from rules.content import VALUES
from rules.overrides import RULE_SECTION
from rules.plan import ConceptKey, PrivateKey
from rules.vocabulary import Operation

_OF_THE_SUBJECT = frozenset([0x00100010, 0x00100020])
_LEAVES_NOTHING = frozenset([Operation.REMOVE, Operation.EMPTY])
_WITHOUT_TYPE = frozenset([0x50, 0x60])
"""Curves and overlays go as whole groups, and with them their module."""
_PLAIN_GROUPS = range(0x0008, 0xFF00, 2)

_VALUE_TYPE, _CONCEPT_NAME, _SCHEME = 0x0040A040, 0x0040A043, 0x00080102
_CODES = (0x00080100, 0x00080119, 0x00080120)
"""Code Value, Long Code Value, URN Code Value."""
_NUMERIC_VALUE, _FLOATING_POINT, _RATIONAL_NUMERATOR = 0x0040A30A, 0x0040A161, 0x0040A162
_VALUES = {**VALUES, "NUM": 0x0040A300}
_UNITS = 0x004008EA
_OLDEST_YEARS = 89
_PER_YEAR = {"a": 1.0, "mo": 12.0, "wk": 52.18, "d": 365.25, "h": 8766.0, "min": 525_960.0}
"""UCUM codes of CID 7456, and how many make a year; of another unit the number counts."""
_CONTENT_SEQUENCE, _STEP_CONTENT_SEQUENCE = 0x0040A730, 0x00400612
_GROUP, _CREATOR, _STATUS, _SAFE_ELEMENTS = 0x00080301, 0x00080302, 0x00080303, 0x00080304

_PADDING_BYTES = 64
"""A longer value is one, whatever it holds."""


class _Demand(Enum):
    """What of an element must be there."""

    NOTHING = auto()
    ELEMENT = auto()
    VALUE = auto()


_DEMANDS = {
    Operation.KEEP: _Demand.VALUE,
    Operation.DUMMY: _Demand.VALUE,
    Operation.REPLACE_UID: _Demand.VALUE,
    Operation.EMPTY: _Demand.ELEMENT,
}

Expected = list[tuple[Policy, Level | None]]
"""Policy of each item that must be there, and what it was; None: one of ours."""


class Pairs:
    """The written object beside its source.

    Parameters
    ----------
    source : Source
    uids : Mapping[str, str]
        Replaced UIDs of the source.
    shift_days : int
    may_lose_sequences : bool
        The report says that an unreadable sequence was removed.
    ours : Mapping[int, Rule | None]
        Root elements that the engine adds.
    """

    def __init__(
        self,
        source: Source,
        *,
        uids: Mapping[str, str],
        shift_days: int,
        may_lose_sequences: bool,
        ours: Mapping[int, Rule | None] = OUR_RULES,
    ) -> None:
        self.ours = ours
        self.source = source
        self._uids = uids
        self._shift_days = shift_days
        self._may_lose_sequences = may_lose_sequences

    def items(
        self,
        tag: int,
        level: Level | None,
        inner: Policy,
        *,
        rule: Rule | None,
        stays: bool = True,
    ) -> Expected | None:
        """Return what must be in a sequence that stands, in order; None where nobody knows.

        Parameters
        ----------
        level : Level or None
            That holds it, in the source.
        inner : Policy
            Of its items.
        stays : bool
            The plan keeps it; else what stands there is ours.
        """
        if level is None or not are_kept(rule):
            return None
        is_root = level.parent is None
        if is_root and tag in self.ours and tag != CONTRIBUTING_EQUIPMENT_SEQUENCE:
            return None
        before = level.get(tag)
        expected: Expected = []
        if before is not None and (stays or tag != CONTRIBUTING_EQUIPMENT_SEQUENCE):
            levels = self._items(tag, before, level)
            if rule is not None and rule.check is Check.AGE and self._is_oldest(levels):
                return []
            expected = self._stay(levels, inner)
            # the tree of a document and a step of a preparation may not be empty
            needs_item = tag == _STEP_CONTENT_SEQUENCE or (tag == _CONTENT_SEQUENCE and is_root)
            if levels and not expected and needs_item:
                expected = [(_dummy(inner), None)]
        if is_root and tag == CONTRIBUTING_EQUIPMENT_SEQUENCE:
            expected.append((inner, None))
        return expected

    def _items(self, tag: int, before: Before, level: Level) -> list[Level]:
        try:
            return self.source.items(before, level)
        except ResidualError:
            if tag != CONTRIBUTING_EQUIPMENT_SEQUENCE:
                raise
            return []  # what can't be read went, and ours is said

    def _stay(self, levels: list[Level], inner: Policy) -> Expected:
        if not inner.holds_content:
            return [(inner, level) for level in levels]
        expected: Expected = []
        for level in levels:
            policy = inner.of_concept(self._concept(level))
            if policy is not None:
                expected.append((policy, level))
            elif self.source.refers_by_position:
                expected.append((_dummy(inner), None))
        return expected

    def _concept(self, level: Level) -> ConceptKey | None:
        """Return what a content item is; None for what is none (PS3.3, 10.2)."""
        name = level.get(_CONCEPT_NAME)
        if name is None:
            return None
        code = scheme = ""
        for first in self.source.items(name, level)[:1]:
            code = self._code(first)
            scheme = self.source.text(first, _SCHEME) or ""
        value_type = (self.source.text(level, _VALUE_TYPE) or "").upper()
        if not value_type:
            value_type = next((kind for kind, tag in _VALUES.items() if tag in level), "")
        return value_type, code, scheme

    def _is_oldest(self, levels: list[Level]) -> bool:
        """Return whether an age is over 89 years in any of its values, or no number."""
        return any(map(self._says_oldest, levels))

    def _says_oldest(self, level: Level) -> bool:
        if _RATIONAL_NUMERATOR in level:
            return True
        units = level.get(_UNITS)
        unit = ""
        for first in self.source.items(units, level)[:1] if units is not None else ():
            unit = self._code(first)
        text = self.source.text(level, _NUMERIC_VALUE)
        try:
            values = list(map(float, text.split("\\"))) if text else []
        except ValueError:
            return True
        floats = level.get(_FLOATING_POINT)
        if floats is not None:
            value = self.source.value(floats)
            values += (number for (number,) in iter_unpack("<d", value[: len(value) // 8 * 8]))
        return any(not each / _PER_YEAR.get(unit, 1.0) <= _OLDEST_YEARS for each in values)

    def _code(self, level: Level) -> str:
        return next((code for tag in _CODES if (code := self.source.text(level, tag))), "")

    # Values

    def is_unchanged(self, tag: int, level: Level | None, value: bytes) -> bool:
        """Return whether a value is the source's."""
        before = level.get(tag) if level is not None else None
        return before is not None and self.source.value(before) == value

    def compare(self, tag: int, rule: Rule, level: Level | None, value: bytes, *, vr: bytes) -> str:
        """Return the code of what is wrong with a value beside the source's; "" if nothing is.

        Parameters
        ----------
        rule : Rule
            Whose check is in `COMPARED`.
        vr : bytes
            Of the file.
        """
        before = level.get(tag) if level is not None else None
        if level is None or before is None:
            return ""
        old = self.source.value(before)
        if rule.check is Check.UID or (rule.check is Check.DUMMY and rule.vr == "UI"):
            is_right = not old.strip(b"\0 \\") or is_mapped(old, value, self._uids)
            return "" if is_right else "verify.reference"
        return "" if self._may_become(old, value, rule, level, vr=vr) else "verify.structure"

    def _may_become(self, old: bytes, value: bytes, rule: Rule, level: Level, *, vr: bytes) -> bool:
        check = rule.check
        if check is Check.DUMMY:
            return True
        name = rule.vr or vr.decode("ascii")
        if check is Check.DATE:
            return is_shifted(old, value, vr=name, days=self._shift_days, fallback=rule.fallback)
        codecs = python_codecs(self.source.charset(level))
        vr_of_text = "" if check is Check.CODED else name
        return is_cut(old, value, vr=vr_of_text, encodings=codecs, fallback=rule.fallback)

    # Private elements

    def is_unsafe(self, key: PrivateKey) -> bool:
        """Return whether the source says that a private element may identify."""
        declared = self._declared.get(key[:2])
        return declared is not None and key[2] not in declared

    @cached_property
    def _declared(self) -> dict[tuple[str, int], frozenset[int]]:
        """Return the safe elements of the blocks that the source does not call safe."""
        root, text = self.source.root, self.source.text
        sequence = root.get(PRIVATE_CHARACTERISTICS_SEQUENCE)
        declared: dict[tuple[str, int], frozenset[int]] = {}
        try:
            levels = self.source.items(sequence, root) if sequence is not None else []
        except ResidualError:
            return declared
        for level in levels:
            group = self._numbers(level, _GROUP)
            creator = text(level, _CREATOR)
            if not group or not creator:
                continue
            safe = frozenset(number & 0xFF for number in self._numbers(level, _SAFE_ELEMENTS))
            if text(level, _STATUS) != "SAFE":
                block = creator, group[0]
                declared[block] = declared.get(block, safe) & safe
        return declared

    def _numbers(self, level: Level, tag: int) -> list[int]:
        before = level.get(tag)
        value = self.source.value(before) if before is not None else b""
        return [number for (number,) in iter_unpack("<H", value[: len(value) // 2 * 2])]

    # Levels

    def missing(
        self, level: Level, policy: Policy, *, filled: set[int], empty: set[int]
    ) -> Iterator[tuple[str, int]]:
        """Yield code and tag of what came from nowhere, and of what must not be lost.

        Parameters
        ----------
        filled, empty : set[int]
            Tags of the output with a value, and without.
        """
        new = (filled | empty) - level.keys()
        if level.parent is None:
            new -= self.ours.keys() | _OF_THE_SUBJECT
        if new:
            yield "verify.structure", min(new)
        for tag in level.keys() - filled:
            group = tag >> 16
            if group not in _PLAIN_GROUPS or group >> 8 in _WITHOUT_TYPE or not tag & 0xFFFF:
                continue
            entry = policy.node[tag]
            type_ = entry.type
            if entry.operation in _LEAVES_NOTHING and (
                entry.section == RULE_SECTION  # the site asked for it by name
                or (entry.operation is Operation.REMOVE and not type_.startswith(("1", "2")))
            ):
                continue
            is_gone = tag not in empty
            had_value = self._has_value(level[tag])
            if not (had_value or is_gone) or (level.parent is None and tag in self.ours):
                continue
            demand = self._demand(tag, level, policy)
            if (had_value and (type_.startswith("1") or demand is _Demand.VALUE)) or (
                is_gone and (type_.startswith(("1", "2")) or demand is not _Demand.NOTHING)
            ):
                yield "verify.validity", tag

    def _has_value(self, before: Before) -> bool:
        if before.items is not None:
            return bool(before.items)
        start = self.source.value(before, most=_PADDING_BYTES)
        return bool(start.strip(b"\0 ")) or before.end - before.start > _PADDING_BYTES

    def _demand(self, tag: int, level: Level, policy: Policy) -> _Demand:
        """Return what the plan leaves of an element, whatever its Type."""
        entry, rule = policy.node[tag], policy[tag]
        operation = entry.operation
        if entry.alternatives:
            return _Demand.NOTHING
        if operation in _DEMANDS and not (rule is not None and rule.is_kept):
            is_lost = entry.vr == "SQ" and self._may_go(tag, level, policy, rule)
            return _Demand.NOTHING if is_lost else _DEMANDS[operation]
        return _DEMANDS.get(entry.fallback, _Demand.NOTHING)

    def _may_go(self, tag: int, level: Level, policy: Policy, rule: Rule | None) -> bool:
        """Return whether a sequence may be lost though the plan keeps it."""
        if self._may_lose_sequences:
            return True
        inner = policy.inside(tag, is_dummy=False)
        return inner.holds_content and not self.items(tag, level, inner, rule=rule)


def _dummy(inner: Policy) -> Policy:
    """Return the policy of an item that stands in for one that went."""
    return DummyPolicy(inner.node, {}, cuts_known=False)
