import io

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from pipelines.volumes import real_frame, real_values, stored_frame, stored_values
from tests.unit.pipelines.volumes.made import encoded, group, with_pixels


def reread(dataset: Dataset) -> Dataset:
    reader = encoded(dataset)
    return pydicom.dcmread(io.BytesIO(reader.read(0, reader.size)))


@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"]),
    st.integers(1, 3),
    st.sampled_from([1, 3]),
    st.integers(0, 1),
)
def test_stored_values_are_those_written(
    kind: str,
    frames: int,
    samples: int,
    planar: int,
) -> None:
    generator = np.random.default_rng(frames)
    limits = np.iinfo(kind)
    shape = (frames, 4, 5, 3) if samples == 3 else (frames, 4, 5)
    values = generator.integers(limits.min, limits.max, shape, dtype=kind)
    dataset = reread(with_pixels(values, planar=planar))
    found = stored_values(dataset)
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)
    assert np.array_equal(stored_frame(dataset, frames - 1), values[-1])


def test_rescale() -> None:
    values = np.array([[[0, 1000]], [[2000, -5]]], dtype=np.int16)
    dataset = reread(with_pixels(values, RescaleSlope=0.5, RescaleIntercept=-1024))
    assert real_values(dataset, values, 0).tolist() == [[-1024, -524]]
    assert real_values(dataset, values, 1).tolist() == [[-24, -1026.5]]
    assert real_values(dataset, values, 1).dtype == np.float32


def test_rescale_of_a_frame_overrides_the_shared_one() -> None:
    def scaled(slope: float, intercept: float) -> Dataset:
        return group(
            PixelValueTransformationSequence={"RescaleSlope": slope, "RescaleIntercept": intercept}
        )

    values = np.full((3, 1, 1), 10, dtype=np.uint16)
    dataset = with_pixels(values, RescaleSlope=9)
    dataset.SharedFunctionalGroupsSequence = [scaled(2, 1)]
    dataset.PerFrameFunctionalGroupsSequence = [scaled(3, 0), group(), scaled(4, -1)]
    dataset = reread(dataset)
    assert [real_values(dataset, values, i).item() for i in range(3)] == [30, 21, 39]


@pytest.mark.parametrize("slope", ["0", "x", None])
def test_a_slope_that_is_none_changes_nothing(slope: str | None) -> None:
    values = np.full((1, 1, 1), 10, dtype=np.uint16)
    dataset = with_pixels(values, RescaleIntercept=1)
    if slope == "0":
        dataset.RescaleSlope = slope
    assert real_values(dataset, values).item() == 11


@pytest.mark.parametrize(
    ("kind", "padding", "limit"),
    [("i2", -2000, None), ("i2", 63536, None), ("u2", 63536, None), ("i2", -2000, -1990)],
)
def test_padding_becomes_air(kind: str, padding: int, limit: int | None) -> None:
    stored = padding - 65536 if kind == "i2" and padding > 32767 else padding
    values = np.array([[[stored, 100, 200, stored]]], dtype=kind)
    dataset = with_pixels(values, RescaleSlope=2)
    vr = "SS" if padding < 0 else "US"
    dataset.add_new("PixelPaddingValue", vr, padding)
    if limit is not None:
        dataset.add_new("PixelPaddingRangeLimit", vr, limit)
        values[0, 0, 3] = limit - 3
    assert real_values(reread(dataset), values).tolist() == [[200, 200, 400, 200]]


def test_nothing_but_padding_is_nothing() -> None:
    values = np.full((1, 2, 2), -2000, dtype=np.int16)
    dataset = with_pixels(values)
    dataset.add_new("PixelPaddingValue", "SS", -2000)
    assert (real_values(dataset, values) == 0).all()


def test_floats_that_are_no_number_become_air() -> None:
    values = np.array([[1.5, np.nan], [np.inf, 7]], dtype=np.float32)
    assert real_frame(with_pixels(values[None]), values).tolist() == [[1.5, 1.5], [1.5, 7]]


def test_padding_of_floats() -> None:
    values = np.array([[1.5, -9.5]], dtype=np.float32)
    dataset = with_pixels(values[None])
    dataset.FloatPixelPaddingValue = -9.5
    assert real_frame(dataset, values).tolist() == [[1.5, 1.5]]


def test_a_look_up_table_is_used() -> None:
    table = Dataset()
    table.LUTDescriptor = [4, 0, 16]
    table.ModalityLUTType = "HU"
    table.LUTData = [10, 20, 40, 80]
    values = np.array([[[0, 1], [2, 3]]], dtype=np.uint16)
    dataset = with_pixels(values, ModalityLUTSequence=[table])
    assert real_values(dataset, values).tolist() == [[10, 20], [40, 80]]
