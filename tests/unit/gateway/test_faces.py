"""A study is looked at as a whole; what can't be read is held when its turn comes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from pydicom.uid import RLELossless

from gateway.faces import look_at_study
from gateway.files import FileReader
from gateway.studies import by_study, study_of
from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome, FacePlan, Known
from pipelines.deface.remembered import Remembered, encode
from pipelines.errors import HeldError
from pipelines.volumes import ImageHeader
from tests.support.engine import plan_of
from tests.support.faces import as_file, slice_of
from tests.support.objects import options

FACES = options("clean-recognizable-visual-features")
PLAN = plan_of(f"{FACES}deface: {{modalities: [CT], mask: narrow}}\n")
NO_FACE = FaceDecision(outcome=FaceOutcome.NO_FACE)


class _Planner:
    """Stands for `pipelines.deface.study.plan_faces`."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.headers: list[ImageHeader] = []
        self.asked: dict[str, object] = {}
        self.values: list[list[np.ndarray]] = []

    def __call__(
        self,
        headers: Sequence[ImageHeader],
        pixels: Callable[[int], Mapping[int, np.ndarray]],
        **asked: object,
    ) -> FacePlan:
        self.headers, self.asked = list(headers), asked
        if self.error is not None:
            raise self.error
        self.values = [[pixels(n)[f] for f in range(h.frames)] for n, h in enumerate(headers)]
        return FacePlan(decisions={h.sop_instance_uid: NO_FACE for h in headers})


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> _Planner:
    planner = _Planner()
    monkeypatch.setattr("pipelines.deface.study.plan_faces", planner)
    return planner


def _look(folder: Path, *files: bytes) -> list[FaceDecision | None]:
    paths = [folder / f"{number}.dcm" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    found = look_at_study({str(path): partial(FileReader, path) for path in paths}, PLAN, ())
    assert "face" not in repr(found)
    return [found.decision(str(path)) for path in paths]


def test_the_planner_gets_what_the_plan_says_and_real_world_values(
    tmp_path: Path, planner: _Planner
) -> None:
    source = slice_of(RescaleSlope=2, RescaleIntercept=-1)
    before = source.pixel_array.copy()
    compressed = slice_of(syntax=RLELossless, RescaleSlope=2, RescaleIntercept=-1)
    assert _look(tmp_path, as_file(source), as_file(compressed)) == [NO_FACE, NO_FACE]
    plan = {"modalities": frozenset(["CT"]), "depth": Depth.NARROW}
    assert planner.asked == {**plan, "earlier": []}
    for (values,) in planner.values:
        assert values.dtype == np.float32
        assert np.array_equal(values, before * 2.0 - 1)


def test_objects_with_one_uid_are_two(tmp_path: Path, planner: _Planner) -> None:
    files = [as_file(slice_of(sop="1.2.3.4", number=n)) for n in range(3)]
    assert _look(tmp_path, *files) == [NO_FACE] * 3
    assert len({each.sop_instance_uid for each in planner.headers}) == 3
    assert planner.headers[0].sop_instance_uid == "1.2.3.4"


def test_what_can_not_be_read_was_not_looked_at(tmp_path: Path, planner: _Planner) -> None:
    found = _look(tmp_path, b"no DICOM", as_file(slice_of()), b"")
    assert found == [None, NO_FACE, None]
    assert len(planner.headers) == 1
    assert _look(tmp_path, b"no DICOM") == [None]


def test_pixels_that_can_not_be_decoded_are_looked_at_by_nobody(
    tmp_path: Path, planner: _Planner
) -> None:
    source = slice_of()
    source.PixelData = source.PixelData[:10]
    data = as_file(source)
    assert _look(tmp_path, data) == [None]
    assert len(planner.headers) == 1


def test_a_missing_template_is_the_reason(tmp_path: Path, planner: _Planner) -> None:
    planner.error = HeldError("face.no-template")
    (found,) = _look(tmp_path, as_file(slice_of()))
    assert found == FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.no-template")


@pytest.mark.parametrize("error", [KeyError("Gartenzwerg"), RuntimeError("SimpleITK")])
def test_a_defect_of_ours_costs_this_study_only(
    tmp_path: Path, planner: _Planner, error: Exception
) -> None:
    planner.error = error
    assert _look(tmp_path, as_file(slice_of())) == [None]


def test_too_little_memory_ends_the_process(tmp_path: Path, planner: _Planner) -> None:
    planner.error = MemoryError()
    with pytest.raises(MemoryError):
        _look(tmp_path, as_file(slice_of()))


# Which files are of one study


def test_files_are_grouped_by_subject_and_study(tmp_path: Path) -> None:
    made = {
        "a1": as_file(slice_of()),
        "b1": as_file(slice_of(study="1.2.4")),
        "a2": as_file(slice_of(number=1)),
        "c1": as_file(slice_of(patient_id="4712")),
        "none": b"no DICOM",
    }
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    names = [*made, "missing"]
    studies, rest = by_study((tmp_path / name, study_of(tmp_path / name)) for name in names)
    assert [[path.name for path in each] for each in studies] == [["a1", "a2"], ["b1"], ["c1"]]
    assert [path.name for path in rest] == ["none", "missing"]


def test_what_was_found_before_is_told_to_the_planner(tmp_path: Path, planner: _Planner) -> None:
    path = tmp_path / "0.dcm"
    path.write_bytes(as_file(slice_of()))
    known = encode(Remembered(frame_of_reference_uid="1.2.3.9", outcome=Known.NO_FACE))
    look_at_study({"0": partial(FileReader, path)}, PLAN, [known])
    (told,) = cast("list[Remembered]", planner.asked["earlier"])
    assert (told.frame_of_reference_uid, told.outcome) == ("1.2.3.9", Known.NO_FACE)


def test_where_that_can_not_be_read_nobody_looks(tmp_path: Path, planner: _Planner) -> None:
    path = tmp_path / "0.dcm"
    path.write_bytes(as_file(slice_of()))
    found = look_at_study({"0": partial(FileReader, path)}, PLAN, [b"another version"])
    assert found.decision("0") is None
    assert planner.asked == {}
