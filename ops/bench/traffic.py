"""Synthetic traffic that keeps books: a sender and a recipient.

Every instance has pixels of its own, which de-identification leaves as they are. They
tell what became of it without a look at anybody's index.
"""

import hashlib
import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE

from ops.bench.node import CALLED, CALLING

SUBJECTS = 7
SIZES = (64, 64, 64, 256, 1024)
"""Rows and columns, at random: the largest is two chunks of the spool."""
REPEATS = 0.05
"""Share of instances that are sent a second time though they were acknowledged."""
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of the sender. Synthetic."""

    number: int
    subject: int
    study: int
    size: int

    @property
    def sop_instance_uid(self) -> str:
        """Return its UID."""
        return f"1.2.826.0.1.3680043.8.498.7.{self.number}"

    def pixels(self) -> bytes:
        """Return its pixels, the same each time."""
        return random.Random(self.number).randbytes(self.size * self.size * 2)  # noqa: S311

    def digest(self) -> str:
        """Return what identifies it, also when it is cleaned."""
        return hashlib.sha256(self.pixels()).hexdigest()

    def dataset(self) -> Dataset:
        """Return what is sent."""
        dataset = Dataset()
        dataset.SOPClassUID = CTImageStorage
        dataset.SOPInstanceUID = self.sop_instance_uid
        dataset.StudyInstanceUID = f"1.2.826.0.1.3680043.8.498.5.{self.study}"
        dataset.SeriesInstanceUID = f"1.2.826.0.1.3680043.8.498.6.{self.study}"
        dataset.Modality = "CT"
        dataset.StudyDate = "20200203"
        dataset.PatientID = f"FAULT{self.subject:04d}"
        dataset.PatientName = f"Fault^Subject{self.subject}"
        dataset.PatientBirthDate = "19600504"
        dataset.InstanceNumber = self.number
        dataset.Rows = dataset.Columns = self.size
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation, dataset.SamplesPerPixel = 15, 0, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.PixelData = self.pixels()
        dataset["PixelData"].VR = "OW"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        return dataset


def silence() -> None:
    """Keep pynetdicom quiet about associations that die: they are meant to."""
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
    _config.LOG_HANDLER_LEVEL = "none"


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends instances until each is acknowledged, and writes down which were.

    Attributes
    ----------
    acknowledged : dict[int, Instance]
        By number: those answered with Success, and nothing else.
    statuses : Counter[str]
        Of all answers; ``lost``: none came.
    """

    port: int
    seed: int
    pause_seconds: float = 0.03
    acknowledged: dict[int, Instance] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    _random: random.Random = field(init=False)
    _pending: deque[Instance] = field(default_factory=deque)
    _made: int = 0
    _studies: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  (a schedule, no secret)

    def make_study(self, *, count: int) -> None:
        """Add a study to what is to be sent; a third of them to a study that was before."""
        self._studies += 1
        study = self._studies
        if study > 3 and self._random.random() < 1 / 3:
            study = self._random.randrange(1, study)
        for _ in range(count):
            self._made += 1
            self._pending.append(
                Instance(
                    number=self._made,
                    subject=study % SUBJECTS,
                    study=study,
                    size=self._random.choice(SIZES),
                )
            )

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Send study after study, in a thread, until the block ends; nothing is left unsent."""
        stop = threading.Event()

        def run() -> None:
            while not stop.is_set():
                self.make_study(count=self._random.randrange(2, 9))
                self.flush(seconds=120)

        thread = threading.Thread(target=run, name="sender")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def flush(self, *, seconds: float) -> bool:
        """Send what is pending, over as many associations as it takes; return whether all is."""
        deadline = time.monotonic() + seconds
        while self._pending and time.monotonic() < deadline:
            association = _associate(self.port)
            if association is None:
                time.sleep(0.2)
                continue
            try:
                self._send_over(association)
            finally:
                if association.is_established:
                    association.release()
        return not self._pending

    def _send_over(self, association: Association) -> None:
        while self._pending:
            instance = self._pending[0]
            if not self._send(association, instance):
                return
            self._pending.popleft()
            if self._random.random() < REPEATS:
                self._send(association, self._random.choice(list(self.acknowledged.values())))
            time.sleep(self.pause_seconds)

    def _send(self, association: Association, instance: Instance) -> bool:
        try:
            answer = association.send_c_store(instance.dataset())
        except RuntimeError:
            answer = Dataset()
        status = f"{answer.Status:04X}" if "Status" in answer else "lost"
        self.statuses[status] += 1
        if status == "0000":
            self.acknowledged[instance.number] = instance
        return status == "0000"


def _associate(port: int) -> Association | None:
    entity = AE(ae_title=CALLING)
    entity.connection_timeout = entity.acse_timeout = 5.0
    entity.dimse_timeout = entity.network_timeout = TIMEOUT_SECONDS
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    association = entity.associate("127.0.0.1", port, ae_title=CALLED)
    return association if association.is_established else None


@dataclass(slots=True, kw_only=True)
class Recipient:
    """What a destination received: digests of the encoded dataset, by SOP Instance UID."""

    port: int
    received: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def repeats(self) -> int:
        """Return how many instances came again."""
        return sum(sum(each.values()) - 1 for each in self.received.values())

    def take(self, event: evt.Event) -> int:
        """Handle a C-STORE."""
        request = event.request
        if not isinstance(request, C_STORE) or not isinstance(request.DataSet, BytesIO):
            return 0x0110
        uid = str(request.AffectedSOPInstanceUID)
        digest = hashlib.sha256(request.DataSet.getvalue()).hexdigest()
        self.received.setdefault(uid, Counter())[digest] += 1
        return 0x0000


@contextmanager
def receiving() -> Iterator[Recipient]:
    """Run a recipient of CT images until the block ends."""
    entity = AE(ae_title="RECIPIENT")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = TIMEOUT_SECONDS
    entity.add_supported_context(CTImageStorage, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    recipient = Recipient(port=0)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, recipient.take)]
    )
    if server is None:  # pynetdicom's annotation; with block=False it never is
        raise RuntimeError
    recipient.port = int(server.server_address[1])
    try:
        yield recipient
    finally:
        server.shutdown()
