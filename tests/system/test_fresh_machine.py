"""The README's first command, on a copy of the checkout with nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.appliance import ROOT


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_run_makes_its_environment_and_shows_a_study(tmp_path: Path) -> None:
    """Installs from the package index, as ``ops/test`` did before."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    ours = {"VENV", "PYTHONPATH", "PYTHONSAFEPATH"}
    done = subprocess.run(
        ["ops/run", "--once"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key not in ours},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".venv" / "bin" / "narthex").is_file()
    assert "8 times Success" in done.stdout
    assert "PatientName" in done.stdout
