"""Answer a C-STORE: bytes to the spool, a row to the index, then Success.

What arrives is a stream, not a dataset: nothing here parses more than the intake needs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.errors import DiskFullError
from gateway.failpoints import failpoint
from gateway.ports import AuditLog, Clock
from gateway.scp.association_policy import Peer
from gateway.scp.file_meta import file_start
from gateway.scp.intake import Fingerprint, Intake
from gateway.scp.recording import Outcome
from gateway.scp.status import Status, status_of
from gateway.spool.format import CHUNK_BYTES, SpoolEntry
from gateway.spool.store import SpoolStore, SpoolWriter
from rules.disclosure import Event, log, log_error


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRequest:
    """A C-STORE request.

    Attributes
    ----------
    stream : BinaryIO
        The dataset as it came.
    sop_class_uid, sop_instance_uid : str
        Of the command.
    abstract_syntax, transfer_syntax_uid : str
        Of the presentation context.
    """

    stream: BinaryIO = field(repr=False)
    sop_class_uid: str
    sop_instance_uid: str = field(repr=False)
    abstract_syntax: str
    transfer_syntax_uid: str
    peer: Peer
    association_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreResult:
    """How a request ended; `outcome` is None where nothing was stored."""

    status: Status
    outcome: Outcome | None = None


class _RefusedError(Exception):
    """The request is answered with a failure status. Never leaves this module."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class StoreHandler:
    """Handles C-STORE requests of any number of threads.

    Parameters
    ----------
    record : Callable[[SpoolEntry], Outcome]
        Returns when the entry is durable in the index.
    receiver_key : bytes
        32 bytes; key of indexes and digests.
    object_bytes_at_most : int
        Larger datasets are refused.
    """

    def __init__(
        self,
        store: SpoolStore,
        *,
        record: Callable[[SpoolEntry], Outcome],
        receiver_key: bytes,
        object_bytes_at_most: int,
        clock: Clock,
        audit: AuditLog,
    ) -> None:
        self._store = store
        self._record = record
        self._key = receiver_key
        self._object_bytes_at_most = object_bytes_at_most
        self._clock = clock
        self._audit = audit

    def handle_store(self, request: StoreRequest) -> StoreResult:
        """Return the answer. Success means: the object is durable. Never raises."""
        try:
            return self._store_object(request)
        except _RefusedError as refusal:
            status = refusal.status
        except Exception as error:  # noqa: BLE001  (top of the association's handler)
            status = status_of(error)
            if not isinstance(error, DiskFullError):
                log_error(error, association_id=request.association_id)
        log(
            Event.OBJECT_REFUSED,
            association_id=request.association_id,
            peer=request.peer.name,
            status=int(status),
            reason=status.name,
        )
        return StoreResult(status=status)

    def _store_object(self, request: StoreRequest) -> StoreResult:
        _check_command(request)
        intake = Intake(
            key=self._key,
            issuer=request.peer.issuer,
            sop_instance_uid=request.sop_instance_uid,
            transfer_syntax_uid=request.transfer_syntax_uid,
        )
        with self._store.create() as writer:
            writer.write(
                file_start(
                    request.sop_class_uid,
                    request.sop_instance_uid,
                    transfer_syntax_uid=request.transfer_syntax_uid,
                )
            )
            self._copy(request.stream, intake=intake, writer=writer)
            fingerprint = intake.finish()
            _check_dataset(fingerprint, request)
            entry = writer.commit(self._entry(fingerprint, request))
        try:
            outcome = self._record(entry)
        except DiskFullError:  # known not to be recorded; whatever else, the file must stay
            self._store.remove(entry.id)
            raise
        failpoint("spool.recorded")
        self._tell(entry, outcome, is_readable=fingerprint.is_readable)
        if outcome is Outcome.IDENTICAL:
            self._store.remove(entry.id)
            failpoint("spool.copy-removed")
        return StoreResult(status=Status.SUCCESS, outcome=outcome)

    def _copy(self, stream: BinaryIO, *, intake: Intake, writer: SpoolWriter) -> None:
        copied = 0
        while piece := stream.read(CHUNK_BYTES):
            copied += len(piece)
            if copied > self._object_bytes_at_most:
                raise _RefusedError(Status.OUT_OF_RESOURCES)
            intake.feed(piece)
            writer.write(piece)

    def _entry(self, fingerprint: Fingerprint, request: StoreRequest) -> SpoolEntry:
        return SpoolEntry(
            id="",
            association_id=request.association_id,
            peer=request.peer.name,
            study_index=fingerprint.study_index,
            subject_index=fingerprint.subject_index,
            sop_index=fingerprint.sop_index,
            content_digest=fingerprint.content_digest,
            pixel_digest=fingerprint.pixel_digest,
            size_bytes=0,
            received=self._clock.now(),
        )

    def _tell(self, entry: SpoolEntry, outcome: Outcome, *, is_readable: bool) -> None:
        """Log what is unusual; audit what a person must look at."""
        if not is_readable:
            log(Event.OBJECT_RECEIVED, object_id=entry.id, reason="dataset.unreadable")
        if outcome is Outcome.CONFLICT:
            fields = {"object_id": entry.id, "peer": entry.peer, "reason": "duplicate.conflict"}
            log(Event.OBJECT_HELD, **fields)
            self._audit.append([(Event.OBJECT_HELD, fields)])
        elif outcome is Outcome.SUPERSEDES:
            log(Event.OBJECT_SUPERSEDED, object_id=entry.id, peer=entry.peer)
        elif outcome is Outcome.IDENTICAL:
            log(Event.OBJECT_DUPLICATE, object_id=entry.id, peer=entry.peer)


def _check_command(request: StoreRequest) -> None:
    """Refuse what can't be written into a file's meta information."""
    if request.sop_class_uid != request.abstract_syntax:
        raise _RefusedError(Status.NO_SUCH_SOP_CLASS)
    uid = request.sop_instance_uid
    if not (uid.isascii() and uid.isprintable() and 0 < len(uid) <= 64):
        raise _RefusedError(Status.INVALID_INSTANCE)


def _check_dataset(fingerprint: Fingerprint, request: StoreRequest) -> None:
    """Refuse a dataset that names another object than the command (PS3.4, B.2.3)."""
    for ours, theirs in (
        (fingerprint.sop_class_uid, request.sop_class_uid),
        (fingerprint.sop_instance_uid, request.sop_instance_uid),
    ):
        if ours and ours != theirs.encode():
            raise _RefusedError(Status.MISMATCH)
