"""The order of the system calls of a worker: archive, index, and only then the spool."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.tables import archive_object, spool_object
from tests.support.site import Site, image

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_a_spool_file_goes_after_the_archived_one_and_its_row_are_on_disk(tmp_path: Path) -> None:
    site = Site(tmp_path, f"sqlite:///{tmp_path / 'work.db'}", clock=SystemClock())
    site.receive(image())
    trace = tmp_path / "trace"
    calls = "openat,write,pwrite64,fsync,fdatasync,link,linkat,rename,unlink,unlinkat"
    subprocess.run(
        [
            *("strace", "-f", "-y", "-e", f"trace={calls}", "-s", "16", "-o", str(trace)),
            *(sys.executable, "-m", "tests.support.crashing_worker"),
            *(str(site.folder), site.work_url, ""),
        ],
        check=True,
        timeout=120,
        cwd=ROOT,
    )
    (archived,) = site.rows(archive_object)
    (spooled,) = site.rows(spool_object)
    assert spooled["state"] == "cleaned"
    site.engine.dispose()
    temporary = rf"{re.escape(str(site.store.folder))}/tmp/\w+/\w+\.dcm"
    final = site.store.path(archived["name"])
    steps = [
        rf'openat\(.*"{temporary}", O_WRONLY\|O_CREAT\|O_EXCL.*0600',
        rf"write\(\d+<{temporary}>",
        rf"fsync\(\d+<{temporary}>",
        rf'link(at)?\(.*"{temporary}".*"{re.escape(str(final))}"',
        rf"fsync\(\d+<{re.escape(str(final.parent))}>",
        r"pwrite64\(.*work\.db-wal>",
        r"(fsync|fdatasync)\(.*work\.db-wal>",
        rf'unlink(at)?\(.*{spooled["id"]}"',
    ]
    lines = trace.read_text().splitlines()
    position = 0
    for step in steps:
        while position < len(lines) and not re.search(step, lines[position]):
            position += 1
        assert position < len(lines), step
    removals = [n for n, line in enumerate(lines) if re.search(steps[-1], line)]
    assert removals == [position]
