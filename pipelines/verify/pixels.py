"""What of Pixel Data is searched: all that is not the image."""

from collections.abc import Iterator, Mapping

from pipelines.verify.codestreams import (
    HEAD_BYTES,
    Kind,
    Piece,
    is_one_fragment,
    kind_of,
    pieces_of,
)
from pipelines.verify.places import show
from pipelines.verify.streams import Span, Stream
from pipelines.verify.window import PIXEL_DATA, Window

_SAMPLES, _FRAMES, _ROWS, _COLUMNS, _BITS = (
    0x00280002,
    0x00280008,
    0x00280010,
    0x00280011,
    0x00280100,
)
IMAGE_TAGS = frozenset([_SAMPLES, _FRAMES, _ROWS, _COLUMNS, _BITS])
"""What must be known of the image to tell it from what follows."""
_MOST_DIGITS = 10


def native_bytes(captured: Mapping[int, bytes]) -> int:
    """Return the length of the image, uncompressed; 0 where the object has none.

    Parameters
    ----------
    captured : Mapping[int, bytes]
        Values of the root, as encoded, by tag.
    """

    def word(tag: int) -> int:
        return int.from_bytes(captured.get(tag, b"")[:2], "little")

    text = captured.get(_FRAMES, b"").strip(b"\0 ")
    frames = int(text) if text.isdigit() and len(text) <= _MOST_DIGITS else 1
    bits = word(_ROWS) * word(_COLUMNS) * word(_BITS) * (word(_SAMPLES) or 1) * frames
    return -(-bits // 16) * 2


def searched_parts(
    window: Window,
    *,
    pixels: tuple[int, int],
    fragments: list[tuple[int, int]],
    captured: Mapping[int, bytes],
    transfer_syntax_uid: str,
) -> Iterator[tuple[Stream, Piece]]:
    """Yield what is searched of the Pixel Data of the root.

    Parameters
    ----------
    pixels : tuple[int, int]
        The value, in the file.
    fragments : list[tuple[int, int]]
        The first is the Basic Offset Table; empty where the value is native.
    captured : Mapping[int, bytes]
        See `native_bytes`.
    """
    expected = native_bytes(captured)
    if not fragments:
        stream = Stream(window, [Span(show(PIXEL_DATA), *pixels)])
        if expected < stream.size:
            yield stream, (expected, stream.size)
        return
    spans = [
        Span(f"{show(PIXEL_DATA)} fragment {number}", start, end)
        for number, (start, end) in enumerate(fragments)
    ]
    offsets = Stream(window, spans[:1])
    yield offsets, (0, offsets.size)
    for stream, kind in _frames(window, spans[1:], transfer_syntax_uid):
        for piece in pieces_of(stream, kind if expected else None):
            yield stream, piece


def _frames(
    window: Window, spans: list[Span], transfer_syntax_uid: str
) -> Iterator[tuple[Stream, Kind | None]]:
    """Join the fragments of each frame: one that begins like nothing goes on with the last."""
    begun: list[Span] = []
    begun_kind: Kind | None = None
    for span in spans:
        head = window.read(span.start, min(span.end, span.start + HEAD_BYTES))
        kind = kind_of(head, transfer_syntax_uid)
        if begun and (kind is not None or is_one_fragment(transfer_syntax_uid)):
            yield Stream(window, begun), begun_kind
            begun = []
        if not begun:
            begun_kind = kind
        begun.append(span)
    if begun:
        yield Stream(window, begun), begun_kind
