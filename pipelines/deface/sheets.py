"""Put pictures on one sheet, with captions in words.

Colours are those of Okabe and Ito, which people with any colour vision tell apart; no
sheet says anything by colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ORANGE = (230, 159, 0)
BLUE = (86, 180, 233)

_Colour = tuple[int, int, int]
_PAPER: _Colour = (24, 24, 24)
_INK: _Colour = (240, 240, 240)
_QUIET: _Colour = (176, 176, 176)
_GAP = 14
_TEXT, _TITLE, _LETTER = 15, 20, 14
_LINE = 21
_PANEL_WIDTH = 360
_BAR_MM = 50
_SWATCH = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture of a sheet.

    Attributes
    ----------
    image : numpy.ndarray
        uint8 RGB, shape ``(rows, columns, 3)``.
    caption : str
    sides : tuple[str, str]
        What is at its left and right edge, e.g. ``("R", "L")``.
    spacing_mm : float
        Of rows and columns.
    """

    image: NDArray[np.uint8] = field(repr=False)
    caption: str
    sides: tuple[str, str]
    spacing_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """What a colour means."""

    colour: _Colour
    words: str


def tinted(
    brightness: NDArray[np.floating],
    where: NDArray[np.bool_],
    *,
    colour: _Colour,
    strength: float,
) -> NDArray[np.uint8]:
    """Return grey in 0 to 1 as RGB, with a colour laid over some of it.

    Parameters
    ----------
    brightness : numpy.ndarray
        Shape ``(rows, columns)``.
    where : numpy.ndarray
        bool, same shape.
    colour : tuple[int, int, int]
    strength : float
        0 leaves the grey, 1 leaves none; light and shadow stay in between.
    """
    grey = np.clip(brightness, 0, 1)[..., None] * 255
    light = np.array(colour) * (0.35 + 0.65 * np.clip(brightness, 0, 1)[..., None])
    mixed = np.where(where[..., None], (1 - strength) * grey + strength * light, grey)
    colours: NDArray[np.uint8] = mixed.astype(np.uint8)
    return colours


def sheet(
    rows: Sequence[Sequence[Panel]],
    *,
    title: str,
    notes: Sequence[str],
    legend: Sequence[Legend],
) -> NDArray[np.uint8]:
    """Return all panels at one scale with title, legend, notes and a scale bar.

    Parameters
    ----------
    rows : Sequence[Sequence[Panel]]
        From top to bottom, each from left to right.
    title : str
    notes : Sequence[str]
        Lines under the pictures. None of these texts may identify anybody.
    legend : Sequence[Legend]

    Returns
    -------
    numpy.ndarray
        uint8 RGB, shape ``(rows, columns, 3)``.
    """
    widest_mm = max((p.image.shape[1] * p.spacing_mm for row in rows for p in row), default=1.0)
    scale = _PANEL_WIDTH / widest_mm  # pixels per mm
    scaled = [[_scaled(panel, scale) for panel in row] for row in rows]
    heights = [max(image.height for image in row) for row in scaled]
    per_row = max((len(row) for row in rows), default=1)
    width = per_row * (_PANEL_WIDTH + _GAP) + _GAP
    wrapped = [line for note in notes for line in _wrapped(note, width - 2 * _GAP)]
    under = _LINE * (len(legend) + len(wrapped) + 1) + 2 * _GAP
    top = 2 * _GAP + _TITLE
    page = Image.new(
        "RGB", (width, top + sum(heights) + len(rows) * (_LINE + _GAP) + under), _PAPER
    )
    draw = ImageDraw.Draw(page)
    draw.text((_GAP, _GAP), title, fill=_INK, font=ImageFont.load_default(_TITLE))
    for panels, images, height in zip(rows, scaled, heights, strict=True):
        for number, (panel, image) in enumerate(zip(panels, images, strict=True)):
            left = _GAP + number * (_PANEL_WIDTH + _GAP)
            draw.text((left, top), panel.caption, fill=_INK, font=ImageFont.load_default(_TEXT))
            place = (left, top + _LINE, left + _PANEL_WIDTH, top + _LINE + height)
            draw.rectangle(place, fill=(0, 0, 0))
            page.paste(
                image,
                (
                    left + (_PANEL_WIDTH - image.width) // 2,
                    top + _LINE + (height - image.height) // 2,
                ),
            )
            _letters(draw, place, panel.sides)
        top += height + _LINE + _GAP
    _words_under(draw, (_GAP, top), scale=scale, legend=legend, lines=wrapped)
    return np.asarray(page)


def png(image: NDArray[np.uint8]) -> bytes:
    """Return an RGB image as PNG, without any text chunk."""
    file = BytesIO()
    Image.fromarray(image).save(file, format="PNG", compress_level=6)
    return file.getvalue()


def _scaled(panel: Panel, scale: float) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(panel.image))
    factor = panel.spacing_mm * scale
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


def _letters(
    draw: ImageDraw.ImageDraw, place: tuple[int, int, int, int], sides: tuple[str, str]
) -> None:
    """Write what is left and right inside a panel's upper corners."""
    left, top, right, _ = place
    font = ImageFont.load_default(_LETTER)
    for place_of, words, anchor in ((left + 5, sides[0], "la"), (right - 5, sides[1], "ra")):
        draw.text(
            (place_of, top + 4),
            words,
            fill=_INK,
            font=font,
            anchor=anchor,
            stroke_width=2,
            stroke_fill=_PAPER,
        )


def _words_under(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    *,
    scale: float,
    legend: Sequence[Legend],
    lines: Sequence[str],
) -> None:
    left, top = place
    font = ImageFont.load_default(_TEXT)
    bar = _BAR_MM * scale
    draw.rectangle((left, top + 8, left + bar, top + 11), fill=_INK)
    draw.text((left + bar + 8, top), f"{_BAR_MM} mm", fill=_INK, font=font)
    for each in legend:
        top += _LINE
        draw.rectangle((left, top + 2, left + _SWATCH, top + 2 + _SWATCH), fill=each.colour)
        draw.text((left + _SWATCH + 8, top), each.words, fill=_INK, font=font)
    for line in lines:
        top += _LINE
        draw.text((left, top), line, fill=_QUIET, font=font)


def _wrapped(text: str, width: int) -> list[str]:
    """Return `text` in lines that are not wider than `width` pixels."""
    font = ImageFont.load_default(_TEXT)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
