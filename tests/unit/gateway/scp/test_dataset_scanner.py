import struct
import zlib
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gateway.scp import dataset_scanner
from gateway.scp.dataset_scanner import DatasetScanner

PATIENT_ID, STUDY, PIXELS = 0x00100020, 0x0020000D, 0x7FE00010
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


def scanned(
    data: bytes, syntax: str, *, cuts: tuple[int, ...] = ()
) -> tuple[DatasetScanner, bytes]:
    bulk: list[bytes] = []
    scanner = DatasetScanner(syntax, wanted={PATIENT_ID, STUDY}, bulk={PIXELS}, on_bulk=bulk.append)
    for start, end in pairwise(sorted({0, *cuts, len(data)})):
        scanner.feed(data[start:end])
    scanner.close()
    return scanner, b"".join(bulk)


def encoded(dataset: Dataset, syntax: str) -> bytes:
    """Return `dataset` as it travels in a C-STORE."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta = meta
    stream = BytesIO()
    implicit = syntax == ImplicitVRLittleEndian
    little = syntax != ExplicitVRBigEndian
    if syntax == DeflatedExplicitVRLittleEndian:
        dcmwrite(stream, dataset, implicit_vr=False, little_endian=True, enforce_file_format=False)
        return deflated(encoded(dataset, ExplicitVRLittleEndian))
    del dataset.file_meta
    dcmwrite(
        stream,
        dataset,
        implicit_vr=implicit,
        little_endian=little,
        enforce_file_format=False,
        force_encoding=True,
    )
    return stream.getvalue()


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def nest(dataset: Dataset, *, depth: int, undefined: bool) -> None:
    """Give `dataset` sequences that hold decoys of what is looked for."""
    item = Dataset()
    item.PatientID = "DECOY"
    item.StudyInstanceUID = "9.9"
    if depth > 1:
        nest(item, depth=depth - 1, undefined=undefined)
    item.is_undefined_length_sequence_item = undefined
    dataset.ReferencedStudySequence = Sequence([item])
    dataset["ReferencedStudySequence"].is_undefined_length = undefined


@given(
    syntax=st.sampled_from(SYNTAXES),
    depth=st.integers(0, 5),
    undefined=st.booleans(),
    patient_id=st.text("ABC0123", max_size=20),
    pixels=st.binary(max_size=300).map(lambda value: value[: len(value) // 2 * 2]),
    cuts=st.lists(st.integers(0, 2000), max_size=12),
)
def test_root_values_are_found_whatever_the_encoding_and_the_pieces(
    *,
    syntax: str,
    depth: int,
    undefined: bool,
    patient_id: str,
    pixels: bytes,
    cuts: list[int],
) -> None:
    dataset = Dataset()
    if depth:
        nest(dataset, depth=depth, undefined=undefined)
    dataset.PatientID = patient_id
    dataset.StudyInstanceUID = "1.2.3"
    dataset.add_new(PIXELS, "OB", pixels)
    data = encoded(dataset, syntax)
    scanner, bulk = scanned(data, syntax, cuts=tuple(cut for cut in cuts if cut < len(data)))
    assert scanner.is_readable
    assert scanner.values == {PATIENT_ID: patient_id.encode(), STUDY: b"1.2.3"}
    assert bulk == pixels


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


ID = element(PATIENT_ID, b"LO", b"X1")
UNDEFINED = b"\xff" * 4
ITEM, ITEM_END, SEQUENCE_END = (
    struct.pack("<HH", 0xFFFE, each) for each in (0xE000, 0xE00D, 0xE0DD)
)


def test_encapsulated_pixel_data_is_handed_on_and_left_again() -> None:
    fragments = ITEM + struct.pack("<L", 0) + ITEM + struct.pack("<L", 4) + b"jpeg"
    head = struct.pack("<HH2s2x", 0x7FE0, 0x0010, b"OB") + UNDEFINED
    end = SEQUENCE_END + bytes(4)
    after = struct.pack("<HH2s2xL", 0xFFFC, 0xFFFC, b"OB", 2) + b"\0\0"
    scanner, bulk = scanned(ID + head + fragments + end + after, ExplicitVRLittleEndian)
    assert scanner.is_readable
    assert bulk == fragments + end


def test_un_of_undefined_length_is_a_sequence_in_implicit_vr() -> None:
    inner = struct.pack("<HHL", 0x0010, 0x0020, 2) + b"NO"
    sequence = (
        struct.pack("<HH2s2x", 0x0009, 0x1001, b"UN")
        + UNDEFINED
        + (ITEM + UNDEFINED + inner + ITEM_END + bytes(4))
        + (SEQUENCE_END + bytes(4))
    )
    scanner, _ = scanned(sequence + ID, ExplicitVRLittleEndian)
    assert scanner.is_readable
    assert scanner.values[PATIENT_ID] == b"X1"


@pytest.mark.parametrize("said", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_the_first_element_is_believed_not_the_transfer_syntax(said: str) -> None:
    dataset = Dataset()
    dataset.PatientID = "X1"
    meant = {ExplicitVRLittleEndian, ImplicitVRLittleEndian} - {said}
    scanner, _ = scanned(encoded(dataset, meant.pop()), said)
    assert scanner.is_readable
    assert scanner.values[PATIENT_ID] == b"X1"


def test_the_first_of_two_values_counts() -> None:
    twice = ID + element(PATIENT_ID, b"LO", b"X2")
    assert scanned(twice, ExplicitVRLittleEndian)[0].values[PATIENT_ID] == b"X1"


@pytest.mark.parametrize(
    "data",
    [
        ID[:-1],  # cut in a value
        ID + b"\x20\x00",  # cut in a header
        ID + element(0x00200010, b"\0\1", b""),  # no VR
        element(PATIENT_ID, b"LO", b"x" * (dataset_scanner.VALUE_BYTES_AT_MOST + 2)),
        ID + struct.pack("<HH2s2xL", 0x7FE0, 0x0010, b"OW", 1 << 31) + b"short",
        struct.pack("<HH2s2x", 0x0008, 0x1110, b"SQ") + UNDEFINED + ID,  # no item
        (struct.pack("<HH2s2x", 0x0008, 0x1110, b"SQ") + UNDEFINED + ITEM + UNDEFINED) * 5000,
    ],
)
def test_what_can_not_be_read_is_flagged(data: bytes) -> None:
    assert not scanned(data, ExplicitVRLittleEndian)[0].is_readable


@given(data=st.binary(max_size=400), syntax=st.sampled_from(SYNTAXES))
def test_no_bytes_make_it_raise(data: bytes, syntax: str) -> None:
    scanned(ID + data, syntax, cuts=(5, 9))
    scanned(deflated(data), DeflatedExplicitVRLittleEndian)


@pytest.mark.parametrize("more", range(0, 100, 14))
def test_what_the_inflater_still_holds_at_the_end_is_read_too(more: int) -> None:
    pixels = bytes(2 * dataset_scanner._INFLATE_STEP + more)
    data = ID + struct.pack("<HH2s2xL", 0x7FE0, 0x0010, b"OW", len(pixels)) + pixels
    scanner, bulk = scanned(deflated(data), DeflatedExplicitVRLittleEndian)
    assert scanner.is_readable
    assert bulk == pixels


def test_a_deflated_dataset_that_is_cut_is_flagged() -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = packer.compress(ID) + packer.flush(zlib.Z_SYNC_FLUSH)  # not the last block
    scanner, _ = scanned(data, DeflatedExplicitVRLittleEndian)
    assert scanner.values[PATIENT_ID] == b"X1"
    assert not scanner.is_readable


def test_a_deflate_bomb_is_not_unpacked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_scanner, "INFLATED_BYTES_AT_MOST", 1 << 20)
    bomb = deflated(ID + struct.pack("<HH2s2xL", 0x7FE0, 0x0010, b"OW", 1 << 30) + bytes(8 << 20))
    assert len(bomb) < 1 << 15
    scanner, bulk = scanned(bomb, DeflatedExplicitVRLittleEndian)
    assert not scanner.is_readable
    assert len(bulk) < 2 << 20
    assert scanner.values[PATIENT_ID] == b"X1"
