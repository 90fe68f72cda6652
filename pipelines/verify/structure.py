"""Walk the written data set: encoding, order, nesting, and what the plan allows.

Independent of the engine on purpose: what both get wrong in the same way is not found.
Works on offsets of the file; values are read only where a rule asks for them.
"""

from collections.abc import Set as AbstractSet
from itertools import repeat
from struct import error as StructError  # noqa: N812  (it is a class)

from pipelines.verify.demands import (
    ABSENT,
    COMPARED,
    TEXTS,
    Check,
    Rule,
    hides_items,
    is_met,
    may_be_sequence,
)
from pipelines.verify.findings import Findings
from pipelines.verify.ours import CAPTURED, CONTRIBUTING_EQUIPMENT_SEQUENCE, OUR_RULES
from pipelines.verify.pairs import Expected, Pairs
from pipelines.verify.places import Place, show
from pipelines.verify.policy import Policy
from pipelines.verify.private import Creators, is_creator
from pipelines.verify.source import Level
from pipelines.verify.window import (
    ITEM,
    ITEM_END,
    LONG_VRS,
    PIXEL_DATA,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    Window,
    explicit_header,
    implicit_header,
    long_length,
)

MAX_DEPTH = 64
NATIVE_PIXELS = frozenset([0x7FE00008, 0x7FE00009, PIXEL_DATA])
_DELIMITERS, _CHARACTER_SET = 0xFFFE, 0x00080005
_EDGE_LENGTH = 0x3000
"""From here on the last byte of a 16-bit length is a digit or a letter."""
_TEXT_BYTES = frozenset(byte for byte in range(0x80) if chr(byte).isalnum())
_CAPTURED_BYTES = 4096


class Walk:
    """One walk over the written data set.

    Parameters
    ----------
    window : Window
    pseudonym : bytes
    accessions : AbstractSet[bytes]
    pairs : Pairs | None
        The written object beside its source.
    places : list[Place] | None
        See `Findings`.

    Attributes
    ----------
    captured : dict[int, bytes]
        Values of the root elements in `CAPTURED`, as encoded.
    spans : dict[int, tuple[int, int]]
        Where they are in the file, those that are too long to be captured too.
    equipment : tuple[int, int]
        Where the last item of the root's Contributing Equipment Sequence is.
    blocks : list[tuple[str, int]]
        Creators and groups of the private blocks of the root.
    pixels : tuple[int, int] | None
        Where the value of the root's Pixel Data starts and ends.
    fragments : list[tuple[int, int]]
        Of compressed Pixel Data; the first is the Basic Offset Table.
    edges : list[int]
        Starts of headers and values whose neighbour byte looks like text.
    problems : dict[str, str]
        See `Findings`.
    """

    def __init__(
        self,
        window: Window,
        *,
        pseudonym: bytes,
        accessions: AbstractSet[bytes] = frozenset(),
        pairs: Pairs | None = None,
        places: list[Place] | None = None,
    ) -> None:
        self._window = window
        self._pseudonym = pseudonym
        self._accessions = accessions
        self._pairs = pairs
        self._findings = Findings(places)
        self._path = self._findings.path
        self.problems = self._findings.problems
        self.captured: dict[int, bytes] = {}
        self.spans: dict[int, tuple[int, int]] = {}
        self.equipment = 0, 0
        self.blocks: list[tuple[str, int]] = []
        self.pixels: tuple[int, int] | None = None
        self.fragments: list[tuple[int, int]] = []
        self.edges: list[int] = []

    def run(self, start: int, policy: Policy, *, implicit: bool) -> None:
        """Walk from `start` to the end of the file.

        Raises
        ------
        ResidualError
            `verify.structure` where the encoding is broken. What is well encoded and
            not allowed is noted in `problems`.
        """
        end = self._window.size
        level = self._pairs.source.root if self._pairs is not None else None
        try:
            reached = self._dataset(start, end, policy, level, implicit=implicit, is_open=False)
        except StructError:
            raise self._findings.broken("end of file") from None
        if reached != end:
            raise self._findings.broken("end of file")

    def _dataset(  # noqa: C901, PLR0912, PLR0915  (one loop, per element: calls cost more than lines)
        self,
        position: int,
        end: int,
        policy: Policy,
        level: Level | None,
        *,
        implicit: bool,
        is_open: bool,
        charset: bytes = b"",
    ) -> int:
        """Return where the data set at `position` ends; after its delimiter if `is_open`."""
        window = self._window
        buffer, base, limit = window.buffer, window.base, window.limit
        is_root = not self._path
        filled: set[int] = set()
        empty: set[int] = set()
        places, pairs = self._findings.places, self._pairs
        previous = -1
        creators: Creators | None = None
        while position < end:
            if position + 12 > limit and limit < window.size:
                window.move(position)
                buffer, base, limit = window.buffer, window.base, window.limit
            if implicit:
                group, number, length = implicit_header(buffer, position - base)
                vr = b""
                value = position + 8
            else:
                group, number, vr, length = explicit_header(buffer, position - base)
                value = position + 8
                if vr in LONG_VRS:
                    (length,) = long_length(buffer, value - base)
                    value += 4
                elif vr in SHORT_VRS:
                    if length >= _EDGE_LENGTH:
                        self.edges.append(value)
                elif group != _DELIMITERS:
                    raise self._findings.broken(f"VR at {position}")
            tag = group << 16 | number
            if group == _DELIMITERS:
                if tag == ITEM_END and is_open:
                    self._leave(level, policy, creators, filled=filled, empty=empty)
                    return position + 8
                raise self._findings.broken(f"delimiter at {position}")
            if tag <= previous:
                raise self._findings.broken(show(tag))
            previous = tag
            if group & 1:
                if creators is None:
                    creators = Creators()
                rule = self._private(tag, value, length, policy=policy, creators=creators)
                if group & 0xFF00 and group & 0xFF in _TEXT_BYTES:
                    self.edges.append(position)
            else:
                rule = policy[tag]
                if is_root and tag in CAPTURED:
                    rule = self._capture(tag, value, length, rule)
            (filled if length else empty).add(tag)
            if (
                rule is not None
                and rule.check in TEXTS
                and pairs is not None
                and vr != b"SQ"
                and length != UNDEFINED
                and pairs.is_unchanged(tag, level, window.read(value, value + length))
            ):
                rule = None
            if length == UNDEFINED or rule is not None or vr == b"SQ" or tag in NATIVE_PIXELS:
                if places is not None and tag == _CHARACTER_SET:
                    charset = window.read(value, value + length)
                following = self._element(
                    tag,
                    vr,
                    value,
                    length,
                    end,
                    rule=rule,
                    policy=policy,
                    level=level,
                    implicit=implicit,
                    charset=charset,
                )
                buffer, base, limit = window.buffer, window.base, window.limit
            else:
                following = value + length
                if following > end:
                    raise self._findings.broken(show(tag))
                if places is not None:
                    if tag == _CHARACTER_SET:
                        charset = window.read(value, following)
                    self._findings.add_place(
                        tag, vr, value, following, policy=policy, charset=charset
                    )
            position = following
        if is_open or position != end:
            raise self._findings.broken("item")
        self._leave(level, policy, creators, filled=filled, empty=empty)
        return position

    def _leave(
        self,
        level: Level | None,
        policy: Policy,
        creators: Creators | None,
        *,
        filled: set[int],
        empty: set[int],
    ) -> None:
        """Look back on a data set for what is too much, or missing."""
        if creators is not None:
            for tag in creators.unused():
                self._findings.note(tag)
            if not self._path:
                self.blocks = list(creators.blocks())
        if self._pairs is not None and level is not None:
            for code, tag in self._pairs.missing(level, policy, filled=filled, empty=empty):
                self._findings.note(tag, code)

    def _capture(self, tag: int, value: int, length: int, rule: Rule | None) -> Rule | None:
        self.spans[tag] = value, value + length
        if length <= _CAPTURED_BYTES:
            self.captured[tag] = self._window.read(value, value + length)
        return (OUR_RULES if self._pairs is None else self._pairs.ours).get(tag, rule)

    # Elements that need a second look

    def _element(
        self,
        tag: int,
        vr: bytes,
        value: int,
        length: int,
        end: int,
        *,
        rule: Rule | None,
        policy: Policy,
        level: Level | None,
        implicit: bool,
        charset: bytes,
    ) -> int:
        """Check one element; return where it ends."""
        if length != UNDEFINED and value + length > end:
            raise self._findings.broken(show(tag))
        pairs = self._pairs
        check = rule.check if rule is not None else None
        if check is Check.ABSENT:
            self._findings.note(tag)
        if tag in NATIVE_PIXELS and not self._path:
            return self._pixels(tag, value, length, end)
        if vr in (b"OB", b"OW") and length == UNDEFINED:
            found, following = self._fragments(value, end)
            self._findings.add_fragments(found)
            return following
        if (
            vr == b"SQ"
            or length == UNDEFINED
            or (rule is not None and rule.is_sequence)
            or (check is Check.UNKNOWN and hides_items(self._window, (value, value + length), vr))
        ):
            if rule is not None and not may_be_sequence(rule, length):
                self._findings.note(tag)
            inner = policy.inside(tag, is_dummy=check is Check.DUMMY)
            # UN, and whatever else should have been SQ, holds implicit VR (PS3.5, 6.2.2)
            implicit = implicit or vr != b"SQ"
            stop = end if length == UNDEFINED else value + length
            return self._sequence(
                tag,
                value,
                stop,
                inner,
                pairs.items(tag, level, inner, rule=rule, stays=policy.keeps(tag))
                if pairs is not None
                else None,
                implicit=implicit,
                is_open=length == UNDEFINED,
                charset=charset,
            )
        self._findings.add_place(tag, vr, value, value + length, policy=policy, charset=charset)
        if rule is not None and not is_met(
            rule,
            self._window,
            (value, value + length),
            vr=vr,
            pseudonym=self._pseudonym,
            accessions=self._accessions,
            is_root=not self._path,
        ):
            self._findings.note(tag)
        if rule is not None and rule.check in COMPARED and length and pairs is not None:
            changed = self._window.read(value, value + length)
            code = pairs.compare(tag, rule, level, changed, vr=vr)
            if code:
                self._findings.note(tag, code)
        return value + length

    def _sequence(
        self,
        tag: int,
        position: int,
        end: int,
        policy: Policy,
        expected: Expected | None,
        *,
        implicit: bool,
        is_open: bool,
        charset: bytes,
    ) -> int:
        if len(self._path) >= MAX_DEPTH:
            raise self._findings.broken("depth")
        number = 0
        is_equipment = not self._path and tag == CONTRIBUTING_EQUIPMENT_SEQUENCE
        items = iter(expected) if expected is not None else repeat((policy, None))
        while position < end:
            item, length, position = self._window.delimiter(position)
            if item == SEQUENCE_END and is_open and not length:
                self._end_items(tag, number, expected)
                return position
            if item != ITEM:
                raise self._findings.broken(f"{show(tag)} item {number}")
            if is_equipment:
                self.equipment = position - 8, position + length
            self._path.append((tag, number))
            inner, level = next(items, (policy, None))
            is_inner_open = length == UNDEFINED
            if not is_inner_open and position + length > end:
                raise self._findings.broken("item")
            position = self._dataset(
                position,
                end if is_inner_open else position + length,
                inner,
                level,
                implicit=implicit,
                is_open=is_inner_open,
                charset=charset,
            )
            self._path.pop()
            number += 1
        if is_open:
            raise self._findings.broken(show(tag))
        self._end_items(tag, number, expected)
        return position

    def _end_items(self, tag: int, number: int, expected: Expected | None) -> None:
        if expected is not None and number != len(expected):
            self._findings.note(tag)

    def _pixels(self, tag: int, value: int, length: int, end: int) -> int:
        if length != UNDEFINED:
            self.pixels = value, value + length
            return value + length
        if tag != PIXEL_DATA:
            raise self._findings.broken(show(tag))
        self.fragments, following = self._fragments(value, end)
        self.pixels = value, following
        return following

    def _fragments(self, position: int, end: int) -> tuple[list[tuple[int, int]], int]:
        found = self._window.fragments(position, end)
        if found[1] < 0:
            raise self._findings.broken("fragments")
        return found

    def _private(
        self, tag: int, value: int, length: int, *, policy: Policy, creators: Creators
    ) -> Rule | None:
        if is_creator(tag):
            name = self._window.read(value, value + min(length, _CAPTURED_BYTES))
            creators.add(tag, name)
            return None
        key = creators.key(tag)
        if key is None:
            return ABSENT
        rule, pairs = policy.private(key), self._pairs
        is_listed = rule is not None and rule.is_listed
        return ABSENT if is_listed and pairs is not None and pairs.is_unsafe(key) else rule
