"""Head scans, beside SimpleITK's reader."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK
from numpy.typing import NDArray

from pipelines.volumes import (
    FrameOf,
    ImageHeader,
    Volume,
    assemble,
    read_header,
    real_values,
    stacks_of,
    stored_values,
)
from tests.support.shared_data import SHARED, needs_shared

SERIES = {
    "ct_ax_3mm_P": "ct_phantom_head",
    "ct_ax_thick_J": "ct_tilt_thick_adultJ",
    "mr_ax_thick5_B": "mr_t1_sag_adultB",
    "mr_cor_2mm_B": "mr_t1_sag_adultB",
    "mr_sag_2mm_A": "mr_t1_sag_adultA",
    "mr_sag_thick5_C": "mr_t1_thick_sag_adultC",
}
pytestmark = needs_shared
sitk: Any = SimpleITK  # its calls have no types


def heads() -> Path:
    if SHARED is None:
        pytest.skip("../shared/data (beside the project) is missing")
    return SHARED / "heads"


@cache
def read(series: str) -> tuple[list[Path], list[ImageHeader], Volume]:
    """Return files (in the order of their random names), headers and volume."""
    files = sorted((heads() / "dicom" / series).iterdir())
    datasets = [pydicom.dcmread(file) for file in files]
    headers = [read_header(dataset) for dataset in datasets]
    (stack,) = stacks_of(headers)
    assert len(stack.frames) == len(files)

    def frame(which: FrameOf) -> NDArray[np.float32]:
        dataset = datasets[which.image]
        return real_values(dataset, stored_values(dataset), which.frame)

    return files, headers, assemble(stack, headers, frame)


def affine_of_image(image: Any) -> NDArray[np.float64]:  # noqa: ANN401  (SimpleITK has no types)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return affine


def itk_series(files: Sequence[str]) -> Any:  # noqa: ANN401  (SimpleITK has no types)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    return reader.Execute()


@pytest.mark.parametrize("series", SERIES)
def test_a_series_is_what_itk_reads(series: str) -> None:
    _, _, volume = read(series)
    folder = str(heads() / "dicom" / series)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
    image = itk_series(names)
    theirs, values = affine_of_image(image), sitk.GetArrayFromImage(image)
    if not np.allclose(volume.affine, theirs, atol=1e-3):
        # the other way round along the slices
        theirs[:3, 3] += theirs[:3, 2] * (len(values) - 1)
        theirs[:3, 2] *= -1
        values = values[::-1]
    assert np.allclose(volume.affine, theirs, atol=1e-3)
    assert np.allclose(volume.values, values, atol=1e-3)


@pytest.mark.parametrize(("series", "source"), SERIES.items())
def test_a_series_lies_where_the_volume_lies_it_was_made_of(series: str, source: str) -> None:
    _, _, volume = read(series)
    image = sitk.ReadImage(str(heads() / f"{source}.nii.gz"), sitk.sitkFloat32)
    ours = sitk.GetImageFromArray(volume.values)
    spacing = np.linalg.norm(volume.affine[:3, :3], axis=0)
    ours.SetSpacing(spacing.tolist())
    ours.SetDirection((volume.affine[:3, :3] / spacing).ravel().tolist())
    ours.SetOrigin(volume.affine[:3, 3].tolist())
    moved = sitk.GetArrayFromImage(
        sitk.Resample(image, ours, sitk.Transform(), sitk.sitkLinear, np.nan)
    )
    there = np.isfinite(moved)
    assert there.mean() > 0.3
    assert np.corrcoef(moved[there], volume.values[there])[0, 1] > 0.97


@pytest.mark.parametrize("series", SERIES)
def test_planes_and_affine_agree(series: str) -> None:
    _, headers, volume = read(series)
    (stack,) = stacks_of(headers)
    for number in (0, len(stack.frames) // 2, len(stack.frames) - 1):
        header = headers[stack.frames[number].image]
        plane = header.planes[0]
        assert plane is not None
        points = plane.points(header.rows, header.columns)
        for i, j in ((0, 0), (header.rows - 1, header.columns - 1)):
            found = (volume.affine @ np.array([j, i, number, 1]))[:3]
            assert np.allclose(found, points[i, j], atol=0.01)
