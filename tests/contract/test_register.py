"""An association that could not be registered leaves nothing open, for no study waits for it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage

from gateway.scp.status import Status
from tests.support.receiver import Bench, MemoryAudit, associated, sample, send


class FailingAudit(MemoryAudit):
    """It can't record that an association was accepted, so many times."""

    failures = 0

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        if self.failures and events[0][0] == "association.accepted":
            self.failures -= 1
            raise OSError
        super().append(events)


@pytest.fixture(params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    url = f"sqlite:///{tmp_path / 'work.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    bench = Bench(folder=tmp_path, url=url, audit=FailingAudit(), maximum_associations=1)
    yield bench
    bench.engine.dispose()


def test_without_its_audit_event_an_association_is_rejected_and_its_row_ends(
    bench: Bench,
) -> None:
    assert isinstance(bench.audit, FailingAudit)
    bench.audit.failures = 1
    with bench.running() as port:
        with associated(port, sop_class=CTImageStorage) as scu:
            assert scu.is_rejected
        bench.audit.wait_for("association.ended", 1)
        (row,) = bench.associations()
        assert row.ended is not None
        assert send(port, sample()) == Status.SUCCESS  # it holds no place of the limit


def test_what_could_not_be_registered_is_forgotten_when_the_database_is_back(
    bench: Bench,
) -> None:
    with bench.running() as port:
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE association RENAME TO away")
        with associated(port, sop_class=CTImageStorage) as scu:
            assert scu.is_rejected
        with bench.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO association")
        bench.audit.wait_for("association.ended", 1)
        assert send(port, sample()) == Status.SUCCESS
