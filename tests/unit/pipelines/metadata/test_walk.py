"""The walk: what of an object stays, at which depth, and what is said about it."""

import struct

import pytest

from pipelines.errors import HeldError
from pipelines.metadata.elements import MAX_ELEMENTS
from tests.support.datasets import nested
from tests.support.encoding import EXPLICIT, IMPLICIT, UNDEFINED, Made, MadeItem
from tests.support.objects import (
    CONTEXT,
    SEQUENCE_END,
    cleaned,
    element,
    fragments,
    item,
    joined,
    options,
    small,
    walked,
)

_NAME = Made(0x00100010, "PN", b"Miller^Jane")
_UID = Made(0x00081155, "UI", b"1.2.3.4")
_ROWS = Made(0x00280010, "US", b"\4\0")


def _code(data: bytes, rules: str = options()) -> str:
    with pytest.raises(HeldError) as caught:
        walked(data, rules)
    return caught.value.code


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("as_un", [True, False])
def test_sixty_four_levels_are_cleaned_and_the_next_is_held(
    transfer_syntax: str, *, undefined: bool, as_un: bool
) -> None:
    def data(depth: int) -> bytes:
        made = nested(depth, (_NAME, _UID), undefined=undefined, as_un=as_un)
        return small(made, transfer_syntax=transfer_syntax)

    written = joined(walked(data(64)))
    assert b"Miller" not in written
    assert b"1.2.3.4\0" not in written
    assert CONTEXT.pseudonym.encode("ascii") in written
    assert _code(data(65)) == "metadata.limit"


def test_more_than_64_levels_are_held_also_where_they_go() -> None:
    def data(depth: int) -> bytes:
        made = nested(depth - 1, (_NAME,), undefined=False)
        return small(Made(0x00400275, "SQ", b"", (MadeItem((made,)),)))

    assert walked(data(64)).evidence.identity
    assert _code(data(65)) == "metadata.limit"
    inner = b""
    for _ in range(2000):  # more than Python's stack holds
        inner = element(0x00081115, "SQ", item(inner))
    assert _code(small(tail=element(0x00400275, "SQ", item(inner)))) == "metadata.limit"


def _implicit(count: int, *, groups: tuple[int, ...]) -> bytes:
    header = struct.Struct("<HHL").pack
    numbers = ((g, n) for g in groups for n in range(1, 0x10000))
    return b"".join(header(g, n, 0) for (g, n), _ in zip(numbers, range(count), strict=False))


def test_the_200_001st_element_holds_the_object() -> None:
    # the root of `small` has six elements, one more is the sequence
    groups = (0x0018, 0x0020, 0x0028, 0x0040)
    sequence = element(0x00289110, "", item(_implicit(MAX_ELEMENTS - 7, groups=groups)))
    assert walked(small(tail=sequence, transfer_syntax=IMPLICIT))
    sequence = element(0x00289110, "", item(_implicit(MAX_ELEMENTS - 6, groups=groups)))
    assert _code(small(tail=sequence, transfer_syntax=IMPLICIT)) == "metadata.limit"


def test_items_without_elements_and_what_goes_are_counted_too() -> None:
    empty = element(0x00289110, "", item(b"") * (MAX_ELEMENTS // 2 + 1))
    assert walked(small(tail=empty, transfer_syntax=IMPLICIT))
    two = element(0x00209116, "", item(b"") * (MAX_ELEMENTS // 2 + 1)) + empty
    assert _code(small(tail=two, transfer_syntax=IMPLICIT)) == "metadata.limit"
    gone = item(_implicit(30_000, groups=(0x0018,))) * 7
    removed = element(0x00400275, "", gone)
    assert _code(small(tail=removed, transfer_syntax=IMPLICIT)) == "metadata.limit"


def test_items_that_did_not_change_keep_their_bytes() -> None:
    same = item(element(0x00280010, "US", b"\4\0"), length=UNDEFINED)
    sequence = element(0x00289110, "SQ", same + SEQUENCE_END + bytes(4), length=UNDEFINED)
    assert sequence in joined(walked(small(tail=sequence)))
    both = same + item(element(0x00280030, "DS", b"1\\1 ") + element(0x00280FFE, "LO", b"unknown "))
    written = joined(walked(small(tail=element(0x00289110, "SQ", both))))
    assert same in written
    assert b"unknown" not in written


@pytest.mark.parametrize("vr", ["SQ", "UN", "UT"])
def test_a_sequence_by_the_dictionary_is_walked_whatever_its_vr(vr: str) -> None:
    inside = element(0x00081155, "" if vr != "SQ" else "UI", b"1.2.3.4\0")
    dataset = cleaned(small(tail=element(0x00289110, vr, item(inside))))
    (found,) = dataset[0x00289110].value
    assert found.ReferencedSOPInstanceUID.startswith("2.25.")


def test_what_should_be_items_and_is_not_goes() -> None:
    for vr in ("UN", "OB", "LO", "UT"):
        result = walked(small(tail=element(0x00289110, vr, b"Miller^Jane ")))
        assert result.report.notes == ("unreadable-sequence.removed",)
        assert b"Miller^J" not in joined(result)
    # said to be a sequence: read again by pydicom, which finds an item there
    result = walked(small(tail=element(0x00289110, "SQ", b"Miller^Jane ")))
    assert result.report.normalised
    assert b"Miller^J" not in joined(result)


def test_limits_hold_also_inside_what_would_go() -> None:
    inner = b""
    for _ in range(70):
        inner = element(0x00081115, "", item(inner))
    assert _code(small(tail=element(0x00289110, "UN", item(inner)))) == "metadata.limit"


def test_fragments_are_no_items() -> None:
    tail = element(0x00281201, "OW", fragments(b"\1\2"), length=UNDEFINED)
    tail += element(0x7FE00010, "OB", fragments(b"\3\4"), length=UNDEFINED)
    assert joined(walked(small(tail=tail))).endswith(tail)


def test_the_character_set_of_an_item_is_its_own() -> None:
    name = "Müller^Jörg"
    latin, utf8 = (
        Made(0x0040A123, "PN", name.encode("latin-1")),
        Made(0x0040A123, "PN", name.encode()),
    )
    rules = options(rules="rules:\n  - {tags: [PersonName], action: D}\n")
    items = (
        MadeItem((latin,)),
        MadeItem((Made(0x00080005, "CS", b"ISO_IR 192"), utf8)),
        MadeItem((Made(0x00080005, "CS", b""), latin)),
    )
    charset = Made(0x00080005, "CS", b"ISO_IR 100")
    dataset = cleaned(small(charset, Made(0x00289110, "SQ", b"", items)), rules)
    names = {str(each.PersonName) for each in dataset[0x00289110].value}
    assert len(names) == 1
    assert names.pop().startswith("Person^")


def test_an_unknown_attribute_holds_where_the_rule_set_says_so() -> None:
    rules = options() + "unknown: hold\n"
    with pytest.raises(HeldError) as caught:
        walked(small(Made(0x00081FFE, "LO", b"made up")), rules)
    assert (caught.value.code, caught.value.where) == ("metadata.unknown", "(0008,1FFE)")


def test_conditions_look_at_the_root_or_the_item() -> None:
    rules = options(
        rules="rules:\n"
        "  - {tags: [PixelSpacing], action: X, when: 'item.Rows = 4'}\n"
        "  - {tags: [WindowWidth], action: X, when: 'Rows = 4'}\n"
    )
    width, spacing = Made(0x00281051, "DS", b"40"), Made(0x00280030, "DS", b"1\\1")
    inner = (
        MadeItem((_ROWS, spacing, width)),
        MadeItem((Made(0x00280010, "US", b"\5\0"), spacing, width)),
    )
    for transfer_syntax in (EXPLICIT, IMPLICIT):
        dataset = cleaned(
            small(_ROWS, Made(0x00289110, "SQ", b"", inner), transfer_syntax=transfer_syntax), rules
        )
        first, second = dataset[0x00289110].value
        assert "PixelSpacing" not in first
        assert "PixelSpacing" in second
        assert "WindowWidth" not in first
        assert "WindowWidth" not in second


def test_every_change_has_a_place_a_rule_and_a_section() -> None:
    private = Made(0x00091010, "LO", b"secret")
    creator = Made(0x00090010, "LO", b"ACME")
    inner = MadeItem((_UID, private))
    data = small(
        creator,
        private,
        Made(0x00100030, "DA", b"19500101"),
        Made(0x00400275, "SQ", b"", (inner,)),
        Made(0x00289110, "SQ", b"", (inner,)),
    )
    result = walked(data, explain=True)
    changes = {change.path: change for change in result.report.changes}
    assert changes["(0028,9110)[0].(0008,1155)"].operation == "replace-uid"
    assert changes["(0009,1010)"].operation == "remove"
    assert changes["(0040,0275)"].action == "X"
    assert all(change.rule and change.section for change in changes.values())
    assert not walked(data).report.changes


def test_counts_are_of_elements() -> None:
    creator = Made(0x00090010, "LO", b"ACME")
    data = small(creator, Made(0x00091010, "LO", b"x"), _ROWS, Made(0x00080070, "LO", b"ACME"))
    for rules in (options(), options("retain-safe-private")):
        counts = walked(data, rules).report.actions
        assert counts["remove"] == 2
        assert counts["keep"] == 3  # SOP Class UID, Rows, Manufacturer
        assert counts["replace-uid"] == 3
        assert counts["pseudonym"] == 2
