"""The error of volumes; a leaf of the tree in `pipelines.errors`."""

from pipelines.errors import HeldError


class VolumeError(HeldError):
    """Pixels or geometry can't be used; hold the object.

    `code` is ``face.unsupported`` (no decoder, or a form of Pixel Data that is not read
    or written here) or ``face.no-geometry`` (the frames are no stack in space).
    """
