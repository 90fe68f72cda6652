"""The mean head of the installed package: where things are in it, and when it is missing."""

import gzip
import importlib
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (its own short name)
from numpy.typing import NDArray

from pipelines.deface import template as module
from pipelines.deface.brain import height_over_brain
from pipelines.deface.template import (
    CENTRE_MM,
    MIDLINE_MM,
    SPACING_MM,
    TOP_MM,
    load_brain,
    load_template,
)
from pipelines.errors import HeldError
from tests.support.heads.mean_head import needs_mean_head
from tests.support.shared_data import SHARED

FILES = SHARED / "heads" / "template" if SHARED else Path()
needs_files = pytest.mark.skipif(
    not (FILES / "t1_mean_2mm.nii.gz").is_file(),
    reason="../shared/data/heads/template is missing",
)


def _read(name: str) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a file's voxels and their places, LPS mm, shape ``(z, y, x, 3)``."""
    image = sitk.ReadImage(str(FILES / name), sitk.sitkFloat32)
    values = sitk.GetArrayFromImage(image)
    z, y, x = np.indices(values.shape)
    index = np.stack([x, y, z], axis=-1) * np.array(image.GetSpacing())
    turn = np.reshape(image.GetDirection(), (3, 3))
    return values, index @ turn.T + np.array(image.GetOrigin())


@needs_mean_head
@needs_files
def test_the_head_is_where_another_reader_sees_it() -> None:
    values, points = _read("t1_mean_2mm.nii.gz")
    found = load_template().head.at(points[::3, ::3, ::3], outside=0.0)
    inside = found > 0
    assert np.corrcoef(found[inside], values[::3, ::3, ::3][inside])[0, 1] > 0.98


@needs_mean_head
@needs_files
def test_the_narrow_mask_is_where_another_reader_sees_it() -> None:
    values, points = _read("face_narrow_2mm.nii.gz")
    distance = load_template().narrow.at(points[::3, ::3, ::3], outside=None)
    removed = values[::3, ::3, ::3] > 0.5
    assert ((distance < 0) == removed)[np.abs(distance) > 3].mean() > 0.999


@needs_mean_head
def test_the_nose_is_in_front_and_the_scalp_on_top() -> None:
    template = load_template()
    points = template.head.points()[template.inside]
    nose = points[points[:, 1] < points[:, 1].min() + SPACING_MM]
    assert np.abs(nose[:, 0] - MIDLINE_MM).max() < 12
    assert (nose[:, 2] > -80).all()
    assert (nose[:, 2] < -35).all()
    assert points[:, 2].max() == pytest.approx(TOP_MM, abs=2 * SPACING_MM)
    assert CENTRE_MM[0] == MIDLINE_MM


@needs_mean_head
def test_both_sides_are_alike() -> None:
    template = load_template()
    grid = template.head.points()
    mirrored = grid * [-1, 1, 1] + [2 * MIDLINE_MM, 0, 0]
    other = template.head.at(mirrored, outside=0.0)
    assert np.corrcoef(template.head.values.ravel(), other.ravel())[0, 1] > 0.93


@needs_mean_head
def test_what_is_near_holds_the_head() -> None:
    template = load_template()
    assert template.near[template.inside].all()
    assert 0.3 < template.inside.sum() / template.near.sum() < 0.9
    assert template.near.shape == template.inside.shape == template.head.values.shape


@needs_mean_head
def test_the_template_is_read_once_and_shows_no_values() -> None:
    assert load_template() is load_template()
    assert "array" not in repr(load_template())


@needs_mean_head
def test_the_brain_alone_has_neither_skull_nor_skin() -> None:
    brain, whole = load_brain(), load_template()
    height = height_over_brain(brain.head.points())
    assert not brain.head.values[height >= 0].any()
    assert np.array_equal(brain.head.values[brain.inside], whole.head.values[brain.inside])
    assert not (brain.inside & ~whole.inside).any()
    assert brain.near[brain.inside].all()


@needs_files
def test_the_surface_of_the_brain_holds_the_brain() -> None:
    values, points = _read("brain_2mm.nii.gz")
    brain = points[values > 0.5]
    outside_ml = (height_over_brain(brain) > 5).sum() * 8 / 1000
    assert outside_ml < 5
    volume_ml = (height_over_brain(points) < 0).sum() * 8 / 1000
    assert volume_ml == pytest.approx(len(brain) * 8 / 1000, rel=0.12)


def test_the_height_grows_by_a_millimetre_each_along_a_ray() -> None:
    """From deep inside to far outside, whatever the direction."""
    centre = np.array([6.5, 8.0, 5.0])
    rays = np.random.default_rng(4).normal(size=(50, 3))
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    near, far = (height_over_brain(centre + length * rays) for length in (20.0, 150.0))
    assert (near < 0).all()
    assert (far > 0).all()
    assert far - near == pytest.approx(np.full(50, 130.0), abs=20)


@pytest.fixture
def _unread() -> None:
    load_template.cache_clear()


@pytest.mark.usefixtures("_unread")
@pytest.mark.parametrize("package", ["no_such_package_of_narthex", "numpy"])
def test_without_the_package_everything_is_held(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one of the same name has no such files."""
    monkeypatch.setattr(module, "PACKAGE", package)
    with pytest.raises(HeldError) as held:
        load_template()
    assert held.value.code == "face.no-template"
    assert "/" not in str(held.value)


def _header(*, kind: int = 4, columns: int = 8, magic: bytes = b"n+1\0") -> bytes:
    """Return a header of NIfTI-1 (352 bytes with its end)."""
    made = bytearray(352)
    struct.pack_into("<3h", made, 42, columns, 8, 8)
    struct.pack_into("<h", made, 70, kind)
    struct.pack_into("<f", made, 108, 352.0)
    struct.pack_into("<12f", made, 280, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    made[344:348] = magic
    return bytes(made)


WHOLE = _header() + bytes(8**3 * 2)
BAD = {
    "nothing": b"",
    "not compressed": WHOLE,
    "an empty archive": gzip.compress(b""),
    "cut off": gzip.compress(WHOLE, mtime=0)[:-30],
    "broken inside": gzip.compress(WHOLE, mtime=0)[:10] + b"\xff" * 60,
    "fewer voxels than it says": gzip.compress(_header(columns=64) + bytes(1024)),
    "another type of voxels": gzip.compress(_header(kind=16) + bytes(2048)),
    "two files": gzip.compress(_header(magic=b"ni1\0") + bytes(1024)),
}


@pytest.mark.usefixtures("_unread")
@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_other_files_in_the_package_are_no_template(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "odd_heads_of_narthex" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    (data / "mean_reg2mean.nii.gz").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.setattr(module, "PACKAGE", data.parent.name)
    with pytest.raises(HeldError) as held:
        load_template()
    assert held.value.code == "face.no-template"
