"""The DICOM listener: pynetdicom's association handling around our policy and intake."""

import logging
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from socketserver import TCPServer
from typing import Any

from pynetdicom import _config, evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event as DicomEvent
from pynetdicom.presentation import build_context
from pynetdicom.transport import AssociationServer

from gateway.scp.association_policy import Peer, Rejection, admit
from gateway.scp.contexts import VERIFICATION, contexts_for
from gateway.scp.handlers import StoreHandler, StoreRequest
from gateway.scp.register import Register
from gateway.scp.sockets import prompt
from gateway.scp.status import Status
from rules.disclosure import log_error
from rules.version import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerLimits:
    """Limits of the listener.

    Attributes
    ----------
    maximum_associations : int
        At once.
    acse_timeout_seconds : float
        From the connection to the association request.
    network_timeout_seconds : float
        Without a byte, inside and between messages.
    maximum_pdu_bytes : int
        That we announce.
    """

    maximum_associations: int
    acse_timeout_seconds: float = 30.0
    network_timeout_seconds: float = 60.0
    maximum_pdu_bytes: int = 131_072


def silence_pynetdicom() -> None:
    """Keep pynetdicom from writing what peers send (FIELD.md, pynetdicom).

    Its loggers may still say, at WARNING and above, that something happened: the
    disclosure policy reduces that to a place in the code.
    """
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    logging.getLogger("pynetdicom").setLevel(logging.WARNING)


class DicomListener:
    """Accepts associations of known peers and hands their C-STOREs to `handler`.

    Parameters
    ----------
    own_ae_titles : Collection[str]
        AE titles that callers may call.
    peers : Sequence[Peer]
        Empty: nobody is admitted.
    sop_classes : frozenset[str]
        From `gateway.scp.contexts.register_sop_classes`.

    Raises
    ------
    OSError
        The address can't be listened on.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        own_ae_titles: Collection[str],
        peers: Sequence[Peer],
        sop_classes: frozenset[str],
        limits: ListenerLimits,
        handler: StoreHandler,
        register: Register,
    ) -> None:
        self._own_ae_titles = own_ae_titles
        self._peers = peers
        self._sop_classes = sop_classes
        self._limits = limits
        self._handler = handler
        self._register = register
        self._server = _make_server(
            address,
            limits=limits,
            events=[
                (evt.EVT_REQUESTED, self._on_requested),
                (evt.EVT_DIMSE_RECV, self._on_message),
                (evt.EVT_C_STORE, self._on_store),
                (evt.EVT_RELEASED, self._on_end),
                (evt.EVT_ABORTED, self._on_end),
                (evt.EVT_REJECTED, self._on_end),
            ],
            tidy=self._register.end_dead,
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the TCP port, also where the system chose it."""
        return int(self._server.server_address[1])

    def close(self, *, grace_seconds: float) -> None:
        """Stop accepting, let running C-STOREs end, then abort the associations.

        Parameters
        ----------
        grace_seconds : float
            How long to wait for running C-STOREs.
        """
        self._server.shutdown()
        self._thread.join()
        self._register.close(grace_seconds=grace_seconds)

    def _on_requested(self, event: DicomEvent) -> None:
        """Admit or reject; whatever goes wrong rejects."""
        association = event.assoc
        try:
            rejection = self._admit(association)
        except Exception as error:  # noqa: BLE001  (top of the association's handler)
            log_error(error)
            rejection = Rejection.CONGESTION
        if rejection is not None:
            association.acse.send_reject(*rejection.value)
            association.kill()

    def _admit(self, association: Association) -> Rejection | None:
        request = association.requestor.primitive
        if request is None:
            return Rejection.CONGESTION
        called = str(request.called_ae_title)
        answer = admit(
            self._peers,
            own_ae_titles=self._own_ae_titles,
            called=called,
            calling=str(request.calling_ae_title),
            address=association.requestor.address,
        )
        if isinstance(answer, Peer):
            association.acceptor.supported_contexts = contexts_for(
                request.presentation_context_definition_list, sop_classes=self._sop_classes
            )
            return self._register.open(
                association,
                peer=answer,
                called_ae_title=called.strip(),
                at_most=self._limits.maximum_associations,
            )
        self._register.reject(answer)
        return answer

    def _on_message(self, event: DicomEvent) -> None:
        """Give a C-STORE of an unknown SOP class to the storage service too.

        Without it pynetdicom aborts, and one odd object costs the rest of the batch. The
        dataset still names its SOP class: where that is another, it is refused.
        """
        message = event.message
        if not isinstance(message, C_STORE_RQ):
            return
        command = message.command_set
        if command.get("AffectedSOPClassUID") in self._sop_classes:
            return
        for context in event.assoc.accepted_contexts:
            if context.context_id == message.context_id:
                command.AffectedSOPClassUID = context.abstract_syntax

    def _on_store(self, event: DicomEvent) -> int:
        with self._register.storing(event.assoc) as opened:
            if opened is None:
                return Status.OUT_OF_RESOURCES
            request = event.request
            context = event.context
            if not isinstance(request, C_STORE) or request.DataSet is None:
                return Status.UNEXPECTED
            request.DataSet.seek(0)
            result = self._handler.handle_store(
                StoreRequest(
                    stream=request.DataSet,
                    sop_class_uid=str(request.AffectedSOPClassUID).strip(" \0"),
                    sop_instance_uid=str(request.AffectedSOPInstanceUID).strip(" \0"),
                    abstract_syntax=str(context.abstract_syntax),
                    transfer_syntax_uid=str(context.transfer_syntax),
                    peer=opened.peer,
                    association_id=opened.id,
                )
            )
            opened.count(result.outcome)
            return result.status

    def _on_end(self, event: DicomEvent) -> None:
        self._register.end(event.assoc)


class _Server(AssociationServer):
    """pynetdicom's server with prompt sockets, and a look at the dead now and then."""

    request_queue_size = 64

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  (handed on as it is)
        timeout_seconds: float,
        tidy: Callable[[], None],
        **kwargs: Any,  # noqa: ANN401  (handed on as it is)
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._tidy = tidy
        super().__init__(*args, **kwargs)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Return an accepted connection."""
        accepted, address = super().get_request()
        return prompt(accepted, timeout_seconds=self._timeout_seconds), address

    def service_actions(self) -> None:
        """Tidy up between connections."""
        super().service_actions()
        self._tidy()

    def shutdown(self) -> None:
        """Stop listening; unlike the inherited one, without the AE knowing of us."""
        TCPServer.shutdown(self)
        self.server_close()


def _make_server(
    address: tuple[str, int],
    *,
    limits: ListenerLimits,
    events: list[evt.EventHandlerType],
    tidy: Callable[[], None],
) -> _Server:
    entity = ApplicationEntity(ae_title="NARTHEX")
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.maximum_pdu_size = limits.maximum_pdu_bytes
    entity.acse_timeout = limits.acse_timeout_seconds
    entity.dimse_timeout = limits.network_timeout_seconds
    entity.network_timeout = limits.network_timeout_seconds
    entity.maximum_associations = 1 << 16  # ours counts admitted ones only (`Register`)
    return _Server(
        entity,
        address,
        "NARTHEX",
        [build_context(VERIFICATION)],
        None,
        evt_handlers=events,
        timeout_seconds=limits.network_timeout_seconds,
        tidy=tidy,
    )
