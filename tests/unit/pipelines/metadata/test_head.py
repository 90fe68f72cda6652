"""Preamble, group 0002, and what is done where they are missing."""

import pytest

from pipelines.errors import MalformedError
from pipelines.metadata.head import encode_head, is_walkable, read_head
from pipelines.metadata.normalise import BytesReader
from tests.support.encoding import DEFLATED, EXPLICIT, IMPLICIT
from tests.support.objects import cleaned, element, small

_PREAMBLE = bytes(128) + b"DICM"
_CT = "1.2.840.10008.5.1.4.1.1.2"


def _syntax(text: bytes, vr: str = "UI") -> bytes:
    return _PREAMBLE + element(0x00020010, vr, text)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED, "1.2.840.10008.1.2.4.90"])
def test_our_head_is_read_as_it_was_said(syntax: str) -> None:
    data = encode_head(sop_class_uid=_CT, sop_instance_uid="1.2", transfer_syntax_uid=syntax)
    head = read_head(BytesReader(data + b"\x08\0\5\0"))
    assert (head.dataset, head.transfer_syntax_uid) == (len(data), syntax)
    assert head.implicit == (syntax == IMPLICIT)
    assert head.sop_class_uid == _CT


def test_big_endian_and_deflated_are_not_walked() -> None:
    assert is_walkable(EXPLICIT)
    assert not is_walkable(DEFLATED)
    assert not is_walkable("1.2.840.10008.1.2.2")


@pytest.mark.parametrize("preamble", [_PREAMBLE, b""])
@pytest.mark.parametrize(
    ("dataset", "implicit"),
    [
        (element(0x00080005, "CS", b"ISO_IR 100"), False),
        (element(0x00080005, "", b"ISO_IR 100"), True),
        (element(0x00100020, "UT", b"1"), False),
    ],
)
def test_without_transfer_syntax_the_encoding_is_seen(
    preamble: bytes, dataset: bytes, *, implicit: bool
) -> None:
    head = read_head(BytesReader(preamble + dataset))
    assert head.implicit == implicit
    assert head.dataset == len(preamble)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no DICOM at all",
        bytes(400),
        _PREAMBLE,
        _PREAMBLE + element(0x00280010, "US", b"\1\0"),
        _syntax(b"1.2.840.10008.1.2.1", "ZZ"),
        _syntax(b"1.2.840.10008.1.2.1")[:-3],
        _PREAMBLE + element(0x00020001, "OB", b"\0\1", length=0xFFFFFFFE),
        _syntax("1.2.840.10008.1.2.é".encode("latin-1")),
        _syntax(b"explicit, little endian"),
        _syntax(b"1." * 33),
    ],
)
def test_a_gamble_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        read_head(BytesReader(data))
    assert caught.value.code == "metadata.malformed"


def test_long_meta_elements_are_passed_over() -> None:
    private = element(0x00020102, "OB", b"source's own")
    head = read_head(BytesReader(_syntax(EXPLICIT.encode("ascii") + b"\0") + private))
    assert head.transfer_syntax_uid == EXPLICIT


def test_a_sop_class_that_is_no_uid_is_not_repeated() -> None:
    data = _syntax(EXPLICIT.encode("ascii")) + element(0x00020013, "SH", b"x ")
    odd = _PREAMBLE + element(0x00020002, "UI", b"\xe9\xe9") + data[132:]
    assert read_head(BytesReader(odd)).sop_class_uid == ""


def test_nothing_else_of_the_source_stays_in_group_0002() -> None:
    source = small()
    assert b"SOURCE" in source
    dataset = cleaned(source)
    assert set(dataset.file_meta.keys()) == {
        *(0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013)
    }
    assert dataset.preamble == bytes(128)
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
