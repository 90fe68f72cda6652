"""Who is admitted, with which contexts, and how an association ends."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydicom import dcmread
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from gateway.errors import StateError
from gateway.scp.association_policy import Peer
from gateway.scp.contexts import VERIFICATION
from gateway.scp.status import Status
from tests.support.receiver import (
    LOOPBACK,
    OUR_TITLE,
    Bench,
    MemoryAudit,
    associated,
    sample,
    send,
    status_of,
)

PRIVATE_CLASS = "1.2.826.0.1.3680043.8.498.77"


def test_echo_is_answered(port: int) -> None:
    with associated(port, sop_class=VERIFICATION, transfer_syntax=ImplicitVRLittleEndian) as scu:
        assert status_of(scu.send_c_echo()) == Status.SUCCESS


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


def test_an_idle_peer_is_let_go_when_the_receiver_stops(bench: Bench) -> None:
    with bench.running() as port:
        idle = associated(port, sop_class=CTImageStorage)
        scu = idle.__enter__()
        assert status_of(scu.send_c_store(sample())) == Status.SUCCESS
    assert bench.associations()[0].ended is not None
    assert bench.audit.named("association.ended")
    idle.__exit__(None, None, None)
