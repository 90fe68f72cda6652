"""What is decided about the face in each object of a study."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class FaceOutcome(StrEnum):
    """What was found, and so what is done."""

    REMOVED = "removed"
    """There is a face, and it is known where: its voxels are filled."""
    NO_FACE = "no-face"
    """The field of view holds none: pixels stay."""
    ALREADY = "already-removed"
    """The head has no face any more, or no skin: pixels stay."""
    UNCONCERNED = "unconcerned"
    """Objects of this kind show no face, or the plan does not name their modality."""
    DOUBTFUL = "doubtful"
    """Nobody knows: the object is held with a reason code."""


class Depth(StrEnum):
    """Which mask: the words of rule sets. See `pipelines.deface.mask`."""

    LAYER = "layer"
    NARROW = "narrow"
    WIDE = "wide"


class Known(StrEnum):
    """What is remembered of a frame of reference."""

    NO_FACE = "no-face"
    """All that came was looked at, and no head is there."""
    UNCLEAR = "unclear"
    """Something came that nobody could look at, or that was in doubt."""
    ALREADY = "already-removed"
    REMOVED = "removed"
    """The head is at one place."""
    MOVED = "moved"
    """It is, or may be, at two."""


class DecidedBy(StrEnum):
    """On what a decision rests."""

    LOOK = "look"
    """On the objects that were looked at together."""
    EARLIER = "earlier"
    """On what was found earlier in the same study and frame of reference."""
    PERSON = "person"
    """On the verdict of a reviewer."""


class Mask(Protocol):
    """Where a face is, in patient coordinates."""

    def covers(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which `points`, shape ``(..., 3)``, LPS in mm, are of the face."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceDecision:
    """What to do with the pixels of one object.

    Attributes
    ----------
    outcome : FaceOutcome
    code : str
        Reason code of a doubtful object; "" otherwise.
    mask : Mask or None
        In the object's frame of reference; None unless something is removed.
    figures : Mapping[str, float]
        What quality measured, by name; no patient data.
    is_projection : bool
        True for a radiograph (CT scout): what lies before or behind the mask goes too.
    decided_by : DecidedBy
    """

    outcome: FaceOutcome
    code: str = ""
    mask: Mask | None = field(default=None, repr=False)
    figures: Mapping[str, float] = field(default_factory=dict)
    is_projection: bool = False
    decided_by: DecidedBy = DecidedBy.LOOK


class News(NamedTuple):
    """What is to be remembered of one frame of reference. Patient data.

    Attributes
    ----------
    outcome : Known
    data : bytes
        `pipelines.deface.remembered`.
    """

    outcome: Known
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePlan:
    """The decisions about a study.

    Attributes
    ----------
    decisions : Mapping[str, FaceDecision]
        By SOP Instance UID of the source. Patient data: in memory only.
    news : Mapping[str, News]
        What is to be remembered for objects of the study that come later, by Frame of
        Reference UID of the source. Patient data.
    """

    decisions: Mapping[str, FaceDecision] = field(repr=False)
    news: Mapping[str, News] = field(default_factory=dict, repr=False)

    def decision(self, sop_instance_uid: str) -> FaceDecision:
        """Return what to do with an object; one that nobody looked at is doubtful."""
        return self.decisions.get(
            sop_instance_uid,
            FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.unchecked"),
        )
