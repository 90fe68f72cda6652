"""``narthex receive`` killed between its steps, and the order of its system calls."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydicom.uid import CTImageStorage

from gateway.databases import open_database
from gateway.spool import format as form
from gateway.tables import association, spool_object
from tests.support.receiver import LOOPBACK, associated, sample, status_of

ROOT = Path(__file__).parents[2]
SUCCESS = 0x0000


class Installation:
    """A state folder with a vault, and ``narthex`` on it."""

    def __init__(self, folder: Path, work: str) -> None:
        self.state = folder / "state"
        self.config = folder / "narthex.toml"
        self.work = work
        self.config.write_text(
            f"""
            [database]
            work = {json.dumps(work)}
            [dicom]
            port = 0
            minimum_free_mb = 1
            [[peers]]
            name = "{LOOPBACK.name}"
            ae_title = "{LOOPBACK.ae_title}"
            address = "{LOOPBACK.address}"
            """
        )
        self.narthex("vault", "init")
        self.log: list[dict[str, object]] = []

    @property
    def spool(self) -> Path:
        return self.state / "spool"

    def narthex(self, *words: str) -> None:
        subprocess.run(self._command(*words), cwd=ROOT, check=True, capture_output=True)

    def _command(self, *words: str) -> list[str]:
        options = ["--state", str(self.state), "--config", str(self.config)]
        return [sys.executable, "-m", "gateway.cli", *options, *words]

    @contextmanager
    def receiving(
        self, *, failpoint: str = "", before: tuple[str, ...] = ()
    ) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
        """Start a receiver; yield its port and process; end it by SIGTERM."""
        process = subprocess.Popen(
            [*before, *self._command("receive")],
            cwd=ROOT,
            env=os.environ | {"NARTHEX_FAILPOINT": failpoint},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        self.log = []
        try:
            for line in process.stderr:
                self.log.append(json.loads(line))
                if self.log[-1]["event"] == "service.started":
                    break
            port = self.log[-1]["port"]
            assert isinstance(port, int)
            yield port, process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=60)
            finally:
                process.kill()

    def dies_at_its_start(self, failpoint: str) -> bool:
        """Start a receiver; return whether it dies at `failpoint` before it listens."""
        ended = subprocess.run(
            self._command("receive"),
            cwd=ROOT,
            env=os.environ | {"NARTHEX_FAILPOINT": failpoint},
            check=False,
            capture_output=True,
            timeout=60,
        )
        return ended.returncode == -signal.SIGKILL and b"service.started" not in ended.stderr

    def objects(self) -> list[sa.Row[tuple[object, ...]]]:
        return self._rows(spool_object)

    def associations(self) -> list[sa.Row[tuple[object, ...]]]:
        return self._rows(association)

    def _rows(self, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
        engine = open_database(self.work)
        with engine.connect() as connection:
            rows = list(connection.execute(sa.select(table)))
        engine.dispose()
        return rows

    def files(self) -> set[str]:
        return {path.name for path in self.spool.iterdir() if form.FILE_NAME.fullmatch(path.name)}

    def partials(self) -> list[str]:
        return [path.name for path in self.spool.glob(f"*{form.PARTIAL_SUFFIX}")]


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    work = f"sqlite:///{tmp_path / 'work.db'}"
    if request.param == "postgresql":
        work = request.getfixturevalue("postgres_url")
    return Installation(tmp_path, work)


@pytest.mark.parametrize("failpoint", ["spool.written", "spool.renamed", "spool.recorded"])
def test_a_receiver_killed_at_any_step_loses_nothing(
    installation: Installation, failpoint: str
) -> None:
    with installation.receiving(failpoint=failpoint) as (port, process):
        with associated(port, sop_class=CTImageStorage) as scu:
            assert status_of(scu.send_c_store(sample())) == -1  # no answer: the sender keeps it
        assert process.wait(timeout=60) == -signal.SIGKILL
    assert any(row.ended is None for row in installation.associations())
    assert bool(installation.partials()) is (failpoint == "spool.written")

    with installation.receiving() as (port, _):
        assert all(row.ended is not None for row in installation.associations())
        assert installation.partials() == []
        adopted = [line for line in installation.log if line["event"] == "orphan.adopted"]
        aside = [line for line in installation.log if line["event"] == "orphan.set-aside"]
        assert len(adopted) == (failpoint == "spool.renamed")
        assert len(aside) == (failpoint == "spool.written")
        with associated(port, sop_class=CTImageStorage) as scu:
            assert status_of(scu.send_c_store(sample())) == SUCCESS  # the sender tries again
    rows = installation.objects()
    assert [row.state for row in rows] == ["received"]
    assert installation.files() == {row.id for row in rows}
    assert len(list((installation.spool / form.ORPHANS).glob("*"))) == len(aside)


def test_a_copy_of_which_the_receiver_died_is_removed_at_the_next_start(
    installation: Installation,
) -> None:
    with (
        installation.receiving() as (port, _),
        associated(port, sop_class=CTImageStorage) as scu,
    ):
        assert status_of(scu.send_c_store(sample())) == SUCCESS
    with installation.receiving(failpoint="spool.recorded") as (port, process):
        with associated(port, sop_class=CTImageStorage) as scu:
            assert status_of(scu.send_c_store(sample())) == -1
        assert process.wait(timeout=60) == -signal.SIGKILL
    assert len(installation.files()) == 2
    with installation.receiving():
        rows = installation.objects()
        assert [row.state for row in rows] == ["received"]
        assert installation.files() == {row.id for row in rows}


def test_a_receiver_killed_when_it_removed_a_copy_gets_it_again(
    installation: Installation,
) -> None:
    with installation.receiving(failpoint="spool.copy-removed") as (port, process):
        with associated(port, sop_class=CTImageStorage) as scu:
            assert status_of(scu.send_c_store(sample())) == SUCCESS
            assert status_of(scu.send_c_store(sample())) == -1
        assert process.wait(timeout=60) == -signal.SIGKILL
    _check_that_it_is_there_once(installation)


@pytest.mark.parametrize(
    ("failpoint", "before", "copies"),
    [
        ("orphan.set-aside", "spool.written", 0),
        ("orphan.recorded", "spool.renamed", 0),
        ("orphan.removed", "spool.recorded", 1),
    ],
)
def test_a_receiver_killed_over_an_orphan_loses_nothing(
    installation: Installation, failpoint: str, before: str, copies: int
) -> None:
    for number in range(copies + 1):
        armed = before if number == copies else ""
        with (
            installation.receiving(failpoint=armed) as (port, _),
            associated(port, sop_class=CTImageStorage) as scu,
        ):
            status = status_of(scu.send_c_store(sample()))
            assert status == (-1 if armed else SUCCESS)
    assert installation.dies_at_its_start(failpoint)
    _check_that_it_is_there_once(installation)


def _check_that_it_is_there_once(installation: Installation) -> None:
    with (
        installation.receiving() as (port, _),
        associated(port, sop_class=CTImageStorage) as scu,
    ):
        assert status_of(scu.send_c_store(sample())) == SUCCESS
    rows = installation.objects()
    assert [row.state for row in rows] == ["received"]
    assert installation.files() == {row.id for row in rows}
    assert installation.partials() == []


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_success_is_sent_after_everything_is_on_disk(tmp_path: Path) -> None:
    installation = Installation(tmp_path, f"sqlite:///{tmp_path / 'work.db'}")
    trace = tmp_path / "trace"
    calls = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,sendto"
    strace = ("strace", "-D", "-f", "-y", "-e", f"trace={calls}", "-s", "16", "-o", str(trace))
    with (
        installation.receiving(before=strace) as (port, _),
        associated(port, sop_class=CTImageStorage) as scu,
    ):
        assert status_of(scu.send_c_store(sample())) == SUCCESS
    (row,) = installation.objects()
    partial, final = f"{row.id}{form.PARTIAL_SUFFIX}", f"{row.id}"
    steps = [
        rf'openat\(.*{partial}", O_WRONLY\|O_CREAT\|O_EXCL.*0600',
        rf"write\(.*{partial}>",
        rf"fsync\(.*{partial}>",
        rf'rename.*{partial}".*{final}"',
        rf"fsync\(\d+<{re.escape(str(installation.spool))}>",
        r"pwrite64\(.*work\.db-wal>",
        r"(fsync|fdatasync)\(.*work\.db-wal>",
        r"sendto\(",  # the C-STORE response
    ]
    lines = trace.read_text().splitlines()
    position = 0
    for step in steps:
        while position < len(lines) and not re.search(step, lines[position]):
            position += 1
        assert position < len(lines), step
    # from the first byte of the object on, nothing was sent before the last fsync
    written = next(n for n, line in enumerate(lines) if re.search(steps[1], line))
    assert not any("sendto(" in line for line in lines[written:position])
