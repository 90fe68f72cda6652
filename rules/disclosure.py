"""What may be said in a log: events from a list, with fields from a list.

Nothing here redacts. What is not on the list can't be said: `log` raises. Text from
other libraries becomes the place it came from; exceptions and warnings become class
and frames. Each line is one JSON object on standard error.

The fields of each event are free within the list; `ops/manual/events.md` explains
every member.
"""

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import TextIO

FieldValue = str | int | float | bool | tuple[str, ...]


class Event(StrEnum):
    """What can be logged or audited."""

    SERVICE_STARTED = "service.started"
    SERVICE_STOPPED = "service.stopped"
    CHILD_STARTED = "child.started"
    CHILD_DIED = "child.died"

    ASSOCIATION_ACCEPTED = "association.accepted"
    ASSOCIATION_REJECTED = "association.rejected"
    ASSOCIATION_ENDED = "association.ended"
    OBJECT_RECEIVED = "object.received"
    OBJECT_DUPLICATE = "object.duplicate"
    OBJECT_SUPERSEDED = "object.superseded"
    OBJECT_REFUSED = "object.refused"
    OBJECT_HELD = "object.held"
    OBJECT_RELEASED = "object.released"
    ORPHAN_ADOPTED = "orphan.adopted"
    ORPHAN_SET_ASIDE = "orphan.set-aside"

    JOB_LEASED = "job.leased"
    JOB_DONE = "job.done"
    JOB_POSTPONED = "job.postponed"
    JOB_FAILED = "job.failed"
    JOB_LOST = "job.lost"

    VAULT_INITIALISED = "vault.initialised"
    VAULT_UNSEALED = "vault.unsealed"
    VAULT_SEALED = "vault.sealed"
    VAULT_REFUSED = "vault.refused"
    CONTEXT_ISSUED = "context.issued"
    ACCESSION_ISSUED = "accession.issued"
    ACCESSIONS_EXPORTED = "accessions.exported"

    SEND_DELIVERED = "send.delivered"
    SEND_FAILED = "send.failed"
    SEND_HELD = "send.held"
    QUARANTINE_RELEASED = "quarantine.released"
    QUARANTINE_DISCARDED = "quarantine.discarded"
    QUARANTINE_EXAMINED = "quarantine.examined"
    QUARANTINE_PICTURED = "quarantine.pictured"

    FACE_DECIDED = "face.decided"
    FACE_UNDECIDED = "face.undecided"
    FACES_FOUND = "faces.found"
    FACES_FAILED = "faces.failed"

    WARNING = "warning"
    LIBRARY = "library"
    ERROR = "error"
    SEND_OFFERED = "send.offered"
    SEND_RETRIED = "send.retried"
    ARCHIVE_SWEPT = "archive.swept"
    FILE_KEY_ISSUED = "file-key.issued"
    PROJECT_SECRET_ISSUED = "project-secret.issued"  # noqa: S105  (the name of an event)


FIELDS: dict[str, type | tuple[type, ...]] = {
    # who and what: random ids, names from the settings, ids of our own
    "job_id": str,
    "object_id": str,
    "association_id": str,
    "study_id": str,
    "peer": str,
    "project": str,
    "destination": str,
    "component": str,
    "plan": str,
    "kind": str,
    # how it went
    "reason": str,
    "code": str,
    "action": str,
    "status": int,
    "state": str,
    "outcome": str,
    # how much
    "count": int,
    "attempts": int,
    "duplicates": int,
    "held": int,
    "refused": int,
    "deaths": int,
    "generation": int,
    "epoch": int,
    "fence": int,
    "size_bytes": int,
    "seconds": (int, float),
    "pid": int,
    "user": int,
    "port": int,
    # exceptions, warnings and text of libraries: class and place
    "error": str,
    "frames": tuple,
    "where": str,
}
"""Names and types of what may stand beside an event."""

_WORD = re.compile(r"[A-Za-z0-9_<][A-Za-z0-9_.:/<>@+-]{0,127}|")
"""What a text field looks like: one word, so that no free text fits in by accident."""

FRAMES_AT_MOST = 20

_OURS = "narthex"
_logger = logging.getLogger(_OURS)


def check(fields: dict[str, FieldValue]) -> None:
    """Raise unless every field is on the list and has the shape of its kind.

    Raises
    ------
    TypeError
        A field is not on the list or has another type. The value is not quoted.
    ValueError
        A text is not one word. The value is not quoted.
    """
    for name, value in fields.items():
        kind = FIELDS.get(name)
        if kind is None:
            raise TypeError(f"{name!r} is no field of rules.disclosure.FIELDS")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"field {name!r} has the wrong type")
        words = value if isinstance(value, tuple) else (value,)
        if any(isinstance(word, str) and not _WORD.fullmatch(word) for word in words):
            raise ValueError(f"field {name!r} is not one word")


def log(event: Event, **fields: FieldValue) -> None:
    """Write one event.

    Parameters
    ----------
    event : Event
    **fields
        From `FIELDS`. Never a value of a dataset, of the source or of its file name.

    Raises
    ------
    TypeError, ValueError
        As `check`.
    """
    check(fields)
    level = logging.ERROR if event is Event.ERROR else logging.INFO
    _logger.log(level, "%s", event.value, extra={"event": event.value, "fields": fields})


def log_error(error: BaseException, **fields: FieldValue) -> None:
    """Write that `error` was caught: its class and frames, no message, no locals."""
    code = getattr(error, "code", "")
    if isinstance(code, str) and code and _WORD.fullmatch(code):
        fields.setdefault("code", code)
    log(Event.ERROR, error=type(error).__name__, frames=frames(error.__traceback__), **fields)


def frames(trace: TracebackType | None) -> tuple[str, ...]:
    """Return ``module:line`` of the innermost frames, outermost first."""
    places = [
        _place(frame.f_globals.get("__name__", "?"), line)
        for frame, line in traceback.walk_tb(trace)
    ]
    return tuple(places[-FRAMES_AT_MOST:])


def _place(module: object, line: int) -> str:
    """Return ``module:line``; a name that is no word becomes ``?``."""
    name = re.sub(r"[^A-Za-z0-9_.<>]", "_", str(module))[:100]
    return f"{name if _WORD.fullmatch(name) and name else '<unknown>'}:{line}"


class _Lines(logging.Formatter):
    """One JSON object per record; foreign records lose their text."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        }
        if record.name == _OURS:
            line["event"] = getattr(record, "event", Event.LIBRARY.value)
            line |= getattr(record, "fields", {})
        else:
            line["event"] = Event.LIBRARY.value
            line["level"] = record.levelname
            line["where"] = _place(record.name, record.lineno)
            if record.exc_info and record.exc_info[0] is not None:
                line["error"] = record.exc_info[0].__name__
                line["frames"] = frames(record.exc_info[2])
        return json.dumps(line)


def install_hooks(stream: TextIO | None = None) -> None:
    """Send every way a process talks through this module.

    Loggers of all libraries, uncaught exceptions (main thread, other threads, those
    nobody could raise) and warnings. Called once by each process before it does
    anything else.

    Parameters
    ----------
    stream : TextIO, optional
        Standard error by default.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.raiseExceptions = False  # its complaint about a bad record would quote it
    _logger.setLevel(logging.INFO)
    sys.excepthook = _on_uncaught
    sys.unraisablehook = _on_unraisable
    threading.excepthook = _on_thread
    warnings.showwarning = _on_warning


def _on_uncaught(
    _kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    log_error(error.with_traceback(trace))


def _on_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        log_error(args.exc_value)


def _on_unraisable(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        log_error(args.exc_value)


def _on_warning(  # noqa: PLR0917  (the shape the warnings module asks for)
    message: Warning | str,  # noqa: ARG001  (may quote a value: not written)
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    module = filename.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".py")
    log(Event.WARNING, error=category.__name__, where=_place(module, lineno))
