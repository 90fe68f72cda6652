"""In-memory stand-ins for the Protocols of `gateway.ports`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.ports import Delivery


class SettableClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


class MemoryAudit:
    """An audit log in a list."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Mapping[str, str | int]]] = []

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        self.events += events

    def counts(self, name: str) -> int:
        """Return the sum of ``count`` over the events of one name."""
        return sum(int(fields["count"]) for event, fields in self.events if event == name)


class ScriptedSender:
    """A destination that answers as it is told, by number of the object; else delivered."""

    def __init__(self, *answers: Delivery) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def send(self, files: Sequence[Path]) -> Sequence[Delivery]:
        self.sent += [file.read_bytes() for file in files]
        fine = Delivery(delivered=True, retry=False, code="delivered", status=0)
        return [self.answers.pop(0) if self.answers else fine for _ in files]
