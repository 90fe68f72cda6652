"""``narthex deface preview``: what it says, what it writes, and what it refuses."""

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from PIL import Image

from gateway.cli import run
from gateway.commands.deface.words import FIGURES, figures_of
from pipelines.deface.decision import FaceDecision, FaceOutcome
from tests.support.heads.images import Series, write_series
from tests.support.heads.mean_head import mean_head, needs_mean_head
from tests.support.heads.persons import UID_ROOT, WORDS, Study
from tests.support.heads.pictures import write_photograph
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import Pose
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import core_brain

pytestmark = needs_mean_head


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Series]:
    """Return a study of one series: a head with a face, thick axial slices."""
    study = Study(tmp_path_factory.mktemp("study") / "head")
    planes = stack(Cut.AXIAL, step_mm=4.0)
    return study, write_series(study, mean_head(), Pose(pitch=6, yaw=4), Contrast.T1, planes)


@pytest.fixture
def small(tmp_path: Path) -> Study:
    """Return a study of two series of two slices each: nobody can know what they show."""
    study = Study(tmp_path / "small")
    for contrast in (Contrast.T1, Contrast.T2):
        planes = stack(Cut.AXIAL, step_mm=4.0)[20:22]
        write_series(study, mean_head(), Pose(), contrast, planes)
    return study


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def identifies(text: bytes) -> list[str]:
    low = text.lower()
    return [word for word in (*WORDS, UID_ROOT) if word.encode() in low]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = run(["deface", "preview", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_pictures_are_for_their_owner_only_and_name_nobody(
    head: tuple[Study, Series], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, _ = head
    before = hashes(study.folder)
    pictures = tmp_path / "pictures"
    assert run(["deface", "preview", str(study.folder), "--pictures", str(pictures)]) == 0
    said = capsys.readouterr()
    assert "patient data" in said.err
    assert "removed: a face was found, and is removed" in said.out
    assert hashes(study.folder) == before
    assert pictures.stat().st_mode & 0o777 == 0o700
    assert {p.name for p in pictures.iterdir()} == {"001-surface.png", "001-slices.png"}
    for path in pictures.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        image = Image.open(BytesIO(path.read_bytes()))
        image.load()
        assert image.mode == "RGB"
        assert not image.info
        assert not identifies(path.read_bytes())
    assert not identifies((said.out + said.err).encode())
    assert [p.name for p in tmp_path.iterdir()] == ["pictures"]


def test_the_report_says_outcome_figures_and_time(
    head: tuple[Study, Series], capsys: pytest.CaptureFixture[str]
) -> None:
    study, series = head
    code, found = answer(capsys, str(study.folder))
    assert code == 0
    assert found["mask"] == "wide"
    assert found["unread"] == 0
    assert found["seconds"] > 0
    (each,) = found["series"]
    assert (each["number"], each["modality"]) == (1, "MR")
    assert each["frames"] == each["objects"] == len(series.planes)
    assert each["outcomes"] == [{"outcome": "removed", "reason": "", "objects": len(series.planes)}]
    assert {figure["name"] for figure in each["figures"]} == FIGURES.keys()
    assert all(figure["passed"] is not False for figure in each["figures"])
    assert each["pictures"] == []


def test_the_segmentation_is_the_mask_of_the_images(
    head: tuple[Study, Series], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, series = head
    file = tmp_path / "mask.dcm"
    assert run(["deface", "preview", str(study.folder), "--seg", str(file)]) == 0
    assert "never forward it" in " ".join(capsys.readouterr().err.split())
    assert file.stat().st_mode & 0o777 == 0o600
    made = hd.seg.segread(file)
    uids = [str(each.SOPInstanceUID) for each in series.datasets]
    mask = made.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)[..., 0]
    assert 0.02 < mask.mean() < 0.6
    brain = core_brain(series.body, series.pose, series.planes)
    assert mask[brain].mean() < 0.0005
    assert made.FrameOfReferenceUID == series.datasets[0].FrameOfReferenceUID
    assert "not for release" in made.SeriesDescription
    assert made.SegmentSequence[0].SegmentLabel == "Face"
    assert np.isin(mask, (0, 1)).all()


def test_a_narrower_mask_can_be_asked_for(
    head: tuple[Study, Series], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, series = head
    shares = {}
    uids = [str(each.SOPInstanceUID) for each in series.datasets]
    for mask in ("wide", "layer"):
        file = tmp_path / f"{mask}.dcm"
        _, found = answer(capsys, str(study.folder), "--mask", mask, "--seg", str(file))
        assert found["mask"] == mask
        pixels = hd.seg.segread(file).get_pixels_by_source_instance(
            uids, assert_missing_frames_are_empty=True
        )
        shares[mask] = pixels.mean()
    assert shares["layer"] < shares["wide"]


def test_doubt_is_a_finding_and_says_its_reason(
    small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "pictures"
    code, found = answer(capsys, str(small.folder), "--pictures", str(pictures))
    assert code == 1
    assert [each["number"] for each in found["series"]] == [1, 2]
    for each in found["series"]:
        (outcome,) = each["outcomes"]
        assert outcome["outcome"] == "doubtful"
        assert outcome["reason"].startswith("face.")
        assert each["pictures"] == []
        assert "too few slices" in each["not_drawn"]
    assert list(pictures.iterdir()) == []
    assert run(["deface", "preview", str(small.folder)]) == 1
    assert "in doubt: held for review" in capsys.readouterr().out


def test_a_photograph_is_held(small: Study, capsys: pytest.CaptureFixture[str]) -> None:
    write_photograph(small, np.zeros((20, 20), np.uint8))
    _, found = answer(capsys, str(small.folder))
    assert found["series"][2]["outcomes"] == [
        {"outcome": "doubtful", "reason": "face.rendering", "objects": 1}
    ]


def test_other_files_of_the_study_are_looked_at_and_not_shown(
    small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = small.folder / "0000.dcm"
    stranger = Study(tmp_path / "stranger", number=2)
    planes = stack(Cut.AXIAL, step_mm=4.0)[:1]
    write_series(stranger, mean_head(), Pose(), Contrast.T1, planes)
    _, found = answer(capsys, str(one), "--study", str(small.folder))
    assert [each["objects"] for each in found["series"]] == [1]
    _, found = answer(capsys, str(one), "--study", str(stranger.folder))
    assert [each["objects"] for each in found["series"]] == [1]


def test_what_can_t_be_read_is_counted(small: Study, capsys: pytest.CaptureFixture[str]) -> None:
    (small.folder / "notes.txt").write_text("Quillfeather", encoding="utf-8")
    code, found = answer(capsys, str(small.folder))
    assert code == 1
    assert found["unread"] == 1
    assert run(["deface", "preview", str(small.folder)]) == 1
    assert "1 files could not be read" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--pictures", "--seg"])
def test_nothing_is_written_among_the_images(
    option: str, small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(small.folder)
    link = tmp_path / "link"
    link.symlink_to(small.folder)
    for place in (small.folder, small.folder / "new", link / "new"):
        assert run(["deface", "preview", str(small.folder), option, str(place)]) == 2
        said = capsys.readouterr().err
        assert "must not be inside SERIES" in said or "is a directory" in said
    one = str(small.folder / "0000.dcm")
    inside = str(small.folder / "new")
    assert run(["deface", "preview", one, "--study", str(small.folder), option, inside]) == 2
    assert hashes(small.folder) == before


def test_a_folder_that_others_can_enter_is_refused(
    small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    assert run(["deface", "preview", str(small.folder), "--pictures", str(folder)]) == 2
    assert "chmod 700" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_segmentation_is_of_one_series(
    small: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mask.dcm"
    assert run(["deface", "preview", str(small.folder), "--seg", str(file)]) == 2
    assert "one series" in capsys.readouterr().err
    assert run(["deface", "preview", str(small.folder / "0000.dcm"), "--seg", str(file)]) == 1
    said = capsys.readouterr()
    assert "no segmentation was written" in said.err
    assert "doubtful" in said.out
    assert not file.exists()


def test_every_figure_is_explained_with_its_limit() -> None:
    manual = Path(__file__).resolve().parents[4] / "ops" / "manual" / "faces.md"
    page = manual.read_text(encoding="utf-8")
    for name, limit in FIGURES.items():
        assert f"| `{name}` | {limit.sentence or '-'} |" in page


def test_a_figure_outside_its_limit_says_so() -> None:
    decision = FaceDecision(
        outcome=FaceOutcome.DOUBTFUL, figures={"agreement": 0.01, "improvement": -0.1, "new": 2.0}
    )
    low, good, unknown = (each.sentence for each in figures_of(decision))
    assert low.endswith("0.01 (at least 0.14): FAILED")
    assert good.endswith("-0.1 (at most 0.03): passed")
    assert unknown == "new: 2"


def test_rules_that_do_not_ask_are_refused(
    small: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deface", "preview", str(small.folder), "--rules", "basic"]) == 2
    assert "does not ask for faces" in capsys.readouterr().err
