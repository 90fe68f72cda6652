"""Draw what is removed of a head, for a person who decides whether a face is left.

Two sheets: the surface from three sides before and after, and sections with the mask. They
show the face as it was: they are patient data, and stay where the originals are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipelines.deface.decision import Mask
from pipelines.deface.portraits import Portrait, View, portray
from pipelines.deface.sheets import BLUE, ORANGE, Legend, Panel, png, sheet, tinted
from pipelines.deface.slices import Box, Plane, Section, section
from pipelines.deface.surfaces import Head, head_of
from pipelines.volumes import Volume

__all__ = ["Pictures", "pictures_of", "png"]

_VIEWS = (
    # at the sides of the front view both profiles look at it
    (View.RIGHT, "patient's right side", ("back", "front")),
    (View.FRONT, "from the front", ("right", "left")),
    (View.LEFT, "patient's left side", ("front", "back")),
)
_EYE_MM = 32.0
"""From the midline to the pupil; 27 to 35 in nearly all people."""
_CT_WINDOW = (-160.0, 240.0)
_REMOVED = Legend(colour=ORANGE, words="orange: removed (the mask)")
_CUT = Legend(colour=BLUE, words="blue: what is seen where skin was removed")
_SKIN = Legend(colour=(200, 200, 200), words="grey: skin as it was, which stays")
_NO_MASK = "No mask: nothing is removed of these images."
_SIDES = "Left and right are the patient's. Where a surface is flat, the images end there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The two sheets of one volume. Patient data.

    Attributes
    ----------
    surface, slices : numpy.ndarray
        uint8 RGB, shape ``(rows, columns, 3)``.
    """

    surface: NDArray[np.uint8] = field(repr=False)
    slices: NDArray[np.uint8] = field(repr=False)


def pictures_of(
    volume: Volume, *, modality: str, mask: Mask | None, notes: Sequence[str]
) -> Pictures:
    """Return both sheets of a volume.

    Parameters
    ----------
    volume : pipelines.volumes.Volume
        Not changed.
    modality : str
    mask : Mask or None
        None: nothing is removed; the sheets show what is there.
    notes : Sequence[str]
        Lines under the pictures, e.g. outcome and figures. They must not identify anybody.
    """
    covers = None if mask is None else mask.covers
    head = head_of(volume, modality=modality, covers=covers)
    said = [*notes, _SIDES] if mask is not None else [*notes, _NO_MASK, _SIDES]
    return Pictures(
        surface=_surface_sheet(head, has_mask=mask is not None, notes=said),
        slices=_slice_sheet(volume, head, modality=modality, mask=mask, notes=said),
    )


def _surface_sheet(head: Head, *, has_mask: bool, notes: Sequence[str]) -> NDArray[np.uint8]:
    times = ((False, "before"), (True, "after")) if has_mask else ((False, "as it came"),)
    rows = [
        [
            _surface_panel(
                portray(head, view=view, after=after),
                caption=f"{when}: {words}",
                sides=sides,
                colours_cut=after,
            )
            for view, words, sides in _VIEWS
        ]
        for after, when in times
    ]
    return sheet(
        rows,
        title="Surface before and after" if has_mask else "Surface",
        notes=notes,
        legend=(_SKIN, _CUT) if has_mask else (_SKIN,),
    )


def _surface_panel(
    portrait: Portrait, *, caption: str, sides: tuple[str, str], colours_cut: bool
) -> Panel:
    is_cut = portrait.is_removed & np.isfinite(portrait.depth_mm) & colours_cut
    return Panel(
        image=tinted(portrait.brightness, is_cut, colour=BLUE, strength=0.75),
        caption=caption,
        sides=sides,
        spacing_mm=portrait.spacing_mm,
    )


def _slice_sheet(
    volume: Volume, head: Head, *, modality: str, mask: Mask | None, notes: Sequence[str]
) -> NDArray[np.uint8]:
    box = _box_of(head)
    low, middle, high = _middle(head)
    window = _window(volume, modality=modality)
    x, y, z = middle
    brow, mouth = z + 0.35 * (high[2] - low[2]), z - 0.25 * (high[2] - low[2])
    cuts = (
        (
            (Plane.AXIAL, brow, "axial, through the upper part"),
            (Plane.AXIAL, mouth, "axial, through the lower part"),
            (Plane.CORONAL, y, "coronal, through the middle"),
        ),
        (
            (Plane.SAGITTAL, x - _EYE_MM, "sagittal, near the right eye"),
            (Plane.SAGITTAL, x, "sagittal, through the middle"),
            (Plane.SAGITTAL, x + _EYE_MM, "sagittal, near the left eye"),
        ),
    )
    rows = [
        [
            _slice_panel(
                section(
                    volume,
                    plane=plane,
                    at_mm=at_mm,
                    box=box,
                    covers=None if mask is None else mask.covers,
                ),
                window=window,
                caption=words,
                sides=("front", "back") if plane is Plane.SAGITTAL else ("right", "left"),
            )
            for plane, at_mm, words in row
        ]
        for row in cuts
    ]
    return sheet(
        rows,
        title="Sections with the mask" if mask is not None else "Sections",
        notes=notes,
        legend=(_REMOVED,) if mask is not None else (),
    )


def _slice_panel(
    cut: Section, *, window: tuple[float, float], caption: str, sides: tuple[str, str]
) -> Panel:
    low, high = window
    grey = np.nan_to_num((cut.values - low) / max(high - low, 1e-6), nan=0.0)
    image = tinted(grey, cut.is_masked, colour=ORANGE, strength=0.45)
    image[_outline(cut.is_masked)] = ORANGE
    return Panel(image=image, caption=caption, sides=sides, spacing_mm=cut.spacing_mm)


def _outline(masked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that have a neighbour outside it."""
    inner = masked.copy()
    inner[1:] &= masked[:-1]
    inner[:-1] &= masked[1:]
    inner[:, 1:] &= masked[:, :-1]
    inner[:, :-1] &= masked[:, 1:]
    return masked & ~inner


def _box_of(head: Head) -> Box:
    x, y, z = (
        low + (count - 1) * head.spacing_mm
        for low, count in zip(head.origin, head.values.shape[::-1], strict=True)
    )
    return Box(low=head.origin, high=(x, y, z))


def _middle(head: Head) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return least, middle and greatest LPS of the tissue that is removed, or of the head."""
    tissue = head.is_body & head.is_masked
    if not tissue.any():
        tissue = head.is_body
    low, high = [], []
    for axis in (2, 1, 0):  # x, y, z
        others = tuple(i for i in range(3) if i != axis)
        there = np.flatnonzero(tissue.any(axis=others))
        low.append(float(there[0]) if there.size else 0.0)
        high.append(float(there[-1]) if there.size else 0.0)
    least = np.array(head.origin) + np.array(low) * head.spacing_mm
    greatest = np.array(head.origin) + np.array(high) * head.spacing_mm
    return least, (least + greatest) / 2, greatest


def _window(volume: Volume, *, modality: str) -> tuple[float, float]:
    """Return the values shown black and white."""
    if modality == "CT":
        return _CT_WINDOW
    step = max(1, volume.values.size // 400_000)
    sample = volume.values.reshape(-1)[::step]
    low, high = np.percentile(sample[np.isfinite(sample)], (1, 99.8))
    return float(low), float(high)
