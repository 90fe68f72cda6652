"""How a sender has a file written in another transfer syntax: by a child of its own.

Decoding is parsing: it happens in a process that may die.
"""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from gateway.archive.store import ArchiveStore, Workspace
from gateway.work.child_process import ChildDiedError, ChildProcess


class ChildTranscoder:
    """Writes files in other syntaxes; for one thread. Child and folder come when needed.

    Parameters
    ----------
    child : ChildProcess
    store : ArchiveStore
    """

    def __init__(self, child: ChildProcess, store: ArchiveStore) -> None:
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
