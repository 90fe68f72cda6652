import os
import resource
import socket
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.errors import (
    LostLeaseError,
    SealedError,
    SettingsError,
    SubjectErasedError,
    TamperedError,
    UnsealError,
    VaultError,
    VaultUnavailableError,
)
from gateway.ports import Lease, LeaseCheck
from gateway.vault.broker import ADMIN_SOCKET, WORKER_SOCKET, Broker, harden_process
from gateway.vault.client import AdminClient, BrokerClient
from gateway.vault.envelope import wrap_file_key
from gateway.vault.frames import receive_frame, send_frame
from gateway.vault.vault import VaultStore
from pipelines.context import Accession
from tests.support.vault import DAYS, KEY, VaultPlace, close_vaults, place_in, subject

LIVE = Lease(job_id="1" * 32, fence=3)
OWN = frozenset({os.getuid()})
OWNED = "a"


def only_live(lease: Lease, *, object_id: str | None) -> None:
    """Know one lease, of a job with one object. (A `LeaseCheck`.)"""
    if lease != LIVE:
        raise LostLeaseError
    if object_id not in {None, OWNED}:
        raise TamperedError


class ListedAudit:
    """An `AuditLog` in memory."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, str | int]]] = []
        self.fails = False

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        if self.fails:
            raise OSError
        self.events += events


class Node:
    """A broker on real sockets, and its clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        self.place: VaultPlace = place_in(folder)
        self.vault: VaultStore = self.place.open_unsealed()
        self.audit = ListedAudit()
        self.broker: Broker | None = None
        self.worker = BrokerClient(self.folder / WORKER_SOCKET, timeout_seconds=20)
        self.admin = AdminClient(self.folder / ADMIN_SOCKET, timeout_seconds=20)

    def start(self, lease_check: LeaseCheck = only_live, uids: frozenset[int] = OWN) -> None:
        self.broker = Broker(
            self.vault,
            folder=self.folder,
            audit=self.audit,
            lease_check=lease_check,
            projects=frozenset({"heart"}),
            allowed_uids=uids,
        )
        self.broker.start()

    def wrapped(self, object_id: str = OWNED) -> bytes:
        public = self.place.spool_public.read_bytes()
        return wrap_file_key(public, b"k" * 32, object_id=object_id)

    def stop(self) -> None:
        if self.broker is not None:
            self.broker.stop()
            self.broker = None


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path)
    yield node
    node.worker.close()
    node.admin.close()
    node.stop()
    close_vaults()


def test_the_client_answers_as_the_store(node: Node) -> None:
    node.start()
    store = node.place.open_unsealed()
    context = node.worker.context(subject(), lease=LIVE, shift_days=DAYS)
    assert context == store.context(subject(), lease=None, shift_days=DAYS)
    assert node.worker.file_key(node.wrapped(), lease=LIVE) == b"k" * 32
    assert node.worker.project_secret("heart", lease=LIVE) == store.project_secret(
        "heart", lease=None
    )


def test_accession_numbers_are_lent_and_audited_once(node: Node) -> None:
    node.start()
    number = Accession("ZQ4711", "RIS")
    first = node.worker.accession(subject(), number, lease=LIVE)
    assert first == node.place.open_unsealed().accession(subject(), number, lease=None)
    other = node.worker.accession(subject(), Accession("ZQ4711", ""), lease=LIVE)
    assert other != first
    assert node.audit.events == [
        ("accession.issued", {"project": "heart", "job_id": LIVE.job_id}),
    ]
    with pytest.raises(LostLeaseError):
        node.worker.accession(subject(), number, lease=None)
    with pytest.raises(SettingsError):
        node.worker.accession(subject(project="lung"), number, lease=LIVE)
    node.vault.erase("heart", issuer="CLINIC", patient_id="4711")
    with pytest.raises(SubjectErasedError):
        node.worker.accession(subject(), number, lease=LIVE)


def test_errors_cross_the_socket(node: Node) -> None:
    node.start()
    node.vault.erase("heart", issuer="CLINIC", patient_id="gone")
    with pytest.raises(SubjectErasedError):
        node.worker.context(subject("gone"), lease=LIVE, shift_days=DAYS)
    with pytest.raises(TamperedError):
        node.worker.file_key(b"\x01nonsense", lease=LIVE)
    with pytest.raises(VaultError):
        node.worker.context(subject(""), lease=LIVE, shift_days=DAYS)
    node.admin.seal()
    with pytest.raises(SealedError):
        node.worker.context(subject(), lease=LIVE, shift_days=DAYS)
    with pytest.raises(UnsealError):
        node.admin.unseal(bytes(32))
    assert node.admin.status().sealed
    assert not node.admin.unseal(KEY).sealed
    node.worker.context(subject(), lease=LIVE, shift_days=DAYS)


@pytest.mark.parametrize("lease", [None, Lease(job_id="1" * 32, fence=2)])
def test_without_a_live_lease_nothing_is_lent(node: Node, lease: Lease | None) -> None:
    node.start()
    with pytest.raises(LostLeaseError):
        node.worker.context(subject(), lease=lease, shift_days=DAYS)
    with pytest.raises(LostLeaseError):
        node.worker.file_key(node.wrapped(), lease=lease)
    with pytest.raises(LostLeaseError):
        node.worker.project_secret("heart", lease=lease)
    assert node.vault.status().subjects == 0
    assert node.audit.events == []


def test_only_keys_of_the_jobs_own_files_are_lent(node: Node) -> None:
    node.start()
    with pytest.raises(TamperedError):
        node.worker.file_key(node.wrapped("b"), lease=LIVE)
    renamed = node.wrapped("b").replace(b"\x01b", b"\x01a", 1)
    with pytest.raises(TamperedError):
        node.worker.file_key(renamed, lease=LIVE)
    assert node.audit.events == []


def test_only_projects_of_the_settings_are_answered(node: Node) -> None:
    node.start()
    with pytest.raises(SettingsError):
        node.worker.context(subject(project="hart"), lease=LIVE, shift_days=DAYS)
    with pytest.raises(SettingsError):
        node.worker.project_secret("hart", lease=LIVE)
    assert node.vault.status().subjects == 0
    assert node.audit.events == []


def test_each_socket_refuses_the_verbs_of_the_other(node: Node) -> None:
    node.start()
    misled_worker = BrokerClient(node.folder / ADMIN_SOCKET, timeout_seconds=20)
    misled_admin = AdminClient(node.folder / WORKER_SOCKET, timeout_seconds=20)
    with pytest.raises(VaultError):
        misled_worker.project_secret("heart", lease=LIVE)
    with pytest.raises(VaultError):
        misled_worker.context(subject(), lease=LIVE, shift_days=DAYS)
    with pytest.raises(VaultError):
        misled_admin.seal()
    with pytest.raises(VaultError):
        misled_admin.unseal(KEY)
    assert not node.vault.status().sealed
    misled_worker.close()
    misled_admin.close()


def test_another_user_is_not_answered(node: Node) -> None:
    node.start(uids=frozenset({os.getuid() + 1}))
    with pytest.raises(VaultUnavailableError):
        node.worker.project_secret("heart", lease=LIVE)
    with pytest.raises(VaultUnavailableError):
        node.admin.status()


def test_sockets_and_folder_are_private(node: Node) -> None:
    node.start()
    assert node.folder.stat().st_mode & 0o777 == 0o700
    for name in (WORKER_SOCKET, ADMIN_SOCKET):
        assert (node.folder / name).stat().st_mode & 0o777 == 0o600


def test_a_client_outlives_its_broker(node: Node) -> None:
    with pytest.raises(VaultUnavailableError):
        node.worker.project_secret("heart", lease=LIVE)
    node.start()
    secret = node.worker.project_secret("heart", lease=LIVE)
    node.stop()
    with pytest.raises(SealedError):
        node.worker.project_secret("heart", lease=LIVE)
    node.vault.unseal(KEY)
    node.start()
    assert node.worker.project_secret("heart", lease=LIVE) == secret
    node.stop()
    node.vault.unseal(KEY)
    node.start()  # the connection broke unseen: it is made anew within the call
    assert node.worker.project_secret("heart", lease=LIVE) == secret


def test_a_silent_broker_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s.sock"))
        silent.listen()
        client = BrokerClient(tmp_path / "s.sock", timeout_seconds=0.05)
        with pytest.raises(VaultUnavailableError):
            client.project_secret("heart", lease=LIVE)


def test_a_socket_left_by_a_killed_broker_gives_way(node: Node) -> None:
    node.folder.mkdir(mode=0o700)
    for name in (WORKER_SOCKET, ADMIN_SOCKET):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(node.folder / name))
    node.start()
    assert node.admin.status().initialised


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">I", 2**31) + b"x",
        struct.pack(">I", 3) + b"abc",
        struct.pack(">I", 2) + b"{}",
        struct.pack(">I", 12) + b'{"verb": 17}',
        struct.pack(">I", 19) + b'{"verb": "context"}',
        struct.pack(">I", 15) + b'{"verb": "erase"',
    ],
)
def test_nonsense_is_refused_and_the_broker_lives(node: Node, raw: bytes) -> None:
    node.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(node.folder / WORKER_SOCKET))
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        answer = receive_frame(client)
    assert answer is not None
    assert answer["error"] in {"vault", "work.lease"}
    assert node.admin.status().initialised


def test_a_refusal_quotes_nothing(node: Node) -> None:
    node.start()
    canary = "ZQCANARY4711"
    lease: dict[str, str | int] = {"job_id": LIVE.job_id, "fence": LIVE.fence}
    asked = {"project": canary, "issuer": canary, "patient_id": canary, **lease}
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(node.folder / WORKER_SOCKET))
        for verb, values, code in (
            ("context", asked, "settings"),
            ("project_secret", asked, "settings"),
            ("context", asked | {"project": "heart", "shift_from": canary}, "vault"),
            ("project_secret", asked | {"job_id": canary}, "work.lease"),
            ("file_key", lease | {"wrapped": canary + "!"}, "vault"),
            (canary, asked, "vault"),
        ):
            send_frame(client, {"verb": verb, "study_instance_uid": canary, **values})
            answer = receive_frame(client)
            assert answer is not None
            assert answer["error"] == code
            assert canary not in str(answer)


def test_nothing_is_answered_before_its_event_is_durable(node: Node) -> None:
    node.start()
    node.worker.context(subject(), lease=LIVE, shift_days=DAYS)
    node.admin.seal()
    with pytest.raises(UnsealError):
        node.admin.unseal(bytes(32))
    node.admin.unseal(KEY)
    assert node.audit.events == [
        ("context.issued", {"project": "heart", "job_id": LIVE.job_id}),
        ("vault.sealed", {}),
        ("vault.refused", {"code": "vault.unseal"}),
        ("vault.unsealed", {"epoch": 1}),
    ]
    node.audit.fails = True
    with pytest.raises(VaultUnavailableError):
        node.worker.context(subject(), lease=LIVE, shift_days=DAYS)


def test_keys_and_project_secrets_are_audited_once_for_a_lease(node: Node) -> None:
    next_lease = Lease(job_id=LIVE.job_id, fence=LIVE.fence + 1)

    def both_live(lease: Lease, *, object_id: str | None) -> None:
        assert lease in {LIVE, next_lease}
        assert object_id in {None, OWNED}

    node.start(lease_check=both_live)
    for lease in (LIVE, LIVE, next_lease, LIVE, next_lease):
        node.worker.file_key(node.wrapped(), lease=lease)
        node.worker.project_secret("heart", lease=lease)
    assert node.audit.events == 2 * [
        ("file-key.issued", {"job_id": LIVE.job_id}),
        ("project-secret.issued", {"project": "heart", "job_id": LIVE.job_id}),
    ]


def test_no_key_is_lent_while_the_audit_log_fails(node: Node) -> None:
    node.start()
    node.audit.fails = True
    for _ in range(2):
        with pytest.raises(VaultError):
            node.worker.file_key(node.wrapped(), lease=LIVE)
        with pytest.raises(VaultError):
            node.worker.project_secret("heart", lease=LIVE)
    node.audit.fails = False
    node.worker.file_key(node.wrapped(), lease=LIVE)
    assert node.audit.events == [("file-key.issued", {"job_id": LIVE.job_id})]


def test_a_database_that_does_not_answer_is_a_reason_to_try_later(node: Node) -> None:
    def broken(_lease: Lease, *, object_id: str | None) -> None:
        raise sa.exc.OperationalError("", None, Exception())

    node.start(lease_check=broken)
    with pytest.raises(VaultUnavailableError):
        node.worker.context(subject(), lease=LIVE, shift_days=DAYS)


def test_threads_share_a_client_and_agree(node: Node) -> None:
    node.start()
    found: list[str] = []

    def ask() -> None:
        for i in range(20):
            answer = node.worker.context(subject(str(i)), lease=LIVE, shift_days=DAYS)
            found.append(f"{i} {answer.pseudonym}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert len(set(found)) == 20


def test_the_process_of_the_broker_leaves_no_core_and_no_readable_file() -> None:
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(_hardened) == (0, 0, 0o077)


def _hardened() -> tuple[int, int, int]:
    os.umask(0)
    harden_process()
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    return soft, hard, os.umask(0)
