"""Private blocks: a creator stays only with an element of its block."""

import pytest

from tests.support.encoding import EXPLICIT, IMPLICIT, UNDEFINED, Made, MadeItem
from tests.support.objects import SEQUENCE_END, cleaned, element, options, small, walked

SAFE = options("retain-safe-private")
_CREATOR = Made(0x00190010, "LO", b"GEMS_ACQU_01")
_KEPT = Made(0x00191023, "DS", b"1.5")  # Table Speed
_OTHER = Made(0x001910FE, "LO", b"Ward 7")


def _private(data: bytes, rules: str = SAFE) -> list[int]:
    return [int(each.tag) for each in cleaned(data, rules) if each.tag.is_private]


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_what_is_safe_stays_with_its_creator(transfer_syntax: str) -> None:
    data = small(_CREATOR, _KEPT, _OTHER, transfer_syntax=transfer_syntax)
    assert _private(data) == [0x00190010, 0x00191023]
    assert _private(data, options()) == []


def test_a_creator_whose_block_goes_goes_too() -> None:
    data = small(_CREATOR, _OTHER, Made(0x00190011, "LO", b"ACME"), Made(0x00191123, "DS", b"2"))
    assert _private(data) == []
    assert walked(data, SAFE).report.actions["remove"] == 4


@pytest.mark.parametrize("vr", ["SQ", "UN", "OB"])
def test_items_in_the_place_of_a_number_go(vr: str) -> None:
    creator = element(0x00190010, "LO", b"GEMS_ACQU_01")
    odd = element(0x00191023, vr, SEQUENCE_END + bytes(4), length=UNDEFINED)
    result = walked(small(tail=creator + odd), SAFE)
    assert result.report.notes == ("retain-safe-private.removed",)
    assert result.report.actions["remove"] == 2
    assert not _private(small(tail=creator + odd))


def test_the_block_decides_not_the_number() -> None:
    moved = Made(0x00190042, "LO", b"GEMS_ACQU_01 ")
    assert _private(small(moved, Made(0x00194223, "DS", b"1.5"))) == [0x00190042, 0x00194223]


@pytest.mark.parametrize(
    "elements",
    [
        (_KEPT,),  # no creator
        (Made(0x0019000F, "LO", b"GEMS_ACQU_01"), Made(0x00190F23, "DS", b"1")),
        (Made(0x00190000, "UL", bytes(4)), _KEPT),
        (Made(0x00190010, "OB", b"GEMS_ACQU_01" + bytes(100_000)), _KEPT),
        (Made(0x00190010, "LO", b"gems_acqu_01"), _KEPT),
    ],
)
def test_without_its_creator_nothing_stays(elements: tuple[Made, ...]) -> None:
    assert _private(small(*elements)) == []


@pytest.mark.parametrize("group", [0x0009, 0xFFFD])
def test_private_groups_that_a_rule_names_stay(group: int) -> None:
    rules = options(rules=f"rules:\n  - {{tags: ['({group:04X},\"ACME\",10)'], action: K}}\n")
    tail = element(group << 16 | 0x10, "LO", b"ACME") + element(group << 16 | 0x1010, "LO", b"ok")
    assert _private(small(tail=tail), rules) == [group << 16 | 0x10, group << 16 | 0x1010]


def test_groups_that_no_data_set_may_have_go() -> None:
    tail = element(0xFFFF0010, "LO", b"ACME") + element(0xFFFF1010, "LO", b"x ")
    assert _private(small(tail=tail)) == []
    low = Made(0x00070010, "LO", b"ACME")
    assert _private(small(low, Made(0x00071010, "LO", b"x"))) == []


def test_blocks_of_items_are_their_own() -> None:
    inside = MadeItem((_KEPT,))  # the creator stands outside
    also = MadeItem((_CREATOR, _KEPT))
    dataset = cleaned(small(_CREATOR, Made(0x00289110, "SQ", b"", (inside, also))), SAFE)
    first, second = dataset[0x00289110].value
    assert not len(first)
    assert [int(each.tag) for each in second] == [0x00190010, 0x00191023]
    assert 0x00190010 not in dataset


def test_private_uids_are_replaced_unless_uids_are_retained() -> None:
    block = (Made(0x00990010, "LO", b"NQHeader"), Made(0x00991001, "UI", b"1.2.3.4"))
    assert cleaned(small(*block), SAFE)[0x00991001].value.startswith("2.25.")
    both = options("retain-safe-private", "retain-uids")
    assert cleaned(small(*block), both)[0x00991001].value == "1.2.3.4"


_A_DATE = Made(0x001910FE, "DA", b"20240229")
_BY_RULE = "rules:\n  - {{tags: ['(0019,\"GEMS_ACQU_01\",FE)'], action: {}}}\n"


@pytest.mark.parametrize(
    ("dates", "date"), [((), b"20210604"), (("modified",), b"20210604"), (("full",), b"20240229")]
)
def test_a_kept_private_date_never_tells_the_shift(dates: tuple[str, ...], date: bytes) -> None:
    names = [f"retain-longitudinal-{word}-dates" for word in dates]
    rules = options(*names, rules=_BY_RULE.format("K"))
    inside = Made(0x00081115, "SQ", b"", (MadeItem((_CREATOR, _A_DATE)),))
    dataset = cleaned(small(_CREATOR, _A_DATE, inside, Made(0x00080020, "DA", b"20240229")), rules)
    for place in (dataset, dataset[0x00081115].value[0]):
        assert place[0x001910FE].value == date.decode()
    if dates:
        assert dataset.StudyDate == date.decode()


def test_a_private_date_kept_by_a_condition_is_shifted_too() -> None:
    when = ", when: 'not exists(Rows)'}\n"
    rules = options(rules=_BY_RULE.format("K").replace("}\n", when))
    assert cleaned(small(_CREATOR, _A_DATE), rules)[0x001910FE].value == "20210604"


@pytest.mark.parametrize(("vr", "value"), [("DA", b"20230229"), ("TM", b"25"), ("DT", b"Miller")])
def test_a_kept_private_date_that_is_none_goes(vr: str, value: bytes) -> None:
    data = small(_CREATOR, Made(0x001910FE, vr, value))
    result = walked(data, options(rules=_BY_RULE.format("K")), explain=True)
    change = next(each for each in result.report.changes if each.path == "(0019,10FE)")
    assert (change.action, change.operation, change.section) == ("C", "remove", "PS3.15 E.3.6")
    assert _private(data, options(rules=_BY_RULE.format("K"))) == []


@pytest.mark.parametrize(
    ("made", "stays"),
    [
        (Made(0x001910FE, "UI", b"1.2.3"), True),
        (Made(0x001910FE, "LO", b"1.2.3\\1.2.4"), True),
        (Made(0x001910FE, "LO", b"Miller"), False),
        (Made(0x001910FE, "SQ", b"", (MadeItem((_CREATOR,)),)), False),
    ],
)
def test_only_what_reads_like_a_uid_is_replaced_by_one(made: Made, *, stays: bool) -> None:
    data = small(_CREATOR, made)
    dataset = cleaned(data, options(rules=_BY_RULE.format("U")))
    assert (0x001910FE in dataset) is stays
    if stays:
        written = str(dataset[0x001910FE].value)
        assert "2.25." in written
        assert "1.2." not in written
