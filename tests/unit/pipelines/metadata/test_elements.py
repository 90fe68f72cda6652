"""Where elements are, and what of hostile lengths, delimiters and depths is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import MalformedError
from pipelines.metadata.elements import MAX_DEPTH, MAX_ELEMENTS, Scanner
from tests.support.datasets import bodies
from tests.support.encoding import UNDEFINED, encode
from tests.support.objects import ITEM, ITEM_END, SEQUENCE_END, element, fragments, item

_END = SEQUENCE_END + bytes(4)
_LO = element(0x00080070, "LO", b"ACME")


def _scan(data: bytes, *, implicit: bool = False, partial: bool = False) -> tuple[list[int], int]:
    found, position = Scanner(data, {}).scan(0, len(data), implicit=implicit, partial=partial)
    return [each.tag for each in found], position


def _refused(data: bytes, *, implicit: bool = False) -> str:
    with pytest.raises(MalformedError) as caught:
        _scan(data, implicit=implicit)
    return caught.value.code


@given(body=bodies(depth=2, most=6), implicit=st.booleans())
def test_elements_lie_side_by_side(body: tuple, implicit: bool) -> None:  # type: ignore[type-arg]  # noqa: FBT001  (of made elements; hypothesis calls it)
    data = encode(body, implicit=implicit)
    found, end = Scanner(data, {}).scan(0, len(data), implicit=implicit)
    assert end == len(data)
    assert [each.tag for each in found] == sorted({each.tag for each in body})
    starts = [each.start for each in found]
    assert starts == [0, *(each.following for each in found)][: len(found)]
    assert all(each.start < each.value <= each.following for each in found)


@given(body=bodies(depth=2, most=4), implicit=st.booleans(), data=st.data())
def test_a_part_is_scanned_up_to_its_last_whole_element(
    body: tuple,  # type: ignore[type-arg]  # of made elements
    implicit: bool,  # noqa: FBT001  (hypothesis calls it)
    data: st.DataObject,
) -> None:
    whole = encode(body, implicit=implicit)
    cut = data.draw(st.integers(0, len(whole)))
    tags, position = _scan(whole[:cut], implicit=implicit, partial=True)
    every, _ = Scanner(whole, {}).scan(0, len(whole), implicit=implicit)
    assert position <= cut
    assert tags == [each.tag for each in every if each.following <= cut]


@pytest.mark.parametrize("vr", ["OB", "OW", "UN", "SQ", "UT", "UC", "UR"])
@pytest.mark.parametrize("length", [0xFFFFFFFE, 0xFFFFFFF0, 0x7FFFFFFF, 5])
def test_a_length_that_leaves_the_buffer_is_refused(vr: str, length: int) -> None:
    assert _refused(_LO + element(0x00180010, vr, b"four", length=length)) == "metadata.malformed"


@pytest.mark.parametrize(
    "data",
    [
        _LO[:7],
        element(0x00180010, "UT", b"")[:10],
        element(0x00180010, "ZZ", b"abcd"),
        _LO + _LO,
        element(0x00180010, "LO", b"") + _LO,
        _LO + _END,  # delimiters are no elements
        _LO + ITEM_END + b"CS\0\0",
        element(0x00180010, "SQ", SEQUENCE_END + b"\1\0\0\0", length=UNDEFINED),
        ITEM + b"LO\0\0",
        element(0x00180010, "SQ", b"", length=UNDEFINED),
        element(0x00180010, "SQ", item(b""), length=UNDEFINED),
        element(0x00180010, "SQ", _LO + _END, length=UNDEFINED),
        element(0x00180010, "SQ", ITEM_END + bytes(4) + _END, length=UNDEFINED),
        element(0x00180010, "SQ", ITEM + b"\xff\xff\xff\xff" + _LO, length=UNDEFINED),
        element(0x00180010, "SQ", ITEM + b"\xff\xff\xff\xff" + _LO[:9], length=UNDEFINED),
        element(0x00180010, "SQ", item(element(0x00080008, "ZZ", b""), length=UNDEFINED) + _END)[:8]
        + struct.pack("<L", UNDEFINED)
        + item(element(0x00080008, "ZZ", b""), length=UNDEFINED)
        + _END,
        element(0x00180010, "SQ", ITEM + b"\xff\xff\xff\xff\x08\0\x08\0OB\0\0\1", length=UNDEFINED),
        element(0x7FE00010, "OB", item(b"ab") + ITEM_END + bytes(4), length=UNDEFINED),
        element(0x7FE00010, "OB", item(b"ab") + _LO + _END, length=UNDEFINED),
        element(0x7FE00010, "OB", item(b"ab", length=0xFFFFFFFE) + _END, length=UNDEFINED),
    ],
)
def test_what_is_no_data_set_is_refused(data: bytes) -> None:
    assert _refused(data) == "metadata.malformed"


def test_undefined_lengths_are_passed_over_and_remembered() -> None:
    inner = element(0x00081155, "UI", b"1.2\0") + element(
        0x7FE00010, "OB", fragments(b"ab"), length=UNDEFINED
    )
    deeper = element(
        0x00081199, "SQ", item(inner, length=UNDEFINED) + item(_LO) + _END, length=UNDEFINED
    )
    data = element(0x00081115, "SQ", item(deeper, length=UNDEFINED) + _END, length=UNDEFINED)
    ends: dict[int, int] = {}
    (sequence,), _ = Scanner(data, ends).scan(0, len(data), implicit=False)
    assert sequence.following == len(data)
    assert len(ends) == 4  # two sequences, two items
    assert Scanner(data, ends).scan(0, len(data), implicit=False)[0] == [sequence]
    (first,) = Scanner(data, ends).items(12, len(data), implicit=False, defined=False)
    assert data[first[1] : first[2]] == deeper


def test_un_of_undefined_length_holds_implicit_items() -> None:
    inner = item(element(0x00081155, "", b"1.2\0"), length=UNDEFINED)
    tags, end = _scan(
        element(0x00091010, "UN", inner + _END, length=UNDEFINED) + element(0x00100020, "LO", b"")
    )
    assert tags == [0x00091010, 0x00100020]
    assert end


def test_un_inside_an_item_holds_implicit_items() -> None:
    inner = element(
        0x00091010,
        "UN",
        item(element(0x00081155, "", b""), length=UNDEFINED) + _END,
        length=UNDEFINED,
    )
    tags, _ = _scan(
        element(0x00081115, "SQ", item(inner, length=UNDEFINED) + _END, length=UNDEFINED)
    )
    assert tags == [0x00081115]


def _nested(depth: int) -> bytes:
    start = element(0x00081115, "SQ", b"", length=UNDEFINED) + ITEM + b"\xff\xff\xff\xff"
    return start * depth + (ITEM_END + bytes(4) + _END) * depth


def test_the_deepest_level_is_the_sixty_fourth() -> None:
    assert _scan(_nested(MAX_DEPTH))[0] == [0x00081115]
    assert _refused(_nested(MAX_DEPTH + 1)) == "metadata.limit"


def test_elements_and_items_are_counted() -> None:
    header = struct.Struct("<HHL").pack
    many = b"".join(header(0x0009, n, 0) for n in range(0x10000)) * 1
    more = b"".join(
        header(g, n, 0) for g in (0x0009, 0x0011, 0x0013, 0x0015) for n in range(0x10000)
    )
    assert len(_scan(many, implicit=True)[0]) == 0x10000
    assert len(_scan(more[: 8 * MAX_ELEMENTS], implicit=True)[0]) == MAX_ELEMENTS
    assert _refused(more, implicit=True) == "metadata.limit"
    items = item(b"") * (MAX_ELEMENTS + 2)
    with pytest.raises(MalformedError) as caught:
        Scanner(items, {}).items(0, len(items), implicit=False, defined=True)
    assert caught.value.code == "metadata.limit"


def _items(data: bytes, *, defined: bool) -> int:
    return len(Scanner(data, {}).items(0, len(data), implicit=False, defined=defined))


def test_items_of_defined_and_undefined_length() -> None:
    both = item(_LO) + item(_LO, length=UNDEFINED)
    assert _items(both, defined=True) == 2
    assert _items(both + _END, defined=False) == 2
    assert _items(both + _END, defined=True) == 2  # a delimiter too much at the end
    assert _items(b"", defined=True) == 0


@pytest.mark.parametrize(
    ("data", "defined"),
    [
        (item(_LO) + _END + item(_LO), True),
        (item(_LO)[:-1], True),
        (item(_LO) + b"\xfe\xff", True),
        (_LO, True),
        (ITEM_END + bytes(4), True),
        (ITEM + b"\xff\xff\xff\xff" + _LO, True),
        (item(_LO, length=0xFFFFFFFE) + _END, False),
    ],
)
def test_items_that_are_none_are_refused(data: bytes, defined: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    with pytest.raises(MalformedError) as caught:
        _items(data, defined=defined)
    assert caught.value.code == "metadata.malformed"
