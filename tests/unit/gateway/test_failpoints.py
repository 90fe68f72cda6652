import signal
import subprocess
import sys

import pytest

from gateway.failpoints import NAMES, arm, failpoint


def test_only_known_names_can_be_armed() -> None:
    with pytest.raises(ValueError):
        arm("no.such")


def test_nothing_happens_unarmed() -> None:
    arm("")
    for name in NAMES:
        failpoint(name)


def test_an_armed_failpoint_kills_the_process_there_and_nowhere_else() -> None:
    code = (
        "from gateway.failpoints import arm, failpoint\n"
        "arm('job.leased'); failpoint('job.committed'); print('alive', flush=True)\n"
        "failpoint('job.leased'); print('dead', flush=True)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert process.returncode == -signal.SIGKILL
    assert process.stdout == b"alive\n"
