"""C-STORE SCU: send archived files to one destination (PS3.4, B; PS3.7, 9.1.1).

The stored bytes of the dataset are sent as they are. For each SOP class and stored
transfer syntax one presentation context is proposed, and for each SOP class one more
with the other uncompressed syntaxes, which is used only where the peer refuses the
stored one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info
from pydicom.uid import UID
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from gateway.ports import Delivery
from gateway.scp.sockets import prompt
from gateway.send.checkpoint import Checkpoint
from gateway.send.outbox import BUSY, LOST, NOT_READ, REFUSED, UNREACHABLE, UNTRIED
from gateway.send.transcode import NATIVE, is_possible
from gateway.send.transcode import REFUSED as SYNTAX_REFUSED

CONTEXTS_AT_MOST = 128
"""Of one association (PS3.8, 9.3.2.2: odd ids from 1 to 255)."""

DELIVERED = {
    0x0000: "delivered",
    0xB000: "delivered.coerced",
    0xB006: "delivered.discarded",
    0xB007: "delivered.mismatch",
}
"""Statuses that count as delivered (PS3.4, B.2.3)."""

FINAL = frozenset({0x0117, 0x0122, 0x0124, 0x0211, 0x0212})
"""Refusals that another try does not change (PS3.7, C)."""

Kind = tuple[str, str]
"""SOP class and stored transfer syntax."""

Transcode = Callable[[Path, Sequence[str]], Path | None]
"""Writes a file in one of the given syntaxes to a new temporary file; None: impossible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a destination listens.

    Attributes
    ----------
    ae_title : str
        The destination's.
    calling_ae_title : str
        Ours.
    """

    host: str
    port: int
    ae_title: str
    calling_ae_title: str


class StorageSCU:
    """Sends to one destination; implements `gateway.ports.Sender`.

    Parameters
    ----------
    address : Address
    transcode : Transcode
    timeout_seconds : float
        Of each wait for the peer.
    """

    def __init__(
        self, address: Address, *, transcode: Transcode, timeout_seconds: float = 60.0
    ) -> None:
        _config.STORE_SEND_CHUNKED_DATASET = True  # send the bytes of the file as they are
        self._address = address
        self._transcode = transcode
        self._ae = AE(ae_title=address.calling_ae_title)
        self._ae.connection_timeout = min(timeout_seconds, 10.0)
        self._ae.acse_timeout = timeout_seconds
        self._ae.dimse_timeout = timeout_seconds
        self._ae.network_timeout = timeout_seconds

    def send(self, files: Sequence[Path]) -> Sequence[Delivery]:
        """Send `files`; one answer per file, in order. Never raises for the network."""
        answers: dict[int, Delivery] = {}
        kinds: dict[int, Kind] = {}
        for number, path in enumerate(files):
            kind = _kind(path)
            if isinstance(kind, Delivery):
                answers[number] = kind
            else:
                kinds[number] = kind
        reachable = True
        for numbers in _associations(kinds):
            if reachable:
                group = [(number, files[number], kinds[number]) for number in numbers]
                reachable = self._send_group(group, answers)
        untried = Delivery(delivered=False, retry=True, code=UNTRIED, status=0)
        lost = Delivery(delivered=False, retry=True, code=UNREACHABLE, status=0)
        return [answers.get(n, untried if reachable else lost) for n in range(len(files))]

    def _send_group(
        self, group: Sequence[tuple[int, Path, Kind]], answers: dict[int, Delivery]
    ) -> bool:
        """Send a group over one association; return whether there was one."""
        contexts = _contexts({kind for _, _, kind in group})
        association = self._ae.associate(
            self._address.host,
            self._address.port,
            contexts=contexts,
            ae_title=self._address.ae_title,
            evt_handlers=[(evt.EVT_CONN_OPEN, _be_prompt)],
        )
        if not association.is_established:
            # a peer that accepts the association but none of its contexts answers too
            if association.acceptor.primitive is not None and association.rejected_contexts:
                answers |= {number: _held(SYNTAX_REFUSED) for number, _, _ in group}
                return True
            return False
        try:
            accepted = {
                (str(c.abstract_syntax), str(c.transfer_syntax[0]))
                for c in association.accepted_contexts
            }
            for number, path, kind in group:
                answers[number] = self._send_one(association, path, kind, accepted, number)
                if answers[number].code == LOST:
                    break
        finally:
            if association.is_established:
                association.release()
        return True

    def _send_one(
        self,
        association: Association,
        path: Path,
        kind: Kind,
        accepted: set[Kind],
        number: int,
    ) -> Delivery:
        if kind in accepted:
            return _store(association, path, number)
        sop_class, stored = kind
        targets = [s for s in NATIVE if (sop_class, s) in accepted and is_possible(stored, s)]
        changed = self._transcode(path, targets) if targets else None
        if changed is None:
            return _held(SYNTAX_REFUSED)
        try:
            return _store(association, changed, number)
        finally:
            changed.unlink(missing_ok=True)


def _store(association: Association, path: Path, number: int) -> Delivery:
    try:
        answer = association.send_c_store(path, msg_id=number % 65535 + 1)
    except (RuntimeError, OSError):
        return Delivery(delivered=False, retry=True, code=LOST, status=0)
    except (ValueError, AttributeError):
        return _held("send.unreadable")
    if "Status" not in answer:
        return Delivery(delivered=False, retry=True, code=LOST, status=0)
    return _delivery(int(answer.Status))


def _delivery(status: int) -> Delivery:
    """Return what a status means for us."""
    if status in DELIVERED:
        return Delivery(delivered=True, retry=False, code=DELIVERED[status], status=status)
    if status & 0xFF00 == 0xA700:
        return Delivery(delivered=False, retry=True, code=BUSY, status=status)
    return Delivery(delivered=False, retry=status not in FINAL, code=REFUSED, status=status)


def _held(code: str) -> Delivery:
    return Delivery(delivered=False, retry=False, code=code, status=0)


def _kind(path: Path) -> Kind | Delivery:
    """Return SOP class and transfer syntax of a file of ours, or why they can't be read."""
    try:
        meta = read_file_meta_info(path)
        return str(meta.MediaStorageSOPClassUID), str(meta.TransferSyntaxUID)
    except (FileNotFoundError, InvalidDicomError, AttributeError):
        return _held("send.unreadable")
    except OSError:  # too many files are open, the disk does not answer
        return Delivery(delivered=False, retry=True, code=NOT_READ, status=0)


def _proposals(kinds: set[Kind]) -> list[tuple[str, list[str]]]:
    """Return SOP class and transfer syntaxes of each context to propose."""
    exact = [(sop_class, [syntax]) for sop_class, syntax in sorted(kinds)]
    others = []
    for sop_class in sorted({sop_class for sop_class, _ in kinds}):
        rest = [str(s) for s in NATIVE if (sop_class, s) not in kinds]
        if rest:
            others.append((sop_class, rest))
    return exact + others


def _contexts(kinds: set[Kind]) -> list[PresentationContext]:
    return [
        build_context(UID(sop_class), [UID(s) for s in syntaxes])
        for sop_class, syntaxes in _proposals(kinds)
    ]


def _associations(kinds: Mapping[int, Kind]) -> Iterator[list[int]]:
    """Yield the files of each association: as many as its contexts allow, in order."""
    numbers: list[int] = []
    needed: set[Kind] = set()
    for number, kind in kinds.items():
        if len(_proposals(needed | {kind})) > CONTEXTS_AT_MOST:
            yield numbers
            numbers, needed = [], set()
        numbers.append(number)
        needed.add(kind)
    if numbers:
        yield numbers


def _be_prompt(event: evt.Event) -> None:
    """Take part in no wait for Nagle's algorithm, neither ours nor the peer's."""
    event.assoc._reactor_checkpoint = Checkpoint(event.assoc)  # noqa: SLF001  (see there)
    transport = event.assoc.dul.socket
    if transport is not None and transport.socket is not None:
        transport.socket = prompt(transport.socket, timeout_seconds=event.assoc.network_timeout)
