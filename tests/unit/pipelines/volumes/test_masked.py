"""Native pixels: what is under a mask goes, and no other byte changes."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gateway.files import FileReader
from pipelines.context import RangeReader
from pipelines.metadata.normalise import BytesReader
from pipelines.volumes import VolumeError, masked, stored_values
from tests.unit.pipelines.volumes.made import encoded, image, with_pixels

Masks = dict[int, NDArray[np.bool_]]


def content(reader: RangeReader) -> bytes:
    return reader.read(0, reader.size)


def values_of(reader: RangeReader) -> NDArray[Any]:
    return stored_values(pydicom.dcmread(io.BytesIO(content(reader))))


def everything(shape: tuple[int, int]) -> NDArray[np.bool_]:
    return np.ones(shape, dtype=np.bool_)


@st.composite
def images(draw: st.DrawFn) -> tuple[NDArray[Any], int, int, str, Masks, int]:
    """Draw stored values, Bits Stored, planar configuration, syntax, masks and a fill value."""
    kind = np.dtype(draw(st.sampled_from(["<u1", "<u2", "<u4", "<i1", "<i2", "<i4"])))
    frames, rows, columns = (draw(st.integers(1, top)) for top in (4, 9, 9))
    colour = () if draw(st.booleans()) else (3,)
    allocated = 8 * kind.itemsize
    stored = draw(st.sampled_from([allocated, allocated, max(1, allocated - 4)]))
    # what is in the bits beyond those stored is anything
    values = draw(arrays.arrays(kind, (frames, rows, columns, *colour)))
    masks = draw(
        st.dictionaries(
            st.integers(0, frames - 1), arrays.arrays(np.bool_, (rows, columns)), max_size=frames
        )
    )
    signed = kind.kind == "i"
    low = -(1 << stored - 1) if signed else 0
    fill = draw(st.integers(low, low + (1 << stored) - 1))
    syntax = draw(st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
    return values, stored, draw(st.integers(0, 1)), syntax, masks, fill


@given(images(), st.data())
def test_what_is_under_a_mask_is_filled_and_nothing_else_changes(
    made: tuple[NDArray[Any], int, int, str, Masks, int], data: st.DataObject
) -> None:
    values, stored, planar, syntax, masks, fill = made
    source = encoded(with_pixels(values, stored=stored, planar=planar), syntax)
    before = values_of(source)
    result = masked(source, masks, fill)
    assert result.size == source.size
    expected = before.copy()
    for frame, mask in masks.items():
        expected[frame][mask] = fill
    assert np.array_equal(values_of(result), expected)

    # byte by byte, beside the slow way: the array as it lies, filled and laid again
    lying = values.copy()
    for frame, mask in masks.items():
        lying[frame][mask] = fill
    again = encoded(_again(source, with_pixels(lying, stored=stored, planar=planar)), syntax)
    assert content(result) == content(again)

    # in pieces it reads the same
    offset, whole = 0, content(result)
    while offset < result.size:
        length = data.draw(st.integers(1, 400))
        assert result.read(offset, length) == whole[offset : offset + length]
        offset += length
    assert result.read(result.size, 10) == b""


def _again(source: BytesReader, dataset: Dataset) -> Dataset:
    dataset.SOPInstanceUID = pydicom.dcmread(io.BytesIO(content(source))).SOPInstanceUID
    return dataset


@given(
    st.integers(1, 5),
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(0, 1),
    st.integers(0, 2**32),
)
def test_packed_frames_that_begin_amid_a_byte(
    frames: int, rows: int, columns: int, fill: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2, (frames, rows, columns), dtype=np.uint8)
    masks = {f: generator.random((rows, columns)) < 0.5 for f in range(frames) if f % 2 == 0}
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    dataset = image(NumberOfFrames=frames, Rows=rows, Columns=columns, PixelRepresentation=0)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 1, 0
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    dataset["PixelData"].VR = "OB"
    source = encoded(dataset)
    result = masked(source, masks, fill)
    expected = bits.copy()
    for frame, mask in masks.items():
        expected[frame][mask] = fill
    assert np.array_equal(values_of(result), expected)
    whole = content(result)
    assert whole[: -len(dataset.PixelData)] == content(source)[: -len(dataset.PixelData)]
    pieces = b"".join(result.read(at, 1) for at in range(result.size))
    assert pieces == whole


def test_a_large_image_is_not_held_in_memory(tmp_path: Path) -> None:
    values = np.arange(40 * 64 * 64, dtype=np.uint16).reshape(40, 64, 64)
    path = tmp_path / "image"
    path.write_bytes(content(encoded(with_pixels(values))))
    mask = np.zeros((64, 64), dtype=np.bool_)
    mask[10:20, 30:] = True
    with FileReader(path) as source:
        result = masked(source, {7: mask, 39: mask}, 3)
        expected = values.copy()
        expected[7][mask] = expected[39][mask] = 3
        assert np.array_equal(values_of(result), expected)


def test_the_sign_of_what_was_there_is_gone() -> None:
    """Bits beyond those stored extend the sign: left alone, they would draw the face."""
    values = np.array([[[-1000, 40], [-1000, 40]]], dtype=np.int16)
    source = encoded(with_pixels(values, stored=12))
    result = content(masked(source, {0: everything((2, 2))}, -1024))
    assert result.endswith(np.full(4, -1024, dtype="<i2").tobytes())


def test_unused_bits_outside_the_mask_stay() -> None:
    values = np.array([[[0xF123, 0xA456]]], dtype=np.uint16)
    source = encoded(with_pixels(values, stored=12))
    result = content(masked(source, {0: np.array([[True, False]])}, 5))
    assert result.endswith(np.array([5, 0xA456], dtype="<u2").tobytes())


@pytest.mark.parametrize(
    ("kind", "keyword"), [("<f4", "FloatPixelData"), ("<f8", "DoubleFloatPixelData")]
)
def test_floats_are_filled(kind: str, keyword: str) -> None:
    values = np.linspace(-1, 1, 24, dtype=kind).reshape(2, 3, 4)
    dataset = with_pixels(values)
    del dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation, dataset.PixelData
    setattr(dataset, keyword, values.tobytes())
    source = encoded(dataset)
    result = masked(source, {1: everything((3, 4))}, -0.5)
    values[1] = -0.5
    assert np.array_equal(values_of(result), values)
    assert result.size == source.size


@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "u4"])
def test_big_endian_is_filled(kind: str) -> None:
    values = np.arange(2 * 3 * 5).reshape(2, 3, 5).astype(kind)
    dataset = with_pixels(values)
    dataset.PixelData = values.astype(f">{kind}").tobytes()
    dataset["PixelData"].VR = "OB" if kind == "u1" else "OW"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    out = io.BytesIO()
    dcmwrite(out, dataset, enforce_file_format=True)
    result = masked(BytesReader(out.getvalue()), {1: everything((3, 5))}, 9)
    values[1] = 9
    assert np.array_equal(values_of(result), values)


def test_deflated_is_filled() -> None:
    values = np.arange(15, dtype=np.uint16).reshape(1, 3, 5)
    source = encoded(with_pixels(values), DeflatedExplicitVRLittleEndian)
    result = masked(source, {0: everything((3, 5))}, 9)
    assert (values_of(result) == 9).all()


def test_chroma_becomes_grey() -> None:
    values = np.zeros((1, 1, 2, 3), dtype=np.uint8) + np.array([1, 2, 3], dtype=np.uint8)
    for planar in (0, 1):
        source = encoded(with_pixels(values, photometric="YBR_FULL", planar=planar))
        result = values_of(masked(source, {0: np.array([[False, True]])}, 0))
        assert result.tolist() == [[[[1, 2, 3], [0, 128, 128]]]]


def test_surplus_after_the_last_pixel_is_cleared() -> None:
    dataset = with_pixels(np.full((1, 3, 5), 7, dtype=np.uint16))
    dataset.PixelData += b"face"
    result = content(masked(encoded(dataset), {0: np.eye(3, 5, dtype=np.bool_)}, 0))
    assert result.endswith(b"\7\0\0\0\0\0")
    assert b"face" not in result


def test_nothing_to_fill_is_the_object_itself() -> None:
    source = encoded(with_pixels(np.full((1, 3, 5), 7, dtype=np.uint16)))
    for masks in ({}, {0: np.zeros((3, 5), dtype=np.bool_)}):
        assert content(masked(source, masks, 0)) == content(source)


def _values(**attributes: object) -> Dataset:
    return with_pixels(np.zeros((2, 3, 5), dtype=np.uint16), **attributes)  # type: ignore[arg-type]  # as drawn


def _changed(**attributes: object) -> Dataset:
    dataset = _values()
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    "dataset",
    [
        _changed(PixelData=None),
        _changed(PixelData=b"\0" * 58),
        _changed(PixelData=b"\0" * 90),
        _changed(FloatPixelData=b"\0" * 60),
        _changed(HighBit=11),
        _changed(BitsAllocated=12),
        _changed(BitsStored=17),
        _changed(BitsStored=None),
        _changed(Rows=None),
        _changed(Rows=0),
        _changed(SamplesPerPixel=2),
        _changed(SamplesPerPixel=3),
        _changed(PhotometricInterpretation="CMYK"),
        _changed(NumberOfFrames=3),
        _changed(NumberOfFrames=0),
    ],
)
def test_what_can_t_be_filled_is_held(dataset: Dataset) -> None:
    with pytest.raises(VolumeError) as caught:
        masked(encoded(dataset), {0: everything((3, 5))}, 0)
    assert caught.value.code == "face.unsupported"


def test_subsampled_chroma_is_held() -> None:
    values = np.zeros((1, 2, 2, 3), dtype=np.uint8)
    dataset = with_pixels(values, photometric="YBR_FULL_422")
    dataset.PixelData = b"\0" * 8
    with pytest.raises(VolumeError):
        masked(encoded(dataset), {0: everything((2, 2))}, 0)


@pytest.mark.parametrize(
    ("masks", "fill"),
    [
        ({2: everything((3, 5))}, 0),
        ({-1: everything((3, 5))}, 0),
        ({0: everything((5, 3))}, 0),
        ({0: everything((3, 5))}, -1),
        ({0: everything((3, 5))}, 65536),
        ({0: everything((3, 5))}, 0.5),
    ],
)
def test_masks_and_values_of_another_image_are_held(masks: Masks, fill: float) -> None:
    with pytest.raises(VolumeError) as caught:
        masked(encoded(_values()), masks, fill)
    assert caught.value.code == "face.unsupported"


@pytest.mark.parametrize("bulk", [100, 20_000])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_bulk_before_and_after_the_pixels_moves_nothing(bulk: int, syntax: str) -> None:
    values = np.arange(2 * 80 * 60, dtype=np.uint16).reshape(2, 80, 60)
    dataset = with_pixels(values)
    dataset.ICCProfile = b"\1\2" * bulk
    dataset.add_new(0x00091001, "OB", b"\3" * 2 * bulk)
    dataset.add_new(0x60003000, "OW", b"\5" * 2 * bulk)
    dataset.add_new(0xFFFCFFFC, "OB", b"\7" * 2 * bulk)
    source = encoded(dataset, syntax)
    mask = np.zeros((80, 60), dtype=np.bool_)
    mask[3, 4] = True
    before, after = content(source), content(masked(source, {1: mask}, 9))
    changed = np.flatnonzero(np.frombuffer(before, np.uint8) != np.frombuffer(after, np.uint8))
    assert len(before) == len(after)
    place = before.index(values.tobytes()) + 2 * (80 * 60 + 3 * 60 + 4)
    assert set(changed.tolist()) <= {place, place + 1}
    assert len(changed)
