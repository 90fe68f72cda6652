"""Who is connected: admits up to a limit, counts, and says when each has ended.

What pynetdicom reports of an end depends on how it came; therefore every report is
taken, the first one counts, and associations whose thread has died are found by looking.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from pynetdicom.association import Association

from gateway.ports import AuditLog
from gateway.scp.association_policy import Peer, Rejection
from gateway.scp.associations import AssociationRows
from gateway.scp.recording import Outcome
from rules.disclosure import Event, log, log_error


@dataclass(slots=True, kw_only=True)
class OpenAssociation:
    """An association while it lasts; counts its C-STOREs by how they ended."""

    id: str
    peer: Peer
    stored: int = 0
    duplicates: int = 0
    held: int = 0
    refused: int = 0

    def count(self, outcome: Outcome | None) -> None:
        """Count one C-STORE; None: refused."""
        match outcome:
            case None:
                self.refused += 1
            case Outcome.IDENTICAL:
                self.duplicates += 1
            case Outcome.CONFLICT:
                self.held += 1
            case _:
                self.stored += 1


class Register:
    """The associations of one listener. Called from many threads."""

    def __init__(self, rows: AssociationRows, *, audit: AuditLog) -> None:
        self._rows = rows
        self._audit = audit
        self._open: dict[Association, OpenAssociation] = {}
        self._busy = 0
        self._is_closing = False
        self._changed = threading.Condition()

    def open(
        self, association: Association, *, peer: Peer, called_ae_title: str, at_most: int
    ) -> Rejection | None:
        """Register an association of `peer`, or return why not.

        Where this fails the association stays registered although it is rejected, for
        `end_dead`: its row may be there, and no study would be closed before it has ended.
        """
        opened = OpenAssociation(id=uuid4().hex, peer=peer)
        with self._changed:
            is_full = len(self._open) >= at_most or self._is_closing
            if not is_full:
                self._open[association] = opened
        if is_full:
            self.reject(Rejection.LIMIT)
            return Rejection.LIMIT
        self._rows.open(opened.id, peer=peer.name, called_ae_title=called_ae_title)
        self._say(Event.ASSOCIATION_ACCEPTED, association_id=opened.id, peer=peer.name)
        return None

    def reject(self, rejection: Rejection) -> None:
        """Record that a caller was turned away. Nothing it said is written."""
        self._say(Event.ASSOCIATION_REJECTED, reason=rejection.code)

    @contextmanager
    def storing(self, association: Association) -> Iterator[OpenAssociation | None]:
        """Hold off `close` while a C-STORE runs; yield None where it must not."""
        with self._changed:
            opened = None if self._is_closing else self._open.get(association)
            self._busy += 1
        try:
            yield opened
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def end(self, association: Association) -> None:
        """Record that an association has ended. The first report counts.

        Where it can't be recorded the association stays, for `end_dead` to try again: no
        study is closed before its associations have ended.
        """
        with self._changed:
            opened = self._open.pop(association, None)
        if opened is None:
            return
        try:
            self._rows.end(opened.id)
            self._say(
                Event.ASSOCIATION_ENDED,
                association_id=opened.id,
                peer=opened.peer.name,
                count=opened.stored,
                duplicates=opened.duplicates,
                held=opened.held,
                refused=opened.refused,
            )
        except Exception as error:  # noqa: BLE001  (top of a thread of pynetdicom)
            log_error(error, association_id=opened.id)
            with self._changed:
                self._open[association] = opened

    def end_dead(self) -> None:
        """End associations whose thread is gone, however it went."""
        with self._changed:
            dead = [each for each in self._open if each.ident and not each.is_alive()]
        for association in dead:
            self.end(association)
            if association in self._open:
                break  # the database is down; the listener waits for us

    def close(self, *, grace_seconds: float) -> None:
        """Wait for running C-STOREs, then abort and end what is open."""
        with self._changed:
            self._is_closing = True
            self._changed.wait_for(lambda: self._busy == 0, timeout=grace_seconds)
            left = list(self._open)
        for association in left:
            association.abort()
            association.join(timeout=grace_seconds)
            self.end(association)

    def _say(self, event: Event, **fields: str | int) -> None:
        self._audit.append([(event, fields)])
        log(event, **fields)
