"""The scorer's own DICOM: what it writes it reads back, tilted stacks, too."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from ops.bench.faces import series, variants
from ops.bench.faces.anatomy import MEAN
from ops.bench.faces.frame import SHAPE, carry_back, sample
from ops.bench.faces.recognition import likeness, shape_similarity
from ops.bench.faces.scan import Scan


def _scan() -> Scan:
    rng = np.random.default_rng(5)
    nothing = np.zeros(SHAPE, dtype=bool)
    affine = np.diag([3.0, 2.0, 4.0, 1.0])
    affine[:3, 3] = (-20, 10, 30)
    return Scan(
        name="small",
        person="S",
        is_ct=True,
        values=rng.integers(-1000, 2000, (6, 9, 7)).astype(np.int16),
        affine=affine,
        placement=np.diag([2.0, 2.0, 2.0, 1.0]),
        landmarks=MEAN,
        brain=nothing,
        core=nothing,
        seen=~nothing,
    )


def _tilted() -> Scan:
    affine = _scan().affine.copy()
    affine[1, 2] = 1.1  # each slice a little further back
    return replace(_scan(), affine=affine)


def _turned() -> Scan:
    return variants.moved(_scan(), variants.turned(20, 0) @ variants.turned(-15, 2))


@pytest.mark.parametrize("scan", [_scan(), _tilted(), _turned()], ids=["plain", "tilt", "turned"])
def test_what_is_written_is_read_back(scan: Scan, tmp_path: Path) -> None:
    series.write(scan, tmp_path / "in", rng=random.Random(1))
    values, affine = series.read(tmp_path / "in")
    assert np.array_equal(values, scan.values)
    assert np.allclose(affine, scan.affine, atol=1e-4)
    after, there = series.matched(scan, tmp_path / "in")
    assert np.array_equal(after, scan.values)
    assert there.all()


def test_a_missing_slice_is_told(tmp_path: Path) -> None:
    series.write(_scan(), tmp_path / "in", rng=random.Random(1))
    min((tmp_path / "in").iterdir()).unlink()
    _, there = series.matched(_scan(), tmp_path / "in")
    assert there.sum() == len(there) - 1


def test_a_slice_that_moved_is_no_match(tmp_path: Path) -> None:
    series.write(_scan(), tmp_path / "in", rng=random.Random(1))
    path = min((tmp_path / "in").iterdir())
    dataset = pydicom.dcmread(path)
    dataset.ImagePositionPatient = [0, 0, 500]
    dataset.save_as(path)
    with pytest.raises(series.SeriesError):
        series.matched(_scan(), tmp_path / "in")


def test_a_mask_goes_to_the_scan_and_back() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[10:40, 10:60, 20:50] = True
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (4, 6, 8)
    there = carry_back(mask, (60, 80, 70), affine, np.diag([2.0, 2.0, 2.0, 1.0]))
    assert there.sum() == mask.sum()
    again = sample(there, affine, np.diag([2.0, 2.0, 2.0, 1.0]), order=0)
    assert np.array_equal(np.nan_to_num(again) > 0, mask)


def test_truth_moves_with_the_head() -> None:
    turned = _turned()
    place = np.linalg.inv(turned.placement) @ turned.affine
    assert np.allclose(place, np.linalg.inv(_scan().placement) @ _scan().affine)


def test_a_crop_keeps_the_place_of_its_voxels() -> None:
    part = variants.cropped(_scan(), low=(0.5, 0, 0), high=(1, 1, 1))
    assert np.array_equal(part.values, _scan().values[3:])
    assert np.allclose(part.affine @ [0, 0, 0, 1], _scan().affine @ [0, 0, 3, 1])


def test_rank_counts_who_is_nearer() -> None:
    found = likeness({"a": -1.0, "b": -0.5, "c": -2.0}, "a")
    assert found is not None
    assert (found.rank, found.gallery) == (2, 3)
    assert likeness({"a": -1.0}, "z") is None


def test_the_same_shape_is_nearest() -> None:
    rng = np.random.default_rng(3)
    one, other = (np.cumsum(rng.normal(size=(60, 50)), axis=0).astype(np.float32) for _ in "ab")
    nearest = shape_similarity(one, one + 4)  # further away, the same face
    assert nearest == pytest.approx(0, abs=1e-4)
    assert shape_similarity(one, other) < nearest
