"""No room, a broken database, a damaged spool: no false Success, and nothing is lost."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydicom import dcmread
from pydicom.uid import CTImageStorage, generate_uid

from gateway.scp import adoption
from gateway.scp.adoption import adopt_orphans
from gateway.scp.status import Status
from gateway.tables import spool_object
from tests.support.receiver import Bench, associated, sample, send, status_of


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
