"""The Protocols at which the parts of the gateway meet.

Parts receive what they need as arguments of these types; `gateway.app` constructs them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipelines.context import Accession, SubjectContext


class Clock(Protocol):
    """The time."""

    def now(self) -> float:
        """Return seconds since the epoch, UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKey:
    """Who is asked for. Holds patient data: lives in memory only, is never logged.

    Attributes
    ----------
    project : str
    issuer : str
        Issuer of Patient ID; the default of the peer where the object has none.
    patient_id : str
        Stripped of padding.
    study_instance_uid : str
        Of the source.
    """

    project: str
    issuer: str
    patient_id: str
    study_instance_uid: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "SubjectKey(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on one job until it ends or expires.

    Attributes
    ----------
    job_id : str
    fence : int
        Counts up with every lease of the job; a commit with an old fence fails.
    """

    job_id: str
    fence: int


class Vault(Protocol):
    """Who is who. In the worker this is a client of the broker."""

    def context(
        self, key: SubjectKey, *, lease: Lease | None, shift_days: tuple[int, int]
    ) -> SubjectContext:
        """Return the context of a subject; the subject is created where new.

        Raises
        ------
        gateway.errors.SealedError
            The vault is sealed: try later; this is no attempt.
        gateway.errors.SubjectErasedError
            A tombstone stands for the subject.
        """
        ...

    def accession(self, key: SubjectKey, accession: Accession, *, lease: Lease | None) -> str:
        """Return the pseudonym of an accession number of a subject; made on the first call.

        Raises
        ------
        gateway.errors.SealedError
        gateway.errors.SubjectErasedError
            A tombstone stands for the subject.
        """
        ...

    def file_key(self, wrapped: bytes, *, lease: Lease | None) -> bytes:
        """Return the 32-byte key of a spool file from its wrapped form.

        Raises
        ------
        gateway.errors.SealedError
        """
        ...

    def project_secret(self, project: str, *, lease: Lease | None) -> bytes:
        """Return the 32-byte secret from which archive names of `project` are made.

        Raises
        ------
        gateway.errors.SealedError
        """
        ...


class LeaseCheck(Protocol):
    """What a lease is good for; the broker asks before it lends."""

    def __call__(self, lease: Lease, /, *, object_id: str | None) -> None:
        """Return if `lease` is alive and the object, where one is named, is of its job.

        Raises
        ------
        gateway.errors.LostLeaseError
            It is not alive.
        gateway.errors.TamperedError
            The object is another job's.
        """
        ...


class AuditLog(Protocol):
    """Append-only record of what crossed a trust boundary."""

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        """Return only when `events` (name, fields) are durable.

        Names and fields are those of `rules.disclosure`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a destination answered for one object.

    Attributes
    ----------
    delivered : bool
    retry : bool
        True where trying again later makes sense.
    code : str
        Stable, dotted: ``"delivered"``, ``"delivered.coerced"``, ``"refused.status"`` …
    status : int
        DIMSE status; 0 where none was received.
    """

    delivered: bool
    retry: bool
    code: str
    status: int


class Sender(Protocol):
    """Delivers archived files to one destination over as few associations as it needs."""

    def send(self, files: Sequence[Path]) -> Sequence[Delivery]:
        """Send `files`; one answer per file, in order. Never raises for the network."""
        ...
