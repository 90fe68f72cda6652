"""A crash at any step of the journey equals no crash, on both databases."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.tables import archive_object, job, outbox
from tests.support.site import Site, image

FAILPOINTS = [
    "closing.committed",
    "job.leased",
    "child.cleaned",
    "archive.written",
    "archive.linked",
    "job.committed",
    "spool.deleted",
    "send.leased",
    "send.sent",
    "send.recorded",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'work.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    site = Site(tmp_path, url, clock=SystemClock())
    yield site
    site.engine.dispose()


def run_worker(site: Site, failpoint: str) -> int:
    process = subprocess.run(
        [
            *(sys.executable, "-m", "tests.support.crashing_worker"),
            *(str(site.folder), site.work_url, failpoint),
        ],
        check=False,
        timeout=120,
    )
    return process.returncode


@pytest.mark.slow
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_killed_worker_is_taken_over_without_loss_or_double(site: Site, failpoint: str) -> None:
    site.receive(*[image() for _ in range(3)])
    assert run_worker(site, failpoint) == -signal.SIGKILL
    assert run_worker(site, "") == 0
    assert site.states() == [("cleaned", "")] * 3
    objects = site.rows(archive_object)
    assert [row["state"] for row in objects] == ["current"] * 3
    assert len({row["sop_instance_uid"] for row in objects}) == 3
    on_disk = {path.stem for path in (site.folder / "archive").glob("??/*.dcm")}
    assert on_disk == {row["name"] for row in objects}
    rows = site.rows(outbox)
    assert sorted(row["name"] for row in rows) == sorted(on_disk)
    assert {row["state"] for row in rows} == {"delivered"}
    assert [row["state"] for row in site.rows(job)] == ["done"]
    assert [path for path in site.spool.iterdir() if path.is_file()] == []
    assert [p.name for p in (site.folder / "archive" / "tmp").iterdir() if p.is_dir()] == []
