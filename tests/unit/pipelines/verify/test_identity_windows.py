"""Planted identifiers are found in headers, code streams and large values, and many at once."""

import pytest
from pydicom import DataElement, Dataset
from pydicom.sequence import Sequence as Items

from pipelines.errors import ResidualError
from pipelines.verify import search
from tests.unit.pipelines.verify.planted import OB, PLAN, hold, text
from tests.unit.pipelines.verify.written import (
    DOE,
    IMPLICIT,
    JPEG,
    PATIENT_ID,
    PATIENT_NAME,
    dataset,
    encode,
    gate,
    identity,
    plan_of,
)


def test_the_element_before_a_header_that_reads_like_text_is_searched() -> None:
    # (7053,xxxx) starts with the bytes "Sp", (0054,xxxx) with "T"
    rules = "  - {tags: ['(7053,\"ACME 1\",B0)'], action: K}\n"
    plan = plan_of(rules)
    d = dataset(plan)
    d.add_new(0x00720070, "LT", "x jane")
    d.private_block(0x7053, "ACME 1", create=True).add_new(0xB0, "US", 1)
    with pytest.raises(ResidualError, match=r"verify\.identity \(0072,0070\)"):
        gate(encode(d), plan=plan)
    d = dataset(PLAN)
    d.add_new(0x00400440, "SQ", [])
    d.add_new(0x0040A160, "UT", "x jane")
    d.add_new(0x00540081, "US", 1)
    with pytest.raises(ResidualError, match=r"verify\.\w+ \(0040,A160\)"):
        gate(encode(d), plan=PLAN)


def test_the_start_of_a_value_whose_length_reads_like_text_is_searched() -> None:
    # a length of 4140 hexadecimal ends with the byte "A"
    value = "jane" + " " * (0x4140 - 8) + "end."
    assert hold(text(value, "LT")) == "verify.identity (0008,0108)"


def test_preamble_and_meta_information_are_checked() -> None:
    data = encode(dataset(PLAN))
    with pytest.raises(ResidualError, match=r"verify\.structure preamble"):
        gate(b"DOE^JANE" + data[8:], plan=PLAN)
    with pytest.raises(ResidualError, match=r"verify\.structure group 0002"):
        gate(data.replace(b"NARTHEX", b"JANEDOE", 1), plan=PLAN)


def fragments(*streams: bytes) -> bytes:
    items = [b"", *streams]
    return b"".join(
        b"\xfe\xff\x00\xe0"
        + len(s + b"\0" * (len(s) & 1)).to_bytes(4, "little")
        + s
        + b"\0" * (len(s) & 1)
        for s in items
    )


def encapsulated(*streams: bytes) -> bytes:
    d = dataset(PLAN)
    del d.PixelData
    end = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    return (
        encode(d, syntax=JPEG)
        + b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"
        + fragments(*streams)
        + end
    )


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


CLEAN_JPEG = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xDA, b"\0" * 6)


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff\xd8" + segment(0xE1, b"Exif\0\0Doe, Jane") + segment(0xDA, b"\0" * 6) + b"\xff\xd9",
        b"\xff\xd8" + segment(0xFE, b"id 4711885") + segment(0xDA, b"\0" * 6) + b"\xff\xd9",
        b"\xff\x4f\xff\x51\x00\x04ab"
        + segment(0x64, b"\0\1jane doe")
        + b"\xff\x90"
        + b"\0" * 9
        + b"\xff\xd9",
        CLEAN_JPEG + b"\1\2\3\xff\xd9 jane doe",
        b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x18xml <n>Jane Doe</n>" + b"\0\0\0\x0ajp2c\xff\x4f",
        b"jane doe" * 4,
    ],
)
def test_headers_of_codestreams_are_searched(stream: bytes) -> None:
    gate(encapsulated(CLEAN_JPEG + b"\xff\xd9"), plan=PLAN, syntax=JPEG)
    with pytest.raises(ResidualError, match=r"verify\.identity \(7FE0,0010\) fragment 2"):
        gate(encapsulated(CLEAN_JPEG + b"\xff\xd9", stream), plan=PLAN, syntax=JPEG)


def test_image_bytes_are_not_searched() -> None:
    gate(encapsulated(CLEAN_JPEG + b" jane doe \xff\xd9"), plan=PLAN, syntax=JPEG)
    d = dataset(PLAN)
    d.PixelData = b"jane doe"
    gate(encode(d), plan=PLAN)


def test_large_values_are_searched_to_their_end() -> None:
    value = b"\x00\x7f" * 1_600_000
    for at in (0, 70_000, 1024 * 1024 - 5, len(value) - 10):
        planted = value[:at] + b" jane doe " + value[at + 10 :]
        assert hold(DataElement(OB, "OB", planted)) == "verify.identity (0008,041B)", at


def test_headers_longer_than_a_window_are_walked_and_searched() -> None:
    item = Dataset()
    item.add(text("x" * 1000))
    for last, said in (("nobody", ""), ("Jane", "verify.identity (0008,0006)[700].(0008,030E)")):
        end = Dataset()
        end.add(text(last))
        codes = DataElement(0x00080006, "SQ", Items([*[item] * 700, end]))
        assert hold(codes) == said
        assert hold(codes, syntax=IMPLICIT) == said


def test_a_search_too_large_for_its_memory_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_MAX_MEMORY_BYTES", 40_000)
    parted = search.Search(DOE)
    assert len(parted._first_looks) > 1
    assert list(parted.candidates(b"by jane.", 8))


def test_many_identifiers_are_searched_and_too_many_are_held() -> None:
    many = identity(*((0x0040A123, f"Quistgaard{n}^Bj{n}rn") for n in range(1500)))
    assert not hold(text("jane doe"), subject=many)
    assert hold(text("quistgaard1499"), subject=many) == "verify.identity (0008,030E)"
    said = hold(text("jane doe"), subject=many * 2)
    assert said == "verify.identity more values than can be searched"


def test_long_values_are_searched() -> None:
    long = identity((PATIENT_ID, "12345678" * 600), (0x00101040, "Hauptstrasse " * 800))
    assert not hold(text("jane doe"), subject=long)
    many_words = identity((PATIENT_NAME, "^".join(["ab cde fghi jklmn opq"] * 100)))
    assert hold(text("jklmn"), subject=many_words)
