"""A person looks at a study that is in doubt, says what the pictures show, and it goes on.

The doubt is a real one: a head half as large again as any fits badly. Nothing else of the
checks is relaxed, and what was said counts for what was seen.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from pydicom.dataset import Dataset

from gateway.audit.log import open_audit_database
from gateway.audit.tables import audit_event
from gateway.tables import face_verdict, spool_object
from tests.support.heads.derived import parts_of, write_segmentation
from tests.support.heads.door import METHOD, methods
from tests.support.heads.images import write_series
from tests.support.heads.mean_head import mean_head, needs_mean_head
from tests.support.heads.node import Node, said
from tests.support.heads.persons import Study
from tests.support.heads.planes import Cut, stack
from tests.support.heads.poses import Pose
from tests.support.heads.tissues import Contrast
from tests.support.heads.truth import FACE, removed_share

pytestmark = needs_mean_head

LARGE = Pose(scale=(1.5, 1.5, 1.5))
PLANES = stack(Cut.AXIAL, step_mm=4.0)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = Node(tmp_path / "state", f"sqlite:///{tmp_path / 'work.db'}")
    yield made
    made.close()


@pytest.fixture
def postgres_node(tmp_path: Path, postgres_url: str) -> Iterator[Node]:
    made = Node(tmp_path / "state", postgres_url)
    yield made
    made.close()


def questions(node: Node, folder: Path) -> list[dict[str, Any]]:
    """Return what the preview says of the series of the study that is held."""
    said = node.narthex(
        *("deface", "preview", "--held", "--rules", node.rules, "--json"),
        *("--pictures", folder / "pictures"),
        code=1,
    )
    series: list[dict[str, Any]] = json.loads(said)["series"]
    return series


def decide(node: Node, *words: str, code: int = 0) -> str:
    (study_id,) = {row["study_id"] for row in node.site.rows(spool_object)}
    return node.narthex(
        *("deface", "decide", "--study-id", study_id, "--rules", node.rules, *words), code=code
    )


def method_of(cleaned: Dataset) -> list[str]:
    return [str(value) for value in cleaned.DeidentificationMethod]


@pytest.mark.slow
def test_a_mask_that_a_person_finds_right_is_removed(node: Node, tmp_path: Path) -> None:
    study = Study(tmp_path / "in", number=5)
    t1 = write_series(study, mean_head(), LARGE, Contrast.T1, PLANES)
    segments = write_segmentation(study, t1, {"skin": parts_of(t1)["skin"]})
    assert said(node.day(*t1.datasets, segments)) == {"face.doubtful"}
    images, derived = questions(node, tmp_path)
    assert images["question"]["answers"] == ["--mask-is-right", "--no-face"]
    assert len(images["question"]["objects"]) == len(t1.datasets)
    assert derived["question"]["answers"] == ["--mask-is-right"], "nobody sees it of a segment"
    numbers = [each["question"]["seen"] for each in (images, derived)]
    decide(node, *(w for n in numbers for w in ("--seen", n)), "--mask-is-right", "--yes")
    node.work()
    for source in (*t1.datasets, segments):
        fate = node.fate(source)
        assert fate.said == "cleaned"
        assert fate.cleaned is not None
        assert METHOD in methods(fate.cleaned)
        assert fate.cleaned.RecognizableVisualFeatures == "NO"
        assert "Face: decided by a person" in method_of(fate.cleaned)
    changed = np.array([_changed(each, node) for each in t1.datasets])
    shares = {
        part: removed_share(t1.body, t1.pose, part, mask=changed, planes=t1.planes) for part in FACE
    }
    in_view = {part: share for part, share in shares.items() if share is not None}
    assert "eyes" in in_view  # the rest of it is outside the field of view
    assert min(in_view.values()) > 0.8, in_view
    assert _changed(segments, node).any()
    assert {row["state"] for row in node.site.rows(face_verdict)} == {"used"}


@pytest.mark.slow
def test_what_no_face_is_in_goes_on_as_it_is_and_speaks_for_nothing_else(
    postgres_node: Node, tmp_path: Path
) -> None:
    """A person says so of a few slices; the next ones are in doubt again."""
    node = postgres_node
    study = Study(tmp_path / "in", number=6)
    few = write_series(study, mean_head(), Pose(), Contrast.T1, PLANES[46:54])
    assert said(node.day(*few.datasets)) == {"face.unchecked"}
    (found,) = questions(node, tmp_path)
    assert found["question"]["answers"] == ["--no-face"]
    seen = found["question"]["seen"]
    decide(node, "--seen", seen, "--mask-is-right", "--yes", code=11)
    decide(node, "--seen", seen[::-1], "--no-face", "--yes", code=11)

    out = decide(node, "--seen", seen, "--no-face", "--dry-run")
    assert "8 objects are released with their pixels as they are" in out
    assert "held again" not in out
    assert "0 others stay held" in out
    assert {row["state"] for row in node.site.rows(spool_object)} == {"held"}
    assert node.site.rows(face_verdict) == []

    decide(node, "--seen", seen, "--no-face", "--yes")
    assert {row["state"] for row in node.site.rows(spool_object)} == {"received"}
    assert "8 objects are held again" in decide(node, "--undo")
    node.work()
    assert said([node.fate(each) for each in few.datasets]) == {"face.unchecked"}

    decide(node, "--seen", seen, "--no-face", "--yes")
    more = write_series(study, mean_head(), Pose(), Contrast.T1, PLANES[46:54], seed=2)
    assert said(node.day(*more.datasets)) == {"face.unchecked"}
    for source in few.datasets:
        fate = node.fate(source)
        assert fate.cleaned is not None
        assert fate.cleaned.PixelData == source.PixelData
        assert METHOD in methods(fate.cleaned)
        assert "Face: decided by a person" in method_of(fate.cleaned)
    decide(node, "--undo", code=1)
    listed = [
        json.loads(line) for line in node.narthex("deface", "verdicts", "--json").split("\n")[:-1]
    ]
    assert [each["state"] for each in listed] == ["undone", "used"]
    assert {each["person"] for each in listed} == {os.getuid()}
    assert all(each["objects"].keys() == {node.fate(s).id for s in few.datasets} for each in listed)
    assert "undone  user" in node.narthex("deface", "verdicts", "--study-id", listed[0]["study_id"])
    audited = open_audit_database(f"sqlite:///{node.folder / 'audit.db'}")
    with audited.connect() as connection:
        events = Counter(connection.scalars(sa.select(audit_event.c.event)))
    audited.dispose()
    assert (events["face.decided"], events["face.undecided"]) == (16, 8)


def _changed(source: Dataset, node: Node) -> Any:  # noqa: ANN401  (an array)
    cleaned = node.fate(source).cleaned
    assert cleaned is not None
    return source.pixel_array != cleaned.pixel_array
