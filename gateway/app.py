"""Put the parts together: the only module that constructs them.

The way of an object through them: `gateway.scp` receives and answers Success when
`gateway.spool` has it on disk; `gateway.work` closes the study, leases a job, asks
`gateway.vault` for the subject and lets a child run `pipelines.run`; the cleaned object
goes to `gateway.archive`, its delivery to the outbox, from where `gateway.send` takes it.

Each `run_` function is one process of ``narthex serve``, and imports only what it needs.
`gateway.configuration` says the settings in the words of the parts.
"""

import os
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import sqlalchemy as sa

from gateway.clock import SystemClock
from gateway.databases import open_database, upgrade
from gateway.errors import SealedError
from gateway.ports import AuditLog
from gateway.process import prepared, wait_for
from gateway.settings import Settings
from gateway.state import prepare, read_receiver_id, read_receiver_key
from rules.disclosure import Event, log

if TYPE_CHECKING:
    from gateway.archive.store import ArchiveStore
    from gateway.vault.client import AdminClient, BrokerClient
    from gateway.vault.vault import VaultStore
    from gateway.work.journey import Journey

ANSWER_SECONDS = 30.0
"""How long the broker may take to answer a worker."""
LOOK_SECONDS = 2.0
"""How long it may take to answer a health page."""
SPOOL_KEY_SECONDS = 60.0
"""How long a receiver waits for the vault's first unsealing."""
POLL_SECONDS = 0.5
"""How often a worker looks for work."""


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
    from gateway.work.lease_check import lease_check

    harden_process()
    with prepared(settings) as stop:
        vault = _open_vault(settings)
        audit = open_audit_log(settings.database.audit, SystemClock())
        broker = Broker(
            vault,
            folder=settings.run,
            audit=audit,
            lease_check=lease_check(open_work_database(settings), SystemClock()),
            projects=frozenset(project.name for project in settings.projects),
            allowed_uids=frozenset({os.geteuid()}),
        )
        if _unseal_with_file(settings, vault):
            audit.append([(Event.VAULT_UNSEALED, {"epoch": vault.status().epoch})])
        broker.start()
        log(Event.SERVICE_STARTED, component="broker")
        stop.wait()
        broker.stop()
        log(Event.SERVICE_STOPPED, component="broker")


def run_receiver(settings: Settings) -> None:
    """Receive until told to stop."""
    from gateway.audit.log import open_audit_log
    from gateway.configuration import receiver_configuration
    from gateway.scp import receiver

    with prepared(settings) as stop:
        configuration = receiver_configuration(
            settings,
            spool_public_key=wait_for(settings.spool_public_file, stop, seconds=SPOOL_KEY_SECONDS),
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


def run_worker(settings: Settings) -> None:
    """Clean, archive and send until told to stop."""
    from gateway.archive.store import ArchiveStore
    from gateway.audit.log import open_audit_log
    from gateway.configuration import routes_of
    from gateway.send.queue import hold_unrouted
    from gateway.work import worker
    from gateway.work.sweep import Sweep

    clock, owner = SystemClock(), uuid4().hex
    with prepared(settings) as stop, ExitStack() as stack:
        engine = open_work_database(settings)
        audit = open_audit_log(settings.database.audit, clock)
        store = ArchiveStore(settings.archive)
        worker.recover(engine, store=store, spool=settings.spool, clock=clock)
        routes = {(r.project, r.plan.hash): r.destinations for r in routes_of(settings)}
        hold_unrouted(engine, routes, audit=audit)
        journey = _journey(settings, engine, stack, store=store, audit=audit, owner=owner)
        _start_senders(settings, engine, stack, store=store, audit=audit, owner=owner, stop=stop)
        log(Event.SERVICE_STARTED, component="worker")
        worker.run_worker(
            engine,
            journey=journey,
            clock=clock,
            owner=owner,
            quiet_seconds={peer.name: peer.quiet_seconds for peer in settings.peers},
            lease_seconds=settings.work.lease_seconds,
            poll_seconds=POLL_SECONDS,
            sweep=Sweep(engine, store, clock=clock, lease_seconds=settings.work.lease_seconds),
            stop=stop,
        )
    log(Event.SERVICE_STOPPED, component="worker")


def _journey(
    settings: Settings,
    engine: sa.Engine,
    stack: ExitStack,
    *,
    store: "ArchiveStore",
    audit: AuditLog,
    owner: str,
) -> "Journey":
    """Return what carries out jobs; `stack` closes its workspace, child and connection."""
    from gateway.archive.store import Workspace
    from gateway.configuration import child_limits, routes_of
    from gateway.work.child_process import ChildProcess
    from gateway.work.cleaning import Cleaner
    from gateway.work.journey import Journey
    from gateway.work.keeper import LeaseKeeper

    clock = SystemClock()
    workspace = Workspace(store, owner)
    stack.callback(workspace.close)
    routes = routes_of(settings)
    rules = {
        project.rules: route.plan.hash
        for project, route in zip(settings.projects, routes, strict=True)
    }
    child = ChildProcess(limits=child_limits(settings), rules=rules)
    stack.callback(child.close)
    vault = worker_client(settings)
    stack.callback(vault.close)
    keeper = LeaseKeeper(engine, clock=clock, seconds=settings.work.lease_seconds)
    cleaner = Cleaner(
        vault=vault,
        child=child,
        keeper=keeper,
        spool=settings.spool,
        workspace=workspace,
        routes=routes,
        issuers={peer.name: peer.issuer for peer in settings.peers},
        private_sop_classes=settings.dicom.private_sop_classes,
    )
    return Journey(
        engine=engine,
        cleaner=cleaner,
        keeper=keeper,
        audit=audit,
        clock=clock,
        spool=settings.spool,
        store=store,
        workspace=workspace,
        batch=settings.work.batch,
    )


def _start_senders(
    settings: Settings,
    engine: sa.Engine,
    stack: ExitStack,
    *,
    store: "ArchiveStore",
    audit: AuditLog,
    owner: str,
    stop: threading.Event,
) -> None:
    """Start a thread per destination; `stack` stops and waits for them."""
    from gateway.configuration import address_of, child_limits
    from gateway.send.scu import StorageSCU
    from gateway.send.sender import end_senders, run_sender
    from gateway.send.transcoder import ChildTranscoder
    from gateway.work.child_process import ChildProcess

    threads = []
    for destination in settings.destinations:
        transcoder = ChildTranscoder(ChildProcess(limits=child_limits(settings), rules={}), store)
        stack.callback(transcoder.close)
        loop = partial(
            run_sender,
            engine,
            destination=destination.name,
            sender=StorageSCU(address_of(destination), transcode=transcoder.transcode),
            store=store,
            audit=audit,
            clock=SystemClock(),
            owner=owner,
            stop=stop,
            poll_seconds=POLL_SECONDS,
        )
        threads.append(threading.Thread(target=loop, name=f"send-{destination.name}"))
        threads[-1].start()
    stack.callback(end_senders, threads, stop)


def run_web(settings: Settings) -> None:
    """Serve the health pages until told to stop."""
    from prometheus_client import CollectorRegistry

    from gateway import health
    from gateway.audit.log import open_audit_database
    from gateway.configuration import MIB, names_of

    with prepared(settings) as stop:
        engine = open_work_database(settings)
        admin = admin_client(settings, seconds=LOOK_SECONDS)

        def ask_sealed() -> bool:
            return admin.status().sealed

        registry = CollectorRegistry(auto_describe=False)
        registry.register(
            health.Measurements(
                engine,
                spool=settings.spool,
                names=names_of(settings),
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
        log(Event.SERVICE_STARTED, component="web", port=settings.web.port)
        health.serve_pages(
            health.create_pages(checks, registry),
            host=settings.web.host,
            port=settings.web.port,
            stop=stop,
        )
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


def open_project_vault(settings: Settings) -> "VaultStore":
    """Open the vault in this process, for ``narthex deidentify --project``.

    Raises
    ------
    gateway.errors.SealedError
        There is no vault, or no file that opens it.
    """
    prepare(settings)
    vault = _open_vault(settings)
    if not _unseal_with_file(settings, vault):
        raise SealedError("narthex vault init, or set vault.passphrase_file: nobody is asked here")
    return vault


def _open_vault(settings: Settings) -> "VaultStore":
    from gateway.vault.vault import open_vault

    return open_vault(
        settings.database.keyring, settings.database.vault, spool_public=settings.spool_public_file
    )


def _unseal_with_file(settings: Settings, vault: "VaultStore") -> bool:
    """Open the vault if there is one and a file of the settings opens it; return whether."""
    from gateway.vault.unsealing import SealKind, stored_secret

    status = vault.status()
    if not status.initialised:
        return False
    secret = stored_secret(
        SealKind(status.seal),
        key_file=settings.vault.key_file,
        passphrase_file=settings.vault.passphrase_file,
    )
    if secret is None:
        return False
    vault.unseal(secret)
    return True
