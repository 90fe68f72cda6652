"""What hardly shows a body is no proof that there is no head."""

import numpy as np
import pytest

from pipelines.deface.decision import FaceOutcome
from pipelines.deface.locate import BodyPart
from pipelines.deface.look import look_at
from pipelines.deface.scan import Scan
from pipelines.volumes import Volume


def _spot(modality: str) -> Scan:
    """Return a scan in which a small thing outshines all: a vessel, a bladder."""
    values = np.zeros((50, 50, 50), dtype=np.float32)
    values[20:30, 20:30, 20:30] = 1000
    if modality == "CT":
        values -= 1000
    return Scan(Volume(values=values, affine=np.diag([4.0, 4.0, 4.0, 1.0])), modality)


@pytest.mark.parametrize(
    ("modality", "part", "expected"),
    [
        ("MR", BodyPart.UNKNOWN, FaceOutcome.DOUBTFUL),
        ("MR", BodyPart.TRUNK, FaceOutcome.DOUBTFUL),
        ("PT", BodyPart.TRUNK, FaceOutcome.DOUBTFUL),
        ("MR", BodyPart.EXTREMITY, FaceOutcome.NO_FACE),
        ("CT", BodyPart.UNKNOWN, FaceOutcome.NO_FACE),
        ("CT", BodyPart.HEAD, FaceOutcome.DOUBTFUL),
    ],
)
def test_a_bright_spot_alone(modality: str, part: BodyPart, expected: FaceOutcome) -> None:
    scan = _spot(modality)
    assert scan.body.is_empty
    assert look_at(scan, part).outcome is expected
