import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TamperedError
from gateway.work.sealing import index_of, seal, unseal

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
PLACE = [b"memory", b"heads", b"\1\2"]


@given(st.binary(max_size=300), st.lists(st.binary(max_size=8), max_size=4))
def test_what_was_sealed_opens_at_its_place(value: bytes, place: list[bytes]) -> None:
    sealed = seal(SECRET, value, place=place)
    assert unseal(SECRET, sealed, place=place) == value
    assert seal(SECRET, value, place=place) != sealed


@given(st.integers(0, 400), st.integers(1, 255))
def test_changed_bytes_do_not_open(position: int, change: int) -> None:
    sealed = bytearray(seal(SECRET, bytes(50), place=PLACE))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(TamperedError):
        unseal(SECRET, bytes(sealed), place=PLACE)


@pytest.mark.parametrize(
    "place",
    [[], PLACE[:2], [*PLACE, b""], [b"memory", b"heads\1", b"\2"], [b"verdict", *PLACE[1:]]],
)
def test_another_place_or_secret_does_not_open(place: list[bytes]) -> None:
    sealed = seal(SECRET, b"a face", place=PLACE)
    with pytest.raises(TamperedError):
        unseal(SECRET, sealed, place=place)
    with pytest.raises(TamperedError):
        unseal(OTHER, sealed, place=PLACE)
    with pytest.raises(TamperedError):
        unseal(SECRET, sealed[:12], place=PLACE)


def test_an_index_is_of_its_secret() -> None:
    assert index_of(SECRET, "1.2.3") == index_of(SECRET, "1.2.3")
    assert len({index_of(s, uid) for s in (SECRET, OTHER) for uid in ("1.2.3", "1.2.4")}) == 4
