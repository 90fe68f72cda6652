"""How the pixels of an object lie in its file (PS3.5, 8)."""

import re
import struct
from dataclasses import dataclass

from pipelines.metadata.elements import Element
from pipelines.metadata.outline import Outline
from pipelines.volumes.errors import VolumeError

PIXEL_DATA, FLOAT, DOUBLE = 0x7FE00010, 0x7FE00008, 0x7FE00009
SAMPLES, PHOTOMETRIC, PLANAR = 0x00280002, 0x00280004, 0x00280006
_FRAMES, _ROWS, _COLUMNS = 0x00280008, 0x00280010, 0x00280011
_ALLOCATED, _STORED, _HIGH, _SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103

_LUMINANCE = frozenset(["YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"])
"""The first sample is brightness; the others are grey at half their range."""
_COLOURS = frozenset(["RGB", *_LUMINANCE])
_GREYS = frozenset(["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", ""])
_count = re.compile(rb"[ \0]*([0-9]{1,7})[ \0]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What must be known to find a pixel.

    Attributes
    ----------
    element : Element
        Pixel Data, or its float kinds.
    frames, rows, columns, samples, planar : int
    allocated, stored : int
        Bits.
    is_signed, is_float : bool
    photometric : str
    """

    element: Element
    frames: int
    rows: int
    columns: int
    samples: int
    planar: int
    allocated: int
    stored: int
    is_signed: bool
    is_float: bool
    photometric: str

    @property
    def pixels(self) -> int:
        """Return the number of pixels of a frame."""
        return self.rows * self.columns

    @property
    def frame_bits(self) -> int:
        """Return the length of a frame in bits, where it is native."""
        return self.pixels * self.samples * self.allocated

    def fill_bytes(self, fill: float, *, photometric: str) -> tuple[bytes, ...]:
        """Return how a pixel of value `fill` is written: one value per sample.

        Bits beyond Bits Stored are those that extend the value: what was there may show
        the sign of what is filled.

        Parameters
        ----------
        fill : float
            Stored value; of colours, that of each sample, or of the luminance.
        photometric : str
            How the samples are meant where they are written.

        Raises
        ------
        VolumeError
            ``face.unsupported``: it has no such value.
        """
        if self.is_float:
            return (struct.pack("<f" if self.allocated == 32 else "<d", fill),) * self.samples
        low = -(1 << (self.stored - 1)) if self.is_signed else 0
        if fill != int(fill) or not low <= fill < low + (1 << self.stored):
            raise VolumeError("face.unsupported", where="value to fill with")
        values = [int(fill)] * self.samples
        if photometric in _LUMINANCE:
            values[1:] = [1 << (self.stored - 1)] * 2
        size = max(1, self.allocated // 8)
        everything = (1 << (8 * size)) - 1
        return tuple((value & everything).to_bytes(size, "little") for value in values)


def read_layout(outline: Outline) -> Layout:
    """Return how the pixels lie.

    Raises
    ------
    VolumeError
        ``face.unsupported``: there are none, or in a form that nobody should write.
    """
    element = _pixel_element(outline)
    is_float = element.tag != PIXEL_DATA
    allocated = _word(outline, _ALLOCATED, {FLOAT: 32, DOUBLE: 64}.get(element.tag))
    stored = allocated if is_float else _word(outline, _STORED)
    layout = Layout(
        element=element,
        frames=_frames(outline),
        rows=_word(outline, _ROWS),
        columns=_word(outline, _COLUMNS),
        samples=_word(outline, SAMPLES, 1),
        planar=_word(outline, PLANAR, 0),
        allocated=allocated,
        stored=stored,
        is_signed=not is_float and _word(outline, _SIGNED, 0) == 1,
        is_float=is_float,
        photometric=(outline.find(PHOTOMETRIC) or b"").decode("latin-1").strip("\0 "),
    )
    if not is_float and _word(outline, _HIGH, stored - 1) != stored - 1:
        raise VolumeError("face.unsupported", where="High Bit")
    _check(layout)
    return layout


def _check(layout: Layout) -> None:
    widths = {FLOAT: (32,), DOUBLE: (64,)}.get(layout.element.tag, (1, 8, 16, 32, 64))
    if layout.allocated not in widths or not 1 <= layout.stored <= layout.allocated:
        raise VolumeError("face.unsupported", where="Bits Allocated")
    if not layout.pixels or not layout.frames or layout.planar not in (0, 1):
        raise VolumeError("face.unsupported", where="Image Pixel Module")
    known = {1: _GREYS, 3: _COLOURS}.get(layout.samples, frozenset())
    if layout.photometric not in known or (layout.samples > 1 and layout.allocated == 1):
        raise VolumeError("face.unsupported", where="Photometric Interpretation")


def _pixel_element(outline: Outline) -> Element:
    found = [outline.by_tag[t] for t in (PIXEL_DATA, FLOAT, DOUBLE) if t in outline.by_tag]
    if len(found) != 1:
        raise VolumeError("face.unsupported", where="Pixel Data")
    return found[0]


def _word(outline: Outline, tag: int, default: int | None = None) -> int:
    value = outline.find(tag)
    if value:
        if len(value) != 2:
            raise VolumeError("face.unsupported", where="Image Pixel Module")
        return int.from_bytes(value, "little")
    if default is None:
        raise VolumeError("face.unsupported", where="Image Pixel Module")
    return default


def _frames(outline: Outline) -> int:
    value = outline.find(_FRAMES)
    if not value or not value.strip(b"\0 "):
        return 1
    match = _count.fullmatch(value)
    if match is None:
        raise VolumeError("face.unsupported", where="Number of Frames")
    return int(match[1])
