"""The broker: the only process that holds keys, behind two unix sockets.

The role comes from the socket: workers ask for contexts, file keys and project secrets
on ``worker.sock``; a person opens and seals on ``admin.sock``. Neither answers the
other's verbs. Only the user ids given may connect (SO_PEERCRED).

A worker is lent what its job needs, while the lease is alive: keys of the files of that
job, contexts and secrets of the projects in the settings. Which subject a file is of the
broker can't know: it sees no file.
"""

import base64
import dataclasses
import os
import resource
import socket
import socketserver
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import (
    GatewayError,
    LostLeaseError,
    SettingsError,
    UnsealError,
    VaultError,
    VaultUnavailableError,
)
from gateway.ports import AuditLog, Lease, LeaseCheck, SubjectKey
from gateway.vault.envelope import wrapped_for
from gateway.vault.frames import Values, receive_frame, send_frame, socket_address
from gateway.vault.vault import VaultStore
from pipelines.context import Accession
from rules.disclosure import Event, log_error

WORKER_SOCKET = "worker.sock"
ADMIN_SOCKET = "admin.sock"

_Verb = Callable[[Values], Values]
_ISSUES_REMEMBERED = 4096
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


def harden_process() -> None:
    """Take from this process what could leak keys: readable files, core dumps."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Broker:
    """Serve a vault.

    Parameters
    ----------
    vault : VaultStore
        Sealed or not.
    folder : Path
        Where the sockets are made; created 0700.
    audit : AuditLog
        An answer is given only after its event is durable.
    lease_check : LeaseCheck
        Asks the work database.
    projects : frozenset of str
        Those of the settings; no other is answered, or made.
    allowed_uids : frozenset of int
        Users that may connect.
    """

    def __init__(
        self,
        vault: VaultStore,
        *,
        folder: Path,
        audit: AuditLog,
        lease_check: LeaseCheck,
        projects: frozenset[str],
        allowed_uids: frozenset[int],
    ) -> None:
        self._vault = vault
        self._folder = folder
        self._audit = audit
        self._lease_check = lease_check
        self._projects = projects
        self._issues = _Issues(audit)
        self._allowed_uids = allowed_uids
        self._servers: list[_Server] = []

    def start(self) -> None:
        """Bind both sockets and serve them in threads; return when both accept.

        A socket that a killed broker left behind gives way: the lock of the state folder
        keeps a second broker out.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        worker: Mapping[str, _Verb] = {
            "context": self._context,
            "accession": self._accession,
            "file_key": self._file_key,
            "project_secret": self._project_secret,
        }
        admin: Mapping[str, _Verb] = {
            "status": self._status,
            "unseal": self._unseal,
            "seal": self._seal,
        }
        for name, verbs in ((WORKER_SOCKET, worker), (ADMIN_SOCKET, admin)):
            path = self._folder / name
            path.unlink(missing_ok=True)
            with socket_address(path) as address:
                server = _Server(address, verbs, self._allowed_uids)
            path.chmod(0o600)
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, name=name, daemon=True).start()

    def stop(self) -> None:
        """Close the sockets, end the connections, seal the vault."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
            server.close_connections()
        self._servers.clear()
        for name in (WORKER_SOCKET, ADMIN_SOCKET):
            (self._folder / name).unlink(missing_ok=True)
        self._vault.seal()

    def _context(self, values: Values) -> Values:
        lease = self._lease(values)
        key = self._subject(values)
        days = (_number(values, "shift_from"), _number(values, "shift_to"))
        context = self._vault.context(key, lease=lease, shift_days=days)
        issued = {"project": key.project, "job_id": lease.job_id}
        self._audit.append([(Event.CONTEXT_ISSUED, issued)])
        return {
            "pseudonym": context.pseudonym,
            "shift_days": context.shift_days,
            "uid_secret": base64.b64encode(context.uid_secret).decode(),
            "uid_generation": context.uid_generation,
        }

    def _accession(self, values: Values) -> Values:
        lease, key = self._lease(values), self._subject(values)
        accession = Accession(_text(values, "number"), _text(values, "number_issuer"))
        pseudonym = self._vault.accession(key, accession, lease=lease)
        self._issues.record(Event.ACCESSION_ISSUED, lease, project=key.project)
        return {"pseudonym": pseudonym}

    def _file_key(self, values: Values) -> Values:
        wrapped = _bytes(values, "wrapped")
        _, object_id = wrapped_for(wrapped)  # a lie about it does not open
        lease = self._lease(values, object_id=object_id)
        key = self._vault.file_key(wrapped, lease=lease)
        self._issues.record(Event.FILE_KEY_ISSUED, lease)
        return _secret(key)

    def _project_secret(self, values: Values) -> Values:
        lease, project = self._lease(values), self._project(values)
        secret = self._vault.project_secret(project, lease=lease)
        self._issues.record(Event.PROJECT_SECRET_ISSUED, lease, project=project)
        return _secret(secret)

    def _status(self, _: Values) -> Values:
        return dataclasses.asdict(self._vault.status())

    def _unseal(self, values: Values) -> Values:
        try:
            self._vault.unseal(_bytes(values, "secret"))
        except UnsealError as error:
            self._audit.append([(Event.VAULT_REFUSED, {"code": error.code})])
            raise
        status = self._vault.status()
        self._audit.append([(Event.VAULT_UNSEALED, {"epoch": status.epoch})])
        return dataclasses.asdict(status)

    def _seal(self, _: Values) -> Values:
        self._vault.seal()
        self._audit.append([(Event.VAULT_SEALED, {})])
        return dataclasses.asdict(self._vault.status())

    def _lease(self, values: Values, *, object_id: str | None = None) -> Lease:
        if values.get("job_id") is None:
            raise LostLeaseError("the broker answers for a live lease only")
        lease = Lease(job_id=_text(values, "job_id"), fence=_number(values, "fence"))
        self._lease_check(lease, object_id=object_id)
        return lease

    def _subject(self, values: Values) -> SubjectKey:
        return SubjectKey(
            project=self._project(values),
            issuer=_text(values, "issuer"),
            patient_id=_text(values, "patient_id"),
            study_instance_uid=_text(values, "study_instance_uid"),
        )

    def _project(self, values: Values) -> str:
        project = _text(values, "project")
        if project not in self._projects:
            raise SettingsError("the broker's settings lack the project; restart the broker")
        return project


class _Issues:
    """Audits what a lease was lent, once each: a fsync per object would cost too much."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Event, Lease, str], None] = OrderedDict()

    def record(self, event: Event, lease: Lease, *, project: str = "") -> None:
        """Return when the event is durable; one that was forgotten is recorded again."""
        issue = (event, lease, project)
        with self._lock:
            if issue in self._known:
                self._known.move_to_end(issue)
                return
        named = {"project": project} if project else {}
        self._audit.append([(event, {**named, "job_id": lease.job_id})])
        with self._lock:
            self._known[issue] = None
            if len(self._known) > _ISSUES_REMEMBERED:
                self._known.popitem(last=False)


class _Server(socketserver.ThreadingUnixStreamServer):
    """One socket, its verbs, a thread per connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: str, verbs: Mapping[str, _Verb], uids: frozenset[int]) -> None:
        self.verbs = verbs
        self._uids = uids
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def verify_request(self, request: socket.socket, client_address: object) -> bool:  # type: ignore[override]  # noqa: ARG002  (typeshed has the datagram form too)
        """Let in only the users that are allowed."""
        raw = request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, uid, _ = _CREDENTIALS.unpack(raw)
        allowed: bool = uid in self._uids
        if allowed:
            self._connections.add(request)
        return allowed

    def close_connections(self) -> None:
        """End what is still connected; a client sees a broken connection."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]  # typeshed as above
        """Close a connection and forget it."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a connection that broke is the client's to report."""


class _Connection(socketserver.BaseRequestHandler):
    """Answer the requests of one connection, in order."""

    server: _Server
    request: socket.socket

    def handle(self) -> None:
        """Answer until the other side closes or says what is no frame."""
        while True:
            try:
                values = receive_frame(self.request)
            except VaultError as error:
                send_frame(self.request, _refusal(error))
                return
            if values is None:
                return
            send_frame(self.request, self._answer(values))

    def _answer(self, values: Values) -> Values:
        try:
            verb = self.server.verbs.get(_text(values, "verb"))
            if verb is None:
                return _refusal(VaultError("this socket has no such verb"))
            return verb(values)
        except GatewayError as error:
            return _refusal(error)
        except SQLAlchemyError as error:
            log_error(error)
            return _refusal(VaultUnavailableError("a database does not answer"))
        except Exception as error:  # noqa: BLE001  (top of a request: recorded and refused)
            log_error(error)
            return _refusal(VaultUnavailableError("the broker failed; its log says where"))


def _refusal(error: GatewayError) -> Values:
    return {"error": error.code, "hint": error.hint}


def _secret(value: bytes) -> Values:
    return {"secret": base64.b64encode(value).decode()}


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str):
        raise VaultError(f"a request lacks {name}")
    return value


def _number(values: Values, name: str) -> int:
    value = values.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise VaultError(f"a request lacks {name}")
    return value


def _bytes(values: Values, name: str) -> bytes:
    try:
        return base64.b64decode(_text(values, name), validate=True)
    except ValueError:
        raise VaultError(f"a request has no readable {name}") from None
