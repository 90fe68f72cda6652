"""Put the parts together: the only module that constructs them.

The way of an object through them: `gateway.scp` receives and answers Success when
`gateway.spool` has it on disk; `gateway.work` closes the study, leases a job, asks
`gateway.vault` for the subject and lets a child run `pipelines.run`; the cleaned object
goes to `gateway.archive`, its delivery to the outbox, from where `gateway.send` takes it.

Each function here is one process of ``narthex serve``; each imports only what its
process needs.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gateway.clock import SystemClock
from gateway.databases import open_database, upgrade
from gateway.errors import SealedError, SettingsError, StateError
from gateway.failpoints import arm
from gateway.ports import Lease, Vault
from gateway.settings import Settings, load
from gateway.state import prepare, read_receiver_id, read_receiver_key
from gateway.tables import job
from rules.disclosure import Event, log

if TYPE_CHECKING:
    from gateway.vault.broker import LeaseCheck
    from gateway.vault.client import AdminClient, BrokerClient

ANSWER_SECONDS = 30.0
"""How long the broker may take to answer a worker."""
LOOK_SECONDS = 2.0
"""How long it may take to answer a health page."""
SPOOL_KEY_SECONDS = 60.0
"""How long a receiver waits for the vault's first unsealing."""
MIB = 1 << 20


def migrate(settings: Settings) -> None:
    """Bring the databases that are not the vault's to the newest revision."""
    from gateway.audit.log import open_audit_database

    open_audit_database(settings.database.audit).dispose()
    open_work_database(settings).dispose()


def open_work_database(settings: Settings) -> sa.Engine:
    """Open, where needed create, and migrate the work database."""
    engine = open_database(settings.database.work)
    upgrade(engine, "gateway.work")
    return engine


def run_broker(settings: Settings) -> None:
    """Hold the keys until told to stop; unseal where a file of the settings opens the vault."""
    from gateway.audit.log import open_audit_log
    from gateway.vault.broker import Broker, harden_process
    from gateway.vault.unsealing import SealKind, stored_secret
    from gateway.vault.vault import open_vault

    harden_process()
    with _process(settings) as stop:
        vault = open_vault(
            settings.database.keyring,
            settings.database.vault,
            spool_public=settings.spool_public_file,
        )
        audit = open_audit_log(settings.database.audit, SystemClock())
        broker = Broker(
            vault,
            folder=settings.run,
            audit=audit,
            lease_check=lease_check(open_work_database(settings)),
            allowed_uids=frozenset({os.geteuid()}),
        )
        status = vault.status()
        if status.initialised:
            secret = stored_secret(
                SealKind(status.seal),
                key_file=settings.vault.key_file,
                passphrase_file=settings.vault.passphrase_file,
            )
            if secret is not None:
                vault.unseal(secret)
                audit.append([(Event.VAULT_UNSEALED, {"epoch": status.epoch})])
        broker.start()
        log(Event.SERVICE_STARTED, component="broker")
        stop.wait()
        broker.stop()
        log(Event.SERVICE_STOPPED, component="broker")


def lease_check(engine: sa.Engine) -> "LeaseCheck":
    """Return how the broker asks the work database whether a lease is alive."""
    clock = SystemClock()

    def is_alive(lease: Lease) -> bool:
        found = sa.select(sa.literal(1)).where(
            job.c.id == lease.job_id,
            job.c.fence == lease.fence,
            job.c.state == "leased",
            job.c.lease_until > clock.now(),
        )
        with engine.connect() as connection:
            return connection.execute(found).first() is not None

    return is_alive


def run_receiver(settings: Settings) -> None:
    """Receive until told to stop."""
    from gateway.audit.log import open_audit_log
    from gateway.scp import receiver
    from gateway.scp.association_policy import Peer

    with _process(settings) as stop:
        configuration = receiver.ReceiverConfiguration(
            host=settings.dicom.host,
            port=settings.dicom.port,
            own_ae_titles=own_ae_titles(settings),
            peers=tuple(
                Peer(
                    name=peer.name,
                    ae_title=peer.ae_title,
                    address=peer.address,
                    issuer=peer.issuer,
                )
                for peer in settings.peers
            ),
            private_sop_classes=settings.dicom.private_sop_classes,
            object_bytes_at_most=settings.dicom.max_object_mb * MIB,
            minimum_free_bytes=settings.dicom.minimum_free_mb * MIB,
            maximum_associations=settings.dicom.maximum_associations,
            spool=settings.spool,
            spool_public_key=_wait_for(settings.spool_public_file, stop),
            receiver_key=read_receiver_key(settings),
            receiver_id=read_receiver_id(settings),
        )
        clock = SystemClock()
        receiver.run_receiver(
            configuration,
            engine=open_work_database(settings),
            audit=open_audit_log(settings.database.audit, clock),
            clock=clock,
            stop=stop,
            on_listening=lambda _port: None,
        )


def own_ae_titles(settings: Settings) -> frozenset[str]:
    """Return the AE titles that may be called."""
    called = (title for each in settings.projects for title in each.match.called_ae_titles)
    return frozenset({settings.dicom.ae_title, *called})


def run_web(settings: Settings) -> None:
    """Serve the health pages until told to stop."""
    import uvicorn
    from prometheus_client import CollectorRegistry

    from gateway import health
    from gateway.audit.log import open_audit_database

    with _process(settings) as stop:
        engine = open_work_database(settings)
        admin = admin_client(settings, seconds=LOOK_SECONDS)

        def ask_sealed() -> bool:
            return admin.status().sealed

        registry = CollectorRegistry(auto_describe=False)
        registry.register(
            health.Measurements(
                engine,
                spool=settings.spool,
                names=health.Names(
                    projects=frozenset(project.name for project in settings.projects),
                    destinations=frozenset(each.name for each in settings.destinations),
                ),
                ask_sealed=ask_sealed,
                clock=SystemClock(),
            )
        )
        checks = (
            health.vault_check(ask_sealed),
            health.database_check(engine, "database.work"),
            health.database_check(open_audit_database(settings.database.audit), "database.audit"),
            health.disk_check(settings.spool, settings.dicom.minimum_free_mb * MIB),
            health.receiver_check(settings.dicom.host, settings.dicom.port),
        )
        server = uvicorn.Server(
            uvicorn.Config(
                health.create_pages(checks, registry),
                host=settings.web.host,
                port=settings.web.port,
                access_log=False,
                log_config=None,
                server_header=False,
            )
        )
        thread = threading.Thread(target=server.run, name="web")
        thread.start()
        log(Event.SERVICE_STARTED, component="web", port=settings.web.port)
        while thread.is_alive() and not stop.wait(1.0):
            pass
        server.should_exit = True
        thread.join()
        if not stop.is_set():
            raise StateError("the health pages could not be served; is the port free?")
        log(Event.SERVICE_STOPPED, component="web")


def admin_client(settings: Settings, *, seconds: float) -> "AdminClient":
    """Return a person's way to the running broker."""
    from gateway.vault.broker import ADMIN_SOCKET
    from gateway.vault.client import AdminClient

    return AdminClient(settings.run / ADMIN_SOCKET, timeout_seconds=seconds)


def worker_client(settings: Settings) -> "BrokerClient":
    """Return a worker's way to the running broker."""
    from gateway.vault.broker import WORKER_SOCKET
    from gateway.vault.client import BrokerClient

    return BrokerClient(settings.run / WORKER_SOCKET, timeout_seconds=ANSWER_SECONDS)


def open_project_vault(state: Path) -> Vault:
    """Open the vault in this process, for ``narthex deidentify --project``.

    Raises
    ------
    gateway.errors.SealedError
        There is no vault, or no file that opens it.
    """
    from gateway.vault.unsealing import SealKind, stored_secret
    from gateway.vault.vault import open_vault

    settings = load(config=None, state=state)
    prepare(settings)
    vault = open_vault(
        settings.database.keyring, settings.database.vault, spool_public=settings.spool_public_file
    )
    status = vault.status()
    if not status.initialised:
        raise SealedError("there is no vault yet: narthex vault init")
    secret = stored_secret(
        SealKind(status.seal),
        key_file=settings.vault.key_file,
        passphrase_file=settings.vault.passphrase_file,
    )
    if secret is None:
        raise SealedError("set vault.passphrase_file: nobody is asked here")
    vault.unseal(secret)
    return vault


@contextmanager
def _process(settings: Settings) -> Iterator[threading.Event]:
    """Prepare a process of the appliance; yield what a signal to stop sets."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, on_signal)
    try:
        arm(settings.failpoint)
    except ValueError:
        raise SettingsError("failpoint: no such failpoint") from None
    prepare(settings)
    yield stop


def _wait_for(path: Path, stop: threading.Event) -> bytes:
    """Return the content of a file that another process writes at its start."""
    clock = SystemClock()
    deadline = clock.now() + SPOOL_KEY_SECONDS
    while not path.is_file():
        if stop.wait(0.1) or clock.now() > deadline:
            raise StateError("the vault was never unsealed: narthex vault init, then unseal")
    return path.read_bytes()
