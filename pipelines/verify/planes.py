"""Ask a mask again, at some pixels of a classic image, by a geometry of our own.

PS3.3, C.7.6.2.1.1. What is compared elsewhere is where the engine says that the mask is;
rows and columns taken for one another would be seen here only.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.decision import Mask
from pipelines.verify.source import Source

_POSITION, _ORIENTATION, _SPACING = 0x00200032, 0x00200037, 0x00280030
_EVERY = 4
"""Of the rows and of the columns, one in so many is asked."""


def covered_pixels(
    source: Source, mask: Mask, *, rows: int, columns: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Return rows and columns of some pixels that `mask` covers; None where there is no plane.

    Parameters
    ----------
    source : Source
        The plane is at its root: it has one frame.
    rows, columns : int
        Of the image.
    """
    position, orientation, spacing = (
        _numbers(source, tag, count)
        for tag, count in ((_POSITION, 3), (_ORIENTATION, 6), (_SPACING, 2))
    )
    if position is None or orientation is None or spacing is None:
        return None
    row, column = np.meshgrid(
        np.arange(0, rows, _EVERY), np.arange(0, columns, _EVERY), indexing="ij"
    )
    along_row, along_column = orientation[:3], orientation[3:]
    points = (
        position
        + column[..., None] * spacing[1] * along_row
        + row[..., None] * spacing[0] * along_column
    )
    covered = mask.covers(points)
    return row[covered], column[covered]


def _numbers(source: Source, tag: int, count: int) -> NDArray[np.float64] | None:
    text = source.text(source.root, tag) or ""
    try:
        values = [float(each) for each in text.split("\\")]
    except ValueError:
        return None
    return np.array(values) if len(values) == count else None
