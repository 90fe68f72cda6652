"""From a stock sender through all processes to a stock recipient."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.uid import UID

from tests.support.appliance import ROOT, Appliance, appliance, wait_until
from tests.support.orthanc import Orthanc, needs_orthanc, orthanc

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
IMAGE = BUNDLED / "CT_small.dcm"
STUDY = sorted(path for path in (BUNDLED / "dicomdirtests/98892001").rglob("*") if path.is_file())
COUNT = 1 + len(STUDY)

pytestmark = [
    needs_orthanc,
    pytest.mark.skipif(
        shutil.which("storescu") is None, reason="Debian's package dcmtk is missing"
    ),
]

_SETTINGS = """
[[peers]]
name = "ct"
ae_title = "STORESCU"
address = "127.0.0.1"
quiet_seconds = 0

[[peers]]
name = "pacs"
ae_title = "DCMSEND"
address = "127.0.0.1"
issuer = "HOSPITAL-B"
quiet_seconds = 0

[[projects]]
name = "research"
rules = "basic"
destinations = ["orthanc"]

[[destinations]]
name = "orthanc"
host = "127.0.0.1"
port = {port}
ae_title = "ORTHANC"
"""


@pytest.fixture(scope="module")
def recipient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Run Orthanc."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as running:
        yield running


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, recipient: Orthanc) -> Iterator[Appliance]:
    """Run the appliance, and send it what the tests look at."""
    settings = _SETTINGS.format(port=recipient.dicom_port)
    with appliance(tmp_path_factory.mktemp("node"), settings) as running:
        send(running, "storescu", "STORESCU", IMAGE)
        send(running, "dcmsend", "DCMSEND", *STUDY)
        wait_until(lambda: len(recipient.get("instances")) == COUNT, "everything to arrive")
        yield running


def send(node: Appliance, tool: str, calling: str, *files: Path) -> None:
    """Send with a tool of DCMTK."""
    where = ["127.0.0.1", str(node.dicom_port)]
    command = [tool, "-aet", calling, "-aec", "NARTHEX", *where, *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def arrived(recipient: Orthanc, source: FileDataset) -> list[FileDataset]:
    """Return what arrived with the size of `source`: the image and the study differ in it."""
    return [each for each in recipient.objects() if each.Rows == source.Rows]


def test_what_arrives_is_deidentified(node: Appliance, recipient: Orthanc) -> None:
    source = pydicom.dcmread(IMAGE)
    [image] = arrived(recipient, source)
    assert image.PatientIdentityRemoved == "YES"
    assert image.PatientID == image.PatientName != source.PatientID
    assert image.SOPInstanceUID.startswith("2.25.")
    assert image.PixelData == source.PixelData
    assert "StationName" not in image
    assert not [element for element in image if element.tag.is_private]


def test_a_study_stays_one_study_of_one_subject(node: Appliance, recipient: Orthanc) -> None:
    sources = [pydicom.dcmread(path) for path in STUDY]
    found = arrived(recipient, sources[0])
    assert len(found) == len(STUDY)
    assert len({each.PatientID for each in found}) == 1
    assert len({each.StudyInstanceUID for each in found}) == 1
    series = {each.SeriesInstanceUID for each in sources}
    assert len({each.SeriesInstanceUID for each in found}) == len(series)


def test_the_health_pages_count_it(node: Appliance, recipient: Orthanc) -> None:
    assert node.get("healthz").status_code == 200
    assert node.get("readyz").json() == {"ready": True, "reasons": []}
    assert node.metric("narthex_objects", state="cleaned") == COUNT
    assert node.metric("narthex_objects", state="held") == 0
    assert node.metric("narthex_archive_objects", project="research", state="current") == COUNT
    wait_until(
        lambda: node.metric("narthex_outbox", destination="orthanc", state="delivered") == COUNT,
        "the answers to be recorded",
    )
    assert node.metric("narthex_vault_sealed") == 0


def test_a_stranger_is_turned_away(node: Appliance) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        send(node, "storescu", "STRANGER", IMAGE)
    wait_until(
        lambda: any(event["event"] == "association.rejected" for event in node.events()),
        "the rejection to be logged",
    )


def test_the_doctor_is_content(node: Appliance) -> None:
    done = node.narthex("doctor")
    assert done.returncode == 0, done.stdout
    assert "destination.orthanc    answers C-ECHO" in done.stdout


def test_a_second_node_on_the_same_state_is_refused(node: Appliance) -> None:
    done = node.narthex("serve")
    assert done.returncode == 4
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["code"]) for line in said] == [("error", "state")]


def test_no_identity_is_in_log_or_state(node: Appliance) -> None:
    """The archive holds cleaned objects, the spool nothing any more."""
    words = {
        str(pydicom.dcmread(path)[keyword].value).encode()
        for path in (IMAGE, *STUDY)
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "SOPInstanceUID")
    }
    words = {word for word in words if len(word) >= 4}
    assert words
    wait_until(lambda: not _spooled(node), "the spool to be empty")
    for file in [node.log, *(path for path in node.state.rglob("*") if path.is_file())]:
        content = file.read_bytes()
        assert not [word for word in words if word in content], file


def _spooled(node: Appliance) -> list[Path]:
    return [path for path in (node.state / "spool").iterdir() if not path.name.startswith(".")]


def test_sealed_it_receives_and_waits(node: Appliance, recipient: Orthanc, tmp_path: Path) -> None:
    other = pydicom.dcmread(IMAGE)
    other.PatientID = "ANOTHER-ONE"
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.9.1")
    other.StudyInstanceUID = "1.2.3.9.2"
    other.save_as(tmp_path / "other.dcm")
    assert node.narthex("vault", "seal").returncode == 0
    assert node.get("readyz").status_code == 503
    assert node.get("readyz").json()["reasons"] == ["vault.sealed"]
    send(node, "storescu", "STORESCU", tmp_path / "other.dcm")
    wait_until(
        lambda: any(event["event"] == "job.postponed" for event in node.events()),
        "the job to be postponed",
    )
    assert node.metric("narthex_objects", state="received") == 1
    assert node.narthex("vault", "unseal").returncode == 0
    wait_until(lambda: len(recipient.get("instances")) == COUNT + 1, "it to arrive")


def test_everything_stops_cleanly(node: Appliance) -> None:
    assert node.stop() == 0
    stopped = {e["component"] for e in node.events() if e["event"] == "service.stopped"}
    assert stopped == {"broker", "receiver", "worker", "web", "supervisor"}


@pytest.mark.slow
def test_the_demonstration_shows_what_changed_and_why(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops.demonstration", "--once", "--state", str(tmp_path / "state")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "8 times Success" in done.stdout
    assert "byte-identical" in done.stdout
    lines = [line for line in done.stdout.splitlines() if "PatientName" in line]
    assert len(lines) == 1
    assert "pseudonym" in lines[0]
    assert "PS3.15" in lines[0]
    source = pydicom.dcmread(IMAGE)
    assert str(source.PatientName) not in done.stdout
    assert str(source.StudyInstanceUID) not in done.stdout
