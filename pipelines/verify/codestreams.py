"""The parts of compressed frames that can hold text: all but the image itself.

JPEG and JPEG-LS: the segments before and between the scans. JPEG 2000: main header and
the headers of the tile-parts. JP2, JPEG XL and MP4 files: the boxes. Of each, all that
follows the end of the image; and everything from the byte on that makes no sense.
"""

import re
from collections.abc import Iterator
from enum import Enum, auto

from pipelines.verify.streams import Stream

_MAX_STEPS = 10_000
"""Segments or boxes of one frame; beyond, all the rest is searched."""
_SHORTEST_SEGMENT = 2
HEAD_BYTES = 64
_JPEG, _JPEG_2000, _JPEG_XL = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\x0a"
_BOXES = frozenset([b"jP  ", b"JXL ", b"ftyp"])
_CODESTREAM_BOX = b"jp2c"
_IMAGE_BOXES = frozenset([b"jxlc", b"jxlp", b"mdat", b"jbrd"])
_RUN_LENGTH_SYNTAX = "1.2.840.10008.1.2.5"
_JPEG_XL_SYNTAXES = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112))
_MAX_SEGMENTS, _FIRST_SEGMENT = 15, 64

_END = 0xD9
_SCAN = 0xDA
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD8)])
_TILE, _DATA = 0x90, 0x93
_marker = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""Not in the data of a scan (ISO 10918-1, B.1.1; 14495-1, C.1)."""
_end = re.compile(rb"\xff\xd9")

Piece = tuple[int, int]
"""Start and end in the stream, bytes."""


class Kind(Enum):
    """What a frame is, by its first bytes."""

    JPEG = auto()
    JPEG_2000 = auto()
    BOXES = auto()
    RUN_LENGTH = auto()
    BARE = auto()
    """A JPEG XL codestream: it has no place for text."""


def kind_of(head: bytes, transfer_syntax_uid: str) -> Kind | None:
    """Return the kind of what begins with `head`; None where it is none we know.

    Parameters
    ----------
    head : bytes
        `HEAD_BYTES`, or all there is.
    """
    kind: Kind | None = None
    if head[:2] == _JPEG:
        kind = Kind.JPEG
    elif head[:4] == _JPEG_2000[: max(2, len(head))]:
        kind = Kind.JPEG_2000
    elif head[4:8] in _BOXES:
        kind = Kind.BOXES
    elif transfer_syntax_uid == _RUN_LENGTH_SYNTAX and _is_run_length(head):
        kind = Kind.RUN_LENGTH
    elif transfer_syntax_uid in _JPEG_XL_SYNTAXES and head[:2] == _JPEG_XL:
        kind = Kind.BARE
    return kind


def is_one_fragment(transfer_syntax_uid: str) -> bool:
    """Return True where a frame has one fragment always (PS3.5, A.4.2)."""
    return transfer_syntax_uid == _RUN_LENGTH_SYNTAX


def _is_run_length(head: bytes) -> bool:
    """Return True for the header of RLE, and nothing else in it (PS3.5, G.5)."""
    number, *offsets = (int.from_bytes(head[at : at + 4], "little") for at in range(0, 64, 4))
    used = offsets[:number]
    return (
        0 < number <= _MAX_SEGMENTS
        and used[0] == _FIRST_SEGMENT
        and used == sorted(used)
        and not any(offsets[number:])
    )


def pieces_of(stream: Stream, kind: Kind | None) -> Iterator[Piece]:
    """Yield the parts of a frame that are searched."""
    if kind is Kind.JPEG:
        yield from _jpeg(stream)
    elif kind is Kind.JPEG_2000:
        yield from _jpeg_2000(stream, 0, stream.size)
    elif kind is Kind.BOXES:
        yield from _boxes(stream)
    elif kind is None:
        yield 0, stream.size


def _jpeg(stream: Stream) -> Iterator[Piece]:
    start, position = 0, len(_JPEG)
    for _ in range(_MAX_STEPS):
        header = stream.read(position, position + 4)
        marker = header[1] if header[:1] == b"\xff" and len(header) > 1 else _END
        if marker == _END:  # or what is no marker
            break
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        position += 2
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(header[2:], "big")
        if length < _SHORTEST_SEGMENT:
            break
        if header[3:].isalnum():  # would make the first word after it another word
            yield position + 2, min(position + length, stream.size)
        position += length
        if marker == _SCAN:
            yield start, min(position, stream.size)
            start = position = stream.find(_marker, position)
            if start < 0:
                return
    yield start, stream.size


def _jpeg_2000(stream: Stream, start: int, end: int) -> Iterator[Piece]:
    """Yield all but the data of the tile-parts (ISO 15444-1, A.4)."""
    position = start + 2
    tile_end = 0
    for _ in range(_MAX_STEPS):
        header = stream.read(position, min(end, position + 12))
        marker = header[1] if header[:1] == b"\xff" and len(header) > 1 else _END
        if marker == _END:
            break
        if marker == _DATA:
            yield start, position + 2
            if not position + 2 <= tile_end <= end:
                tile_end = stream.find(_end, position + 2)
            if tile_end < 0 or tile_end >= end:
                return
            start = position = tile_end
            continue
        if marker == _TILE:
            length = int.from_bytes(header[6:10], "big")
            tile_end = position + length if length else 0
        length = int.from_bytes(header[2:4], "big")
        if length < _SHORTEST_SEGMENT:
            break
        position += 2 + length
    yield start, end


def _boxes(stream: Stream) -> Iterator[Piece]:
    """Yield all boxes but those that hold the image (ISO 14496-12, 15444-1)."""
    position, end = 0, stream.size
    for _ in range(_MAX_STEPS):
        if position + 8 > end:
            break
        header = stream.read(position, position + 16)
        length, name = int.from_bytes(header[:4], "big"), header[4:8]
        content = position + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16], "big"), position + 16
        following = end if length == 0 else position + length
        if following <= position or following > end:
            following = end
        if name == _CODESTREAM_BOX and stream.read(content, content + 2) == _JPEG_2000[:2]:
            yield from _jpeg_2000(stream, content, following)
        elif name not in _IMAGE_BOXES:
            yield position, following
        position = following
    yield position, end
