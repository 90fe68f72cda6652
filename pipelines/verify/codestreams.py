"""The parts of compressed frames that can hold text: headers and what follows the end.

JPEG and JPEG-LS up to the first scan (APPn, COM), JPEG 2000 up to the first tile, boxes
of JP2, JPEG XL and MP4 files, and what follows the end-of-image marker.
"""

from collections.abc import Iterator

from pipelines.verify.window import Window

_HEADER_BYTES = 1024 * 1024
_FIRST_BYTES = 64 * 1024
_UNKNOWN_BYTES = 4096
_TAIL_BYTES = 64 * 1024

_JPEG, _JPEG_2000 = b"\xff\xd8", b"\xff\x4f"
_END = b"\xff\xd9"
_SCAN, _TILE = 0xDA, 0x90
_BOXES = frozenset([b"jP  ", b"JXL ", b"ftyp"])
_IMAGE_BOXES = frozenset([b"jp2c", b"jxlc", b"jxlp", b"mdat", b"jbrd"])
_MAX_BOXES = 1024

Piece = tuple[int, int]
"""Start and end, bytes from the start of the file."""


def pieces_of(window: Window, start: int, end: int) -> Iterator[Piece]:
    """Yield the parts of a fragment that are searched."""
    head = window.read(start, min(end, start + _FIRST_BYTES))
    if head[4:8] in _BOXES:
        yield from _boxes(window, start, end)
    elif head[:2] in (_JPEG, _JPEG_2000):
        yield start, _image_start(window, start, end)
    elif head[:2] != b"\xff\x0a" and not _is_run_length(head):
        yield start, min(end, start + _UNKNOWN_BYTES)
    else:
        return
    yield from _after_end(window, start, end)


def _is_run_length(head: bytes) -> bool:
    """Return True for the header of RLE: at most 15 segments, the first at 64 (PS3.5, G.5)."""
    return 0 < int.from_bytes(head[:4], "little") <= 15 and head[4:8] == b"\x40\0\0\0"


def _image_start(window: Window, start: int, end: int) -> int:
    """Return where the first scan or tile starts; the end where there is none."""
    stop = min(end, start + _HEADER_BYTES)
    data = window.read(start, stop)
    image = _TILE if data[:2] == _JPEG_2000 else _SCAN
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == image:
            return start + position
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return min(stop, start + max(position, _UNKNOWN_BYTES))


def _boxes(window: Window, start: int, end: int) -> Iterator[Piece]:
    """Yield all boxes but those that hold the image (ISO 14496-12, 15444-1)."""
    position = start
    for _ in range(_MAX_BOXES):
        if position + 8 > end:
            break
        header = window.read(position, min(end, position + 16))
        length, name = int.from_bytes(header[:4], "big"), header[4:8]
        content = position + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16], "big"), position + 16
        following = end if length == 0 else position + length
        if following <= position or following > end:
            following = end
        if name not in _IMAGE_BOXES:
            yield position, following
        elif window.read(content, min(end, content + 2)) == _JPEG_2000:
            yield content, _image_start(window, content, following)
        position = following


def _after_end(window: Window, start: int, end: int) -> Iterator[Piece]:
    tail_start = max(start, end - _TAIL_BYTES)
    if window.read(max(start, end - 4), end).rstrip(b"\0").endswith(_END):
        return
    found = window.read(tail_start, end).rfind(_END)
    if found >= 0:
        yield tail_start + found + 2, end
