"""Two studies of one accession number, received for real: linked outside, known inside only."""

import csv
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pynetdicom import AE

from gateway.audit.log import open_audit_database, read_events
from gateway.vault.pseudonyms import ACCESSION_PREFIX, is_pseudonym
from tests.support.appliance import Appliance, appliance, wait_until
from tests.support.canaries import Canary
from tests.support.hunt import Hunt, Sink, SqliteFile, Tree
from tests.support.rough_recipient import Recipient, recipient
from tests.support.site import image

_SETTINGS = """
[[peers]]
name = "ris"
ae_title = "SENDER"
address = "127.0.0.1"
quiet_seconds = 0

[[projects]]
name = "research"
rules = "{rules}"
destinations = ["pacs"]

[[destinations]]
name = "pacs"
host = "127.0.0.1"
port = {port}
ae_title = "RECIPIENT"
"""
_RULES = "name: accessions\nprofile: basic\noptions: [clean-descriptors]\naccession: pseudonym\n"


@dataclass
class Day:
    """What happened."""

    node: Appliance
    recipient: Recipient
    number: str

    def arrived(self) -> dict[str, Dataset]:
        """Return what the recipient has, by modality."""
        found = [dcmread(path, force=True) for path in self.recipient.folder.iterdir()]
        return {str(each.Modality): each for each in found}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """Send a CT and an MR study of one number, and an ultrasound of another subject."""
    folder = tmp_path_factory.mktemp("accessions")
    rules = folder / "rules.yaml"
    rules.write_text(_RULES)
    number = f"ZQ{secrets.token_hex(6).upper()}"
    with (
        recipient(folder / "received") as pacs,
        appliance(folder, _SETTINGS.format(rules=rules, port=pacs.port)) as node,
    ):
        for study, patient, modality, sop_class in (
            ("1.2.3", "4711", "CT", CTImageStorage),
            ("1.2.4", "4711", "MR", MRImageStorage),
            ("1.2.5", "4712", "OT", CTImageStorage),
        ):
            send(node, made(number, study, patient, modality, sop_class))
        wait_until(lambda: pacs.count == 3, "everything to arrive")
        yield Day(node, pacs, number)


def made(number: str, study: str, patient: str, modality: str, sop_class: str) -> Dataset:
    """Return an image; its description and a request repeat the number."""
    found = dcmread(BytesIO(image(study=study, patient_id=patient, Modality=modality)))
    found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    found.AccessionNumber = number
    found.StudyDescription = f"HEAD ROUTINE {number}"
    request = Dataset()
    request.AccessionNumber = number
    found.ReferencedRequestSequence = [request]
    return found


def send(node: Appliance, found: Dataset) -> None:
    """C-STORE an object over an association of its own."""
    entity = AE(ae_title="SENDER")
    entity.add_requested_context(found.SOPClassUID, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", node.dicom_port, ae_title="NARTHEX")
    assert association.is_established
    assert association.send_c_store(found).Status == 0
    association.release()


def test_what_leaves_is_linked_by_a_pseudonym(day: Day) -> None:
    arrived = day.arrived()
    numbers = {modality: each.AccessionNumber for modality, each in arrived.items()}
    assert numbers["CT"] == numbers["MR"] != numbers["OT"]
    assert all(is_pseudonym(each, prefix=ACCESSION_PREFIX) for each in numbers.values())
    assert {each.StudyDescription for each in arrived.values()} == {"HEAD ROUTINE"}
    for each in arrived.values():
        assert each.ReferencedRequestSequence[0].AccessionNumber == each.AccessionNumber


def test_the_table_links_reports(day: Day, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    done = day.node.narthex("vault", "export-accessions", "research", str(table))
    assert done.returncode == 0, done.stderr
    assert day.number not in done.stdout + done.stderr
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    arrived = {each.AccessionNumber for each in day.arrived().values()}
    assert {row["accession_number"] for row in rows} == {day.number}
    assert {row["pseudonym"] for row in rows} == arrived
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_the_number_is_nowhere_in_the_open(day: Day) -> None:
    state = day.node.state
    databases = [state / "work.db", state / "audit.db", state / "vault" / "records.db"]
    sinks: list[Sink] = [
        Tree("state", state),
        Tree("log", day.node.log),
        Tree("received", day.recipient.folder),
        *(SqliteFile(path.name, path) for path in databases if path.exists()),
    ]
    assert len(sinks) == 6
    hunt = Hunt([Canary(kind="accession", text=day.number)])
    assert list(hunt.search(day.number.encode()))  # it is not blind
    assert dict(hunt.sinks(sinks)) == {}


def test_the_audit_has_that_they_were_lent(day: Day) -> None:
    found = read_events(open_audit_database(f"sqlite:///{day.node.state / 'audit.db'}"))
    issued = [dict(each.fields) for each in found if each.event == "accession.issued"]
    assert [each["project"] for each in issued] == ["research"] * 3
    assert not [each for each in day.node.events() if each["event"] == "error"]
