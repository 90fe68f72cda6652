"""Compare the pixels of an object, of which a face was filled, with those of its source.

Outside the mask every stored value is the source's, inside it is the fill value; an
object that nobody looked at, although the plan asks for it, is not released.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.utils import iter_pixels

from pipelines.errors import ResidualError
from pipelines.files import as_file
from pipelines.objects import Cleaned, FaceEvidence
from pipelines.verify.codestreams import HEAD_BYTES, kind_of
from pipelines.verify.head import IMPLICIT_VR_LITTLE_ENDIAN
from pipelines.verify.ours import VISUAL_FEATURES
from pipelines.verify.places import show
from pipelines.verify.planes import covered_pixels
from pipelines.verify.source import Source
from pipelines.verify.structure import NATIVE_PIXELS, Walk
from pipelines.verify.window import Window
from rules.plan import Plan
from rules.vocabulary import Option

_FEATURES = VISUAL_FEATURES
_SAMPLES, _PLANAR, _FRAMES = 0x00280002, 0x00280006, 0x00280008
_ROWS, _COLUMNS, _BITS, _BITS_STORED = 0x00280010, 0x00280011, 0x00280100, 0x00280101
_PHOTOMETRIC = 0x00280004
_ANSWERED = frozenset(["removed", "no-face", "already-removed"])
_MAY_STAY = _ANSWERED | {"unconcerned"}
_FEW_PIXELS = 20
_LEAST_FILLED = 0.9
"""Of the pixels whose centre is in the mask: near its edge the engine may see it otherwise."""
_FLOATS = {0x7FE00008: "<f4", 0x7FE00009: "<f8"}
_NATIVE = frozenset(
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"]
)


def was_examined(cleaned: Cleaned, source: Source) -> bool:
    """Return whether the engine says that no face is left in the pixels of the object."""
    return cleaned.report.face in _ANSWERED and bool(NATIVE_PIXELS & source.root.keys())


def check_faces(
    walk: Walk, window: Window, source: Source, *, cleaned: Cleaned, plan: Plan
) -> None:
    """Check what was done about a face, and that nothing else was done to the pixels.

    Parameters
    ----------
    walk : Walk
        Over the written object.
    source : Source
        As it was cleaned: with its pixels filled.

    Raises
    ------
    ResidualError
        `verify.pixels` with the number of the frame; `verify.structure`.
    """
    face = cleaned.report.face
    if Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES not in plan.options:
        if face or cleaned.evidence.face is not None:
            raise ResidualError("verify.pixels", where="not asked for")
        return
    if face not in _MAY_STAY:
        raise ResidualError("verify.pixels", where="not looked at")
    said = walk.captured.get(_FEATURES, b"").strip(b"\0 ")
    if was_examined(cleaned, source) and said != b"NO":
        raise ResidualError("verify.structure", where=show(_FEATURES))
    if face in _ANSWERED and _count_frames(walk, window, cleaned) > _frames_of(walk.captured):
        raise ResidualError("verify.pixels", where="more frames than are said")
    if cleaned.evidence.face is not None:
        if face != "removed":
            raise ResidualError("verify.pixels", where="changed without a reason")
        tags = NATIVE_PIXELS & source.root.keys()
        if walk.pixels is None or walk.fragments or len(tags) != 1:
            raise ResidualError("verify.pixels", where="not native")
        is_implicit = cleaned.transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
        _Comparison(
            walk, window, cleaned.evidence.face, tag=min(tags), is_implicit=is_implicit
        ).run()


def _count_frames(walk: Walk, window: Window, cleaned: Cleaned) -> int:
    """Return how many frames begin among the fragments: nobody looks at those not said."""
    heads = (window.read(start, min(end, start + HEAD_BYTES)) for start, end in walk.fragments[1:])
    return sum(kind_of(head, cleaned.transfer_syntax_uid) is not None for head in heads)


def _frames_of(captured: Mapping[int, bytes]) -> int:
    text = captured.get(_FRAMES, b"").strip(b"\0 ")
    return int(text) if text.isdigit() else 1


class _Comparison:
    """The frames of the written object beside those of its original."""

    def __init__(
        self,
        walk: Walk,
        window: Window,
        evidence: FaceEvidence,
        *,
        tag: int,
        is_implicit: bool,
    ) -> None:
        self._window = window
        self._evidence = evidence
        # what was encapsulated is explicit, before and after
        self._is_original_implicit = is_implicit
        captured = walk.captured

        def word(tag: int, *, default: int = 0) -> int:
            return int.from_bytes(captured.get(tag, b"")[:2], "little") or default

        self._tag = tag
        self._start, self._end = walk.pixels or (0, 0)
        self._frames = _frames_of(captured)
        self._rows, self._columns = word(_ROWS), word(_COLUMNS)
        self._samples = word(_SAMPLES, default=1)
        self._is_planar = word(_PLANAR) == 1 and self._samples > 1
        self._bits, self._stored_bits = word(_BITS), word(_BITS_STORED)
        self._photometric = captured.get(_PHOTOMETRIC, b"").strip(b"\0 ")
        self._cells = self._rows * self._columns * self._samples
        if self._bits not in (1, 8, 16, 32, 64):
            raise ResidualError("verify.pixels", where=show(_BITS))

    def run(self) -> None:
        """Compare frame by frame, then what follows the last one."""
        masks = self._evidence.masks
        if any(not 0 <= number < self._frames for number in masks):
            raise ResidualError("verify.pixels", where="no such frame")
        end = -(-self._frames * self._cells * self._bits // 8)
        if self._start + end > self._end:
            raise ResidualError("verify.pixels", where="too short")
        for number, (before, after) in enumerate(self._pairs()):
            if not self._is_right(before, after, number):
                raise ResidualError("verify.pixels", where=f"frame {number + 1}")
            if self._frames == self._samples == 1 and not self._is_in_place(after):
                raise ResidualError("verify.pixels", where="place of the mask")

    def _is_in_place(self, after: NDArray[np.generic]) -> bool:
        """Return whether the pixels that the mask covers are filled, all but some at its edge."""
        original = Source(self._evidence.original, implicit=self._is_original_implicit)
        found = covered_pixels(
            original, self._evidence.mask, rows=self._rows, columns=self._columns
        )
        if found is None or len(found[0]) < _FEW_PIXELS:
            return True
        pixels = found[0] * self._columns + found[1]
        filled = after[pixels] == self._fill[pixels]
        return bool(filled.mean() >= _LEAST_FILLED)

    def _is_right(
        self, before: NDArray[np.generic], after: NDArray[np.generic], number: int
    ) -> bool:
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            return False
        if number not in self._evidence.masks:
            return before.tobytes() == after.tobytes()
        mask = self._cells_of(self._evidence.masks[number])
        is_kept = np.array_equal(before[~mask], after[~mask])
        return is_kept and bool((after[mask] == self._fill[mask]).all())

    @cached_property
    def _fill(self) -> NDArray[np.generic]:
        """Return a frame of the fill value, in the order of the file, without a sign."""
        fill = self._evidence.fill
        if self._tag in _FLOATS:
            kind = _FLOATS[self._tag]
            return np.full(self._cells, fill, kind).view(f"<u{self._bits // 8}")
        samples = [int(fill)] * self._samples
        if self._photometric.startswith(b"YBR"):  # grey: no colour beside the luminance
            samples[1:] = [1 << (self._stored_bits - 1)] * (self._samples - 1)
        words = [value & ((1 << self._bits) - 1) for value in samples]
        pixels = self._rows * self._columns
        kind = f"<u{max(8, self._bits) // 8}"
        if self._is_planar:
            return np.array(words, kind).repeat(pixels)
        return np.tile(np.array(words, kind), pixels)

    def _cells_of(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which stored values of a frame, in the order of the file, are of the mask."""
        if mask.shape != (self._rows, self._columns):
            raise ResidualError("verify.pixels", where="shape")
        flat = mask.reshape(-1)
        return np.tile(flat, self._samples) if self._is_planar else flat.repeat(self._samples)

    def _pairs(self) -> Iterator[tuple[NDArray[np.generic], NDArray[np.generic]]]:
        if self._evidence.transfer_syntax_uid in _NATIVE:
            yield from self._native()
            return
        count = 0
        for number, frame in enumerate(self._decoded()):
            if frame.size != self._cells:
                raise ResidualError("verify.pixels", where="shape")
            before = frame.reshape(self._rows, self._columns, self._samples)
            if self._is_planar:
                before = before.transpose(2, 0, 1)
            count += 1
            values = before.reshape(-1).astype(np.int64) & ((1 << self._bits) - 1)
            yield (
                values.astype(f"<u{self._bits // 8}"),
                self._stored(self._written, self._start, number),
            )
        if count != self._frames:
            raise ResidualError("verify.pixels", where="number of frames")

    def _decoded(self) -> Iterator[NDArray[np.generic]]:
        """Yield the frames of an encapsulated original.

        Raises
        ------
        ResidualError
            A frame can't be decoded.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote values
                yield from iter_pixels(as_file(self._evidence.original), raw=True)
        except Exception as error:  # noqa: BLE001  (decoders raise anything)
            kind = type(error).__name__
            raise ResidualError("verify.pixels", where=kind) from None

    def _native(self) -> Iterator[tuple[NDArray[np.generic], NDArray[np.generic]]]:
        original = Source(self._evidence.original, implicit=self._is_original_implicit)
        before = original.root.get(self._tag)
        if before is None or before.end - before.start != self._end - self._start:
            raise ResidualError("verify.pixels", where=show(self._tag))
        read = self._evidence.original.read
        for number in range(self._frames):
            yield (
                self._stored(read, before.start, number),
                self._stored(self._written, self._start, number),
            )
        rest = -(-self._frames * self._cells * self._bits // 8)
        tail = self._end - self._start - rest
        # nobody knows what stands there, so it is cleared
        if self._written(self._start + rest, tail).strip(b"\0"):
            raise ResidualError("verify.pixels", where="after the last frame")

    def _stored(
        self, read: Callable[[int, int], bytes], start: int, number: int
    ) -> NDArray[np.generic]:
        """Return the stored values of a frame, in the order of the file, without a sign."""
        first, last = number * self._cells * self._bits, (number + 1) * self._cells * self._bits
        data = read(start + first // 8, -(-last // 8) - first // 8)
        if self._bits == 1:
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
            return bits[first % 8 : first % 8 + self._cells]
        values = np.frombuffer(data, f"<u{self._bits // 8}")
        if len(values) != self._cells:
            raise ResidualError("verify.pixels", where="too short")
        return values

    def _written(self, start: int, length: int) -> bytes:
        return self._window.read(start, start + length)
