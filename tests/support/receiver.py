"""A receiver in this process, what lies in its spool, and senders for it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association

from gateway.clock import SystemClock
from gateway.databases import open_database, upgrade
from gateway.scp.association_policy import Peer
from gateway.scp.receiver import ReceiverConfiguration, run_receiver
from gateway.spool.reader import SpoolReader, read_wrapped_key
from gateway.spool.store import SpoolStore
from gateway.tables import association, spool_object, study
from gateway.vault.envelope import open_file_key, public_half

OUR_TITLE = "NARTHEX"
LOOPBACK = Peer(name="modality", ae_title="MODALITY", address="127.0.0.1", issuer="HOSPITAL")
DCMTK = Peer(name="dcmtk", ae_title="DCMTK", address="127.0.0.0/8", issuer="HOSPITAL")
_WAIT_SECONDS = 30.0


@dataclass
class MemoryAudit:
    """`gateway.ports.AuditLog` in memory."""

    events: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition, repr=False)

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        with self.changed:
            self.events += [(str(name), dict(fields)) for name, fields in events]
            self.changed.notify_all()

    def named(self, name: str) -> list[dict[str, str | int]]:
        return [fields for each, fields in self.events if each == name]

    def wait_for(self, name: str, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.named(name)) >= number, _WAIT_SECONDS)


@dataclass(kw_only=True)
class Bench:
    """Everything around a receiver; `running` starts one on it, again and again."""

    folder: Path
    url: str
    peers: Sequence[Peer] = (LOOPBACK, DCMTK)
    private_sop_classes: Sequence[str] = ()
    object_bytes_at_most: int = 1 << 30
    minimum_free_bytes: int = 1 << 20
    maximum_associations: int = 8
    receiver_key: bytes = b"receiver key of 32 bytes exactly"
    private_key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    audit: MemoryAudit = field(default_factory=MemoryAudit)

    def __post_init__(self) -> None:
        self.engine = open_database(self.url)
        upgrade(self.engine, "gateway.work")
        self.spool.mkdir(exist_ok=True)

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def public_key(self) -> bytes:
        return public_half(1, self.private_key.public_key().public_bytes_raw())

    def store(self) -> SpoolStore:
        return SpoolStore(
            self.spool,
            public_key=self.public_key,
            receiver_key=self.receiver_key,
            minimum_free_bytes=self.minimum_free_bytes,
        )

    @contextmanager
    def running(self) -> Iterator[int]:
        """Run a receiver; yield its port."""
        stop, listening = threading.Event(), threading.Event()
        ports: list[int] = []
        errors: list[BaseException] = []

        def on_listening(port: int) -> None:
            ports.append(port)
            listening.set()

        def run() -> None:
            try:
                run_receiver(
                    self._configuration(),
                    engine=self.engine,
                    audit=self.audit,
                    clock=SystemClock(),
                    stop=stop,
                    on_listening=on_listening,
                )
            except BaseException as error:  # noqa: BLE001  (raised again below)
                errors.append(error)
                listening.set()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert listening.wait(_WAIT_SECONDS)
            if errors:
                raise errors[0]
            yield ports[0]
        finally:
            stop.set()
            thread.join(_WAIT_SECONDS)
        assert not thread.is_alive()
        assert not errors

    def files(self) -> list[Path]:
        """Return the files of the spool."""
        return sorted(path for path in self.spool.iterdir() if path.is_file())

    def plaintext(self, object_id: str) -> bytes:
        return read_plaintext(self.spool / object_id, self.private_key)

    def rows(self, table: sa.Table = spool_object) -> Sequence[Any]:
        order = table.c.received if table is spool_object else table.c.id
        with self.engine.connect() as connection:
            return connection.execute(sa.select(table).order_by(order)).all()

    def studies(self) -> Sequence[Any]:
        return self.rows(study)

    def associations(self) -> Sequence[Any]:
        return self.rows(association)

    def _configuration(self) -> ReceiverConfiguration:
        return ReceiverConfiguration(
            host="127.0.0.1",
            port=0,
            own_ae_titles=frozenset({OUR_TITLE}),
            peers=self.peers,
            private_sop_classes=self.private_sop_classes,
            object_bytes_at_most=self.object_bytes_at_most,
            minimum_free_bytes=self.minimum_free_bytes,
            maximum_associations=self.maximum_associations,
            spool=self.spool,
            spool_public_key=self.public_key,
            receiver_key=self.receiver_key,
            receiver_id="receiver-of-the-test",
        )


def read_plaintext(path: Path, private_key: X25519PrivateKey) -> bytes:
    """Return the object of a spool file."""
    file_key = open_file_key(private_key, read_wrapped_key(path))
    with SpoolReader(path, file_key=file_key) as reader:
        return reader.read(0, reader.size)


def sample(name: str = "CT_small.dcm") -> FileDataset:
    """Return one of pydicom's bundled files."""
    return dcmread(sample_path(name), force=True)


def sample_path(name: str) -> Path:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return Path(path)


def dataset_bytes(path: Path) -> bytes:
    """Return the dataset of a file with preamble, as it is encoded."""
    data = path.read_bytes()
    stream = BytesIO(data)
    meta = dcmread(stream, stop_before_pixels=True, specific_tags=[]).file_meta
    return data[132 + 12 + meta[0x00020000].value :]


@contextmanager
def associated(
    port: int,
    *,
    sop_class: str,
    transfer_syntax: str | Sequence[str] = ExplicitVRLittleEndian,
    calling: str = LOOPBACK.ae_title,
    called: str = OUR_TITLE,
) -> Iterator[Association]:
    """Open an association with one presentation context; release it."""
    entity = AE(ae_title=calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = _WAIT_SECONDS
    entity.add_requested_context(
        sop_class, [transfer_syntax] if isinstance(transfer_syntax, str) else list(transfer_syntax)
    )
    association = entity.associate("127.0.0.1", port, ae_title=called)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()


def send(port: int, dataset: Dataset, **kwargs: str) -> int:
    """C-STORE `dataset` in its own transfer syntax; return the status, -1 for none."""
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    with associated(
        port, sop_class=str(dataset.SOPClassUID), transfer_syntax=syntax, **kwargs
    ) as association:
        assert association.is_established
        return status_of(association.send_c_store(dataset))


def status_of(answer: Dataset) -> int:
    return int(answer.Status) if "Status" in answer else -1
