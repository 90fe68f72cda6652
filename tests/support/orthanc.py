"""Debian's Orthanc as a destination."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import dcmread
from pydicom.dataset import FileDataset

from tests.support.appliance import free_port, wait_until

ORTHANC = shutil.which("Orthanc")
needs_orthanc = pytest.mark.skipif(ORTHANC is None, reason="Debian's package orthanc is missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orthanc:
    """A running Orthanc; AE title ORTHANC."""

    dicom_port: int
    http_port: int

    def get(self, path: str) -> Any:  # noqa: ANN401  (what its REST interface answers)
        """Return an answer of its REST interface."""
        answer = httpx.get(f"http://127.0.0.1:{self.http_port}/{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            return bool(self.get("system"))
        except httpx.HTTPError:
            return False

    def objects(self) -> list[FileDataset]:
        """Return every instance that it holds."""
        url = f"http://127.0.0.1:{self.http_port}/instances"
        return [
            dcmread(BytesIO(httpx.get(f"{url}/{name}/file", timeout=10).content))
            for name in self.get("instances")
        ]


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Run Orthanc until the block ends."""
    assert ORTHANC is not None
    running = Orthanc(dicom_port=free_port(), http_port=free_port())
    config = folder / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "DicomAet": "ORTHANC",
                "DicomPort": running.dicom_port,
                "HttpPort": running.http_port,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "StorageDirectory": str(folder / "orthanc"),
                "IndexDirectory": str(folder / "orthanc"),
                "DicomAlwaysAllowStore": True,
                "Plugins": [],
            }
        )
    )
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([ORTHANC, str(config)], stdout=log, stderr=log)
    try:
        wait_until(running.is_up, "Orthanc to answer")
        yield running
    finally:
        process.terminate()
        process.wait(timeout=60)
