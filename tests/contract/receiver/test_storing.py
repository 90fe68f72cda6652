"""What pynetdicom's and DCMTK's senders send lies in the spool; duplicates are told apart."""

import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from gateway.scp.status import Status
from tests.support.raw_sender import command_of, raw_store, raw_stores
from tests.support.receiver import (
    DCMTK,
    OUR_TITLE,
    Bench,
    associated,
    dataset_bytes,
    sample,
    sample_path,
    send,
    status_of,
)

BUNDLED = (
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "JPEG2000.dcm",
    "JPGExtended.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "image_dfl.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
    "waveform_ecg.dcm",
)


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} (Debian's package dcmtk) is missing"
    )


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_sent_lies_in_the_spool_byte_for_byte(bench: Bench, port: int, name: str) -> None:
    source = sample(name)
    assert send(port, source) == Status.SUCCESS
    (row,) = bench.rows()
    plaintext = bench.plaintext(row.id)
    spooled = dcmread(BytesIO(plaintext))
    assert spooled == source
    assert spooled.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
    assert spooled.file_meta.MediaStorageSOPInstanceUID == source.SOPInstanceUID
    assert row.size_bytes == len(plaintext)
    assert (row.state, row.generation) == ("received", 1)


def test_duplicates_are_told_apart(bench: Bench, port: int) -> None:
    first, header, pixels, subject = (sample() for _ in range(4))
    header.StudyDescription = "corrected"
    pixels.PixelData = bytes(len(pixels.PixelData))
    subject.PatientID = "SOMEBODY ELSE"
    for dataset in (first, first, header, pixels, subject):
        assert send(port, dataset) == Status.SUCCESS
    rows = {row.state: row for row in bench.rows()}
    assert [row.state for row in bench.rows()] == ["superseded", "received", "held", "held"]
    assert rows["received"].supersedes == rows["superseded"].id
    assert rows["held"].reason == "duplicate.conflict"
    assert {path.name for path in bench.files()} == {row.id for row in bench.rows()}
    held = {event["object_id"] for event in bench.audit.named("object.held")}
    assert held == {row.id for row in bench.rows() if row.state == "held"}


def test_the_same_pixels_in_another_syntax_take_the_place(bench: Bench, port: int) -> None:
    recoded = sample()
    recoded.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    stream = BytesIO()
    dcmwrite(stream, recoded, implicit_vr=True, little_endian=True, force_encoding=True)
    stream.seek(0)
    for dataset in (sample(), dcmread(stream)):
        assert send(port, dataset) == Status.SUCCESS
    assert [row.state for row in bench.rows()] == ["superseded", "received"]


def test_a_dataset_that_is_not_in_the_agreed_syntax_is_stored_as_it_is(
    bench: Bench, port: int
) -> None:
    path = sample_path("CT_small.dcm")  # explicit VR
    data = dataset_bytes(path)
    command = command_of(CTImageStorage, sample().SOPInstanceUID)
    assert raw_store(port, command, data, syntax=ImplicitVRLittleEndian) == Status.SUCCESS
    assert send(port, sample("MR_small.dcm")) == Status.SUCCESS
    row, _ = bench.rows()
    assert bench.plaintext(row.id).endswith(data)


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 100, b"", struct.pack("<HH2s2xL", 8, 0x1110, b"SQ", 0xFFFFFFFF) * 3000],
)
def test_a_hostile_dataset_is_stored_and_harms_nobody(bench: Bench, port: int, data: bytes) -> None:
    command = command_of(CTImageStorage, "1.2.3.4")
    status = raw_store(port, command, data, syntax=ExplicitVRLittleEndian)
    assert status == Status.SUCCESS
    (row,) = bench.rows()
    assert bench.plaintext(row.id).endswith(data)
    assert send(port, sample()) == Status.SUCCESS


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"sop_instance": "1.2.3"}, Status.MISMATCH),
        ({"sop_class": MRImageStorage}, Status.NO_SUCH_SOP_CLASS),
    ],
)
def test_command_and_dataset_must_agree(
    bench: Bench, port: int, changed: dict[str, str], status: Status
) -> None:
    named = {"sop_class": CTImageStorage, "sop_instance": sample().SOPInstanceUID} | changed
    data = dataset_bytes(sample_path("CT_small.dcm"))
    assert raw_store(port, command_of(*named.values()), data) == status
    assert bench.rows() == []
    assert bench.files() == []


def test_an_unknown_sop_class_does_not_cost_the_association(bench: Bench, port: int) -> None:
    data = dataset_bytes(sample_path("CT_small.dcm"))
    odd = command_of("1.2.3.4.5", sample().SOPInstanceUID)
    good = command_of(CTImageStorage, sample().SOPInstanceUID)
    wrong = data.replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.4\0")
    statuses = raw_stores(port, [(odd, wrong), (good, data)], syntax=ExplicitVRLittleEndian)
    assert statuses == [Status.MISMATCH, Status.SUCCESS]
    assert len(bench.rows()) == 1


def test_four_senders_at_once(bench: Bench, port: int) -> None:
    def burst(number: int) -> list[int]:
        with associated(port, sop_class=CTImageStorage) as scu:
            statuses = []
            for _ in range(10):
                dataset = sample()
                dataset.SOPInstanceUID = generate_uid()
                dataset.StudyInstanceUID = f"1.2.{number}"
                statuses.append(status_of(scu.send_c_store(dataset)))
            return statuses

    with ThreadPoolExecutor(4) as threads:
        statuses = [status for burst_ in threads.map(burst, range(4)) for status in burst_]
    assert statuses == [Status.SUCCESS] * 40
    assert len(bench.rows()) == len(bench.files()) == 40
    assert len(bench.studies()) == 4


@needs("storescu")
def test_storescu_sends_what_it_can(bench: Bench, port: int) -> None:
    files = [str(sample_path(name)) for name in ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm")]
    _run("storescu", "-aet", DCMTK.ae_title, "-aec", OUR_TITLE, "127.0.0.1", str(port), *files)
    assert len(bench.rows()) == 3
    assert bench.associations()[0].peer == DCMTK.name


@needs("dcmsend")
def test_dcmsend_sends_compressed_files_unchanged(bench: Bench, port: int) -> None:
    names = ("MR_small_jp2klossless.dcm", "JPGExtended.dcm", "MR_small_RLE.dcm")
    paths = [sample_path(name) for name in names]
    _run(
        "dcmsend", "-aet", DCMTK.ae_title, "-aec", OUR_TITLE, "--decompress-never",
        "127.0.0.1", str(port), *map(str, paths),
    )  # fmt: skip
    sources = {dcmread(path).PixelData for path in paths}
    spooled = {dcmread(BytesIO(bench.plaintext(row.id))).PixelData for row in bench.rows()}
    assert spooled == sources


def _run(*command: str) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
