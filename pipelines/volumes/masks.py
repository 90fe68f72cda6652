"""Masks of the frames of one object, packed: one bit per pixel."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.volumes.errors import VolumeError
from pipelines.volumes.layout import Layout


class PackedMasks:
    """Masks that are not empty.

    Parameters
    ----------
    masks : Mapping[int, numpy.ndarray]
        By frame, shape ``(rows, columns)``, True where pixels are to go. Gone through
        once, not kept.
    layout : Layout

    Raises
    ------
    VolumeError
        ``face.unsupported``: a mask was made for another image.
    """

    __slots__ = ("_packed", "_pixels")

    def __init__(self, masks: Mapping[int, NDArray[np.bool_]], layout: Layout) -> None:
        self._pixels = layout.pixels
        self._packed: dict[int, NDArray[np.uint8]] = {}
        for frame, mask in masks.items():
            if not 0 <= frame < layout.frames or mask.shape != (layout.rows, layout.columns):
                raise VolumeError("face.unsupported", where="shape of a mask")
            if mask.any():
                self._packed[frame] = np.packbits(mask)

    def __bool__(self) -> bool:
        return bool(self._packed)

    def of(self, frame: int) -> NDArray[np.bool_] | None:
        """Return the mask of a frame, shape ``(rows * columns,)``, None where it is empty."""
        packed = self._packed.get(frame)
        if packed is None:
            return None
        return np.unpackbits(packed, count=self._pixels).view(np.bool_)
