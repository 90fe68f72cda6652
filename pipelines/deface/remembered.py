"""What was found in a frame of reference, as bytes: for objects that come days later.

Of the mask only what decides is kept: the values of cells that its surface runs through.
Elsewhere the sign is enough, and with it all points are covered as before: 12 kB for a wide
mask, 18 for a narrow one, 40 for a layer.
"""

import json
import zlib
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pipelines.deface.decision import DecidedBy, Depth, FaceDecision, FaceOutcome, Known, News
from pipelines.deface.grid import Grid
from pipelines.deface.mask import FaceMask

NAMELESS = "-"
"""Stands for what has no frame of reference, and for what nobody could look at."""
LARGEST_BYTES = 2 * 1024 * 1024
"""Of what is kept of one frame of reference."""
_LARGEST_PLAIN = 32 * 1024 * 1024
_VERSION = b"NF1\0"
_LENGTH = Struct("<I")
_DECIDABLE = frozenset(["face.doubtful", "face.unchecked"])
"""Doubts that somebody who sees the images can settle."""
_WITHOUT_MASK = frozenset([Known.NO_FACE, Known.UNCLEAR])
_VERDICTS = {Known.REMOVED: FaceOutcome.REMOVED, Known.NO_FACE: FaceOutcome.NO_FACE}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Remembered:
    """What is known of a frame of reference. Patient data.

    Attributes
    ----------
    frame_of_reference_uid : str
        Of the source.
    outcome : Known
    mask : FaceMask or None
        None where no head was found.
    """

    frame_of_reference_uid: str = field(repr=False)
    outcome: Known
    mask: FaceMask | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what says two things.

        Raises
        ------
        ValueError
        """
        if (self.mask is None) != (self.outcome in _WITHOUT_MASK):
            raise ValueError("outcome and mask do not belong together")


def unclear() -> dict[str, News]:
    """Return that there may be a head, nobody knows where."""
    known = Remembered(frame_of_reference_uid=NAMELESS, outcome=Known.UNCLEAR)
    return {NAMELESS: News(known.outcome, encode(known))}


def encode(remembered: Remembered) -> bytes:
    """Return the bytes of what is known; equal for equal knowledge."""
    mask = remembered.mask
    head: dict[str, Any] = {
        "frame": remembered.frame_of_reference_uid,
        "outcome": remembered.outcome.value,
    }
    body = b""
    if mask is not None:
        values = _decisive(mask.distance.values)
        head |= {
            "depth": mask.depth.value,
            "shape": list(values.shape),
            "origin": mask.distance.origin.tolist(),
            "spacing_mm": float(mask.distance.spacing_mm),
            "to_template": mask.to_template.tolist(),
        }
        body = values.tobytes()
    text = json.dumps(head, sort_keys=True).encode("ascii")
    return _VERSION + zlib.compress(_LENGTH.pack(len(text)) + text + body, 6)


def decode(data: bytes) -> Remembered:
    """Return what `encode` was given; masks cover the same points.

    Raises
    ------
    ValueError
        These are no such bytes.
    """
    try:
        return _decode(data)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        kind = type(error).__name__
    raise ValueError(f"what is remembered of a face can't be read: {kind}")


def _decode(data: bytes) -> Remembered:
    if not data.startswith(_VERSION):
        raise ValueError("another version")
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(data[len(_VERSION) :], _LARGEST_PLAIN)
    if not unpacker.eof or len(plain) < _LENGTH.size:
        raise ValueError("too short or too long")
    (length,) = _LENGTH.unpack_from(plain)
    head = json.loads(plain[_LENGTH.size : _LENGTH.size + length])
    body = plain[_LENGTH.size + length :]
    return Remembered(
        frame_of_reference_uid=str(head["frame"]),
        outcome=Known(head["outcome"]),
        mask=_mask(head, body) if "depth" in head else None,
    )


def _mask(head: dict[str, Any], body: bytes) -> FaceMask:
    values = np.frombuffer(body, dtype="<f4").reshape([int(size) for size in head["shape"]])
    origin = np.array(head["origin"], dtype=np.float64)
    to_template = np.array(head["to_template"], dtype=np.float64)
    spacing_mm = float(head["spacing_mm"])
    is_whole = values.ndim == 3 and origin.shape == (3,) and to_template.shape == (4, 4)
    is_finite = all(np.isfinite(each).all() for each in (values, origin, to_template))
    if not (is_whole and is_finite and spacing_mm > 0 and np.linalg.det(to_template) > 0):
        raise ValueError("no mask")
    grid = Grid(values=values.astype(np.float32), origin=origin, spacing_mm=spacing_mm)
    return FaceMask(depth=Depth(head["depth"]), distance=grid, to_template=to_template)


def _decisive(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values with the same sign everywhere between them."""
    inside = values < 0
    is_edge = ndimage.maximum_filter(inside, 3) != ndimage.minimum_filter(inside, 3)
    signs = np.where(inside, np.float32(-1), np.float32(1))
    return np.where(is_edge, values, signs).astype("<f4")


def settled(decision: FaceDecision, verdict: Remembered) -> FaceDecision:
    """Return a decision with the doubt settled as a person says.

    Where the look is sure by now, the look counts; where it is sure of the contrary, the
    object is held.

    Parameters
    ----------
    verdict : Remembered
        About this very object: `Known.REMOVED` with the mask that was shown, or
        `Known.NO_FACE`.
    """
    if decision.outcome is FaceOutcome.DOUBTFUL:
        if not is_decidable(decision) or verdict.outcome not in _VERDICTS:
            return decision
        return FaceDecision(
            outcome=_VERDICTS[verdict.outcome],
            mask=verdict.mask,
            figures=decision.figures,
            is_projection=decision.is_projection,
            decided_by=DecidedBy.PERSON,
        )
    if verdict.mask is not None and decision.outcome is not FaceOutcome.REMOVED:
        return FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.doubtful")
    return decision


def is_decidable(decision: FaceDecision) -> bool:
    """Return whether somebody who sees the images can settle a doubt."""
    return decision.outcome is FaceOutcome.DOUBTFUL and decision.code in _DECIDABLE
