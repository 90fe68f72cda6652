"""Text beside the image, inside Pixel Data, is found; the image is not searched."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from pipelines.errors import ResidualError
from pipelines.verify.pixels import native_bytes
from pipelines.verify.streams import CHUNK_BYTES, Span, Stream
from pipelines.verify.window import Window
from tests.unit.pipelines.verify.written import (
    EXPLICIT,
    JPEG,
    SOURCE,
    Bytes,
    dataset,
    encode,
    gate,
    plan_of,
)

PLAN = plan_of()
RLE, JPEG_2000, JPEG_XL = (f"1.2.840.10008.1.2.{last}" for last in ("5", "4.90", "4.110"))
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0" + bytes(4)
PIXELS = "verify.identity (7FE0,0010)"
NAME = b" jane doe "


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


START, END = b"\xff\xd8", b"\xff\xd9"
SCAN = segment(0xDA, b"\1\1\0\0\x3f\0")
IMAGE = b"\x11\xff\x00\x22\xff\xd3\x33" * 9
JPEG_IMAGE = START + segment(0xC0, b"\x08\0\2\0\2\1\1\x11\0") + SCAN + IMAGE + END


def encapsulated(*streams: bytes, d: Dataset | None = None, syntax: str = JPEG) -> bytes:
    d = dataset(PLAN) if d is None else d
    del d.PixelData
    items = b"".join(
        ITEM + len(s + b"\0" * (len(s) & 1)).to_bytes(4, "little") + s + b"\0" * (len(s) & 1)
        for s in (b"", *streams)
    )
    header = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    return encode(d, syntax=syntax) + header + items + SEQUENCE_END


def said(*streams: bytes, syntax: str = JPEG) -> str:
    return verdict(encapsulated(*streams, syntax=syntax), syntax=syntax)


def verdict(data: bytes, syntax: str = EXPLICIT) -> str:
    try:
        gate(data, plan=PLAN, syntax=syntax)
    except ResidualError as error:
        return str(error)
    return ""


# JPEG


@pytest.mark.parametrize(
    "after",
    [
        NAME,
        bytes(70_000) + NAME + bytes(200_000),
        START + segment(0xE1, b"Exif\0\0" + NAME) + SCAN + IMAGE + END,
        START + SCAN + NAME + END,
        END + NAME,
    ],
)
def test_all_that_follows_the_first_end_of_image_is_searched(after: bytes) -> None:
    assert said(JPEG_IMAGE + after) == f"{PIXELS} fragment 1"


def test_a_fragment_that_begins_like_no_frame_goes_on_with_the_last() -> None:
    assert said(JPEG_IMAGE, NAME) == f"{PIXELS} fragment 2"
    assert said(JPEG_IMAGE + b" jane", b"doe ").startswith(PIXELS)
    assert said(START + SCAN + IMAGE, NAME + END) == ""
    assert said(NAME) == said(NAME, JPEG_IMAGE) == f"{PIXELS} fragment 1"


def test_a_second_image_without_text_is_released() -> None:
    assert said(JPEG_IMAGE + JPEG_IMAGE) == ""
    assert said(JPEG_IMAGE, JPEG_IMAGE) == ""


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 9, 13])
def test_a_header_in_two_fragments_is_read_as_one(cut: int) -> None:
    stream = START + segment(0xFE, NAME) + SCAN + IMAGE + END
    fragments = stream[: 2 * cut], stream[2 * cut :]
    assert re.fullmatch(re.escape(PIXELS) + " fragment [12]", said(*fragments))
    clean = START + segment(0xFE, b"nobody 7") + SCAN + NAME + IMAGE + END
    assert said(clean[: 2 * cut], clean[2 * cut :]) == ""


def test_a_long_header_in_two_fragments_is_searched_to_its_end() -> None:
    header = segment(0xE0, b"JFIF\0" + bytes(5000)) + segment(0xFE, NAME)
    assert said(START, header + SCAN + IMAGE + END) == f"{PIXELS} fragment 2"


@pytest.mark.parametrize(
    "odd",
    [
        b"\xff\x01\x0f\xff" + bytes(5000),  # what follows is no marker
        b"\xff\xd0",  # a restart marker outside of a scan
        b"\xff\xff\xff",
        b"\xff\xe1\0\0",  # shorter than its own length
        b"\xff\xe1\xff\xf0",  # longer than the frame
        START,
        b"\xff\xe1\0\2" * 20_000,
    ],
)
def test_a_header_that_makes_no_sense_is_searched(odd: bytes) -> None:
    assert said(START + odd + segment(0xFE, NAME) + SCAN + IMAGE + END).startswith(PIXELS)
    assert said(START + odd + NAME).startswith(PIXELS)


def test_segments_between_scans_are_searched_and_scans_are_not() -> None:
    progressive = START + SCAN + IMAGE + segment(0xC4, b"\0" * 17) + SCAN + IMAGE
    assert said(progressive + NAME + END) == ""
    assert said(START + SCAN + NAME + IMAGE + END) == ""
    assert said(progressive + segment(0xFE, NAME) + SCAN + IMAGE + END).startswith(PIXELS)


def test_a_length_that_reads_like_a_letter_is_no_letter() -> None:
    comment = segment(0xFE, b"jane".ljust(ord("A") - 2))
    assert said(START + comment + SCAN + IMAGE + END).startswith(PIXELS)


def test_a_short_name_in_the_header_of_a_large_frame_counts() -> None:
    large = SCAN + b"\x55" * 200_000 + END
    assert said(START + segment(0xFE, b"by jane.") + large).startswith(PIXELS)


def test_a_source_uid_beside_the_image_is_found() -> None:
    uid = SOURCE["study"].encode()
    assert said(JPEG_IMAGE + uid) == "verify.reference (7FE0,0010) fragment 1"


@given(at=st.integers(0, 40), size=st.integers(0, 3000))
def test_a_comment_of_any_size_at_any_place_is_searched(at: int, size: int) -> None:
    parts = [segment(0xE0 + n % 16, bytes(n)) for n in range(41)]
    parts.insert(at, segment(0xFE, bytes(size) + NAME))
    assert said(START + b"".join(parts) + SCAN + IMAGE + END).startswith(PIXELS)


# JPEG 2000, boxes, run-length coding, JPEG XL


def tile(content: bytes, *, header: bytes = b"", length: int | None = None) -> bytes:
    size = 14 + len(header) + len(content) if length is None else length
    return (
        b"\xff\x90\0\x0a\0\0" + size.to_bytes(4, "big") + b"\0\1" + header + b"\xff\x93" + content
    )


MAIN = b"\xff\x4f\xff\x51" + b"\0\4ab"


@pytest.mark.parametrize("length", [None, 0, 10**9, 3])
def test_headers_of_tile_parts_are_searched_and_their_data_is_not(length: int | None) -> None:
    image = MAIN + tile(b"\x11" * 30) + tile(NAME + b"\x22" * 9, length=length)
    assert said(image + END, syntax=JPEG_2000) == ""
    assert said(image, syntax=JPEG_2000) == ""
    comment = segment(0x64, b"\0\1" + NAME)
    planted = MAIN + tile(b"\x11" * 30) + tile(b"\x22" * 9, header=comment) + END
    assert said(planted, syntax=JPEG_2000).startswith(PIXELS)
    assert said(image + END + NAME, syntax=JPEG_2000).startswith(PIXELS)
    assert said(image + END + bytes(70_000) + NAME + END, syntax=JPEG_2000).startswith(PIXELS)


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def test_boxes_are_searched_and_their_images_are_not() -> None:
    start = box(b"jP  ", b"\r\n\x87\n")
    image = MAIN + tile(NAME) + END
    assert said(start + box(b"jp2c", image), syntax=JPEG_2000) == ""
    assert said(start + box(b"jp2c", image + NAME), syntax=JPEG_2000).startswith(PIXELS)
    assert said(start + box(b"jp2c", NAME), syntax=JPEG_2000).startswith(PIXELS)
    for after in (box(b"xml ", NAME), box(b"free", b"") * 12_000 + NAME, NAME):
        assert said(start + box(b"jp2c", image) + after, syntax=JPEG_2000).startswith(PIXELS)


def test_the_header_of_run_length_coding_holds_offsets_only() -> None:
    header = b"".join(n.to_bytes(4, "little") for n in (2, 64, 80, *[0] * 13))
    assert said(header + b"\2\1\2\3" * 8 + NAME, syntax=RLE) == ""
    unused = header[:20] + NAME + header[30:]
    assert said(unused + b"\2\1\2\3" * 8, syntax=RLE).startswith(PIXELS)
    assert said(header + bytes(40), NAME, syntax=RLE) == f"{PIXELS} fragment 2"
    assert said(header + NAME, syntax=JPEG).startswith(PIXELS)


def test_a_jpeg_xl_codestream_is_image_under_its_transfer_syntax_only() -> None:
    assert said(b"\xff\x0a" + NAME, syntax=JPEG_XL) == ""
    assert said(b"\xff\x0a" + NAME, syntax=JPEG).startswith(PIXELS)


def test_the_offset_table_is_searched() -> None:
    data = encapsulated(JPEG_IMAGE)
    at = data.rindex(ITEM + bytes(4)) + 4
    planted = data[:at] + len(NAME).to_bytes(4, "little") + NAME + data[at + 4 :]
    assert verdict(planted, JPEG) == f"{PIXELS} fragment 0"


# Native


def image(rows: int, columns: int, value: bytes, **others: object) -> Dataset:
    d = dataset(PLAN)
    d.Rows, d.Columns, d.PixelData = rows, columns, value
    for keyword, other in others.items():
        setattr(d, keyword, other)
    return d


def test_what_follows_a_native_image_is_searched() -> None:
    for value in (NAME + bytes(2), bytes(12) + NAME, bytes(12) + bytes(90_000) + NAME):
        expected = "" if value.startswith(NAME) else PIXELS
        assert verdict(encode(image(2, 3, value))) == expected
    assert verdict(encode(image(2, 3, NAME + bytes(26), NumberOfFrames="3"))) == ""
    assert verdict(encode(image(2, 3, bytes(26) + NAME, NumberOfFrames="3"))) == ""
    assert verdict(encode(image(2, 3, bytes(36) + NAME, NumberOfFrames="3"))) == PIXELS
    assert verdict(encode(image(2, 3, bytes(26) + NAME, SamplesPerPixel=3))) == ""


@pytest.mark.parametrize("missing", ["Rows", "Columns", "BitsAllocated"])
def test_pixel_data_of_no_image_is_searched(missing: str) -> None:
    d = image(64, 64, NAME + bytes(20))
    assert verdict(encode(d)) == ""
    delattr(d, missing)
    assert verdict(encode(d)) == PIXELS
    compressed = dataset(PLAN)
    delattr(compressed, missing)
    data = encapsulated(START + SCAN + NAME + END, d=compressed)
    assert verdict(data, JPEG) == f"{PIXELS} fragment 1"


def test_bits_are_counted_and_padded_to_even() -> None:
    def word(number: int) -> bytes:
        return number.to_bytes(2, "little")

    captured = {0x00280010: word(3), 0x00280011: word(3), 0x00280100: word(1)}
    assert native_bytes(captured) == 2
    assert native_bytes(captured | {0x00280100: word(8)}) == 10
    assert native_bytes(captured | {0x00280002: word(3), 0x00280008: b"2 "}) == 8
    assert native_bytes({}) == 0
    assert native_bytes(captured | {0x00280008: b"many"}) == 2


def test_a_native_image_is_not_read() -> None:
    value = bytes(4 * 1024 * 1024)
    data = encode(image(1024, 2048, value))

    class Counting(Bytes):
        read_bytes = 0

        def read(self, offset: int, length: int) -> bytes:
            part = super().read(offset, length)
            self.read_bytes += len(part)
            return part

    window = Window(reader := Counting(data))
    assert window.size > len(value)
    gate(data, plan=PLAN, reader=reader)
    assert reader.read_bytes < 600_000


# Streams


@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=12), data=st.data())
def test_a_stream_reads_like_its_fragments_joined(sizes: list[int], data: st.DataObject) -> None:
    whole = bytes(range(1, 200))
    spans, expected, position = [], b"", 0
    for number, size in enumerate(sizes):
        spans.append(Span(str(number), position, position + size))
        expected += whole[position : position + size]
        position += size + 3
    stream = Stream(Window(Bytes(whole)), spans)
    assert stream.size == len(expected)
    start = data.draw(st.integers(0, len(expected)))
    end = data.draw(st.integers(0, len(expected) + 3))
    assert stream.read(start, end) == expected[start:end]
    if start < len(expected):
        where = spans[int(stream.where(start))]
        assert expected[start] in whole[where.start : where.end]


def test_a_marker_across_two_pieces_is_found() -> None:
    for at in (0, 1, 16 * 1024 - 1, 16 * 1024, 3 * CHUNK_BYTES // 2, 2 * CHUNK_BYTES - 2):
        data = bytearray(2 * CHUNK_BYTES)
        data[at : at + 2] = END
        stream = Stream(Window(Bytes(bytes(data))), [Span("", 0, len(data))])
        assert stream.find(re.compile(END), 0) == at
        assert stream.find(re.compile(END), at + 1) == -1


MARKERS = st.sampled_from(
    [START, END, SCAN, MAIN, ITEM, box(b"jP  ", b"\r\n"), box(b"jp2c", MAIN), tile(b"\1"), b"\xff"]
)


@given(
    streams=st.lists(
        st.lists(MARKERS | st.binary(max_size=20), max_size=6).map(b"".join), max_size=4
    ),
    syntax=st.sampled_from([JPEG, JPEG_2000, JPEG_XL, RLE]),
)
def test_no_fragments_crash_the_gate(streams: list[bytes], syntax: str) -> None:
    assert said(*streams, syntax=syntax) == ""


@given(before=st.binary(max_size=30))
def test_after_an_end_of_image_nothing_hides_a_name(before: bytes) -> None:
    assert said(JPEG_IMAGE + before + NAME).startswith(PIXELS)
