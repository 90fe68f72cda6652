"""The outline is the same wherever the window ends; bulk values stay in the source."""

import struct
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.context import Span
from pipelines.errors import MalformedError
from pipelines.metadata.elements import Scanner
from pipelines.metadata.head import Head, read_head
from pipelines.metadata.normalise import BytesReader
from pipelines.metadata.outline import Outline, read_outline
from tests.support.encoding import EXPLICIT, IMPLICIT, UNDEFINED, Made, MadeItem, encode
from tests.support.objects import cleaned, element, fragments, item, joined, options, small, walked

_WINDOW = 96 * 1024
_VRS = ("LO", "OB", "OW", "UN", "UT", "OD")


class Reader(BytesReader):
    """Counts what was read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bytes_read = 0

    def read(self, offset: int, length: int) -> bytes:
        found = super().read(offset, length)
        self.bytes_read += len(found)
        return found


def _head(*, implicit: bool, dataset: int = 0) -> Head:
    syntax = IMPLICIT if implicit else EXPLICIT
    return Head(dataset=dataset, implicit=implicit, transfer_syntax_uid=syntax, sop_class_uid="")


def _read(data: bytes, *, implicit: bool = False) -> Outline:
    return read_outline(BytesReader(data), _head(implicit=implicit))


def _values(outline: Outline) -> list[tuple[int, bytes, bytes]]:
    return [(e.tag, e.vr, outline.value(e)) for e in outline.elements]


def _slow(data: bytes, *, implicit: bool) -> list[tuple[int, bytes, bytes]]:
    found, _ = Scanner(data, {}).scan(0, len(data), implicit=implicit)
    return [(e.tag, e.vr, data[e.value : e.following]) for e in found]


@cache
def _noise(length: int, number: int) -> bytes:
    return struct.pack("<L", number) * (length // 4 + 1)


_LENGTHS = st.one_of(
    st.integers(0, 64),
    st.integers(8 * 1024 - 16, 8 * 1024 + 16),
    st.integers(_WINDOW - 64, _WINDOW + 64),
    st.integers(0, 3 * _WINDOW),
)


@settings(max_examples=60)
@given(
    lengths=st.lists(st.tuples(st.sampled_from(_VRS), _LENGTHS), min_size=1, max_size=7),
    implicit=st.booleans(),
    pixels=st.sampled_from(("none", "native", "encapsulated")),
    nested=st.booleans(),
)
def test_the_outline_equals_a_scan_of_the_whole(
    *, lengths: list[tuple[str, int]], implicit: bool, pixels: str, nested: bool
) -> None:
    parts = []
    for number, (vr, length) in enumerate(lengths):
        size = min(length, 60_000) if vr == "LO" else length
        tag = 0x00540010 + number
        parts.append(element(tag, "" if implicit else vr, _noise(size, number)[:size]))
    if nested:
        inside = Made(0x00540002, "UT", _noise(50_000, 7)[:50_000])
        sequence = Made(
            0x00560001, "SQ", b"", (MadeItem((inside,), undefined=True),) * 3, undefined=True
        )
        parts.append(encode([sequence], implicit=implicit))
    if pixels == "native":
        parts.append(element(0x7FE00010, "" if implicit else "OW", bytes(200_000)))
    if pixels == "encapsulated":
        frames = fragments(*(_noise(n * 999, n)[: n * 998] for n in range(60)))
        parts.append(element(0x7FE00010, "" if implicit else "OB", frames, length=UNDEFINED))
        parts.append(element(0xFFFCFFFC, "" if implicit else "OB", bytes(300)))
    data = b"".join(parts)
    outline = _read(data, implicit=implicit)
    assert _values(outline) == _slow(data, implicit=implicit)


@pytest.mark.parametrize("shift", range(-20, 21, 2))
@pytest.mark.parametrize("implicit", [False, True])
def test_an_element_may_straddle_the_end_of_the_window(shift: int, *, implicit: bool) -> None:
    vr = "" if implicit else "UT"
    first = element(0x00540010, vr, b"x" * (_WINDOW - 40 + shift))
    rest = element(0x00540011, "" if implicit else "LO", b"short") + element(
        0x00540012, "" if implicit else "OB", b"y" * 20_000
    )
    last = element(0x00540013, "" if implicit else "LO", b"last")
    data = first + rest + last
    assert _values(_read(data, implicit=implicit)) == _slow(data, implicit=implicit)


def test_pixel_data_of_any_size_costs_the_same() -> None:
    def cost(data: bytes) -> int:
        reader = Reader(data)
        read_outline(reader, read_head(reader))
        return reader.bytes_read

    native = [cost(small(Made(0x7FE00010, "OW", bytes(mib << 20)))) for mib in (1, 8)]
    assert native[0] == native[1] < 200_000
    frames = element(0x7FE00010, "OB", fragments(bytes(1 << 20), bytes(1 << 20)), length=UNDEFINED)
    assert cost(small(tail=frames)) < 600_000


def test_bulk_in_the_middle_and_what_follows_it_are_released_as_they_are() -> None:
    safe = Made(0x00540081, "US", b"\5\0")
    data = small(
        Made(0x00280010, "US", b"\4\0"),
        Made(0x00281201, "OW", b"\1\2" * 60_000),
        Made(0x00281202, "OW", b"\3\4" * 60_000),
        safe,
        Made(0x7FE00010, "OW", b"\5\6" * 70_000),
        Made(0xFFFCFFFC, "OB", bytes(9000)),
    )
    result = walked(data)
    assert sum(isinstance(s, Span) for s in result.segments) >= 2
    dataset = cleaned(data)
    assert dataset.RedPaletteColorLookupTableData == b"\1\2" * 60_000
    assert dataset.GreenPaletteColorLookupTableData == b"\3\4" * 60_000
    assert dataset.NumberOfSlices == 5
    assert dataset.PixelData == b"\5\6" * 70_000
    assert 0xFFFCFFFC not in dataset


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_many_fragments_are_released_as_they_are(transfer_syntax: str) -> None:
    frames = fragments(*(_noise(700, n)[:700] for n in range(2000)))
    vr = "" if transfer_syntax == IMPLICIT else "OB"
    tail = element(0x7FE00010, vr, frames, length=UNDEFINED)
    data = small(tail=tail, transfer_syntax=transfer_syntax)
    assert joined(walked(data)).endswith(tail)


def test_a_large_private_sequence_in_un_is_walked() -> None:
    inside = element(0x00081155, "", b"1.2.3.4\0") + element(0x00100010, "", b"MILLER^JANE ")
    inside += element(0x00280010, "", b"\4\0")
    value = item(inside) * 3000
    assert len(value) > _WINDOW
    creator = element(0x01190010, "LO", b"SIEMENS Ultrasound SC2000 ")
    data = small(tail=creator + element(0x01191002, "UN", value))
    result = walked(data, options("retain-safe-private"))
    written = joined(result)
    assert b"SIEMENS Ultrasound SC2000" in written
    assert written.count(element(0x00280010, "", b"\4\0")) == 3000
    assert b"MILLER" not in written
    assert b"1.2.3.4\0" not in written
    assert result.sop_instance_uid in result.evidence.uids.values()


def test_a_large_value_that_should_be_items_and_is_not_goes() -> None:
    creator = element(0x01190010, "LO", b"SIEMENS Ultrasound SC2000 ")
    data = small(tail=creator + element(0x01191002, "UN", b"Miller^Jane " * 9000))
    result = walked(data, options("retain-safe-private"))
    assert "unreadable-sequence.removed" in result.report.notes
    assert b"Miller" not in joined(result)
    assert b"SIEMENS Ultrasound SC2000" not in joined(result)


def test_a_large_private_value_that_a_rule_keeps_stays() -> None:
    rules = options(rules="rules:\n  - {tags: ['(0029,\"ACME 1.1\",10)'], action: K}\n")
    block = element(0x00290010, "LO", b"ACME 1.1")
    for value in (item(element(0x00280010, "", b"\4\0")) * 6000, b"\1\2\3\4" * 30_000):
        tail = block + element(0x00291010, "UN", value)
        assert joined(walked(small(tail=tail), rules)).endswith(tail)
    hidden = item(element(0x00100010, "", b"Miller^Jane ")) * 6000
    result = walked(small(tail=block + element(0x00291010, "UN", hidden)), rules)
    assert b"Miller" not in joined(result)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "metadata.malformed"),
        (element(0x00540010, "OB", bytes(9000), length=0xFFFFFFFE), "metadata.malformed"),
        (element(0x00540010, "UT", bytes(90), length=0xFFFFFFFE), "metadata.malformed"),
        (element(0x7FE00010, "OB", item(bytes(9000)), length=UNDEFINED), "metadata.malformed"),
        (
            element(0x7FE00010, "OB", item(bytes(99_000)) + bytes(16), length=UNDEFINED),
            "metadata.malformed",
        ),
        (
            element(0x00540012, "OB", bytes(120_000)) + element(0x00540011, "LO", b""),
            "metadata.malformed",
        ),
        (
            element(0x00540012, "UT", bytes(120_000)) + element(0x00540011, "OB", bytes(120_000)),
            "metadata.malformed",
        ),
    ],
)
def test_what_is_cut_off_or_out_of_order_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(MalformedError) as caught:
        _read(data)
    assert caught.value.code == code


def test_more_than_200_000_elements_are_refused() -> None:
    header = struct.Struct("<HHL").pack
    groups = (0x0018, 0x0020, 0x0028, 0x0040)
    data = b"".join(header(g, n, 0) for g in groups for n in range(1, 0x10000))
    with pytest.raises(MalformedError) as caught:
        _read(data, implicit=True)
    assert caught.value.code == "metadata.limit"


class _Endless(BytesReader):
    """A long source that is nowhere in memory: 60 kB of text, 40 kB of bulk, and again."""

    def __init__(self, size: int) -> None:
        super().__init__(b"")
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def _unit(self, number: int) -> bytes:
        tag = 0x00540000 + 2 * number
        return element(tag, "ST", bytes(60_000)) + element(tag + 1, "OB", bytes(40_000))

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self._size)
        unit = len(self._unit(0))
        first, last = offset // unit, -(-end // unit)
        whole = b"".join(self._unit(n) for n in range(first, last))
        return whole[offset - first * unit : end - first * unit]


@pytest.mark.slow
def test_what_is_no_bulk_may_not_fill_the_memory() -> None:
    with pytest.raises(MalformedError) as caught:
        read_outline(_Endless(600 << 20), _head(implicit=False))
    assert caught.value.code == "metadata.limit"
    with pytest.raises(MalformedError) as caught:
        _read(element(0x00540010, "UT", b"", length=400 << 20) + bytes(300 << 20))
    assert caught.value.code == "metadata.limit"
