"""Images in space: frames, stacks, volumes, and their pixels. LPS, millimetres.

Headers of a study become stacks of parallel frames, and a stack becomes an array with an
affine. `masked` goes the other way: an object again, byte for byte, but for the pixels
that are to go.
"""

from pipelines.volumes.errors import VolumeError
from pipelines.volumes.header import ImageHeader, read_header
from pipelines.volumes.plane import FramePlane
from pipelines.volumes.stacks import FrameOf, Stack, stacks_of
from pipelines.volumes.values import (
    masked,
    real_frame,
    real_values,
    stored_frame,
    stored_values,
)
from pipelines.volumes.volume import Volume, affine_of, assemble

__all__ = [
    "FrameOf",
    "FramePlane",
    "ImageHeader",
    "Stack",
    "Volume",
    "VolumeError",
    "affine_of",
    "assemble",
    "masked",
    "read_header",
    "real_frame",
    "real_values",
    "stacks_of",
    "stored_frame",
    "stored_values",
]
