"""Ask the broker. The worker's vault, and the way of ``narthex vault`` to a running broker."""

import base64
import socket
import threading
from pathlib import Path

from gateway import errors
from gateway.errors import GatewayError, VaultError, VaultUnavailableError
from gateway.ports import Lease, SubjectKey
from gateway.vault.frames import Values, receive_frame, send_frame, socket_address
from gateway.vault.status import VaultStatus
from pipelines.context import Accession, SubjectContext

_ERRORS: dict[str, type[GatewayError]] = {
    kind.code: kind
    for kind in (
        errors.LostLeaseError,
        errors.SealedError,
        errors.SettingsError,
        errors.StateError,
        errors.SubjectErasedError,
        errors.TamperedError,
        errors.UnsealError,
        errors.VaultError,
        errors.VaultUnavailableError,
    )
}


class _Channel:
    """One connection to a socket of the broker, made when needed; safe for threads."""

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._connection: socket.socket | None = None

    def ask(self, verb: str, **values: str | int | None) -> Values:
        """Return the broker's answer; a broken connection is made anew once.

        Every verb may be repeated: it answers the same again.
        """
        request = {"verb": verb, **values}
        with self._lock:
            try:
                answer = self._exchange(request)
            except TimeoutError:
                self._close()
                raise VaultUnavailableError("the broker is silent") from None
            except OSError:
                self._close()
                answer = self._exchange_anew(request)
        if "error" in answer:
            kind = _ERRORS.get(str(answer["error"]), VaultUnavailableError)
            raise kind(str(answer.get("hint", "")))
        return answer

    def close(self) -> None:
        with self._lock:
            self._close()

    def _exchange_anew(self, request: Values) -> Values:
        try:
            return self._exchange(request)
        except OSError:
            self._close()
            raise VaultUnavailableError("no broker answers; is it running?") from None

    def _exchange(self, request: Values) -> Values:
        if self._connection is None:
            self._connection = self._connect()
        try:
            send_frame(self._connection, request)
            answer = receive_frame(self._connection)
        except VaultError:
            self._close()
            raise
        if answer is None:
            raise ConnectionResetError
        return answer

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._timeout_seconds)
            with socket_address(self._path) as address:
                connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class BrokerClient:
    """The vault as a worker has it. Implements `gateway.ports.Vault`.

    Raises what `gateway.vault.vault.VaultStore` raises, what `gateway.ports.LeaseCheck`
    raises, `SettingsError` for a project that the broker's settings lack, and
    `VaultUnavailableError` (a `SealedError`) where no broker answers. Connects on the first
    call; safe for threads.

    Parameters
    ----------
    path : Path
        ``STATE/run/worker.sock``.
    timeout_seconds : float
        For each answer.
    """

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        self._channel = _Channel(path, timeout_seconds=timeout_seconds)

    def context(
        self, key: SubjectKey, *, lease: Lease | None, shift_days: tuple[int, int]
    ) -> SubjectContext:
        """Return the context of a subject; see `gateway.ports.Vault`."""
        answer = self._channel.ask(
            "context",
            project=key.project,
            issuer=key.issuer,
            patient_id=key.patient_id,
            study_instance_uid=key.study_instance_uid,
            shift_from=shift_days[0],
            shift_to=shift_days[1],
            **_lease(lease),
        )
        return SubjectContext(
            pseudonym=str(answer["pseudonym"]),
            shift_days=int(answer["shift_days"] or 0),
            uid_secret=base64.b64decode(str(answer["uid_secret"])),
            uid_generation=int(answer["uid_generation"] or 0),
        )

    def accession(self, key: SubjectKey, accession: Accession, *, lease: Lease | None) -> str:
        """Return the pseudonym of an accession number; see `gateway.ports.Vault`."""
        answer = self._channel.ask(
            "accession",
            project=key.project,
            issuer=key.issuer,
            patient_id=key.patient_id,
            study_instance_uid=key.study_instance_uid,
            number=accession.number,
            number_issuer=accession.issuer,
            **_lease(lease),
        )
        return str(answer["pseudonym"])

    def file_key(self, wrapped: bytes, *, lease: Lease | None) -> bytes:
        """Return the key of a spool file; see `gateway.ports.Vault`."""
        answer = self._channel.ask(
            "file_key", wrapped=base64.b64encode(wrapped).decode(), **_lease(lease)
        )
        return base64.b64decode(str(answer["secret"]))

    def project_secret(self, project: str, *, lease: Lease | None) -> bytes:
        """Return the secret of a project; see `gateway.ports.Vault`."""
        answer = self._channel.ask("project_secret", project=project, **_lease(lease))
        return base64.b64decode(str(answer["secret"]))

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


class AdminClient:
    """The verbs of a person, over ``STATE/run/admin.sock``.

    Parameters
    ----------
    path : Path
    timeout_seconds : float
        For each answer.
    """

    def __init__(self, path: Path, *, timeout_seconds: float) -> None:
        self._channel = _Channel(path, timeout_seconds=timeout_seconds)

    def status(self) -> VaultStatus:
        """Return the state of the vault in the broker.

        Raises
        ------
        VaultUnavailableError
            No broker answers.
        """
        return _status(self._channel.ask("status"))

    def unseal(self, secret: bytes) -> VaultStatus:
        """Open the vault.

        Raises
        ------
        UnsealError
            `secret` does not fit.
        VaultUnavailableError
            No broker answers.
        """
        return _status(self._channel.ask("unseal", secret=base64.b64encode(secret).decode()))

    def seal(self) -> VaultStatus:
        """Seal the vault.

        Raises
        ------
        VaultUnavailableError
            No broker answers.
        """
        return _status(self._channel.ask("seal"))

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


def _lease(lease: Lease | None) -> dict[str, str | int | None]:
    return {} if lease is None else {"job_id": lease.job_id, "fence": lease.fence}


def _status(answer: Values) -> VaultStatus:
    return VaultStatus(
        initialised=answer["initialised"] is True,
        sealed=answer["sealed"] is True,
        seal=str(answer["seal"]),
        epoch=int(answer["epoch"] or 0),
        subjects=int(answer["subjects"] or 0),
        erased=int(answer["erased"] or 0),
    )
