"""Compressed pixels become native, and read back as the decoder gave them."""

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from pipelines.metadata.normalise import BytesReader
from pipelines.metadata.opening import open_object
from pipelines.volumes import VolumeError, masked, stored_frame, stored_values
from tests.unit.pipelines.volumes.made import encoded, with_pixels
from tests.unit.pipelines.volumes.test_masked import content, values_of

FILES = Path(config.__file__).parent / "data" / "test_files"
CHANGED = frozenset([0x7FE00000, 0x7FE00001, 0x7FE00002, 0x7FE00010])
COLOUR = frozenset([0x00280000, 0x00280004, 0x00280006])
COMPRESSED = [
    "693_J2KI.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_rle_16bit_2frame.dcm",
    "SC_rgb_rle_32bit.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "examples_jpeg2k.dcm",
    "examples_ybr_color.dcm",
    "rtdose_rle.dcm",
]


def half(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.random.default_rng(3).random(shape[:2]) < 0.5


def raw_elements(reader: BytesReader, changed: frozenset[int]) -> dict[int, bytes]:
    """Return the root elements as they are encoded, without those that change."""
    outline, _ = open_object(reader)
    return {
        element.tag: outline.buffer[element.start : element.value] + outline.value(element)
        for element in outline.elements
        if element.tag not in changed
    }


@pytest.mark.parametrize("name", COMPRESSED)
def test_outside_the_mask_are_the_decoder_s_values(name: str) -> None:
    source = BytesReader((FILES / name).read_bytes())
    before = values_of(source)
    mask = half(before.shape[1:])
    result = BytesReader(content(masked(source, {len(before) - 1: mask}, 7)))
    after = values_of(result)
    assert after.dtype == before.dtype
    assert np.array_equal(after[:-1], before[:-1])
    assert np.array_equal(after[-1][~mask], before[-1][~mask])
    assert (after[-1][mask].reshape(mask.sum(), -1)[:, 0] == 7).all()

    changed = CHANGED | COLOUR if before.ndim == 4 else CHANGED
    assert raw_elements(result, changed) == raw_elements(source, changed)
    written = pydicom.dcmread(io.BytesIO(content(result)))
    assert written.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert len(written.PixelData) % 2 == 0
    if before.ndim == 4:
        assert written.PlanarConfiguration == 0
        assert written.PhotometricInterpretation in ("RGB", "YBR_FULL")
    meta = written.file_meta
    assert meta.FileMetaInformationGroupLength == _meta_length(content(result))
    others = pydicom.dcmread(io.BytesIO(content(source))).file_meta
    for element in others:
        if element.keyword not in ("TransferSyntaxUID", "FileMetaInformationGroupLength"):
            assert meta[element.tag] == element


def _meta_length(data: bytes) -> int:
    """Return the length of group 0002 after its first element, counted."""
    outline, _ = open_object(BytesReader(data))
    return outline.head.dataset - 132 - 12


def compressed(values: NDArray[np.generic], *, extended: bool, **attributes: object) -> Dataset:
    dataset = with_pixels(values, **attributes)  # type: ignore[arg-type]  # as given
    frames = [
        RLELosslessEncoder.encode(dataset, index=i, encoding_plugin="pydicom")
        for i in range(len(values))
    ]
    dataset.file_meta.TransferSyntaxUID = RLELossless
    if extended:
        dataset.PixelData, offsets, lengths = encapsulate_extended(frames)
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    else:
        dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


@pytest.mark.parametrize("size", [4, 200])
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("kind", ["u1", "u2", "i2"])
def test_frames_keep_their_order(kind: str, *, extended: bool, size: int) -> None:
    generator = np.random.default_rng(0)
    values = generator.integers(0, 100, (3, size, size + 1)).astype(kind)
    source = encoded(compressed(values, extended=extended), RLELossless)
    mask = half((size, size + 1))
    result = masked(source, {1: mask}, 101)
    values[1][mask] = 101
    assert np.array_equal(values_of(result), values)
    written = pydicom.dcmread(io.BytesIO(content(result)))
    assert "ExtendedOffsetTable" not in written
    assert "ExtendedOffsetTableLengths" not in written
    expected = "OB" if kind == "u1" else "OW"
    assert str(written["PixelData"].VR) == expected
    whole = content(result)
    assert b"".join(result.read(at, 7) for at in range(0, result.size, 7)) == whole
    assert result.read(result.size, 1) == b""


def test_lengths_of_groups_that_change_go_and_what_follows_stays() -> None:
    dataset = compressed(np.zeros((1, 4, 5), dtype=np.uint16), extended=True)
    dataset.add_new(0xFFFCFFFC, "OB", b"\0" * 20_000)
    dataset.add_new(0x00091001, "OB", b"\1" * 20_000)
    source = encoded(dataset, RLELossless)
    result = content(masked(source, {0: half((4, 5))}, 1))
    written = pydicom.dcmread(io.BytesIO(result))
    assert written[0xFFFCFFFC].value == b"\0" * 20_000
    assert written[0x00091001].value == b"\1" * 20_000


def test_a_frame_that_is_not_there_is_held() -> None:
    dataset = compressed(np.zeros((2, 4, 5), dtype=np.uint16), extended=False)
    dataset.NumberOfFrames = 3
    with pytest.raises(VolumeError) as caught:
        masked(encoded(dataset, RLELossless), {0: half((4, 5))}, 1)
    assert caught.value.code == "face.unsupported"


def test_a_frame_beyond_their_number_is_left_out() -> None:
    values = np.arange(40, dtype=np.uint16).reshape(2, 4, 5)
    dataset = compressed(values, extended=False)
    dataset.NumberOfFrames = 1
    source = encoded(dataset, RLELossless)
    result = masked(source, {0: half((4, 5))}, 1)
    assert len(pydicom.dcmread(io.BytesIO(content(result))).PixelData) == 40


def test_a_mask_of_nothing_decodes_nothing() -> None:
    source = BytesReader((FILES / "JPEG2000-embedded-sequence-delimiter.dcm").read_bytes())
    assert content(masked(source, {}, 0)) == content(source)


@pytest.mark.parametrize("name", ["JPEG-lossy.dcm", "JPGExtended.dcm"])
def test_what_no_decoder_reads_is_held(name: str) -> None:
    data = (FILES / name).read_bytes()
    dataset = pydicom.dcmread(io.BytesIO(data))
    with pytest.raises(VolumeError) as caught:
        masked(BytesReader(data), {0: half((dataset.Rows, dataset.Columns))}, 0)
    assert caught.value.code == "face.unsupported"
    with pytest.raises(VolumeError):
        stored_values(dataset)
    with pytest.raises(VolumeError):
        stored_frame(dataset, 0)


def test_bytes_that_are_no_stream_are_held() -> None:
    dataset = compressed(np.zeros((1, 4, 5), dtype=np.uint16), extended=False)
    dataset.PixelData = encapsulate([b"no image at all."])
    with pytest.raises(VolumeError) as caught:
        masked(encoded(dataset, RLELossless), {0: half((4, 5))}, 1)
    assert caught.value.code == "face.unsupported"


def test_bits_beyond_those_stored_do_not_survive() -> None:
    values = np.full((1, 4, 5), 0xF001, dtype=np.uint16)
    dataset = compressed(values, extended=False, stored=12)
    source = encoded(dataset, RLELossless)
    result = content(masked(source, {0: half((4, 5))}, 2))
    assert set(np.frombuffer(result[-40:], dtype="<u2").tolist()) == {1, 2}


def test_a_stream_of_more_bits_than_stored_is_held() -> None:
    """Native, its values would read back as others."""
    dataset = pydicom.dcmread(FILES / "MR_small_jp2klossless.dcm")
    dataset.BitsStored, dataset.HighBit = 8, 7
    source = encoded(dataset, dataset.file_meta.TransferSyntaxUID)
    with pytest.raises(VolumeError) as caught:
        masked(source, {0: half((64, 64))}, 1)
    assert caught.value.code == "face.unsupported"


def test_a_header_that_promises_too_much_is_held() -> None:
    dataset = compressed(np.zeros((1, 4, 5), dtype=np.uint16), extended=False)
    dataset.Rows = dataset.Columns = 65535
    with pytest.raises(VolumeError) as caught:
        stored_values(dataset)
    assert caught.value.code == "face.unsupported"
    with pytest.raises(VolumeError):
        stored_frame(dataset, 0)
    with pytest.raises(VolumeError):
        masked(encoded(dataset, RLELossless), {0: np.ones((65535, 65535), dtype=np.bool_)}, 1)


def test_packed_bits_in_fragments_are_held() -> None:
    dataset = compressed(np.zeros((1, 4, 8), dtype=np.uint8), extended=False)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    with pytest.raises(VolumeError):
        masked(encoded(dataset, RLELossless), {0: half((4, 8))}, 1)


def test_colour_is_by_pixel_afterwards() -> None:
    values = np.arange(60, dtype=np.uint8).reshape(1, 4, 5, 3)
    dataset = compressed(values, extended=False)
    dataset.PlanarConfiguration = 1
    dataset.add_new(0x00280000, "UL", 7)
    result = masked(encoded(dataset, RLELossless), {0: half((4, 5))}, 1)
    written = pydicom.dcmread(io.BytesIO(content(result)))
    assert written.PlanarConfiguration == 0
    assert 0x00280000 not in written
    assert np.array_equal(values_of(result)[0][~half((4, 5))], values[0][~half((4, 5))])


def test_native_pixels_under_a_compressed_syntax_are_held() -> None:
    dataset = with_pixels(np.zeros((1, 4, 5), dtype=np.uint16))
    data = content(encoded(dataset)).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    with pytest.raises(VolumeError):
        masked(BytesReader(data), {0: half((4, 5))}, 0)
