"""Reading what is not written, listing what is in it."""

import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.workbench.assembled import Assembled
from gateway.workbench.elements import Met, elements_of, printable
from gateway.workbench.positions import Positions
from pipelines.context import Segment, Span
from pipelines.metadata.normalise import BytesReader
from pipelines.metadata.opening import open_object
from tests.support.datasets import objects
from tests.support.encoding import IMPLICIT, Made, MadeItem, dicom_file
from tests.support.objects import small

SOURCE = bytes(range(100))
pieces = st.one_of(
    st.binary(max_size=20),
    st.builds(Span, st.integers(0, 80), st.integers(0, 20)),
)


@given(st.lists(pieces, max_size=8), st.integers(0, 200), st.integers(0, 200))
def test_segments_read_like_the_joined_bytes(
    segments: list[Segment], offset: int, length: int
) -> None:
    joined = b"".join(
        s if isinstance(s, bytes) else SOURCE[s.offset : s.offset + s.length] for s in segments
    )
    reader = Assembled(segments, BytesReader(SOURCE))
    assert reader.size == len(joined)
    assert reader.read(offset, length) == joined[offset : offset + length]


def met(data: bytes) -> dict[str, Met]:
    return {each.path: each for each in elements_of(open_object(BytesReader(data))[0])}


@given(objects())
def test_every_element_is_listed_once(drawn: tuple[tuple[Made, ...], str]) -> None:
    elements, syntax = drawn
    outline, _ = open_object(BytesReader(dicom_file(elements, transfer_syntax=syntax)))
    found = list(elements_of(outline))
    assert len({each.path for each in found}) == len(found)
    root = [each.tag for each in found if not each.parents]
    assert root == [element.tag for element in outline.elements]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", [IMPLICIT, "1.2.840.10008.1.2.1"])
def test_sequences_are_entered_and_private_elements_known(syntax: str, *, undefined: bool) -> None:
    inner = (Made(0x00080060, "CS", b"CT"), Made(0x00090010, "LO", b"ACME"), _private(b"x "))
    sequence = Made(0x00081115, "SQ", b"", (MadeItem(inner), MadeItem(())), undefined=undefined)
    found = met(small(sequence, transfer_syntax=syntax))
    assert found["(0008,1115)"].items == 2
    inside = found["(0008,1115)[0].(0009,1001)"]
    assert (inside.key, inside.parents) == (("ACME", 9, 1), (0x00081115,))
    assert found["(0008,1115)[0].(0009,0010)"].is_creator
    assert found["(0008,1115)[0].(0008,0060)"].shown() == "CT"


def _private(value: bytes) -> Made:
    return Made(0x00091001, "LO", value)


def test_values_are_shown_for_a_person() -> None:
    found = met(
        small(
            Made(0x00080005, "CS", b"ISO_IR 192"),
            Made(0x00081030, "LO", "Schädel \x1b[2J".encode()),
            Made(0x00280010, "US", struct.pack("<H", 512)),
            Made(0x00281056, "LO", b"a" * 300),
            Made(0x00420011, "OB", b"\1\2"),
            Made(0x7FE00010, "OB", bytes(20_000)),
        )
    )
    shown = {path: each.shown() for path, each in found.items()}
    assert shown["(0008,1030)"] == "Schädel \\x1b[2J"
    assert shown["(0028,0010)"] == "512"
    assert shown["(0028,1056)"] == "a" * 200 + "…"
    assert shown["(0042,0011)"] == "<2 bytes>"
    assert shown["(7FE0,0010)"] == "<20000 bytes>"
    assert "Schädel" not in repr(found["(0008,1030)"])


@given(st.text())
def test_no_character_steers_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_bytes_that_should_be_items_are_one_value() -> None:
    broken = Made(0x00091002, "UN", b"\xfe\xff\x00\xe0\xff\xff\x00\x00")
    found = met(small(Made(0x00090010, "LO", b"ACME"), broken))
    assert found["(0009,1002)"].items is None


def _content(*texts: bytes) -> dict[str, Met]:
    items = tuple(MadeItem((Made(0x0040A160, "UT", text),)) for text in texts)
    return met(small(Made(0x0040A730, "SQ", b"", items)))


def test_elements_are_found_again_where_items_were_removed() -> None:
    source, output = _content(b"a ", b"b ", b"c ", b"d "), _content(b"B ", b"D ")
    removed = ["(0040,A730)[0]", "(0040,A730)[2]"]
    positions = Positions(removed, source=source, output=output)
    paths = [f"(0040,A730)[{n}].(0040,A160)" for n in range(4)]
    assert [positions.is_gone(path) for path in paths] == [True, False, True, False]
    after = [positions.output(paths[n]) for n in (1, 3)]
    assert [each.shown() for each in after if each] == ["B", "D"]


def test_a_stand_in_moves_nothing() -> None:
    source, output = _content(b"a ", b"b "), _content(b"- ", b"B ")
    positions = Positions(["(0040,A730)[0]"], source=source, output=output)
    after = positions.output("(0040,A730)[1].(0040,A160)")
    assert after is not None
    assert after.shown() == "B"
    assert not positions.is_gone("(0040,A730)")


def test_pydicom_counts_the_same_elements() -> None:
    path = pydicom.data.get_testdata_file("CT_small.dcm")
    assert isinstance(path, str)
    with open(path, "rb") as file:  # noqa: PTH123  (a path of pydicom)
        found = met(file.read())
    assert len(found) == sum(1 for _ in pydicom.dcmread(path).iterall())
