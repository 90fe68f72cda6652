"""The child process that parses: it may die, the node does not.

A worker starts it anew (never forks), gives it one socket and nothing else, and talks
to it in `gateway.work.frames`. It is told where a spool file lies and its key, cleans
the object with `pipelines.run`, writes the result to the temporary file that it is told,
verifies what it wrote, and answers. Where a plan asks for faces, it looks at all objects of
the job first, and keeps what it found for that job. It holds no key of the vault and no
channel to it.

Limits: address space, CPU time per object, no core dumps; the time by the clock is the
worker's to watch.
"""

import errno
import os
import resource
import socket
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from math import ceil
from pathlib import Path
from time import process_time
from typing import Any, Protocol

import pipelines.run
from gateway.errors import SpoolDamagedError
from gateway.faces import (
    NOBODY_LOOKED,
    Opener,
    StudyFaces,
    look_at_study,
    settle,
)
from gateway.files import FileReader, write_segments
from gateway.send.transcode import transcode
from gateway.spool.reader import SpoolReader
from gateway.work.frames import FrameError, Message, receive_message, send_message
from pipelines.context import Accession, RangeReader, SubjectContext
from pipelines.deface.decision import FaceDecision, News
from pipelines.errors import AccessionsNeededError, HeldError, RefusedError
from pipelines.faces import is_asked
from pipelines.objects import Cleaned, Inspection
from rules.disclosure import install_hooks, log_error
from rules.load import load_plan
from rules.plan import Plan

OUT_OF_MEMORY = 71
"""Exit code: the address space was used up, nothing in the process can be trusted."""

INTERNAL = "internal.error"
_NEWS_BYTES = 8 * 1024 * 1024
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class Pipeline(Protocol):
    """What `pipelines.run` offers."""

    def inspect(
        self,
        source: RangeReader,
        *,
        attributes: Collection[str],
        private_sop_classes: Collection[str],
    ) -> Inspection:
        """Read what routing and the vault need."""
        ...

    def clean(
        self,
        source: RangeReader,
        *,
        plan: Plan,
        context: SubjectContext,
        inspection: Inspection,
        explain: bool,
        face: FaceDecision | None,
    ) -> Cleaned:
        """Clean one object."""
        ...

    def verify(
        self, written: RangeReader, *, cleaned: Cleaned, plan: Plan, context: SubjectContext
    ) -> None:
        """Search what was written."""
        ...


Look = Callable[[Mapping[str, Opener], Plan, Sequence[bytes]], StudyFaces]
"""Looks at a study: `gateway.faces.look_at_study`."""


class Service:
    """Answers the messages of the worker.

    Parameters
    ----------
    pipeline : Pipeline
    look : Look
    load_plan : Callable[[str], Plan]
        From the name or path of a rule set.
    cpu_seconds : int
        Of one object.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        look: Look,
        load_plan: Callable[[str], Plan],
        cpu_seconds: int,
    ) -> None:
        self._pipeline = pipeline
        self._look = look
        self._load_plan = load_plan
        self._cpu_seconds = cpu_seconds
        self._plans: dict[str, Plan] = {}
        self._current: _Opened | None = None
        self._faces = _JobFaces()

    def serve(self, peer: socket.socket) -> None:
        """Answer until the worker closes."""
        while True:
            try:
                message = receive_message(peer)
            except (FrameError, OSError):
                return
            _allow_cpu(message.get("cpu_seconds", self._cpu_seconds))
            try:
                answer = self._answer(message)
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            try:
                send_message(peer, answer)
            except OSError:
                return

    def _answer(self, message: Message) -> Message:
        work: Mapping[str, Callable[[Message], Message]] = {
            "plan": self._plan,
            "inspect": self._inspect,
            "faces": self._look_at_faces,
            "clean": self._clean,
            "transcode": _transcode,
        }
        try:
            return work[message["op"]](message)
        except AccessionsNeededError as error:
            return {"accessions": sorted(error.accessions)}
        except RefusedError as error:
            return {"refused": error.code}
        except (HeldError, SpoolDamagedError) as error:
            return {"held": error.code}
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  (recorded, and the object is held)
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                return {"full": True}
            log_error(error, component="child")
            return {"held": INTERNAL}

    def _plan(self, message: Message) -> Message:
        plan = self._load_plan(message["rules"])
        self._plans[plan.hash] = plan
        return {"plan": plan.hash}

    def _inspect(self, message: Message) -> Message:
        found = self._opened(message).inspection
        return {
            "sop_instance_uid": found.sop_instance_uid,
            "study_instance_uid": found.study_instance_uid,
            "patient_id": found.patient_id,
            "issuer": found.issuer,
            "attributes": dict(found.attributes),
        }

    def _look_at_faces(self, message: Message) -> Message:
        """Look at the study of a job; what is found is kept until another job comes."""
        self._close()
        plan = self._plans[message["plan"]]
        self._faces.forget_others(message["job"])
        objects: dict[str, Opener] = {
            path: partial(SpoolReader, Path(path), file_key=bytes.fromhex(key))
            for path, key in message["objects"]
        }
        earlier = [b64decode(each) for each in message["earlier"]]
        found = self._faces.found[message["shared"]] = self._look(objects, plan, earlier)
        news = [[frame, each.outcome, b64encode(each.data).decode()] for frame, each in _few(found)]
        return {"faces": dict(Counter(found.outcomes())), "news": news}

    def _clean(self, message: Message) -> Message:
        plan = self._plans[message["plan"]]
        faces = self._faces_of(message, plan)
        if faces is None:
            return {"lacks_faces": True}
        face = faces.decision(message["path"])
        if "verdict" in message:
            face = settle(face, b64decode(message["verdict"]))
        opened = self._opened(message)
        context = _context(message["context"])
        output = Path(message["output"])
        output.unlink(missing_ok=True)  # left by a child that died over it
        cleaned = self._pipeline.clean(
            opened.reader,
            plan=plan,
            context=context,
            inspection=opened.inspection,
            explain=False,
            face=face,
        )
        try:
            size = _write(output, cleaned)
            with FileReader(output) as written:
                self._pipeline.verify(written, cleaned=cleaned, plan=plan, context=context)
        except BaseException:
            output.unlink(missing_ok=True)
            raise
        return {
            "size_bytes": size,
            "sop_class_uid": cleaned.sop_class_uid,
            "transfer_syntax_uid": cleaned.transfer_syntax_uid,
            "sop_instance_uid": cleaned.sop_instance_uid,
            "study_instance_uid": cleaned.study_instance_uid,
            "series_instance_uid": cleaned.series_instance_uid,
            "report": asdict(cleaned.report),
        }

    def _faces_of(self, message: Message, plan: Plan) -> StudyFaces | None:
        """Return what was found in the study; None: it must be looked at first."""
        if not is_asked(plan) or not message["looks"]:
            return NOBODY_LOOKED
        self._faces.forget_others(message["job"])
        return self._faces.found.get(message["shared"])

    def _opened(self, message: Message) -> "_Opened":
        """Return the object that is asked for; it stays open until another one is."""
        path = Path(message["path"])
        if self._current is not None and self._current.path == path:
            return self._current
        self._close()
        reader = SpoolReader(path, file_key=bytes.fromhex(message["key"]))
        try:
            inspection = self._pipeline.inspect(
                reader,
                attributes=frozenset(message["attributes"]),
                private_sop_classes=frozenset(message["private_sop_classes"]),
            )
        except BaseException:
            reader.close()
            raise
        self._current = _Opened(path=path, reader=reader, inspection=inspection)
        return self._current

    def _close(self) -> None:
        if self._current is not None:
            self._current.reader.close()
            self._current = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    path: Path
    reader: SpoolReader
    inspection: Inspection = field(repr=False)


def _few(found: StudyFaces) -> Iterator[tuple[str, News]]:
    """Yield what is to be remembered, as far as one message holds it."""
    left = _NEWS_BYTES
    for frame, news in found.news.items():
        left -= len(news.data)
        if left < 0:
            return
        yield frame, news


@dataclass(slots=True, kw_only=True)
class _JobFaces:
    """What was found in the study of the job at hand, by what a look is shared.

    Patient data: in memory only.
    """

    job: str = ""
    found: dict[str, StudyFaces] = field(default_factory=dict, repr=False)

    def forget_others(self, job: str) -> None:
        if job != self.job:
            self.job = job
            self.found.clear()


def _context(fields: Mapping[str, Any]) -> SubjectContext:
    return SubjectContext(
        pseudonym=fields["pseudonym"],
        shift_days=fields["shift_days"],
        uid_secret=bytes.fromhex(fields["uid_secret"]),
        uid_generation=fields["uid_generation"],
        accessions={Accession(number, issuer): new for number, issuer, new in fields["accessions"]},
    )


def _write(path: Path, cleaned: Cleaned) -> int:
    """Write the segments to a new file, durably, and return its size."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        write_segments(descriptor, cleaned.segments, cleaned.source)
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _transcode(message: Message) -> Message:
    changed = transcode(
        Path(message["path"]), Path(message["output"]), syntaxes=message["syntaxes"]
    )
    return {"transfer_syntax_uid": changed}


def _allow_cpu(seconds: int) -> None:
    """Let the kernel end this process after so much more CPU time."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (ceil(process_time()) + seconds, hard))


def limit_memory(megabytes: int) -> None:
    """Bound the address space to what is used now and `megabytes` more."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    size = pages * resource.getpagesize() + megabytes * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def run(
    arguments: list[str],
    *,
    pipeline: Pipeline,
    load_plan: Callable[[str], Plan],
    look: Look = look_at_study,
) -> None:
    """Serve on the socket whose number is the first argument.

    Parameters
    ----------
    arguments : list[str]
        Number of the socket, MiB of memory, seconds of CPU time per object.
    """
    descriptor, memory_mb, cpu_seconds = map(int, arguments)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    install_hooks()
    limit_memory(memory_mb)
    with socket.socket(fileno=descriptor) as peer:
        Service(pipeline, look=look, load_plan=load_plan, cpu_seconds=cpu_seconds).serve(peer)


if __name__ == "__main__":
    run(sys.argv[1:], pipeline=pipelines.run, load_plan=load_plan)
