import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TamperedError
from gateway.vault.envelope import open_file_key, public_half, wrap_file_key, wrapped_for

PRIVATE = X25519PrivateKey.generate()
PUBLIC = public_half(7, PRIVATE.public_key().public_bytes_raw())
FILE_KEY = bytes(range(32))


@given(st.text(st.characters(max_codepoint=126, min_codepoint=33), max_size=255))
def test_the_private_half_opens_what_the_public_half_wrapped(object_id: str) -> None:
    wrapped = wrap_file_key(PUBLIC, FILE_KEY, object_id=object_id)
    assert wrapped_for(wrapped) == (7, object_id)
    assert open_file_key(PRIVATE, wrapped) == FILE_KEY
    assert FILE_KEY not in wrapped


def test_the_same_key_is_never_wrapped_the_same() -> None:
    assert len({wrap_file_key(PUBLIC, FILE_KEY, object_id="a") for _ in range(10)}) == 10


@given(st.data())
def test_no_changed_byte_opens(data: st.DataObject) -> None:
    wrapped = bytearray(wrap_file_key(PUBLIC, FILE_KEY, object_id="0123"))
    position = data.draw(st.integers(0, len(wrapped) - 1))
    wrapped[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TamperedError):
        open_file_key(PRIVATE, bytes(wrapped))


@given(st.integers(0, 90))
def test_no_piece_opens(length: int) -> None:
    wrapped = wrap_file_key(PUBLIC, FILE_KEY, object_id="0123")
    with pytest.raises(TamperedError):
        open_file_key(PRIVATE, wrapped[: min(length, len(wrapped) - 1)])


def test_a_key_wrapped_for_one_file_does_not_open_as_anothers() -> None:
    wrapped = wrap_file_key(PUBLIC, FILE_KEY, object_id="mine")
    with pytest.raises(TamperedError):
        open_file_key(PRIVATE, wrapped.replace(b"mine", b"your"))


def test_another_private_half_does_not_open() -> None:
    wrapped = wrap_file_key(PUBLIC, FILE_KEY, object_id="a")
    with pytest.raises(TamperedError):
        open_file_key(X25519PrivateKey.generate(), wrapped)


@pytest.mark.parametrize(
    "content",
    [b"", PUBLIC[:-1], PUBLIC + b"x", b"\x02" + PUBLIC[1:]],
    ids=["empty", "short", "long", "version"],
)
def test_another_form_of_the_public_half_is_refused(content: bytes) -> None:
    with pytest.raises(TamperedError):
        wrap_file_key(content, FILE_KEY, object_id="a")
