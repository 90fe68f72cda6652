"""Walk the written data set: encoding, order, nesting, and what the plan allows.

Independent of the engine on purpose: what both get wrong in the same way is not found.
Works on offsets of the file; values are read only where a rule asks for them.
"""

from collections.abc import Set as AbstractSet
from struct import Struct
from struct import error as StructError  # noqa: N812  (it is a class)

from pipelines.errors import ResidualError
from pipelines.verify.demands import hides_items, is_met, may_be_sequence
from pipelines.verify.pixels import IMAGE_TAGS, PIXEL_DATA
from pipelines.verify.places import Place, show
from pipelines.verify.policy import Check, Policy, Rule, is_kept_on_purpose
from pipelines.verify.private import Creators, is_creator
from pipelines.verify.window import Window

MAX_DEPTH = 64
UNDEFINED = 0xFFFFFFFF
NATIVE_PIXELS = frozenset([0x7FE00008, 0x7FE00009, PIXEL_DATA])

_SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(),
)
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_explicit = Struct("<HH2sH").unpack_from
_implicit = Struct("<HHL").unpack_from
_length = Struct("<L").unpack_from

_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DELIMITERS = 0xFFFE
_CHARACTER_SET = 0x00080005
_EDGE_LENGTH = 0x3000
"""From here on the last byte of a 16-bit length is a digit or a letter."""

_TEXT_BYTES = frozenset(byte for byte in range(0x80) if chr(byte).isalnum())
_CAPTURED_BYTES = 4096
_OURS: dict[int, Rule | None] = {
    0x00120062: None,
    0x00120063: None,
    0x00120064: Rule(Check.ITEMS, is_sequence=True),
    0x00280303: None,
}
"""Root elements that the engine adds; the source's are gone whatever the plan says."""
CAPTURED = frozenset(
    [
        *(0x00080016, 0x00080018, 0x0020000D, 0x0020000E),  # the UIDs of the instance
        *(0x00100010, 0x00100020),  # Patient's Name, Patient ID
        *IMAGE_TAGS,
        *_OURS,
    ]
)


class Walk:
    """One walk over the written data set.

    Parameters
    ----------
    window : Window
    pseudonym : bytes
    accessions : AbstractSet[bytes]
        Pseudonyms that accession numbers may have.
    places : list[Place] | None
        Filled with every value where given.

    Attributes
    ----------
    captured : dict[int, bytes]
        Values of the root elements in `CAPTURED`, as encoded.
    filled, empty : list[int]
        Tags of the root.
    pixels : tuple[int, int] | None
        Where the value of the root's Pixel Data starts and ends.
    fragments : list[tuple[int, int]]
        Of encapsulated Pixel Data; the first is the Basic Offset Table.
    edges : list[int]
        Starts of headers and values whose neighbour byte looks like text.
    problem : str
        Where the first element stands that the plan does not allow; "" if none.
    """

    def __init__(
        self,
        window: Window,
        *,
        pseudonym: bytes,
        accessions: AbstractSet[bytes] = frozenset(),
        places: list[Place] | None = None,
    ) -> None:
        self._window = window
        self._pseudonym = pseudonym
        self._accessions = accessions
        self._places = places
        self._path: list[tuple[int, int]] = []
        self._depth = 0
        self.captured: dict[int, bytes] = {}
        self.filled: list[int] = []
        self.empty: list[int] = []
        self.pixels: tuple[int, int] | None = None
        self.fragments: list[tuple[int, int]] = []
        self.edges: list[int] = []
        self.problem = ""

    def run(self, start: int, policy: Policy, *, implicit: bool) -> None:
        """Walk from `start` to the end of the file.

        Raises
        ------
        ResidualError
            `verify.structure` where the encoding is broken. What is well encoded and
            not allowed is noted in `problem`.
        """
        end = self._window.size
        try:
            reached = self._dataset(start, end, policy, implicit=implicit, is_open=False)
        except StructError:
            raise self._broken("end of file") from None
        if reached != end:
            raise self._broken("end of file")

    def _dataset(  # noqa: C901, PLR0912, PLR0915  (one loop, per element: calls cost more than lines)
        self,
        position: int,
        end: int,
        policy: Policy,
        *,
        implicit: bool,
        is_open: bool,
        charset: bytes = b"",
    ) -> int:
        """Return where the data set at `position` ends; after its delimiter if `is_open`."""
        window = self._window
        buffer, base, limit = window.buffer, window.base, window.limit
        is_root = not self._depth
        seen = self.filled if is_root else None
        places = self._places
        previous = -1
        creators: Creators | None = None
        while position < end:
            if position + 12 > limit and limit < window.size:
                window.move(position)
                buffer, base, limit = window.buffer, window.base, window.limit
            if implicit:
                group, number, length = _implicit(buffer, position - base)
                vr = b""
                value = position + 8
            else:
                group, number, vr, length = _explicit(buffer, position - base)
                value = position + 8
                if vr in _LONG:
                    (length,) = _length(buffer, value - base)
                    value += 4
                elif vr in _SHORT:
                    if length >= _EDGE_LENGTH:
                        self.edges.append(value)
                elif group != _DELIMITERS:
                    raise self._broken(f"VR at {position}")
            tag = group << 16 | number
            if group == _DELIMITERS:
                if tag == _ITEM_END and is_open:
                    if creators is not None:
                        self._note_unused(creators)
                    return position + 8
                raise self._broken(f"delimiter at {position}")
            if tag <= previous:
                raise self._broken(show(tag))
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
            if seen is not None:
                (seen if length else self.empty).append(tag)
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
                    implicit=implicit,
                    charset=charset,
                )
                buffer, base, limit = window.buffer, window.base, window.limit
            else:
                following = value + length
                if following > end:
                    raise self._broken(show(tag))
                if places is not None:
                    if tag == _CHARACTER_SET:
                        charset = window.read(value, following)
                    self._note(tag, vr, value, following, policy=policy, charset=charset)
            position = following
        if is_open or position != end:
            raise self._broken("item")
        if creators is not None:
            self._note_unused(creators)
        return position

    def _capture(self, tag: int, value: int, length: int, rule: Rule | None) -> Rule | None:
        if length <= _CAPTURED_BYTES:
            self.captured[tag] = self._window.read(value, value + length)
        return _OURS.get(tag, rule)

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
        implicit: bool,
        charset: bytes,
    ) -> int:
        """Check one element; return where it ends."""
        if length != UNDEFINED and value + length > end:
            raise self._broken(show(tag))
        check = rule.check if rule is not None else None
        if check is Check.ABSENT:
            self._note_problem(tag)
        if tag in NATIVE_PIXELS and not self._depth:
            return self._pixels(tag, value, length, end)
        if vr in (b"OB", b"OW") and length == UNDEFINED:
            return self._fragments(value, end, None)
        if (
            vr == b"SQ"
            or length == UNDEFINED
            or (rule is not None and rule.is_sequence)
            or (check is Check.UNKNOWN and hides_items(self._window, (value, value + length), vr))
        ):
            if rule is not None and not may_be_sequence(rule, length):
                self._note_problem(tag)
            inner = policy.inside(tag, is_dummy=check is Check.DUMMY)
            # UN, and whatever else should have been SQ, holds implicit VR (PS3.5, 6.2.2)
            implicit = implicit or vr != b"SQ"
            stop = end if length == UNDEFINED else value + length
            return self._sequence(
                tag,
                value,
                stop,
                inner,
                implicit=implicit,
                is_open=length == UNDEFINED,
                charset=charset,
            )
        if self._places is not None:
            self._note(tag, vr, value, value + length, policy=policy, charset=charset)
        if rule is not None and not is_met(
            rule,
            self._window,
            (value, value + length),
            vr=vr,
            pseudonym=self._pseudonym,
            accessions=self._accessions,
            is_root=not self._depth,
        ):
            self._note_problem(tag)
        return value + length

    def _sequence(
        self,
        tag: int,
        position: int,
        end: int,
        policy: Policy,
        *,
        implicit: bool,
        is_open: bool,
        charset: bytes,
    ) -> int:
        if self._depth >= MAX_DEPTH:
            raise self._broken("depth")
        number = 0
        self._depth += 1
        while position < end:
            item, length, position = self._delimiter(position)
            if item == _SEQUENCE_END and is_open and not length:
                self._depth -= 1
                return position
            if item != _ITEM:
                raise self._broken(f"{show(tag)} item {number}")
            self._path.append((tag, number))
            if length == UNDEFINED:
                position = self._dataset(
                    position, end, policy, implicit=implicit, is_open=True, charset=charset
                )
            elif position + length > end:
                raise self._broken("item")
            else:
                position = self._dataset(
                    position,
                    position + length,
                    policy,
                    implicit=implicit,
                    is_open=False,
                    charset=charset,
                )
            self._path.pop()
            number += 1
        if is_open:
            raise self._broken(show(tag))
        self._depth -= 1
        return position

    def _pixels(self, tag: int, value: int, length: int, end: int) -> int:
        if length != UNDEFINED:
            self.pixels = value, value + length
            return value + length
        if tag != PIXEL_DATA:
            raise self._broken(show(tag))
        following = self._fragments(value, end, self.fragments)
        self.pixels = value, following
        return following

    def _fragments(self, position: int, end: int, found: list[tuple[int, int]] | None) -> int:
        while position < end:
            item, length, position = self._delimiter(position)
            if item == _SEQUENCE_END and not length:
                return position
            if item != _ITEM or position + length > end:
                break
            if found is not None:
                found.append((position, position + length))
            elif self._places is not None:
                path = self._where("fragment")
                self._places.append(Place(path, 0, "OB", position, position + length))
            position += length
        raise self._broken("fragments")

    def _delimiter(self, position: int) -> tuple[int, int, int]:
        """Return tag, length and where the content starts."""
        window = self._window
        if position + 8 > window.limit or position < window.base:
            window.move(position)
        group, number, length = _implicit(window.buffer, position - window.base)
        return group << 16 | number, length, position + 8

    def _private(
        self, tag: int, value: int, length: int, *, policy: Policy, creators: Creators
    ) -> Rule | None:
        if is_creator(tag):
            name = self._window.read(value, value + min(length, _CAPTURED_BYTES))
            creators.add(tag, name)
            return None
        return creators.rule(tag, policy)

    def _note_unused(self, creators: Creators) -> None:
        for tag in creators.unused():
            self._note_problem(tag)

    # What is said about it

    def _where(self, last: str) -> str:
        return "".join(f"{show(tag)}[{number}]." for tag, number in self._path) + last

    def _broken(self, last: str) -> ResidualError:
        return ResidualError("verify.structure", where=self._where(last))

    def _note_problem(self, tag: int) -> None:
        if not self.problem:
            self.problem = self._where(show(tag))

    def _note(
        self, tag: int, vr: bytes, start: int, end: int, *, policy: Policy, charset: bytes
    ) -> None:
        name = vr.decode("ascii")
        purpose = False
        if not tag & 0x10000:
            entry = policy.node[tag]
            purpose = is_kept_on_purpose(entry)
            if name in ("", "UN"):
                name = entry.vr[:2] or "UN"
        assert self._places is not None  # noqa: S101  (the caller asked)
        self._places.append(
            Place(
                path=self._where(show(tag)),
                tag=tag,
                vr=name or "UN",
                start=start,
                end=end,
                charset=charset,
                is_kept_on_purpose=purpose,
                is_root=not self._depth,
            )
        )
