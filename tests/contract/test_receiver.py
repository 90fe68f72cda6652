"""The receiver on real sockets: pynetdicom's and DCMTK's senders."""

import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydicom import dcmread, dcmwrite
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
    generate_uid,
)

from gateway.errors import StateError
from gateway.scp import adoption
from gateway.scp.adoption import adopt_orphans
from gateway.scp.association_policy import Peer
from gateway.scp.contexts import VERIFICATION
from gateway.scp.status import Status
from gateway.tables import spool_object
from tests.support.receiver import (
    DCMTK,
    LOOPBACK,
    OUR_TITLE,
    Bench,
    MemoryAudit,
    associated,
    dataset_bytes,
    sample,
    sample_path,
    send,
    status_of,
)

PRIVATE_CLASS = "1.2.826.0.1.3680043.8.498.77"
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


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(folder=tmp_path, url=f"sqlite:///{tmp_path / 'work.db'}")


@pytest.fixture
def port(bench: Bench) -> Iterator[int]:
    with bench.running() as number:
        yield number


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"{program} (Debian's package dcmtk) is missing"
    )


def test_echo_is_answered(port: int) -> None:
    with associated(port, sop_class=VERIFICATION, transfer_syntax=ImplicitVRLittleEndian) as scu:
        assert status_of(scu.send_c_echo()) == Status.SUCCESS


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


def test_associations_are_recorded_and_audited(bench: Bench, port: int) -> None:
    assert send(port, sample()) == Status.SUCCESS
    assert send(port, sample()) == Status.SUCCESS
    bench.audit.wait_for("association.ended", 2)
    rows = bench.associations()
    assert {(row.peer, row.called_ae_title, row.received) for row in rows} == {
        (LOOPBACK.name, OUR_TITLE, 1)
    }
    assert all(row.opened <= row.ended for row in rows)
    assert {event["association_id"] for event in bench.audit.named("association.accepted")} == {
        row.id for row in rows
    }
    ended = bench.audit.named("association.ended")
    assert sorted((event["count"], event["duplicates"]) for event in ended) == [(0, 1), (1, 0)]


def test_an_aborted_association_ends_too(bench: Bench, port: int) -> None:
    with associated(port, sop_class=CTImageStorage) as scu:
        assert status_of(scu.send_c_store(sample())) == Status.SUCCESS
        scu.abort()
    bench.audit.wait_for("association.ended", 1)
    assert bench.associations()[0].ended is not None
    assert len(bench.rows()) == 1


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


@pytest.mark.parametrize(
    ("calling", "called", "reason"),
    [("STRANGER", OUR_TITLE, (1, 1, 3)), (LOOPBACK.ae_title, "PACS", (1, 1, 7))],
)
def test_who_is_not_known_is_rejected(
    bench: Bench, port: int, calling: str, called: str, reason: tuple[int, int, int]
) -> None:
    with associated(port, sop_class=CTImageStorage, calling=calling, called=called) as scu:
        assert scu.is_rejected
        answer = scu.acceptor.primitive
        assert answer is not None
        assert (answer.result, answer.result_source, answer.diagnostic) == reason
    (event,) = bench.audit.named("association.rejected")
    assert set(event) == {"reason"}
    assert bench.associations() == []


@pytest.mark.parametrize(
    "peers",
    [(), (Peer(name="elsewhere", ae_title=LOOPBACK.ae_title, address="192.0.2.1", issuer=""),)],
)
def test_an_empty_list_or_another_address_admits_nobody(
    tmp_path: Path, peers: tuple[Peer, ...]
) -> None:
    bench = Bench(folder=tmp_path, url=f"sqlite:///{tmp_path / 'work.db'}", peers=peers)
    with bench.running() as port, associated(port, sop_class=VERIFICATION) as scu:
        assert scu.is_rejected


def test_more_than_the_limit_are_rejected(tmp_path: Path) -> None:
    bench = Bench(folder=tmp_path, url=f"sqlite:///{tmp_path / 'work.db'}", maximum_associations=1)
    with bench.running() as port:
        with associated(port, sop_class=CTImageStorage) as first:
            with associated(port, sop_class=CTImageStorage) as second:
                answer = second.acceptor.primitive
                assert answer is not None
                assert (answer.result, answer.result_source, answer.diagnostic) == (2, 3, 2)
            assert status_of(first.send_c_store(sample())) == Status.SUCCESS
        bench.audit.wait_for("association.ended", 1)
        assert send(port, sample()) == Status.SUCCESS


def test_private_classes_and_unknown_syntaxes(tmp_path: Path) -> None:
    bench = Bench(
        folder=tmp_path,
        url=f"sqlite:///{tmp_path / 'work.db'}",
        private_sop_classes=(PRIVATE_CLASS,),
    )
    dataset = sample()
    dataset.SOPClassUID = PRIVATE_CLASS
    with bench.running() as port:
        assert send(port, dataset) == Status.SUCCESS
        for refused in (
            {"sop_class": "1.2.826.0.1.3680043.8.498.78"},
            {"sop_class": CTImageStorage, "transfer_syntax": "1.2.826.0.1.3680043.8.498.79"},
        ):
            with associated(port, **refused) as scu:
                assert not scu.accepted_contexts


def test_one_syntax_of_several_is_chosen_and_believed(bench: Bench, port: int) -> None:
    offered = [JPEG2000Lossless, ImplicitVRLittleEndian, ExplicitVRLittleEndian]
    with associated(port, sop_class=CTImageStorage, transfer_syntax=offered) as scu:
        (context,) = scu.accepted_contexts
        assert context.transfer_syntax == [ExplicitVRLittleEndian]
        assert status_of(scu.send_c_store(sample())) == Status.SUCCESS
    assert dcmread(BytesIO(bench.plaintext(bench.rows()[0].id))) == sample()


def test_a_dataset_that_is_not_in_the_agreed_syntax_is_stored_as_it_is(
    bench: Bench, port: int
) -> None:
    path = sample_path("CT_small.dcm")  # explicit VR
    data = dataset_bytes(path)
    command = _command(CTImageStorage, sample().SOPInstanceUID)
    assert _raw_store(port, command, data, syntax=ImplicitVRLittleEndian) == Status.SUCCESS
    assert send(port, sample("MR_small.dcm")) == Status.SUCCESS
    row, _ = bench.rows()
    assert bench.plaintext(row.id).endswith(data)


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 100, b"", struct.pack("<HH2s2xL", 8, 0x1110, b"SQ", 0xFFFFFFFF) * 3000],
)
def test_a_hostile_dataset_is_stored_and_harms_nobody(bench: Bench, port: int, data: bytes) -> None:
    command = _command(CTImageStorage, "1.2.3.4")
    status = _raw_store(port, command, data, syntax=ExplicitVRLittleEndian)
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
    assert _raw_store(port, _command(*named.values()), data) == status
    assert bench.rows() == []
    assert bench.files() == []


def test_an_unknown_sop_class_does_not_cost_the_association(bench: Bench, port: int) -> None:
    data = dataset_bytes(sample_path("CT_small.dcm"))
    odd = _command("1.2.3.4.5", sample().SOPInstanceUID)
    good = _command(CTImageStorage, sample().SOPInstanceUID)
    wrong = data.replace(b"1.2.840.10008.5.1.4.1.1.2\0", b"1.2.840.10008.5.1.4.1.1.4\0")
    statuses = _raw_stores(port, [(odd, wrong), (good, data)], syntax=ExplicitVRLittleEndian)
    assert statuses == [Status.MISMATCH, Status.SUCCESS]
    assert len(bench.rows()) == 1


@pytest.mark.parametrize(("at_most", "minimum_free"), [(1000, 0), (1 << 30, 1 << 62)])
def test_no_room_is_out_of_resources_and_leaves_nothing(
    tmp_path: Path, at_most: int, minimum_free: int
) -> None:
    bench = Bench(
        folder=tmp_path,
        url=f"sqlite:///{tmp_path / 'work.db'}",
        object_bytes_at_most=at_most,
        minimum_free_bytes=minimum_free,
    )
    with bench.running() as port:
        assert send(port, sample()) == Status.OUT_OF_RESOURCES
    assert bench.rows() == []
    assert bench.files() == []


def test_a_broken_database_is_no_success_and_the_file_is_adopted_later(bench: Bench) -> None:
    with bench.running() as port:
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE spool_object RENAME TO away")
        assert send(port, sample()) == Status.UNEXPECTED
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO spool_object")
        assert bench.rows() == []
        assert send(port, sample()) == Status.SUCCESS
    assert len(bench.files()) == 2
    with bench.running():
        pass
    assert len(bench.files()) == len(bench.rows()) == 1


def test_a_full_database_is_out_of_resources_and_leaves_nothing(bench: Bench) -> None:
    pages = ["1"]  # SQLite: as many as there are
    sa.event.listen(
        bench.engine,
        "connect",
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages[0]}"),
    )
    bench.engine.dispose()  # connections that know no limit
    with bench.running() as port, associated(port, sop_class=CTImageStorage) as scu:
        statuses = [Status.SUCCESS]
        while statuses[-1] == Status.SUCCESS and len(statuses) < 100:
            dataset = sample()
            dataset.SOPInstanceUID = generate_uid()
            statuses.append(Status(status_of(scu.send_c_store(dataset))))
        assert statuses[-1] == Status.OUT_OF_RESOURCES
        assert len(bench.files()) == len(bench.rows()) == len(statuses) - 2
        pages[0] = "1000000"
        bench.engine.dispose()
        assert status_of(scu.send_c_store(dataset)) == Status.SUCCESS


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"damaged")])
def test_what_is_lost_of_the_spool_is_repaired_by_the_next_copy(
    bench: Bench, port: int, harm: Callable[[Path], None]
) -> None:
    assert send(port, sample()) == Status.SUCCESS
    harm(*bench.files())
    for _ in range(2):
        assert send(port, sample()) == Status.SUCCESS
    lost, repaired = bench.rows()
    assert (lost.state, repaired.state) == ("superseded", "received")
    assert dcmread(BytesIO(bench.plaintext(repaired.id))) == sample()


def test_an_orphan_does_not_undo_its_correction(bench: Bench) -> None:
    wrong, right = sample(), sample()
    wrong.StudyDescription, right.StudyDescription = "WRONG", "RIGHT"
    with bench.running() as port:
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE spool_object RENAME TO away")
        assert send(port, wrong) == Status.UNEXPECTED
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO spool_object")
        assert send(port, right) == Status.SUCCESS
    with bench.running():
        pass
    states = {row.state: row.id for row in bench.rows()}
    assert states.keys() == {"superseded", "received"}
    assert [path.name for path in bench.files()] == [states["received"]]
    assert b"RIGHT" in bench.plaintext(states["received"])


def test_only_files_without_a_row_are_adopted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "_NAMES", 2)
    with bench.running() as port, associated(port, sop_class=CTImageStorage) as scu:
        for _ in range(5):
            dataset = sample()
            dataset.SOPInstanceUID = generate_uid()
            assert status_of(scu.send_c_store(dataset)) == Status.SUCCESS
    with bench.engine.begin() as connection:
        connection.execute(spool_object.delete().where(spool_object.c.id == bench.files()[2].name))
    adopted = adopt_orphans(bench.engine, store=bench.store(), receiver_key=bench.receiver_key)
    assert adopted == 1
    assert len(bench.files()) == len(bench.rows()) == 5


def test_an_end_that_could_not_be_recorded_is_recorded_later(bench: Bench) -> None:
    failed = threading.Event()
    with bench.running() as port:
        with associated(port, sop_class=CTImageStorage) as scu:
            assert status_of(scu.send_c_store(sample())) == Status.SUCCESS
            with bench.engine.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE association RENAME TO away")
            sa.event.listen(bench.engine, "handle_error", lambda _: failed.set())
        assert failed.wait(30)
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO association")
        bench.audit.wait_for("association.ended", 1)
        assert bench.associations()[0].ended is not None


def test_a_second_receiver_on_one_spool_refuses_and_disturbs_nothing(
    bench: Bench, port: int
) -> None:
    partial = bench.spool / ("ab" * 16 + ".part")
    partial.write_bytes(b"in flight")
    with associated(port, sop_class=CTImageStorage) as scu:
        with pytest.raises(StateError), bench.running():
            pass
        assert bench.associations()[0].ended is None
        assert partial.exists()
        assert status_of(scu.send_c_store(sample())) == Status.SUCCESS


def test_who_sends_while_the_receiver_stops_is_to_try_again(tmp_path: Path) -> None:
    audit = SlowAudit()
    bench = Bench(folder=tmp_path, url=f"sqlite:///{tmp_path / 'work.db'}", audit=audit)
    running = bench.running()
    port = running.__enter__()
    with (
        associated(port, sop_class=CTImageStorage) as one,
        associated(port, sop_class=CTImageStorage) as other,
        ThreadPoolExecutor(2) as threads,
    ):
        conflict = sample()
        assert status_of(one.send_c_store(conflict)) == Status.SUCCESS
        conflict.PatientID = "SOMEBODY ELSE"
        running_store = threads.submit(one.send_c_store, conflict)
        assert audit.reached.wait(30)
        stopping = threads.submit(running.__exit__, None, None, None)
        status = int(Status.SUCCESS)
        while status == Status.SUCCESS:  # until it is told to stop
            status = status_of(other.send_c_store(sample()))
        assert status == Status.OUT_OF_RESOURCES
        audit.goes_on.set()
        assert status_of(running_store.result()) == Status.SUCCESS
        stopping.result()


class SlowAudit(MemoryAudit):
    """Takes its time over what is held."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.goes_on = threading.Event(), threading.Event()

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        if events[0][0] == "object.held":
            self.reached.set()
            self.goes_on.wait(30)
        super().append(events)


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


def test_an_idle_peer_is_let_go_when_the_receiver_stops(bench: Bench) -> None:
    with bench.running() as port:
        idle = associated(port, sop_class=CTImageStorage)
        scu = idle.__enter__()
        assert status_of(scu.send_c_store(sample())) == Status.SUCCESS
    assert bench.associations()[0].ended is not None
    assert bench.audit.named("association.ended")
    idle.__exit__(None, None, None)


# A sender that pynetdicom would not be: command and dataset are whatever we say.


def _command(sop_class: str, sop_instance: str) -> bytes:
    def uid(element: int, value: str) -> bytes:
        encoded = value.encode() + b"\0" * (len(value) % 2)
        return struct.pack("<HHL", 0, element, len(encoded)) + encoded

    def number(element: int, value: int) -> bytes:
        return struct.pack("<HHLH", 0, element, 2, value)

    body = b"".join(
        (
            uid(0x0002, sop_class),
            number(0x0100, 0x0001),
            number(0x0110, 1),
            number(0x0700, 0),
            number(0x0800, 1),
            uid(0x1000, sop_instance),
        )
    )
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def _raw_store(
    port: int, command: bytes, data: bytes, *, syntax: str = ExplicitVRLittleEndian
) -> int:
    return _raw_stores(port, [(command, data)], syntax=syntax)[0]


def _raw_stores(port: int, messages: list[tuple[bytes, bytes]], *, syntax: str) -> list[int]:
    """Send commands and datasets as they are, over one association; return the statuses."""
    statuses = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(_associate(CTImageStorage, syntax))
        assert _pdu(connection)[0] == 2
        for command, data in messages:
            connection.sendall(_p_data(command, control=3) + _p_data(data, control=2))
            kind, body = _pdu(connection)
            assert kind == 4
            answer = body[6:]
            at = answer.index(struct.pack("<HHL", 0, 0x0900, 2))
            statuses.append(struct.unpack_from("<H", answer, at + 8)[0])
        connection.sendall(struct.pack(">BxL4x", 5, 4))
        assert _pdu(connection)[0] == 6
    return statuses


def _associate(sop_class: str, syntax: str) -> bytes:
    def item(kind: int, body: bytes) -> bytes:
        return struct.pack(">BxH", kind, len(body)) + body

    context = item(0x30, sop_class.encode()) + item(0x40, syntax.encode())
    user = item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3")
    body = (
        struct.pack(">H2x16s16s32x", 1, OUR_TITLE.encode().ljust(16), b"MODALITY".ljust(16))
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + item(0x20, struct.pack(">B3x", 1) + context)
        + item(0x50, user)
    )
    return struct.pack(">BxL", 1, len(body)) + body


def _p_data(data: bytes, *, control: int) -> bytes:
    return struct.pack(">BxLLBB", 4, len(data) + 6, len(data) + 2, 1, control) + data


def _pdu(connection: socket.socket) -> tuple[int, bytes]:
    kind, length = struct.unpack(">BxL", _exactly(connection, 6))
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        assert piece
        data += piece
    return data
