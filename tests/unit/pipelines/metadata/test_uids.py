"""UIDs and person names: stable within a subject, unlinkable between subjects."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from pipelines.metadata.charsets import encodings_of
from pipelines.metadata.persons import replace_persons
from pipelines.metadata.uids import UidMap

uids = st.lists(st.integers(0, 10**12), min_size=2, max_size=6).map(
    lambda parts: "1." + ".".join(map(str, parts))
)
secrets = st.binary(min_size=32, max_size=32)


@given(uid=uids, secret=secrets)
def test_a_new_uid_is_a_version_8_uuid(uid: str, secret: bytes) -> None:
    new = UidMap(secret, 1)[uid]
    number = uuid.UUID(int=int(new.removeprefix("2.25.")))
    assert number.version == 8
    assert number.variant == uuid.RFC_4122
    assert len(new) <= 64


@given(uid=uids, secret=secrets, other=secrets)
def test_uids_meet_under_one_secret_only(uid: str, secret: bytes, other: bytes) -> None:
    assert UidMap(secret, 1)[uid] == UidMap(secret, 1)[uid]
    assert UidMap(secret, 1)[uid] != UidMap(secret, 2)[uid]
    if secret != other:
        assert UidMap(secret, 1)[uid] != UidMap(other, 1)[uid]


def test_uids_of_the_standard_stay() -> None:
    mapped = UidMap(bytes(32), 1)
    assert mapped["1.2.840.10008.1.4.1.1"] == "1.2.840.10008.1.4.1.1"
    assert not mapped.replaced


def test_padding_does_not_make_another_uid() -> None:
    mapped = UidMap(bytes(32), 1)
    assert mapped.replace(b"1.2.3\0") == mapped.replace(b"1.2.3 ") == mapped["1.2.3"].encode()
    assert mapped.replace(b"1.2.3\\\\1.2.4\0") == b"\\\\".join(
        mapped[uid].encode() for uid in ("1.2.3", "1.2.4")
    )
    assert mapped.replace(b"\0\0") == b""


def _person(value: bytes, terms: bytes = b"", secret: bytes = bytes(32)) -> bytes:
    return replace_persons(value, encodings_of(terms), secret=secret)


def test_spellings_of_one_person_stay_one_person() -> None:
    one = _person(b"DOE^JANE^^^")
    assert one == _person(b"Doe^Jane ") == _person(b" doe ^jane^^=ideo^graphic")
    assert one != _person(b"DOE^JOHN")
    assert one != _person(b"DOE^JANE", secret=b"x" * 32)
    assert one.startswith(b"Person^")
    assert one.isascii()


def test_the_same_name_in_two_character_sets_is_one_person() -> None:
    latin = _person("Äneas^Rüdiger".encode("latin-1"), b"ISO_IR 100")
    utf8 = _person("Äneas^Rüdiger".encode(), b"ISO_IR 192")
    assert latin == utf8


def test_several_persons_are_replaced_one_by_one() -> None:
    value = _person(b"DOE^JANE\\ROE^RICHARD\\")
    assert value.split(b"\\")[0] == _person(b"DOE^JANE")
    assert value.split(b"\\")[2] == b"REMOVED"
