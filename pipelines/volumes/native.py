"""Fill pixels of native Pixel Data while it is read: nothing is copied, nothing moves."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipelines.context import RangeReader
from pipelines.volumes.errors import VolumeError
from pipelines.volumes.layout import Layout
from pipelines.volumes.masks import PackedMasks

_Bytes = NDArray[np.uint8]


class FilledReader:
    """A `pipelines.context.RangeReader` over an object some of whose pixels are filled.

    Parameters
    ----------
    source : RangeReader
    layout : Layout
    start, length : int
        Of the value of Pixel Data, in `source`.
    masks : PackedMasks
    fill : float

    Raises
    ------
    VolumeError
        ``face.unsupported``: there are fewer, or more, pixels than the header says.
    """

    __slots__ = ("_end", "_fill", "_layout", "_masks", "_source", "_start")

    def __init__(
        self,
        source: RangeReader,
        layout: Layout,
        *,
        start: int,
        length: int,
        masks: PackedMasks,
        fill: float,
    ) -> None:
        if layout.photometric == "YBR_FULL_422":
            raise VolumeError("face.unsupported", where="Photometric Interpretation")
        expected = -(-layout.frame_bits * layout.frames // 8)
        if not expected <= length < expected + max(2, layout.frame_bits // 8):
            raise VolumeError("face.unsupported", where="length of Pixel Data")
        self._source = source
        self._layout = layout
        self._start, self._end = start, start + length
        self._masks = masks
        samples = layout.fill_bytes(fill, photometric=layout.photometric)
        # one number per sample, whatever they mean
        self._fill = np.frombuffer(b"".join(samples), dtype=f"<u{len(samples[0])}")

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return self._source.size

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        data = self._source.read(offset, length)
        start, end = max(offset, self._start), min(offset + len(data), self._end)
        if start >= end or not self._masks:
            return data
        filled = np.frombuffer(data, dtype=np.uint8).copy()
        piece = filled[start - offset : end - offset]
        fill_in = self._fill_bits if self._layout.allocated == 1 else self._fill_frame
        self._each_frame(piece, start - self._start, fill_in)
        self._clear_surplus(piece, start - self._start)
        return filled.tobytes()

    def _each_frame(
        self, piece: _Bytes, begin: int, fill_in: Callable[[_Bytes, int, int], None]
    ) -> None:
        """Fill in the frames that the piece, `begin` bytes into the value, is of."""
        bits = self._layout.frame_bits
        last = min((8 * (begin + len(piece)) - 1) // bits, self._layout.frames - 1)
        for frame in range(8 * begin // bits, last + 1):
            fill_in(piece, begin, frame)

    def _fill_frame(self, piece: _Bytes, begin: int, frame: int) -> None:
        mask = self._masks.of(frame)
        if mask is None:
            return
        samples, size = len(self._fill), self._fill.itemsize
        of_frame = self._layout.frame_bits // 8
        first, last = _overlap(begin, len(piece), frame * of_frame, of_frame)
        # values that the piece begins or ends amid are worked on whole
        low, high = first // size, -(-last // size)
        if samples == 1:
            covered, fill = mask[low:high], self._fill
        else:
            number = np.arange(low, high)
            by_plane = self._layout.planar == 1
            pixel = number % self._layout.pixels if by_plane else number // samples
            sample = number // self._layout.pixels if by_plane else number % samples
            covered, fill = mask[pixel], self._fill[sample]
        whole = np.zeros((high - low) * size, dtype=np.uint8)
        inside = whole[first - low * size : last - low * size]
        at = frame * of_frame - begin
        inside[:] = piece[at + first : at + last]
        np.copyto(whole.view(self._fill.dtype), fill, where=covered)
        piece[at + first : at + last] = inside

    def _fill_bits(self, piece: _Bytes, begin: int, frame: int) -> None:
        mask = self._masks.of(frame)
        if mask is None:
            return
        pixels = self._layout.pixels
        first, last = _overlap(8 * begin, 8 * len(piece), frame * pixels, pixels)
        at = frame * pixels + first - 8 * begin  # in the piece, in bits
        low, high = at // 8, -(-(at + last - first) // 8)
        bits = np.unpackbits(piece[low:high], bitorder="little")
        bits[at - 8 * low :][: last - first][mask[first:last]] = self._fill[0]
        piece[low:high] = np.packbits(bits, bitorder="little")

    def _clear_surplus(self, piece: _Bytes, begin: int) -> None:
        """Clear what follows the last pixel: nobody knows what it shows."""
        bits = self._layout.frame_bits * self._layout.frames
        piece[max(0, -(-bits // 8) - begin) :] = 0


def _overlap(begin: int, length: int, start: int, size: int) -> tuple[int, int]:
    """Return where the piece begins and ends in what starts at `start`."""
    return max(0, begin - start), min(size, begin + length - start)
