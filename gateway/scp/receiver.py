"""The receiver process: recover what a dead one left, listen, stop cleanly."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from gateway.ports import AuditLog, Clock
from gateway.scp.adoption import adopt_orphans
from gateway.scp.association_policy import Peer
from gateway.scp.associations import AssociationRows
from gateway.scp.committer import Committer
from gateway.scp.contexts import register_sop_classes
from gateway.scp.handlers import StoreHandler
from gateway.scp.register import Register
from gateway.scp.server import DicomListener, ListenerLimits, silence_pynetdicom
from gateway.spool.store import SpoolStore
from rules.disclosure import Event, log

GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverConfiguration:
    """What a receiver is told.

    Attributes
    ----------
    host, port : str, int
        Where to listen; port 0 lets the system choose.
    own_ae_titles : Collection[str]
        AE titles that callers may call.
    peers : Sequence[Peer]
        Who may send. Empty: nobody.
    private_sop_classes : Collection[str]
        UIDs accepted besides the storage SOP classes of the standard.
    object_bytes_at_most : int
        Larger objects are refused.
    minimum_free_bytes : int
        Below it objects are refused (0xA700).
    maximum_associations : int
    spool : pathlib.Path
        Folder of this receiver alone. Created where absent.
    spool_public_key : bytes
        Content of ``spool.pub`` (`gateway.vault.envelope`).
    receiver_key : bytes
        32 bytes, the same for all receivers of one work database.
    receiver_id : str
        Of this receiver, the same after a restart; at most 32 characters.
    """

    host: str
    port: int
    own_ae_titles: Collection[str]
    peers: Sequence[Peer]
    private_sop_classes: Collection[str]
    object_bytes_at_most: int
    minimum_free_bytes: int
    maximum_associations: int
    spool: Path
    spool_public_key: bytes = field(repr=False)
    receiver_key: bytes = field(repr=False)
    receiver_id: str


def run_receiver(
    configuration: ReceiverConfiguration,
    *,
    engine: sa.Engine,
    audit: AuditLog,
    clock: Clock,
    stop: threading.Event,
    on_listening: Callable[[int], None],
) -> None:
    """Receive until `stop` is set.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        The work database, migrated.
    on_listening : Callable[[int], None]
        Called once with the TCP port, when associations are accepted.

    Raises
    ------
    OSError
        The address can't be listened on.
    gateway.errors.StateError
        Another receiver has the spool.
    """
    silence_pynetdicom()
    sop_classes = register_sop_classes(configuration.private_sop_classes)
    configuration.spool.mkdir(mode=0o700, exist_ok=True)
    rows = AssociationRows(engine, receiver=configuration.receiver_id, clock=clock)
    store = SpoolStore(
        configuration.spool,
        public_key=configuration.spool_public_key,
        receiver_key=configuration.receiver_key,
        minimum_free_bytes=configuration.minimum_free_bytes,
    )
    with store.held():
        rows.end_all()
        adopt_orphans(engine, store=store, receiver_key=configuration.receiver_key)
        committer = Committer(engine, is_intact=store.is_intact)
        try:
            listener = DicomListener(
                (configuration.host, configuration.port),
                own_ae_titles=configuration.own_ae_titles,
                peers=configuration.peers,
                sop_classes=sop_classes,
                limits=ListenerLimits(maximum_associations=configuration.maximum_associations),
                handler=StoreHandler(
                    store,
                    record=committer.record,
                    receiver_key=configuration.receiver_key,
                    object_bytes_at_most=configuration.object_bytes_at_most,
                    clock=clock,
                    audit=audit,
                ),
                register=Register(rows, audit=audit),
            )
            log(Event.SERVICE_STARTED, component="receiver", port=listener.port)
            on_listening(listener.port)
            stop.wait()
            listener.close(grace_seconds=GRACE_SECONDS)
        finally:
            committer.close()
    log(Event.SERVICE_STOPPED, component="receiver")
