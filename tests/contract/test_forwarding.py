"""The sender against what hospitals run: DCMTK's storescp and Orthanc."""

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest
from pydicom import dcmread
from pydicom.uid import JPEGBaseline8Bit, RLELossless

from gateway.send.scu import Address, StorageSCU
from gateway.send.transcode import transcode
from pipelines.errors import HeldError
from tests.support.site import image

needs_storescp = pytest.mark.skipif(
    shutil.which("storescp") is None, reason="Debian's package dcmtk is missing"
)
needs_orthanc = pytest.mark.skipif(
    shutil.which("Orthanc") is None, reason="Debian's package orthanc is missing"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], *, port: int) -> Iterator[None]:
    """Run a server until it listens on `port`."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            assert process.poll() is None
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            Event().wait(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def scu(port: int, folder: Path) -> StorageSCU:
    def change(path: Path, syntaxes: Sequence[str]) -> Path | None:
        output = folder / f"{uuid4().hex}.tmp"
        try:
            transcode(path, output, syntaxes=syntaxes)
        except HeldError:
            return None
        return output

    address = Address(host="127.0.0.1", port=port, ae_title="PACS", calling_ae_title="NARTHEX")
    return StorageSCU(address, transcode=change, timeout_seconds=20.0)


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def compressed(folder: Path, name: str) -> Path:
    dataset = dcmread(write(folder, name, image()))
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(folder / name)
    return folder / name


@needs_storescp
def test_storescp_gets_the_stored_bytes_and_only_syntaxes_it_takes(tmp_path: Path) -> None:
    pytest.importorskip("numpy", reason="pydicom decodes with numpy")
    (tmp_path / "in").mkdir()
    port = free_port()
    plain = write(tmp_path, "plain.dcm", image())
    rle = compressed(tmp_path, "rle.dcm")
    lossy = dcmread(rle)
    lossy.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    lossy.save_as(tmp_path / "lossy.dcm")
    command = ["storescp", "-od", str(tmp_path / "in"), "+B", str(port)]
    with running(command, port=port):
        answers = scu(port, tmp_path).send([plain, rle, tmp_path / "lossy.dcm"])
    assert [answer.code for answer in answers] == [
        "delivered",
        "delivered",
        "send.syntax-refused",
    ]
    received = {dcmread(path).SOPInstanceUID: path for path in (tmp_path / "in").iterdir()}
    source = plain.read_bytes()
    start = source.index(b"\x08\x00\x16\x00UI")
    assert received[dcmread(plain).SOPInstanceUID].read_bytes().endswith(source[start:])
    decoded = dcmread(received[dcmread(rle).SOPInstanceUID])
    assert decoded.PixelData == dcmread(plain).PixelData
    assert not decoded.file_meta.TransferSyntaxUID.is_compressed


@needs_orthanc
def test_orthanc_gets_all_kinds(tmp_path: Path) -> None:
    pytest.importorskip("numpy", reason="pydicom compresses with numpy")
    port, web = free_port(), free_port()
    configuration = {
        "Name": "test",
        "StorageDirectory": str(tmp_path / "db"),
        "IndexDirectory": str(tmp_path / "db"),
        "DicomAet": "PACS",
        "DicomPort": port,
        "HttpPort": web,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    file = write(tmp_path, "orthanc.json", json.dumps(configuration).encode())
    paths = [write(tmp_path, "plain.dcm", image()), compressed(tmp_path, "rle.dcm")]
    with running(["Orthanc", str(file)], port=port):
        answers = scu(port, tmp_path).send(paths)
        again = scu(port, tmp_path).send(paths)
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/instances") as response:
            instances = json.load(response)
    assert [answer.code for answer in answers] == ["delivered"] * 2
    assert all(answer.delivered for answer in again)
    assert len(instances) == 2
