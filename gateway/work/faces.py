"""Let the child look at the objects of a job for faces, before it cleans them.

Three children that die over it are enough: then the images of the job are held, as nobody
could look at them (`face.unchecked`). So are five looks with one plan: a child that dies
over an object forgets what was seen, the next one has to look again, and that takes time.
"""

import binascii
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.errors import ArchiveFullError, ChildDiedError, SpoolDamagedError, TamperedError
from gateway.faces import looks_of
from gateway.ports import Vault
from gateway.spool.reader import read_wrapped_key
from gateway.work.child_process import ChildProcess
from gateway.work.frames import Message
from gateway.work.keeper import LeaseKeeper
from gateway.work.leases import Job
from gateway.work.ledger import SpoolObject
from gateway.work.remembered import Memories, Memory
from gateway.work.routing import Route
from gateway.work.verdicts import Verdict
from pipelines.deface.decision import FaceOutcome, Known, News
from pipelines.faces import is_asked
from rules.disclosure import Event, log

DEATHS_AT_MOST = 3
"""Children that the look at one study may cost."""
LOOKS_AT_MOST = 5
"""At the study of one job with one plan, those beside that end in a death."""
NEWS_BYTES_AT_MOST = 2 * 1024 * 1024
"""Of one frame of reference."""
_NEWS_AT_MOST = 64
_FRAME_CHARACTERS = 64
OBJECTS_AT_MOST = 10_000
"""Of a study that is looked at: it is committed as a whole, and a transaction has a limit."""


@dataclass(slots=True, kw_only=True)
class StudyLook:
    """The look at the study of one job.

    Attributes
    ----------
    objects : Sequence[SpoolObject]
        Of the job.
    deaths : int
        Children that it has cost.
    is_refused : bool
        The child answered that it can't.
    looks : Counter[tuple[str, str]]
        That were answered, by hash of the plan and by what they are shared.
    worn_out : set[tuple[str, str]]
        Those that were asked for too often.
    memories : Memories
        What was found in the study before.
    news : dict[str, dict[str, News]]
        What is to be remembered, by what a look is shared and Frame of Reference UID.
        Patient data.
    verdicts : Sequence[Verdict]
        What reviewers said about objects of the job.
    said : dict[str, bytes]
        Those that were opened, by id. Patient data.
    """

    objects: Sequence[SpoolObject] = ()
    deaths: int = 0
    is_refused: bool = False
    looks: Counter[tuple[str, str]] = field(default_factory=Counter)
    worn_out: set[tuple[str, str]] = field(default_factory=set)
    sources: list[list[str]] | None = field(default=None, repr=False)
    memories: Memories = field(default_factory=Memories)
    news: dict[str, dict[str, News]] = field(default_factory=dict, repr=False)
    verdicts: Sequence[Verdict] = ()
    said: dict[str, bytes] = field(default_factory=dict, repr=False)

    def sealed_news(self, route: Route, *, secret: bytes) -> Iterable[Memory]:
        """Return the rows of what is to be remembered for a project."""
        found: dict[str, News] = {}
        if is_asked(route.plan):
            found = {**self.news.get(self.shared(route), {})}
            if not self.is_worth_trying(route):  # a head may be in what nobody looked at
                found |= _unclear()
        return self.memories.sealed(found, route.plan, project=route.project, secret=secret)

    def verdict(self, object_id: str, route: Route, *, secret: bytes) -> bytes | None:
        """Return what a person said about an object under the plan of a project.

        Raises
        ------
        gateway.errors.TamperedError
        """
        for each in self.verdicts:
            is_meant = (each.project, each.plan_hash) == (route.project, route.plan.hash)
            if is_meant and any(seen.id == object_id for seen in each.objects):
                if each.id not in self.said:  # it may be about thousands
                    self.said[each.id] = each.data(secret)
                return self.said[each.id]
        return None

    def shared(self, route: Route) -> str:
        """Return by what a look is shared: not by a project that knows more than others."""
        is_alone = self.memories.knows(route.plan, project=route.project)
        return f"{route.project if is_alone else ''}:{looks_of(route.plan)}"

    def is_worth_trying(self, route: Route) -> bool:
        """Return False where the images of the job are held instead."""
        is_too_large = len(self.objects) > OBJECTS_AT_MOST
        is_given_up = self.is_refused or (route.plan.hash, self.shared(route)) in self.worn_out
        return not is_given_up and self.deaths < DEATHS_AT_MOST and not is_too_large


class Faces:
    """Asks the child to look.

    Parameters
    ----------
    vault : Vault
    child : ChildProcess
    keeper : LeaseKeeper
    spool : pathlib.Path
    """

    def __init__(
        self, *, vault: Vault, child: ChildProcess, keeper: LeaseKeeper, spool: Path
    ) -> None:
        self._vault = vault
        self._child = child
        self._keeper = keeper
        self._spool = spool

    def look(self, job: Job, route: Route, *, secret: bytes, look: StudyLook) -> None:
        """Let the child look at the objects of a job; `look` notes where it can't.

        Parameters
        ----------
        route : Route
            To the project whose plan asks for it.
        secret : bytes
            Of the project.

        Raises
        ------
        gateway.errors.GatewayError
            Of the node, not of the study.
        """
        shared = look.shared(route)
        asked = route.plan.hash, shared
        if look.looks[asked] >= LOOKS_AT_MOST:
            look.worn_out.add(asked)
            log(Event.FACES_FAILED, job_id=job.lease.job_id, deaths=look.deaths)
            return
        if look.sources is None:
            look.sources = list(self._sources(job, look.objects))
        message = {
            "op": "faces",
            "job": job.lease.job_id,
            "plan": route.plan.hash,
            "shared": shared,
            "objects": look.sources,
            "earlier": [
                b64encode(each).decode()
                for each in look.memories.earlier(route.plan, project=route.project, secret=secret)
            ],
        }
        tick = partial(self._keeper.keep, job.lease)
        tick()
        try:
            answer = self._child.ask_for_faces(message, objects=len(look.sources), tick=tick)
        except ChildDiedError:
            look.deaths += 1
            log(Event.FACES_FAILED, job_id=job.lease.job_id, deaths=look.deaths)
            return
        if answer.get("full"):
            raise ArchiveFullError
        found = answer.get("faces")
        if not isinstance(found, dict):
            look.is_refused = True
            log(Event.FACES_FAILED, job_id=job.lease.job_id, deaths=look.deaths)
            return
        look.looks[asked] += 1
        look.news[shared] = news_of(answer)
        for outcome in FaceOutcome:
            count = found.get(outcome.value)
            if isinstance(count, int) and count > 0:
                log(
                    Event.FACES_FOUND,
                    job_id=job.lease.job_id,
                    outcome=outcome.value,
                    count=count,
                )

    def _sources(self, job: Job, objects: Sequence[SpoolObject]) -> Iterator[list[str]]:
        """Yield path and file key of each object that can be opened."""
        for object_ in objects:
            self._keeper.keep(job.lease)
            path = self._spool / object_.id
            try:
                wrapped = read_wrapped_key(path)
                key = self._vault.file_key(wrapped, lease=job.lease)
            except (OSError, SpoolDamagedError, TamperedError):
                continue  # it is held when its turn comes
            yield [str(path), key.hex()]


def news_of(answer: Message) -> dict[str, News]:
    """Return what the child wants to be remembered, as far as that is what it can be.

    Of what is left out it is remembered that there may be a head.
    """
    found: dict[str, News] = {}
    match answer.get("news"):
        case list(each):
            for item in each[:_NEWS_AT_MOST]:
                match item:
                    case [str(frame), str(outcome), str(text)] if 0 < len(
                        frame
                    ) <= _FRAME_CHARACTERS and outcome in set(Known):
                        data = _decoded(text)
                        if 0 < len(data) <= NEWS_BYTES_AT_MOST:
                            found[frame] = News(Known(outcome), data)
            if len(found) < len(each):
                found |= _unclear()
    return found


def _unclear() -> dict[str, News]:
    # what it needs is large, and only a study that nobody could look at needs it
    from pipelines.deface.remembered import unclear  # noqa: PLC0415

    return unclear()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
