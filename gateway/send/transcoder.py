"""How a sender has a file written in another transfer syntax: by a child of its own.

Decoding is parsing: it happens in a process that may die.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from gateway.archive.store import ArchiveStore, Workspace
from gateway.errors import ChildDiedError


class Child(Protocol):
    """What a `gateway.work.child_process.ChildProcess` offers."""

    def ask(self, message: Mapping[str, Any], *, tick: Callable[[], None]) -> Mapping[str, Any]:
        """Return the child's answer."""
        ...

    def close(self) -> None:
        """End the child."""
        ...


class ChildTranscoder:
    """Writes files in other syntaxes; for one thread. Child and folder come when needed.

    Parameters
    ----------
    child : Child
    store : ArchiveStore
    """

    def __init__(self, child: Child, store: ArchiveStore) -> None:
        self._child = child
        self._store = store
        self._workspace: Workspace | None = None

    def transcode(self, path: Path, syntaxes: Sequence[str]) -> Path | None:
        """Return a new temporary file in one of `syntaxes`; None where none is possible."""
        if self._workspace is None:
            self._workspace = Workspace(self._store, uuid4().hex)
        output = self._workspace.new_path()
        message = {
            "op": "transcode",
            "path": str(path),
            "output": str(output),
            "syntaxes": list(syntaxes),
        }
        try:
            answer = self._child.ask(message, tick=_nothing)
        except ChildDiedError:
            return None
        return output if "transfer_syntax_uid" in answer else None

    def close(self) -> None:
        """End the child and remove the folder."""
        self._child.close()
        if self._workspace is not None:
            self._workspace.close()


def _nothing() -> None:
    """Renew no lease: the outbox's lasts."""
