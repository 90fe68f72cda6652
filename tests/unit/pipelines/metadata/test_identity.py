"""What is collected of the source, so that verify can look for it."""

from hypothesis import given
from hypothesis import strategies as st

from pipelines.identity import IDENTITY_TAGS
from tests.support.encoding import EXPLICIT, IMPLICIT, Made, MadeItem
from tests.support.objects import element, item, small, walked

_NAME = Made(0x00100010, "PN", b"Miller^Jane")
_OTHER = Made(0x00101001, "PN", b"Smith^Jane")  # Other Patient Names


def _found(data: bytes) -> dict[int, set[bytes]]:
    found: dict[int, set[bytes]] = {}
    for each in walked(data).evidence.identity:
        found.setdefault(each.tag, set()).add(each.value.strip())
    return found


def test_the_values_of_the_root_are_collected() -> None:
    found = _found(small(_OTHER, Made(0x00080080, "LO", b""), Made(0x00100030, "DA", b"  ")))
    assert found == {
        0x00100010: {b"Miller^Jane"},
        0x00100020: {b"PAT-4711"},
        0x00101001: {b"Smith^Jane"},
    }
    assert found.keys() <= IDENTITY_TAGS


@given(
    depth=st.integers(1, 5),
    undefined=st.booleans(),
    as_un=st.booleans(),
    transfer_syntax=st.sampled_from((EXPLICIT, IMPLICIT)),
)
def test_values_inside_what_goes_are_collected_at_any_depth(
    *, depth: int, undefined: bool, as_un: bool, transfer_syntax: str
) -> None:
    made = _OTHER
    for _ in range(depth):
        made = Made(0x00400275, "SQ", b"", (MadeItem((made,), undefined),), undefined, as_un)
    assert _found(small(made, transfer_syntax=transfer_syntax))[0x00101001] == {b"Smith^Jane"}


def test_the_character_set_of_the_item_is_noted() -> None:
    inside = (Made(0x00080005, "CS", b"ISO_IR 192"), Made(0x00101001, "PN", "Müller".encode()))
    evidence = walked(small(Made(0x00400275, "SQ", b"", (MadeItem(inside),)))).evidence
    (value,) = (each for each in evidence.identity if each.tag == 0x00101001)
    assert value.value.decode(value.encodings[0]).strip() == "Müller"
    assert "Müller" not in repr(evidence)


def test_what_can_not_be_read_goes_without_being_collected() -> None:
    for tail in (
        element(0x00400275, "UN", b"no items at all "),
        element(0x00400275, "UN", item(b"no elements")),
        element(0x00400275, "UN", item(b"") * 2000),  # stays in the source
    ):
        assert _found(small(tail=tail)).keys() == {0x00100010, 0x00100020}


def test_a_value_is_collected_once() -> None:
    inside = MadeItem((_OTHER,))
    made = Made(0x00400275, "SQ", b"", (inside, inside, inside), undefined=True)
    identity = walked(small(made)).evidence.identity
    assert [each.value for each in identity if each.tag == _OTHER.tag] == [b"Smith^Jane"]
