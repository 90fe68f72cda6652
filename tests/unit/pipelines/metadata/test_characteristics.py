"""What a source says of its private elements is heeded, and what we say is new (0008,0300)."""

import struct

import pytest

from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import options, small
from tests.unit.pipelines.metadata.planted import Result, assert_gone, cleaned

SAFE = options("retain-safe-private")
_CREATOR = Made(0x00190010, "LO", b"SIEMENS MR HEADER")
_VALUE = Made(0x0019100C, "IS", b"1000")
_DIRECTION = Made(0x0019100D, "CS", b"DIRECTIONAL")
_BOTH = pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])


def _said(
    status: bytes, *, safe: bytes = b"", creator: bytes = b"SIEMENS MR HEADER", group: int = 0x19
) -> Made:
    elements = [
        Made(0x00080301, "US", struct.pack("<H", group)),
        Made(0x00080302, "LO", creator),
        Made(0x00080303, "CS", status),
    ]
    if safe:
        elements.append(Made(0x00080304, "US", safe))
    return Made(0x00080300, "SQ", b"", (MadeItem(tuple(elements)),))


def _cleaned(*elements: Made, rules: str = SAFE, transfer_syntax: str = EXPLICIT) -> Result:
    return cleaned(small(*elements, transfer_syntax=transfer_syntax), rules)


def _private(result: Result) -> list[int]:
    return [int(each.tag) for each in result.dataset if each.tag.is_private]


@_BOTH
def test_every_block_that_stays_is_called_safe(transfer_syntax: str) -> None:
    result = _cleaned(
        _CREATOR,
        _VALUE,
        Made(0x01F10011, "LO", b"ELSCINT1"),
        Made(0x01F11126, "DS", b"0.975"),
        Made(0x00290010, "LO", b"SIEMENS CSA HEADER"),
        Made(0x00291008, "CS", b"IMAGE NUM 4"),
        transfer_syntax=transfer_syntax,
    )
    said = result.dataset.PrivateDataElementCharacteristicsSequence
    assert [(each.PrivateGroupReference, each.PrivateCreatorReference) for each in said] == [
        (0x19, "SIEMENS MR HEADER"),
        (0x01F1, "ELSCINT1"),
    ]
    assert {each.BlockIdentifyingInformationStatus for each in said} == {"SAFE"}
    assert [int(element.tag) for element in said[0]] == [0x00080301, 0x00080302, 0x00080303]


@pytest.mark.parametrize("rules", [options(), SAFE])
def test_where_nothing_private_stays_nothing_is_said(rules: str) -> None:
    result = _cleaned(_said(b"SAFE"), _CREATOR, Made(0x00191008, "CS", b"X"), rules=rules)
    assert "PrivateDataElementCharacteristicsSequence" not in result.dataset


@_BOTH
def test_what_the_source_calls_safe_is_a_claim(transfer_syntax: str) -> None:
    block = (Made(0x00290010, "LO", b"ACME 1"), Made(0x00291001, "LO", b"Marchetti"))
    said = _said(b"SAFE", creator=b"ACME 1", group=0x29)
    result = _cleaned(said, *block, transfer_syntax=transfer_syntax)
    assert _private(result) == []
    assert_gone(result, "Marchetti", "ACME 1")


@_BOTH
@pytest.mark.parametrize(
    ("status", "safe", "stay"),
    [
        (b"SAFE", b"", [0x00190010, 0x0019100C, 0x0019100D]),
        (b"UNSAFE", b"", []),
        (b"MIXED", b"", []),
        (b"MIXED", struct.pack("<H", 0x0C), [0x00190010, 0x0019100C]),
        (b"MIXED", struct.pack("<2H", 0x0C, 0x0D), [0x00190010, 0x0019100C, 0x0019100D]),
        (b"whatever", b"", []),
    ],
)
def test_what_the_source_calls_unsafe_goes_though_a_list_has_it(
    status: bytes, safe: bytes, stay: list[int], transfer_syntax: str
) -> None:
    said = _said(status, safe=safe)
    result = _cleaned(said, _CREATOR, _VALUE, _DIRECTION, transfer_syntax=transfer_syntax)
    assert _private(result) == stay
    written = result.dataset.get("PrivateDataElementCharacteristicsSequence", [])
    assert len(written) == bool(stay)
    assert "113111" in result.methods


def test_another_block_or_group_is_not_meant() -> None:
    for said in (_said(b"UNSAFE", creator=b"OTHER"), _said(b"UNSAFE", group=0x21)):
        assert _private(_cleaned(said, _CREATOR, _VALUE)) == [0x00190010, 0x0019100C]


def test_a_creator_with_padding_is_the_same() -> None:
    said = _said(b"UNSAFE ", creator=b"SIEMENS MR HEADER   ")
    assert _private(_cleaned(said, _CREATOR, _VALUE)) == []


def test_a_block_that_is_declared_twice_is_unsafe_if_one_says_so() -> None:
    first, second = _said(b"UNSAFE"), _said(b"SAFE")
    assert first.items is not None
    assert second.items is not None
    both = Made(0x00080300, "SQ", b"", (*first.items, *second.items))
    assert _private(_cleaned(both, _CREATOR, _VALUE)) == []


def test_a_rule_of_the_site_knows_better() -> None:
    rules = options(
        "retain-safe-private",
        rules="rules:\n  - {tags: ['(0019,\"SIEMENS MR HEADER\",0C)'], action: K}\n",
    )
    result = _cleaned(_said(b"UNSAFE"), _CREATOR, _VALUE, _DIRECTION, rules=rules)
    assert _private(result) == [0x00190010, 0x0019100C]


def test_blocks_inside_items_obey_the_declaration_of_the_root() -> None:
    inside = MadeItem((_CREATOR, _VALUE))
    result = _cleaned(_said(b"UNSAFE"), _CREATOR, _VALUE, Made(0x00081115, "SQ", b"", (inside,)))
    (series,) = result.dataset.ReferencedSeriesSequence
    assert not any(element.tag.is_private for element in series)


def test_what_the_source_said_of_values_and_actions_goes() -> None:
    action = MadeItem((Made(0x00080307, "CS", b"D"), Made(0x00080306, "US", b"\1\0")))
    definition = MadeItem(
        (Made(0x00080308, "US", b"\1\0"), Made(0x0008030A, "LO", b"Name of Marchetti"))
    )
    elements = (
        Made(0x00080301, "US", struct.pack("<H", 0x19)),
        Made(0x00080302, "LO", b"SIEMENS MR HEADER"),
        Made(0x00080303, "CS", b"SAFE"),
        Made(0x00080305, "SQ", b"", (action,)),
        Made(0x00080310, "SQ", b"", (definition,)),
    )
    result = _cleaned(
        Made(0x00080300, "SQ", b"", (MadeItem(elements),)),
        Made(0x00100010, "PN", b"Marchetti^Lucia"),
        _CREATOR,
        _VALUE,
    )
    assert_gone(result, "Marchetti")
    assert len(result.dataset.PrivateDataElementCharacteristicsSequence) == 1


def test_a_declaration_that_can_not_be_read_keeps_nothing_it_should_not() -> None:
    data = small(Made(0x00080300, "UN", b"no items at all"), _CREATOR, _VALUE)
    result = cleaned(data, SAFE)
    assert b"no items" not in result.written
