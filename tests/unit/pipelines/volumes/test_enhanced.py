"""Enhanced images, beside SimpleITK's reader."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.volumes import assemble, read_header, real_values, stacks_of, stored_values
from tests.support.shared_data import SHARED, needs_shared
from tests.unit.pipelines.volumes.made import (
    AXIAL,
    CORONAL,
    ENHANCED_CT,
    SAGITTAL,
    encoded,
    group,
    with_pixels,
)
from tests.unit.pipelines.volumes.test_plane import rotated

sitk: Any = SimpleITK  # its calls have no types

OBLIQUE = rotated(0.4, -0.2, 1.1)


def enhanced_with(
    values: NDArray[np.int16], orientation: tuple[float, ...], step: float
) -> Dataset:
    """Return an enhanced CT whose frames are `step` millimetres apart along their normal."""
    dataset = with_pixels(values)
    for keyword in (
        *("PixelSpacing", "SliceThickness"),
        *("ImagePositionPatient", "ImageOrientationPatient"),
    ):
        delattr(dataset, keyword)
    dataset.SOPClassUID = ENHANCED_CT
    normal = np.cross(orientation[:3], orientation[3:])
    scale = {"RescaleSlope": 2, "RescaleIntercept": -10, "RescaleType": "HU"}
    dataset.SharedFunctionalGroupsSequence = [
        group(None, orientation, (1.5, 0.7), PixelValueTransformationSequence=scale)
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        group((np.array([1, 2, 10]) + step * k * normal).tolist()) for k in range(len(values))
    ]
    return dataset


def agrees_with_itk(path: Path) -> None:
    dataset = pydicom.dcmread(path)
    header = read_header(dataset)
    (stack,) = stacks_of([header])
    stored = stored_values(dataset)
    volume = assemble(stack, [header], lambda which: real_values(dataset, stored, which.frame))
    image = sitk.ReadImage(str(path))
    values = sitk.GetArrayFromImage(image)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    if affine[:3, 2] @ volume.affine[:3, 2] < 0:  # the other way round
        affine[:3, 3] += affine[:3, 2] * (len(values) - 1)
        affine[:3, 2] *= -1
        values = values[::-1]
    assert np.allclose(affine, volume.affine, atol=1e-3)
    assert np.allclose(values, volume.values)


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("step", [2.5, -0.9])
def test_an_enhanced_image_is_what_itk_reads(
    orientation: tuple[float, ...], step: float, tmp_path: Path
) -> None:
    values = np.random.default_rng(0).integers(-1000, 1000, (6, 8, 9), dtype=np.int16)
    reader = encoded(enhanced_with(values, orientation, step))
    (tmp_path / "image").write_bytes(reader.read(0, reader.size))
    agrees_with_itk(tmp_path / "image")


@needs_shared
def test_a_compressed_enhanced_image_is_what_itk_reads() -> None:
    if SHARED is None:
        pytest.skip("../shared/data (beside the project) is missing")
    folder = SHARED / "corpus" / "enhanced_multiframe"
    for name in (
        "CT0012.not_fragmented_no_bot_rle.dcm",
        "CT0012.not_fragmented_no_bot_jpeg_ls.80.dcm",
    ):
        if not (folder / name).exists():
            pytest.skip(f"{name} is missing")
        agrees_with_itk(folder / name)
