"""Storage SCPs on loopback that answer as they are told."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydicom.uid import UID
from pynetdicom import AE, evt

from gateway.send.scu import Address


@dataclass
class Scp:
    """A running SCP and what it received.

    Attributes
    ----------
    statuses : list[int]
        Answers, in order; afterwards Success.
    received : list[tuple[str, bytes]]
        Transfer syntax and encoded dataset.
    proposed : list[int]
        Presentation contexts of each association.
    """

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    proposed: list[int] = field(default_factory=list)
    before_answer: Callable[[evt.Event], None] | None = None

    @property
    def address(self) -> Address:
        return Address(
            host="127.0.0.1", port=self.port, ae_title="PACS", calling_ae_title="NARTHEX"
        )


@contextmanager
def running_scp(
    contexts: Sequence[tuple[str, Sequence[str]]], *, port: int = 0, scp: Scp | None = None
) -> Iterator[Scp]:
    """Run an SCP that supports SOP classes, each with transfer syntaxes."""
    scp = scp or Scp()

    def on_store(event: evt.Event) -> int:
        if scp.before_answer is not None:
            scp.before_answer(event)
        status = scp.statuses.pop(0) if scp.statuses else 0
        content = event.encoded_dataset(include_meta=False)
        scp.received.append((str(event.context.transfer_syntax), content))
        return status

    def on_requested(event: evt.Event) -> None:
        scp.proposed.append(len(event.assoc.requestor.requested_contexts))

    ae = AE(ae_title="PACS")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 10
    for sop_class, syntaxes in contexts:
        ae.add_supported_context(UID(sop_class), [UID(s) for s in syntaxes])
    server = ae.start_server(
        ("127.0.0.1", port),
        block=False,
        evt_handlers=[(evt.EVT_C_STORE, on_store), (evt.EVT_REQUESTED, on_requested)],
    )
    assert server is not None
    scp.port = server.server_address[1]
    try:
        yield scp
    finally:
        server.shutdown()
