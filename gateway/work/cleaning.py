"""Clean one object, for every project that takes it, in the child.

Look at it, route it, borrow the context of its subject, let the child clean, write and
verify it. What is said about the object itself is a `HeldError`; all other errors are
about the node and stop the job.
"""

import errno
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.archive.store import Workspace, object_name
from gateway.errors import (
    ArchiveFullError,
    ChildDiedError,
    SpoolDamagedError,
    SubjectErasedError,
)
from gateway.failpoints import failpoint
from gateway.ports import SubjectKey, Vault
from gateway.spool.reader import read_wrapped_key
from gateway.work.child_process import ChildProcess
from gateway.work.faces import Faces, StudyLook
from gateway.work.frames import Message
from gateway.work.keeper import LeaseKeeper
from gateway.work.leases import Job
from gateway.work.ledger import CLEANED, HELD, REFUSED, Outcome, Release, SpoolObject
from gateway.work.remembered import Memory
from gateway.work.routing import Route, routes_of, routing_attributes
from pipelines.context import Accession, SubjectContext
from pipelines.errors import HeldError, RefusedError
from pipelines.faces import is_asked
from rules.disclosure import Event, log

DEATHS_AT_MOST = 3
"""Children that one object may cost."""

ACCESSIONS_AT_MOST = 1000
"""Accession numbers that one object may ask for."""
_NUMBER_AT_MOST, _ISSUER_AT_MOST = 64, 256

_GONE = frozenset({errno.ENOENT, errno.EIO})
"""What a lost file or a bad disk answers: of this object, and of no other."""

_CODE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_UID = re.compile(r"[0-9.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An object that was looked at. Patient data: lives in memory only."""

    object: SpoolObject
    source: Message = field(repr=False)
    sop_instance_uid: str = field(repr=False)
    study_instance_uid: str = field(repr=False)
    issuer: str = field(repr=False)
    patient_id: str = field(repr=False)
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loan:
    """What the vault lends for the subject of the job in one project."""

    key: SubjectKey = field(repr=False)
    context: SubjectContext = field(repr=False)
    project_secret: bytes = field(repr=False)
    accessions: dict[Accession, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True, kw_only=True)
class Loans:
    """What the vault lent for one job. Patient data: lives as long as the job.

    Attributes
    ----------
    identity : tuple[str, str] or None
        Issuer and Patient ID of the job's subject.
    by_project : dict[tuple[str, str], _Loan or None]
        By project and source study; None: the subject was erased there.
    faces : StudyLook
        What must be known to look at the study for faces.
    """

    identity: tuple[str, str] | None = field(default=None, repr=False)
    by_project: dict[tuple[str, str], _Loan | None] = field(default_factory=dict, repr=False)
    faces: StudyLook = field(default_factory=StudyLook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an object, with the temporary files of its releases."""

    outcome: Outcome
    files: tuple[tuple[Path, str], ...] = ()


class Cleaner:
    """Cleans objects.

    Parameters
    ----------
    vault : Vault
    child : ChildProcess
    keeper : LeaseKeeper
    spool : pathlib.Path
        Folder of the received objects.
    workspace : Workspace
    routes : Sequence[Route]
    issuers : Mapping[str, str]
        Default Issuer of Patient ID by name of the peer.
    private_sop_classes : Sequence[str]
        Storage SOP classes of vendors that are taken besides the standard's.
    """

    def __init__(
        self,
        *,
        vault: Vault,
        child: ChildProcess,
        keeper: LeaseKeeper,
        spool: Path,
        workspace: Workspace,
        routes: Sequence[Route],
        issuers: Mapping[str, str],
        private_sop_classes: Sequence[str],
    ) -> None:
        self._vault = vault
        self._child = child
        self._keeper = keeper
        self._spool = spool
        self._workspace = workspace
        self._routes = tuple(routes)
        self._faces = Faces(vault=vault, child=child, keeper=keeper, spool=spool)
        self._issuers = issuers
        self._private_sop_classes = list(private_sop_classes)
        asked = [route.plan.condition_attributes for route in routes]
        self._attributes = sorted(routing_attributes(routes).union(*asked))

    @property
    def looks_at_studies(self) -> bool:
        """Return whether objects may have to be looked at together."""
        return any(is_asked(route.plan) for route in self._routes)

    def news(self, loans: Loans) -> list[Memory]:
        """Return what is to be remembered of the faces that were found, for each project."""
        lent = {project: loan for (project, _), loan in loans.by_project.items() if loan}
        return [
            row
            for route in self._routes
            if route.project in lent
            for row in loans.faces.sealed_news(route, secret=lent[route.project].project_secret)
        ]

    def look(self, job: Job, object_: SpoolObject) -> Seen:
        """Return what routing and the vault must know of an object.

        Raises
        ------
        HeldError
        gateway.errors.GatewayError
        """
        path = self._spool / object_.id
        try:
            wrapped = read_wrapped_key(path)
        except OSError as error:
            if error.errno in _GONE:
                raise SpoolDamagedError("the file is missing, or the disk is damaged") from None
            raise
        source = {
            "path": str(path),
            "key": self._vault.file_key(wrapped, lease=job.lease).hex(),
            "attributes": self._attributes,
            "private_sop_classes": self._private_sop_classes,
        }
        answer = self._ask(job, object_, {"op": "inspect", **source})
        return Seen(
            object=object_,
            source=source,
            sop_instance_uid=answer["sop_instance_uid"],
            study_instance_uid=answer["study_instance_uid"],
            issuer=answer["issuer"] or self._issuers.get(object_.peer, ""),
            patient_id=answer["patient_id"],
            routes=routes_of(
                self._routes,
                peer=object_.peer,
                called_ae_title=object_.called_ae_title,
                attributes=answer["attributes"],
            ),
        )

    def clean(self, job: Job, object_: SpoolObject, loans: Loans) -> Result:
        """Clean an object for every project that takes it.

        Raises
        ------
        HeldError
        gateway.errors.GatewayError
        """
        seen = self.look(job, object_)
        identity = loans.identity = loans.identity or (seen.issuer, seen.patient_id)
        if identity != (seen.issuer, seen.patient_id):
            raise HeldError("identity.conflict")  # the receiver read another identity
        if not seen.routes:
            raise HeldError("routing.unmatched")
        releases: list[Release] = []
        files: list[tuple[Path, str]] = []
        reason = refused = ""
        for route in seen.routes:
            loan = self._loan(job, seen, route, loans)
            if loan is None:
                continue
            try:
                release, file = self._clean_for(job, seen, route, loan, look=loans.faces)
            except RefusedError as error:
                refused = error.code
                continue
            except HeldError as error:
                reason = reason or error.code
                continue
            releases.append(release)
            files.append((file, release.name))
        if reason:
            state = HELD
        else:
            refused = refused or SubjectErasedError.code
            state, reason = (CLEANED, "") if releases else (REFUSED, refused)
        outcome = Outcome(
            object_id=object_.id, state=state, reason=reason, releases=tuple(releases)
        )
        return Result(outcome=outcome, files=tuple(files))

    def _loan(self, job: Job, seen: Seen, route: Route, loans: Loans) -> _Loan | None:
        """Return the context of the job's subject in a project; None: it was erased."""
        place = (route.project, seen.study_instance_uid)
        if place not in loans.by_project:
            key = SubjectKey(
                project=route.project,
                issuer=seen.issuer,
                patient_id=seen.patient_id,
                study_instance_uid=seen.study_instance_uid,
            )
            try:
                loans.by_project[place] = _Loan(
                    key=key,
                    context=self._vault.context(
                        key, lease=job.lease, shift_days=route.plan.shift_days
                    ),
                    project_secret=self._vault.project_secret(route.project, lease=job.lease),
                )
            except SubjectErasedError:
                loans.by_project[place] = None
        return loans.by_project[place]

    def _clean_for(
        self, job: Job, seen: Seen, route: Route, loan: _Loan, *, look: StudyLook
    ) -> tuple[Release, Path]:
        output = self._workspace.new_path()
        message = {
            "op": "clean",
            **seen.source,
            "plan": route.plan.hash,
            "output": str(output),
            "job": job.lease.job_id,
        }
        if len(loan.accessions) > ACCESSIONS_AT_MOST:
            loan.accessions.clear()  # a message to the child has a limit
        verdict = look.verdict(seen.object.id, route, secret=loan.project_secret)
        if verdict is not None:
            message["verdict"] = b64encode(verdict).decode()
        answer = self._cleaned(job, seen, message, route, loan, look=look)
        if "accessions" in answer:
            self._lend_accessions(job, loan, asked=_accessions(answer))
            answer = self._cleaned(job, seen, message, route, loan, look=look)
        if "accessions" in answer:  # it was told all of them
            raise HeldError("internal.error")
        failpoint("child.cleaned")
        name = object_name(
            loan.project_secret,
            sop_instance_uid=seen.sop_instance_uid,
            plan_hash=route.plan.hash,
            content=seen.object.content_digest,
        )
        release = Release(
            name=name,
            project=route.project,
            plan_hash=route.plan.hash,
            destinations=route.destinations,
            sop_class_uid=_uid(answer, "sop_class_uid"),
            transfer_syntax_uid=_uid(answer, "transfer_syntax_uid"),
            study_instance_uid=_uid(answer, "study_instance_uid"),
            series_instance_uid=_uid(answer, "series_instance_uid"),
            sop_instance_uid=_uid(answer, "sop_instance_uid"),
            size_bytes=int(answer["size_bytes"]),
        )
        return release, output

    def _cleaned(
        self, job: Job, seen: Seen, message: Message, route: Route, loan: _Loan, *, look: StudyLook
    ) -> Message:
        """Return what the child answers that knows the faces of the study, where it must."""
        while True:
            looks = look.is_worth_trying(route)
            told = {
                **message,
                "context": _context(loan),
                "looks": looks,
                "shared": look.shared(route),
            }
            answer = self._ask(job, seen.object, told)
            if "lacks_faces" not in answer:
                return answer
            if not looks:  # it was told so
                raise HeldError("internal.error")
            self._faces.look(job, route, secret=loan.project_secret, look=look)

    def _lend_accessions(self, job: Job, loan: _Loan, *, asked: Sequence[Accession]) -> None:
        for accession in asked:
            self._keeper.keep(job.lease)
            pseudonym = self._vault.accession(loan.key, accession, lease=job.lease)
            loan.accessions[accession] = pseudonym

    def _ask(self, job: Job, object_: SpoolObject, message: Message) -> Message:
        """Return what the child answers; replace it where it dies.

        Raises
        ------
        HeldError
        """
        self._keeper.keep(job.lease)
        while True:
            try:
                answer = self._child.ask(message, tick=partial(self._keeper.keep, job.lease))
            except ChildDiedError:
                deaths = self._keeper.count_death(job.lease, object_.id)
                log(Event.CHILD_DIED, object_id=object_.id, deaths=deaths)
                if deaths >= DEATHS_AT_MOST:
                    raise HeldError(ChildDiedError.code) from None
                continue
            if answer.get("full"):
                raise ArchiveFullError
            if "refused" in answer:
                raise RefusedError(_code(answer["refused"]))
            if "held" in answer:
                raise HeldError(_code(answer["held"]))
            return answer


def _context(loan: _Loan) -> Message:
    """Return the context of a subject as the child is told it."""
    context = loan.context
    return {
        "pseudonym": context.pseudonym,
        "shift_days": context.shift_days,
        "uid_secret": context.uid_secret.hex(),
        "uid_generation": context.uid_generation,
        "accessions": [[*accession, new] for accession, new in loan.accessions.items()],
    }


def _accessions(answer: Message) -> list[Accession]:
    """Return the accession numbers that the child asks for.

    Raises
    ------
    HeldError
        They are no short texts, or too many: the child may be another's by now.
    """
    match answer["accessions"]:
        case list(asked) if len(asked) <= ACCESSIONS_AT_MOST and all(map(_is_accession, asked)):
            return [Accession(*each) for each in asked]
    raise HeldError("internal.error")


def _is_accession(asked: object) -> bool:
    match asked:
        case [str(number), str(issuer)]:
            return 0 < len(number) <= _NUMBER_AT_MOST and len(issuer) <= _ISSUER_AT_MOST
    return False


def _code(value: object) -> str:
    """Return a reason code of the child, if it is one: the child may be another's by now."""
    text = str(value)
    return text if _CODE.fullmatch(text) and len(text) <= 64 else "internal.error"


def _uid(answer: Message, name: str) -> str:
    """Return a UID that the child answered.

    Raises
    ------
    HeldError
        It is none.
    """
    value = str(answer[name])
    if not _UID.fullmatch(value):
        raise HeldError("internal.error")
    return value
