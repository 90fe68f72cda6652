"""A storage SCP that takes everything down, and can refuse with words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from pydicom import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.dimse_primitives import C_STORE


@dataclass
class Recipient:
    """A running SCP.

    Attributes
    ----------
    folder : Path
        Gets each dataset as it came.
    comment : str
        Error Comment of its refusals; empty: it accepts.
    called : list[bytes]
        What senders said of themselves.
    """

    folder: Path
    port: int = 0
    comment: str = ""
    refused: int = 0
    called: list[bytes] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(1 for _ in self.folder.iterdir())


@contextmanager
def recipient(folder: Path, *, comment: str = "") -> Iterator[Recipient]:
    """Run an SCP for every storage SOP class until the block ends."""
    folder.mkdir()
    running = Recipient(folder, comment=comment)

    def on_store(event: evt.Event) -> Dataset:
        answer = Dataset()
        answer.Status = 0
        if running.comment:
            running.refused += 1
            answer.Status = 0xC123
            answer.ErrorComment = running.comment
        request = event.request
        assert isinstance(request, C_STORE)
        assert request.DataSet is not None
        running.called.append(str(request.AffectedSOPInstanceUID).encode())
        (folder / uuid4().hex).write_bytes(request.DataSet.getvalue())
        return answer

    entity = AE(ae_title="RECIPIENT")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    for context in AllStoragePresentationContexts:
        entity.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, on_store)]
    )
    assert server is not None
    running.port = server.server_address[1]
    try:
        yield running
    finally:
        server.shutdown()
