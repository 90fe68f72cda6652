import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TamperedError
from gateway.vault import keys

KEY = bytes(range(32))
parts = st.lists(st.text(max_size=5), max_size=4)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes, place: bytes) -> None:
    sealed = keys.seal(KEY, plaintext, place=place)
    assert keys.unseal(KEY, sealed, place=place) == plaintext


@given(st.data())
def test_no_changed_byte_opens(data: st.DataObject) -> None:
    sealed = bytearray(keys.seal(KEY, b"what is sealed", place=b"here"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TamperedError):
        keys.unseal(KEY, bytes(sealed), place=b"here")


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_no_short_piece_opens(length: int) -> None:
    with pytest.raises(TamperedError):
        keys.unseal(KEY, keys.seal(KEY, b"x", place=b"")[:length], place=b"")


def test_another_place_or_key_does_not_open() -> None:
    sealed = keys.seal(KEY, b"what is sealed", place=b"here")
    with pytest.raises(TamperedError):
        keys.unseal(KEY, sealed, place=b"there")
    with pytest.raises(TamperedError):
        keys.unseal(keys.random_key(), sealed, place=b"here")


@given(parts, parts)
def test_only_equal_parts_bind_equal(one: list[str], other: list[str]) -> None:
    assert (keys.bind(*one) == keys.bind(*other)) == (one == other)


def test_purposes_and_salts_get_different_keys() -> None:
    made = {keys.derive(KEY, label, salt=salt) for label in ("a", "b") for salt in (b"", b"1" * 16)}
    assert len(made) == 4
    assert all(len(key) == 32 for key in made)
