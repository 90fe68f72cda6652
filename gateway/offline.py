"""De-identify files without a node: the same pipeline, from folder to folder.

One file in, one row out: cleaned, quarantined (held, with a reason code) or refused (it
could not be read, its subject was erased, or the plan wants nothing of it). The input is
never touched.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gateway.accessions import AccessionLoans
from gateway.errors import GatewayError, SubjectErasedError
from gateway.faces import NOBODY_LOOKED, look_at_study
from gateway.files import FileReader, publish, unpublished, write_segments
from gateway.ports import SubjectKey, Vault
from pipelines.context import SubjectContext
from pipelines.deface.decision import FaceDecision
from pipelines.errors import HeldError, RefusedError
from pipelines.faces import is_asked
from pipelines.metadata.opening import open_object
from pipelines.metadata.root import RootLookup
from pipelines.objects import Cleaned
from pipelines.report import Change
from pipelines.run import clean, inspect, verify
from pipelines.verify.graph import kept_uids
from rules.disclosure import log_error
from rules.plan import Plan
from rules.vocabulary import Option

_COMPARE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one input; a line of the report.

    Attributes
    ----------
    input, output : str
        Paths; `output` is relative to the output folder, "" if there is none.
    outcome : str
        ``cleaned``, ``quarantined``, ``refused``.
    reason : str
        Reason code, "" if cleaned.
    where : str
        Tags or offsets; never values.
    reasons : dict[str, int]
        Codes of what was cut out of texts, by how many elements.
    face : str
        What was found (`pipelines.deface.decision.FaceOutcome`); "" where nobody looked.
    face_figures : dict[str, float]
        What was measured there.
    """

    input: str
    outcome: str
    output: str
    reason: str
    where: str
    plan: str
    actions: dict[str, int]
    methods: tuple[str, ...]
    notes: tuple[str, ...]
    reasons: dict[str, int]
    face: str
    face_figures: dict[str, float]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row, and who and what was replaced by what (patient data: memory only).

    Attributes
    ----------
    row : Row
    uids : dict[str, str]
        Source UID to new UID.
    subject : tuple[str, str] | None
        Patient ID and pseudonym; None if the object was not cleaned.
    accessions : tuple[tuple[str, str], ...]
        Accession numbers of the study so far, with their pseudonyms.
    own : dict[str, str]
        Source SOP Instance, Series and Study UID to what they are now; of an object that
        was not cleaned its SOP Instance UID to "", if it could be read.
    kept : frozenset[str]
        Source UIDs that stand in the output as they were.
    """

    row: Row
    uids: dict[str, str]
    subject: tuple[str, str] | None
    accessions: tuple[tuple[str, str], ...]
    own: dict[str, str]
    kept: frozenset[str]

    def __repr__(self) -> str:
        """Show nothing."""
        return "Result(…)"


def find_inputs(path: Path) -> Iterator[Path]:
    """Yield the file, or every file below the folder, in a stable order."""
    if path.is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            yield Path(folder, name)


class _OutputError(OSError):
    """The output folder can't be written."""


class Offline:
    """Cleans files one by one.

    Parameters
    ----------
    output : pathlib.Path
        Folder; gets ``StudyUID/SeriesUID/SOPUID.dcm`` in new UIDs.
    plan : Plan
    vault : Vault
    project : str
    private_sop_classes : tuple[str, ...]
    explain : bool
        True: rows list every change.
    """

    def __init__(
        self,
        *,
        output: Path,
        plan: Plan,
        vault: Vault,
        project: str,
        private_sop_classes: tuple[str, ...],
        explain: bool,
    ) -> None:
        self._output = output
        self._plan = plan
        self._vault = vault
        self._accessions = AccessionLoans(vault)
        self._project = project
        self._private_sop_classes = private_sop_classes
        self._explain = explain
        self._folders: set[Path] = set()

    def clean_study(self, paths: Sequence[Path]) -> Iterator[Result]:
        """Look at the files of a study for faces, where the plan asks, then clean them.

        Parameters
        ----------
        paths : Sequence[pathlib.Path]
            What `gateway.studies.study_of` says is of one study.
        """
        faces = NOBODY_LOOKED
        if is_asked(self._plan) and paths:
            objects = {str(path): partial(FileReader, path, follows_links=True) for path in paths}
            try:
                faces = look_at_study(objects, self._plan, earlier=())
            except MemoryError as error:  # this study's images are held, the next one is cleaned
                log_error(error, component="faces")
        for path in paths:
            yield self.clean_file(path, face=faces.decision(str(path)))

    def clean_file(self, path: Path, *, face: FaceDecision | None) -> Result:
        """Clean one file; whatever happens becomes a row.

        Parameters
        ----------
        face : FaceDecision or None
            What was decided about it with its study; None: nobody looked.
        """
        result = self._clean_file(path, face)
        if face is None or result.row.face or not is_asked(self._plan):
            return result
        # why it was held can be seen from what was measured
        row = replace(result.row, face=face.outcome.value, face_figures=dict(face.figures))
        return replace(result, row=row)

    def _clean_file(self, path: Path, face: FaceDecision | None) -> Result:
        try:
            with FileReader(path, follows_links=True) as source:
                try:
                    return self._clean(path, source, face)
                except HeldError as error:
                    uid = _sop_instance_uid(source)
                    outcome = "refused" if isinstance(error, RefusedError) else "quarantined"
                    return self._failed(path, outcome, error.code, error.where, uid=uid)
                except SubjectErasedError as error:
                    uid = _sop_instance_uid(source)
                    return self._failed(path, "refused", error.code, "", uid=uid)
        except _OutputError as error:
            return self._failed(path, "refused", "output.unwritable", f"errno {error.errno}")
        except OSError as error:
            return self._failed(path, "refused", "input.unreadable", f"errno {error.errno}")
        except GatewayError:
            raise  # a sealed vault is no matter of this file
        except Exception as error:  # noqa: BLE001  (a defect of ours costs this file, never the batch)
            log_error(error)
            return self._failed(path, "quarantined", "internal.error", type(error).__name__)

    def _clean(self, path: Path, source: FileReader, face: FaceDecision | None) -> Result:
        plan = self._plan
        inspection = inspect(
            source,
            attributes=(),
            private_sop_classes=self._private_sop_classes,
        )
        key = SubjectKey(
            project=self._project,
            issuer=inspection.issuer,
            patient_id=inspection.patient_id,
            study_instance_uid=inspection.study_instance_uid,
        )
        cleaned, context = self._accessions.clean(
            key,
            self._vault.context(key, lease=None, shift_days=plan.shift_days),
            lambda lent: clean(
                source,
                plan=plan,
                context=lent,
                inspection=inspection,
                explain=self._explain,
                face=face,
            ),
        )
        place = Path(
            cleaned.study_instance_uid,
            cleaned.series_instance_uid,
            f"{cleaned.sop_instance_uid}.dcm",
        )
        try:
            self._write(self._output / place, cleaned, context)
        except OSError as error:
            raise _OutputError(error.errno, "output") from None
        return Result(
            row=self._row(path, cleaned, str(place)),
            uids=dict(cleaned.evidence.uids),
            subject=(inspection.patient_id, context.pseudonym),
            accessions=tuple((each.number, new) for each, new in context.accessions.items()),
            own={
                inspection.study_instance_uid: cleaned.study_instance_uid,
                inspection.series_instance_uid: cleaned.series_instance_uid,
                inspection.sop_instance_uid: cleaned.sop_instance_uid,
            },
            kept=self._kept_uids(cleaned),
        )

    def _kept_uids(self, cleaned: Cleaned) -> frozenset[str]:
        """Return the UIDs that stay, where the plan lets any stay."""
        if Option.RETAIN_UIDS not in self._plan.options and self._plan.keeps_profile:
            return frozenset()
        return kept_uids(cleaned.segments, cleaned.evidence.uids)

    def _write(self, target: Path, cleaned: Cleaned, context: SubjectContext) -> None:
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        with unpublished(target.parent) as (descriptor, path):
            write_segments(descriptor, cleaned.segments, cleaned.source)
            with FileReader(path, follows_links=True) as written:
                verify(written, cleaned=cleaned, plan=self._plan, context=context)
            try:
                publish(path, target)
            except FileExistsError:  # another object is never overwritten
                if not _same(path, target):
                    raise HeldError("duplicate.conflict") from None

    def _row(self, path: Path, cleaned: Cleaned, output: str) -> Row:
        report = cleaned.report
        return Row(
            input=str(path),
            outcome="cleaned",
            output=output,
            reason="",
            where="",
            plan=report.plan,
            actions=report.actions,
            methods=report.methods,
            notes=report.notes,
            reasons=report.reasons,
            face=report.face,
            face_figures=report.face_figures,
            changes=report.changes,
        )

    def died(self, path: Path) -> Result:
        """Return the result of a file whose process died."""
        return self._failed(path, "quarantined", "child.died", "")

    def _failed(
        self, path: Path, outcome: str, reason: str, where: str, *, uid: str = ""
    ) -> Result:
        row = Row(
            input=str(path),
            outcome=outcome,
            output="",
            reason=reason,
            where=where,
            plan=self._plan.hash,
            actions={},
            methods=(),
            notes=(),
            reasons={},
            face="",
            face_figures={},
            changes=(),
        )
        own = {uid: ""} if uid else {}
        return Result(row=row, uids={}, subject=None, accessions=(), own=own, kept=frozenset())


def _sop_instance_uid(source: FileReader) -> str:
    """Return the SOP Instance UID of what was not cleaned; "" where it can't be read."""
    try:
        outline, _ = open_object(source)
    except HeldError:
        return ""
    return RootLookup.of_outline(outline)("SOPInstanceUID") or ""


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as a, other.open("rb") as b:
        while True:
            left, right = a.read(_COMPARE_BYTES), b.read(_COMPARE_BYTES)
            if left != right:
                return False
            if not left:
                return True
