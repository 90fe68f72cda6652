"""Put the parts together: the only module that constructs them.

The way of an object through them: `gateway.scp` receives and answers Success when
`gateway.spool` has it on disk; `gateway.work` closes the study, leases a job, asks
`gateway.vault` for the subject and lets a child run `pipelines.run`; the cleaned object
goes to `gateway.archive`, its delivery to the outbox, from where `gateway.send` takes it.

Each `run_` function is one process of ``narthex serve``, and imports only what it needs.
"""

import os
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import sqlalchemy as sa

from gateway.clock import SystemClock
from gateway.databases import open_database, reading, upgrade
from gateway.errors import SealedError
from gateway.ports import AuditLog, Lease, Vault
from gateway.process import prepared, wait_for
from gateway.settings import Settings
from gateway.state import prepare, read_receiver_id, read_receiver_key
from gateway.tables import job
from rules.disclosure import Event, log

if TYPE_CHECKING:
    from gateway.archive.store import ArchiveStore
    from gateway.vault.broker import LeaseCheck
    from gateway.vault.client import AdminClient, BrokerClient
    from gateway.vault.vault import VaultStore
    from gateway.work.child_process import Limits
    from gateway.work.routing import Route

ANSWER_SECONDS = 30.0
"""How long the broker may take to answer a worker."""
LOOK_SECONDS = 2.0
"""How long it may take to answer a health page."""
SPOOL_KEY_SECONDS = 60.0
"""How long a receiver waits for the vault's first unsealing."""
POLL_SECONDS = 0.5
"""How often a worker looks for work."""
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

    harden_process()
    with prepared(settings) as stop:
        vault = _open_vault(settings)
        audit = open_audit_log(settings.database.audit, SystemClock())
        broker = Broker(
            vault,
            folder=settings.run,
            audit=audit,
            lease_check=lease_check(open_work_database(settings)),
            allowed_uids=frozenset({os.geteuid()}),
        )
        if _unseal_with_file(settings, vault):
            audit.append([(Event.VAULT_UNSEALED, {"epoch": vault.status().epoch})])
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
        with reading(engine).connect() as connection:
            return connection.execute(found).first() is not None

    return is_alive


def run_receiver(settings: Settings) -> None:
    """Receive until told to stop."""
    from gateway.audit.log import open_audit_log
    from gateway.scp import receiver
    from gateway.scp.association_policy import Peer

    with prepared(settings) as stop:
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


def own_ae_titles(settings: Settings) -> frozenset[str]:
    """Return the AE titles that may be called."""
    called = (title for each in settings.projects for title in each.match.called_ae_titles)
    return frozenset({settings.dicom.ae_title, *called})


def run_worker(settings: Settings) -> None:
    """Clean, archive and send until told to stop."""
    from gateway.archive.store import ArchiveStore, Workspace
    from gateway.audit.log import open_audit_log
    from gateway.work import worker
    from gateway.work.child_process import ChildProcess
    from gateway.work.cleaning import Cleaner
    from gateway.work.journey import Journey
    from gateway.work.keeper import LeaseKeeper

    clock, owner = SystemClock(), uuid4().hex
    with prepared(settings) as stop, ExitStack() as stack:
        engine = open_work_database(settings)
        audit = open_audit_log(settings.database.audit, clock)
        store = ArchiveStore(settings.archive)
        worker.recover(engine, store=store, spool=settings.spool, clock=clock)
        workspace = Workspace(store, owner)
        stack.callback(workspace.close)
        routes = routes_of_settings(settings)
        child = ChildProcess(
            limits=child_limits(settings),
            rules={
                project.rules: route.plan.hash
                for project, route in zip(settings.projects, routes, strict=True)
            },
        )
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
        journey = Journey(
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
            stop=stop,
        )
    log(Event.SERVICE_STOPPED, component="worker")


def routes_of_settings(settings: Settings) -> "tuple[Route, ...]":
    """Return the projects as the router has them, with their plans compiled.

    Raises
    ------
    rules.errors.RulesError
        A rule set or a condition is refused.
    """
    from gateway.work.routing import Route
    from rules.conditions import parse_condition
    from rules.load import load_plan

    return tuple(
        Route(
            project=project.name,
            plan=load_plan(project.rules),
            peers=project.match.peers,
            called_ae_titles=project.match.called_ae_titles,
            when=parse_condition(project.match.when) if project.match.when else None,
            destinations=project.destinations,
        )
        for project in settings.projects
    )


def child_limits(settings: Settings) -> "Limits":
    """Return what a parsing child may use."""
    from gateway.work.child_process import Limits

    return Limits(
        memory_mb=settings.work.child_memory_mb,
        cpu_seconds=settings.work.child_cpu_seconds,
        wall_seconds=settings.work.child_wall_seconds,
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
    from gateway.send.scu import Address, StorageSCU
    from gateway.send.sender import run_sender
    from gateway.transcoding import ChildTranscoder
    from gateway.work.child_process import ChildProcess

    for destination in settings.destinations:
        transcoder = ChildTranscoder(ChildProcess(limits=child_limits(settings), rules={}), store)
        stack.callback(transcoder.close)
        sender = StorageSCU(
            Address(
                host=destination.host,
                port=destination.port,
                ae_title=destination.ae_title,
                calling_ae_title=destination.calling_ae_title,
            ),
            transcode=transcoder.transcode,
        )
        loop = partial(
            run_sender,
            engine,
            destination=destination.name,
            sender=sender,
            store=store,
            audit=audit,
            clock=SystemClock(),
            owner=owner,
            stop=stop,
            poll_seconds=POLL_SECONDS,
        )
        thread = threading.Thread(target=loop, name=f"send-{destination.name}")
        thread.start()
        stack.callback(thread.join)
    stack.callback(stop.set)  # before the threads are waited for


def run_web(settings: Settings) -> None:
    """Serve the health pages until told to stop."""
    from prometheus_client import CollectorRegistry

    from gateway import health
    from gateway.audit.log import open_audit_database

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


def open_project_vault(settings: Settings) -> Vault:
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
