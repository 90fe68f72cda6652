"""Named places where the process can be told to die at once.

A test arms one name (setting ``failpoint``); the process then kills itself with SIGKILL
when it passes there, as a power cut would. Nothing is armed in a hospital.
"""

import os
import signal

DESCRIPTIONS = {
    "spool.written": "the spool file is written and synced under its temporary name",
    "spool.renamed": "the spool file has its name; the database does not know it yet",
    "spool.recorded": "the object is recorded; Success is not answered yet",
    "spool.copy-removed": "the file of an exact copy is removed; Success is not answered yet",
    "orphan.set-aside": "at the start: a broken file was moved away",
    "orphan.recorded": "at the start: orphans are recorded; those with nothing new still lie there",
    "orphan.removed": "at the start: the file of an orphan that holds nothing new is removed",
    "closing.committed": "the study generation is closed and its job inserted",
    "job.leased": "the job is leased; nothing was done yet",
    "child.cleaned": "the child wrote and verified the cleaned object under a temporary name",
    "archive.written": "all objects of the batch are written and synced, none has its name",
    "archive.linked": "the objects of the batch have their names; the index knows none",
    "job.committed": "the batch is committed; its spool files are still there",
    "spool.deleted": "the spool files of the batch are gone",
    "send.leased": "outbox rows are leased; no association was opened yet",
    "send.sent": "the destination answered; the answers are not recorded yet",
    "send.recorded": "the answers of the destination are recorded",
}
"""Meaning of each name."""

NAMES = frozenset(DESCRIPTIONS)

_armed = ""


def arm(name: str) -> None:
    """Let the process die at `name`; an empty name disarms.

    Raises
    ------
    ValueError
        There is no such failpoint.
    """
    global _armed  # noqa: PLW0603  (a process dies as a whole: this is its state)
    if name and name not in NAMES:
        raise ValueError("no such failpoint")
    _armed = name


def failpoint(name: str) -> None:
    """Die here if `name` is armed."""
    if _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
