"""A small site for tests: state folder, real vault, real spool, work database, workers."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from gateway.archive.store import ArchiveStore, Workspace
from gateway.databases import open_database, upgrade
from gateway.ports import AuditLog, Clock, Vault
from gateway.scp.intake import Intake
from gateway.scp.recording import Outcome, record
from gateway.spool.format import SpoolEntry
from gateway.spool.store import SpoolStore
from gateway.tables import association
from gateway.work.child_process import COMMAND, ChildProcess, Limits
from gateway.work.cleaning import Cleaner
from gateway.work.closing import close_studies
from gateway.work.journey import Journey
from gateway.work.keeper import LeaseKeeper
from gateway.work.leases import lease_job
from gateway.work.routing import Route
from gateway.work.worker import recover, work_on
from rules.load import load_plan
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.vault import place_in

RECEIVER_KEY = bytes(range(32, 64))
LEASE_SECONDS = 300.0
LIMITS = Limits(memory_mb=512, cpu_seconds=30, wall_seconds=60.0)


def image(
    *,
    patient_id: str | None = "4711",
    study: str = "1.2.3",
    sop: str | None = None,
    syntax: str = ExplicitVRLittleEndian,
    **attributes: str,
) -> bytes:
    """Return a small CT image as a file."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = sop or generate_uid()
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{study}.1"
    dataset.Modality = "CT"
    dataset.PatientName = "Gartenzwerg^Adalbert"
    if patient_id is not None:
        dataset.PatientID = patient_id
    dataset.StudyDate = "20200203"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelData = bytes(range(256)) * 2
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@dataclass
class Worker:
    """What one worker process has."""

    owner: str
    journey: Journey
    workspace: Workspace
    child: ChildProcess

    def close(self) -> None:
        self.child.close()
        self.workspace.close()


@dataclass
class Site:
    """All that stands on one state folder."""

    folder: Path
    work_url: str
    clock: Clock = field(default_factory=SettableClock)
    audit: AuditLog = field(default_factory=MemoryAudit)
    command: tuple[str, ...] = COMMAND
    limits: Limits = LIMITS
    batch: int = 16

    def __post_init__(self) -> None:
        self.engine = open_database(self.work_url)
        upgrade(self.engine, "gateway.work")
        place = place_in(self.folder)
        for path in (place.spool_public, self.spool):
            (path if path == self.spool else path.parent).mkdir(parents=True, exist_ok=True)
        for name in ("keyring", "vault"):
            (self.folder / name).mkdir(exist_ok=True)
        self.vault = place.open_unsealed()
        self.store = ArchiveStore(self.folder / "archive")
        self.writer = SpoolStore(
            self.spool,
            public_key=place.spool_public.read_bytes(),
            receiver_key=RECEIVER_KEY,
            minimum_free_bytes=0,
        )

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    def open_association(self, *, peer: str = "ct", called: str = "NARTHEX") -> str:
        identifier = uuid4().hex
        with self.engine.begin() as connection:
            connection.execute(
                association.insert().values(
                    id=identifier,
                    peer=peer,
                    receiver=uuid4().hex,
                    called_ae_title=called,
                    opened=self.clock.now(),
                    received=0,
                )
            )
        return identifier

    def end_association(self, identifier: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                association.update()
                .where(association.c.id == identifier)
                .values(ended=self.clock.now())
            )

    def receive(self, *files: bytes, peer: str = "ct", association_id: str = "") -> list[Outcome]:
        """Spool and record files, as the receiver does; over one association unless told."""
        within = association_id or self.open_association(peer=peer)
        outcomes = [self._receive(data, peer=peer, association_id=within) for data in files]
        if not association_id:
            self.end_association(within)
        return outcomes

    def _receive(self, data: bytes, *, peer: str, association_id: str) -> Outcome:
        from pydicom import dcmread
        from pydicom.filereader import _read_file_meta_info, read_preamble

        buffer = BytesIO(data)
        read_preamble(buffer, force=False)
        _read_file_meta_info(buffer)
        start = buffer.tell()
        meta = dcmread(BytesIO(data), stop_before_pixels=True)
        intake = Intake(
            key=RECEIVER_KEY,
            issuer="",
            sop_instance_uid=str(meta.SOPInstanceUID),
            transfer_syntax_uid=str(meta.file_meta.TransferSyntaxUID),
        )
        intake.feed(data[start:])
        found = intake.finish()
        with self.writer.create() as writer:
            writer.write(data)
            entry = writer.commit(
                SpoolEntry(
                    id=writer.id,
                    association_id=association_id,
                    peer=peer,
                    study_index=found.study_index,
                    subject_index=found.subject_index,
                    sop_index=found.sop_index,
                    content_digest=found.content_digest,
                    pixel_digest=found.pixel_digest,
                    size_bytes=0,
                    received=self.clock.now(),
                )
            )
        with self.engine.begin() as connection:
            (outcome,) = record(
                connection, [entry], is_intact=self.writer.is_intact, are_orphans=False
            )
        if outcome is Outcome.IDENTICAL:
            self.writer.remove(entry.id)
        return outcome

    def worker(
        self,
        *,
        routes: Sequence[Route] | None = None,
        vault: Vault | None = None,
        rules: Mapping[str, str] | None = None,
    ) -> Worker:
        """Start the parts of a worker; `rules` as of a `ChildProcess`."""
        routes = (route(),) if routes is None else routes
        owner = uuid4().hex
        workspace = Workspace(self.store, owner)
        child = ChildProcess(
            limits=self.limits,
            rules=rules or {route.plan.name: route.plan.hash for route in routes},
            command=self.command,
        )
        keeper = LeaseKeeper(self.engine, clock=self.clock, seconds=LEASE_SECONDS)
        cleaner = Cleaner(
            vault=vault or self.vault,
            child=child,
            keeper=keeper,
            spool=self.spool,
            workspace=workspace,
            routes=routes,
            issuers={},
            private_sop_classes=(),
        )
        journey = Journey(
            engine=self.engine,
            cleaner=cleaner,
            keeper=keeper,
            audit=self.audit,
            clock=self.clock,
            spool=self.spool,
            store=self.store,
            workspace=workspace,
            batch=self.batch,
        )
        return Worker(owner=owner, journey=journey, workspace=workspace, child=child)

    def close_quiet(self) -> int:
        return close_studies(self.engine, quiet_seconds={"ct": 0.0}, now=self.clock.now())

    def drain(self, worker: Worker) -> int:
        """Close what is quiet and carry out all jobs that are due; return how many."""
        recover(self.engine, store=self.store, spool=self.spool, clock=self.clock)
        self.close_quiet()
        jobs = 0
        while job := lease_job(
            self.engine, owner=worker.owner, now=self.clock.now(), seconds=LEASE_SECONDS
        ):
            work_on(
                self.engine,
                job,
                journey=worker.journey,
                clock=self.clock,
                stop=threading.Event(),
            )
            jobs += 1
        return jobs

    def rows(self, table: sa.Table) -> Sequence[sa.RowMapping]:
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table)).mappings().all()

    def states(self) -> list[tuple[str, str]]:
        """Return state and reason of every spool object, sorted."""
        from gateway.tables import spool_object

        return sorted((row["state"], row["reason"]) for row in self.rows(spool_object))


def route(project: str = "heart", *, destinations: tuple[str, ...] = ("pacs",)) -> Route:
    """Return a project that takes everything under the rule set ``basic``."""
    return Route(project=project, plan=load_plan("basic"), destinations=destinations)
