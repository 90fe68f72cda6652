"""The C-STORE SCU against SCPs on loopback: bytes, syntaxes, statuses, contexts."""

import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from pydicom import dcmread
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    MRImageStorage,
    RLELossless,
)
from pynetdicom import AllStoragePresentationContexts, evt

from gateway.send.scu import StorageSCU
from gateway.send.transcode import transcode
from pipelines.errors import HeldError
from tests.support.scp import Scp, running_scp
from tests.support.site import image

CT = (CTImageStorage, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])


def write(folder: Path, data: bytes) -> Path:
    path = folder / f"{uuid4().hex}.dcm"
    path.write_bytes(data)
    return path


def dataset_of(path: Path) -> bytes:
    with path.open("rb") as file:
        read_preamble(file, force=False)
        _read_file_meta_info(file)
        return file.read()


def scu(scp: Scp, folder: Path) -> StorageSCU:
    def change(path: Path, syntaxes: Sequence[str]) -> Path | None:
        output = folder / f"{uuid4().hex}.tmp"
        try:
            transcode(path, output, syntaxes=syntaxes)
        except HeldError:
            return None
        return output

    return StorageSCU(scp.address, transcode=change, timeout_seconds=5.0)


@pytest.fixture
def ct_scp() -> Iterator[Scp]:
    with running_scp([CT]) as scp:
        yield scp


def test_the_stored_bytes_are_sent_as_they_are(ct_scp: Scp, tmp_path: Path) -> None:
    paths = [
        write(tmp_path, image()),
        write(tmp_path, image(syntax=ImplicitVRLittleEndian)),
    ]
    deliveries = scu(ct_scp, tmp_path).send(paths)
    assert [(d.delivered, d.code) for d in deliveries] == [(True, "delivered")] * 2
    assert ct_scp.received == [
        (ExplicitVRLittleEndian, dataset_of(paths[0])),
        (ImplicitVRLittleEndian, dataset_of(paths[1])),
    ]
    assert ct_scp.proposed == [2]


def test_warnings_count_as_delivered_and_failures_say_whether_to_retry(
    ct_scp: Scp, tmp_path: Path
) -> None:
    ct_scp.statuses = [0xB000, 0xB006, 0xB007, 0xA700, 0xA900, 0xC001, 0x0124, 0]
    deliveries = scu(ct_scp, tmp_path).send([write(tmp_path, image()) for _ in range(8)])
    assert [(d.delivered, d.retry, d.code, d.status) for d in deliveries] == [
        (True, False, "delivered.coerced", 0xB000),
        (True, False, "delivered.discarded", 0xB006),
        (True, False, "delivered.mismatch", 0xB007),
        (False, True, "send.busy", 0xA700),
        (False, True, "send.refused", 0xA900),
        (False, True, "send.refused", 0xC001),
        (False, False, "send.refused", 0x0124),
        (True, False, "delivered", 0),
    ]


def test_nobody_there(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        scp = Scp(port=taken.getsockname()[1])
        deliveries = scu(scp, tmp_path).send([write(tmp_path, image())] * 2)
    assert [(d.retry, d.code) for d in deliveries] == [(True, "send.unreachable")] * 2


def test_an_association_that_breaks_costs_one_object_a_try(ct_scp: Scp, tmp_path: Path) -> None:
    def abort_at_second(event: evt.Event) -> None:
        if len(ct_scp.received) == 1:
            event.assoc.abort()

    ct_scp.before_answer = abort_at_second
    deliveries = scu(ct_scp, tmp_path).send([write(tmp_path, image()) for _ in range(3)])
    assert [d.code for d in deliveries] == ["delivered", "send.lost", "send.untried"]


def test_an_uncompressed_object_is_rewritten_only_where_the_peer_refuses_its_syntax(
    tmp_path: Path,
) -> None:
    with running_scp([(CTImageStorage, [ImplicitVRLittleEndian])]) as scp:
        path = write(tmp_path, image())
        deliveries = scu(scp, tmp_path).send([path])
    assert [d.code for d in deliveries] == ["delivered"]
    ((syntax, sent),) = scp.received
    assert syntax == ImplicitVRLittleEndian
    original = dcmread(path)
    rewritten = image(syntax=ImplicitVRLittleEndian, sop=original.SOPInstanceUID)
    assert sent == dataset_of(write(tmp_path, rewritten))
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_lossless_object_is_decoded_where_the_peer_refuses_its_syntax(tmp_path: Path) -> None:
    pytest.importorskip("numpy", reason="pydicom decodes with numpy")
    original = dcmread(write(tmp_path, image()))
    pixels = original.PixelData
    original.compress(RLELossless, generate_instance_uid=False)
    path = tmp_path / "rle.dcm"
    original.save_as(path)
    with running_scp([(CTImageStorage, [ExplicitVRLittleEndian])]) as scp:
        deliveries = scu(scp, tmp_path).send([path])
    assert [d.code for d in deliveries] == ["delivered"]
    ((syntax, sent),) = scp.received
    assert syntax == ExplicitVRLittleEndian
    assert pixels in sent


def test_a_lossy_object_is_never_decoded(tmp_path: Path) -> None:
    dataset = dcmread(write(tmp_path, image()))
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset["PixelData"].is_undefined_length = True
    dataset.PixelData = b"\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x02\x00\x00\x00\xff\xd8"
    path = tmp_path / "lossy.dcm"
    dataset.save_as(path)
    with running_scp([CT]) as scp:
        deliveries = scu(scp, tmp_path).send([path, write(tmp_path, image())])
    assert [(d.retry, d.code) for d in deliveries] == [
        (False, "send.syntax-refused"),
        (False, "delivered"),
    ]


def test_a_peer_that_takes_none_of_the_contexts(tmp_path: Path) -> None:
    with running_scp([(MRImageStorage, [ExplicitVRLittleEndian])]) as scp:
        deliveries = scu(scp, tmp_path).send([write(tmp_path, image())])
    assert [(d.retry, d.code) for d in deliveries] == [(False, "send.syntax-refused")]


def test_more_kinds_than_an_association_has_contexts(tmp_path: Path) -> None:
    classes = [str(c.abstract_syntax) for c in AllStoragePresentationContexts][:100]
    paths = [write(tmp_path, image(SOPClassUID=sop_class)) for sop_class in classes]
    with running_scp([(sop_class, CT[1]) for sop_class in classes]) as scp:
        deliveries = scu(scp, tmp_path).send(paths)
    assert {d.code for d in deliveries} == {"delivered"}
    assert len(scp.received) == 100
    assert scp.proposed == [128, 72]


def test_a_file_that_is_gone_is_held(ct_scp: Scp, tmp_path: Path) -> None:
    deliveries = scu(ct_scp, tmp_path).send([tmp_path / "gone.dcm", write(tmp_path, image())])
    assert [(d.retry, d.code) for d in deliveries] == [
        (False, "send.unreadable"),
        (False, "delivered"),
    ]


def test_a_file_that_can_not_be_read_just_now_is_tried_again(ct_scp: Scp, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    deliveries = scu(ct_scp, tmp_path).send([tmp_path / "folder", write(tmp_path, image())])
    assert [(d.retry, d.code) for d in deliveries] == [
        (True, "send.not-read"),
        (False, "delivered"),
    ]
