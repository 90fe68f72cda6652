"""What pydicom re-encodes, within bounds; what it can't is held and nothing is said of it."""

import io
import zlib

import numpy as np
import pydicom
import pytest
from pydicom import config
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pipelines.errors import HeldError, MalformedError
from pipelines.metadata.normalise import MAX_INFLATED_BYTES, BytesReader, normalise
from pipelines.metadata.opening import open_object
from tests.support.datasets import CT, base
from tests.support.encoding import DEFLATED, EXPLICIT, IMPLICIT, Made, dicom_file, encode
from tests.support.objects import BASIC, cleaned, element, item, small, walked

_META = b"SOURCE"


def _deflated(dataset: bytes, *, flushed: bool = True) -> bytes:
    whole = dicom_file(base(CT), transfer_syntax=DEFLATED)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(dataset)
    return whole[: whole.index(_META) + len(_META)] + packed + (packer.flush() if flushed else b"")


def _code(data: bytes) -> tuple[str, str]:
    with pytest.raises(HeldError) as caught:
        walked(data)
    return caught.value.code, caught.value.where


def test_a_deflated_object_is_inflated_and_said_to_be_explicit() -> None:
    dataset = encode((*base(CT), Made(0x7FE00010, "OW", b"\1\2" * 90_000)), implicit=False)
    result = walked(_deflated(dataset) + b"\0")  # padded
    assert result.report.normalised
    assert result.transfer_syntax_uid == EXPLICIT
    assert cleaned(_deflated(dataset)).PixelData == b"\1\2" * 90_000


@pytest.mark.slow
@pytest.mark.parametrize("flushed", [True, False])
def test_a_bomb_is_held_before_it_goes_off(*, flushed: bool) -> None:
    dataset = encode(base(CT), implicit=False) + element(0x7FE00010, "OW", b"", length=300 << 20)
    bomb = _deflated(dataset + bytes(300 << 20), flushed=flushed)
    assert len(bomb) < MAX_INFLATED_BYTES // 500
    assert _code(bomb) == ("metadata.limit", "inflated size")


@pytest.mark.parametrize("meta_vr", ["", "UT"])
def test_pydicom_never_inflates(meta_vr: str) -> None:
    bad = _deflated(encode(base(CT), implicit=False))
    start = bad.index(_META) + len(_META)
    head = bytes(128) + b"DICM" + element(0x00020010, meta_vr, DEFLATED.encode("ascii"))
    if meta_vr:
        head += element(0x00020013, "ZZ", b"")
    assert _code(head + bad[start:]) == ("metadata.malformed", "deflate")


@pytest.mark.parametrize("flushed", [True, False])
def test_a_deflate_stream_that_is_none_is_held(*, flushed: bool) -> None:
    data = _deflated(encode(base(CT), implicit=False), flushed=flushed)
    assert _code(data[: data.index(_META) + 9] + b"\xff" * 40)[0] == "metadata.malformed"
    if not flushed:
        assert _code(data)[0] == "metadata.malformed"


def test_what_was_inflated_may_still_be_normalised() -> None:
    dataset = encode(base(CT), implicit=False)
    assert walked(_deflated(dataset + element(0x00280010, "US", b"", length=2))).report.normalised


def _big_endian() -> bytes:
    dataset = pydicom.dcmread(str(get_testdata_file("MR_small_bigendian.dcm")))
    inner = Dataset()
    inner.RedPaletteColorLookupTableData = b"\1\2\3\4"
    dataset.ModalityLUTSequence = Sequence([inner])
    dataset.add_new(0x00189810, "OF", b"\1\2\3\4")
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def test_big_endian_becomes_little_endian_with_the_same_pixels() -> None:
    data = _big_endian()
    before, after = pydicom.dcmread(io.BytesIO(data)), cleaned(data)
    assert before.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(before.pixel_array, after.pixel_array)
    assert before.PixelSpacing == after.PixelSpacing
    assert after.ModalityLUTSequence[0].RedPaletteColorLookupTableData == b"\2\1\4\3"


@pytest.mark.parametrize(
    "name", ["ExplVR_BigEnd.dcm", "MR_small_expb.dcm", "rtdose_expb_1frame.dcm"]
)
def test_words_of_pixels_are_swapped_as_wide_as_a_pixel(name: str) -> None:
    before = pydicom.dcmread(str(get_testdata_file(name)))
    before.PatientID = "4711"
    buffer = io.BytesIO()
    before.save_as(buffer)
    after = cleaned(buffer.getvalue())
    assert np.array_equal(before.pixel_array, after.pixel_array)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT])
def test_elements_out_of_order_are_put_in_order(transfer_syntax: str) -> None:
    vr = "" if transfer_syntax == IMPLICIT else "US"
    tail = element(0x00280010, vr, b"\4\0") + element(0x00280002, vr, b"\1\0")
    result = walked(small(tail=tail, transfer_syntax=transfer_syntax))
    assert result.report.normalised
    assert result.transfer_syntax_uid == EXPLICIT


def test_a_vr_of_zeros_is_normalised() -> None:
    # two NULs for the VR, as some devices write unknown elements
    odd = b"\x28\0\x50\x10\0\0\2\0" + b"40"
    result = walked(small(tail=element(0x00280010, "US", b"\4\0") + odd))
    assert result.report.normalised


def test_a_vr_that_nobody_knows_is_held() -> None:
    odd = element(0x00281050, "ZZ", b"40")
    assert _code(small(tail=odd)) == ("metadata.malformed", "NotImplementedError")


def test_a_sequence_that_only_pydicom_can_read_is_normalised_late() -> None:
    # tags inside an item out of order: found when the walk comes there
    inner = element(0x00081155, "UI", b"1.2\0") + element(0x00081150, "UI", b"1.3\0")
    tail = element(0x00400275, "SQ", item(b"")) + element(0x7FE00010, "OB", bytes(10))
    sequence = element(0x00289110, "SQ", item(inner))
    data = small(tail=sequence + tail)
    assert not open_object(BytesReader(data))[1]
    assert walked(data).report.normalised


def test_two_attempts_are_the_last() -> None:
    big = _deflated(encode(base(CT), implicit=False) + element(0x00289110, "SQ", b"no items"))
    assert _code(big)[0] == "metadata.malformed"


def test_a_data_set_without_elements_is_no_object() -> None:
    assert _code(bytes(128) + b"DICM") == ("metadata.malformed", "no element")
    assert _code(b"") == ("metadata.malformed", "no element")


def test_the_settings_of_pydicom_are_as_before() -> None:
    before = config.replace_un_with_known_vr, config.convert_wrong_length_to_UN
    with pytest.raises(MalformedError):
        normalise(BytesReader(small(tail=element(0x00281050, "ZZ", b"40"))))
    assert before == (config.replace_un_with_known_vr, config.convert_wrong_length_to_UN)


class _Large(BytesReader):
    @property
    def size(self) -> int:
        return (1 << 30) + 1


def test_what_does_not_fit_into_memory_is_not_normalised() -> None:
    with pytest.raises(MalformedError) as caught:
        normalise(_Large(b""))
    assert caught.value.code == "metadata.limit"


def test_an_implicit_object_that_is_normalised_is_said_to_be_explicit() -> None:
    data = small(
        tail=element(0x00080001, "", bytes(4)), transfer_syntax=str(ImplicitVRLittleEndian)
    )
    assert walked(data, BASIC).transfer_syntax_uid == EXPLICIT


def test_an_encapsulated_object_keeps_its_transfer_syntax() -> None:
    source = pydicom.dcmread(str(get_testdata_file("SC_rgb_rle.dcm")))
    source.PatientID = "4711"
    buffer = io.BytesIO()
    source.save_as(buffer)
    tail = element(0x00080001, "UL", bytes(4))
    result = walked(buffer.getvalue() + tail)
    assert result.report.normalised
    assert result.transfer_syntax_uid == source.file_meta.TransferSyntaxUID
    assert cleaned(buffer.getvalue() + tail).PixelData == source.PixelData
