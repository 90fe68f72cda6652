"""Clean an object without writing anything, and say what became of each of its elements."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from gateway.accessions import AccessionLoans
from gateway.errors import SpoolDamagedError
from gateway.files import FileReader
from gateway.ports import SubjectKey, Vault
from gateway.workbench.assembled import Assembled
from gateway.workbench.elements import Met, elements_of, printable
from gateway.workbench.positions import Positions
from pipelines.context import RangeReader, SubjectContext
from pipelines.errors import HeldError
from pipelines.metadata.opening import open_object
from pipelines.metadata.root import RootLookup
from pipelines.objects import Cleaned, Inspection
from pipelines.report import Change
from pipelines.run import clean, inspect, verify
from rules.disclosure import log_error
from rules.plan import Entry, Plan, PrivateKey
from rules.vocabulary import Action, Operation, Option

PROJECT = "preview"
Opener = Callable[[], AbstractContextManager[RangeReader]]
"""Opens an object; it is closed before the next one is opened."""

_NOT_WALKED = frozenset([Operation.REMOVE.value, Operation.EMPTY.value, Operation.DUMMY.value])
_FACES = frozenset(["face.unchecked", "face.rendering", "face.rendering.removed"])
"""Why objects are held that nobody looked at: faces are looked for in whole studies only."""
_OURS = "written by Narthex"
_NO_RULE = "private creator without elements that stay, or element without creator"


class Fate(StrEnum):
    """What became of an element."""

    KEPT = "kept"
    REMOVED = "removed"
    EMPTIED = "emptied"
    REPLACED = "replaced"
    CLEANED = "cleaned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """One element, and what became of it.

    Attributes
    ----------
    path : str
        ``"(0008,1110)[0].(0008,1155)"``.
    key : PrivateKey | None
        Of a private element with a creator.
    operation, rule : str
        What was carried out and why.
    reasons : tuple[str, ...]
        Codes of what was found in a text.
    before, after : str | None
        Patient data, only where it was asked for; None: absent.
    """

    path: str
    tag: int
    key: PrivateKey | None
    is_creator: bool
    fate: Fate
    operation: str
    rule: str
    reasons: tuple[str, ...] = ()
    before: str | None = field(default=None, repr=False)
    after: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What would become of one object.

    Attributes
    ----------
    input : str
        File, or random id of a held object.
    outcome : str
        ``cleaned``, ``quarantined``, ``refused``.
    reason, where : str
        As in the report of ``narthex deidentify``.
    held_for : str
        Of a held object, the reason code.
    manufacturer, model, sop_class_uid : str
        "" where the file could not be read that far.
    handled : tuple[Handled, ...]
        Empty where the metadata engine did not run to its end. It runs also for an object
        that is held because an option has no engine yet, or as nobody looked for a face.
    """

    input: str
    outcome: str
    reason: str = ""
    where: str = ""
    held_for: str = ""
    manufacturer: str = field(default="", repr=False)
    model: str = field(default="", repr=False)
    sop_class_uid: str = ""
    methods: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    handled: tuple[Handled, ...] = field(default=(), repr=False)


class Examiner:
    """Examines objects one by one; nothing is written.

    Parameters
    ----------
    plan : Plan
    vault : Vault
        Of a run that is forgotten.
    private_sop_classes : tuple[str, ...]
    shows_values : bool
        True: what is handled carries the values before and after.
    """

    def __init__(
        self, *, plan: Plan, vault: Vault, private_sop_classes: tuple[str, ...], shows_values: bool
    ) -> None:
        self._plan = plan
        unseen = plan.options - {Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES}
        self._complete = replace(plan, unavailable={}, options=unseen)
        self._vault = vault
        self._accessions = AccessionLoans(vault)
        self._private_sop_classes = private_sop_classes
        self._shows_values = shows_values

    def examine(self, path: Path) -> Examined:
        """Return what would become of a file."""
        return self.examine_opened(str(path), lambda: FileReader(path, follows_links=True))

    def examine_opened(self, name: str, opener: Opener) -> Examined:
        """Return what would become of what `opener` opens.

        Parameters
        ----------
        name : str
            What it is called; no patient data.
        opener : Opener
        """
        try:
            with opener() as source:
                return self._examine(name, source)
        except SpoolDamagedError as error:
            return Examined(input=name, outcome="quarantined", reason=error.code)
        except HeldError as error:
            return Examined(input=name, outcome="quarantined", reason=error.code, where=error.where)
        except OSError as error:
            where = f"errno {error.errno}"
            return Examined(input=name, outcome="refused", reason="input.unreadable", where=where)
        except Exception as error:  # noqa: BLE001  (a defect of ours costs this file, never the batch)
            log_error(error)
            where = type(error).__name__
            return Examined(input=name, outcome="quarantined", reason="internal.error", where=where)

    def _examine(self, name: str, source: RangeReader) -> Examined:
        inspection = inspect(source, attributes=(), private_sop_classes=self._private_sop_classes)
        root = RootLookup.of_outline(inspection.outline)
        found = Examined(
            input=name,
            outcome="cleaned",
            manufacturer=printable(root("Manufacturer") or ""),
            model=printable(root("ManufacturerModelName") or ""),
            sop_class_uid=inspection.sop_class_uid,
        )
        try:
            return self._cleaned(found, source, inspection)
        except HeldError as error:
            return replace(found, outcome="quarantined", reason=error.code, where=error.where)

    def _cleaned(self, found: Examined, source: RangeReader, inspection: Inspection) -> Examined:
        key = SubjectKey(
            project=PROJECT,
            issuer=inspection.issuer,
            patient_id=inspection.patient_id,
            study_instance_uid=inspection.study_instance_uid,
        )
        lent = self._vault.context(key, lease=None, shift_days=self._plan.shift_days)

        def run(plan: Plan) -> tuple[Cleaned, SubjectContext]:
            return self._accessions.clean(
                key,
                lent,
                lambda context: clean(
                    source,
                    plan=plan,
                    context=context,
                    inspection=inspection,
                    explain=True,
                    face=None,
                ),
            )

        plan = self._plan
        try:
            cleaned, context = run(plan)
        except HeldError as error:
            if error.code not in {*plan.unavailable.values(), *_FACES}:
                raise
            # what the metadata engine would do is still worth to be seen
            found = replace(found, outcome="quarantined", reason=error.code, where=error.where)
            plan = self._complete
            cleaned, context = run(plan)
        written = Assembled(cleaned.segments, cleaned.source)
        found = replace(
            found,
            methods=cleaned.report.methods,
            notes=cleaned.report.notes,
            handled=tuple(self._handled(inspection, cleaned, written)),
        )
        try:
            verify(written, cleaned=cleaned, plan=plan, context=context)
        except HeldError as error:
            return replace(found, outcome="quarantined", reason=error.code, where=error.where)
        return found

    def _handled(
        self, inspection: Inspection, cleaned: Cleaned, written: Assembled
    ) -> Iterator[Handled]:
        # the walk met the normalised object where it could not read the file itself
        normalised = cleaned.report.normalised and not inspection.normalised
        outline = open_object(cleaned.source)[0] if normalised else inspection.outline
        changes = {change.path: change for change in cleaned.report.changes}
        source = {met.path: met for met in elements_of(outline)}
        positions = Positions(
            (path for path in changes if path.endswith("]")),
            source=source,
            output={met.path: met for met in elements_of(open_object(written)[0])},
        )
        yield from (_item(change) for path, change in changes.items() if path.endswith("]"))
        gone = ""
        for path, met in source.items():
            if (gone and path.startswith(gone)) or positions.is_gone(path):
                continue
            change = changes.get(path)
            handled = self._one(met, change, positions.output(path), inspection.sop_class_uid)
            if met.items is not None and handled.operation in _NOT_WALKED:
                gone = f"{path}["
            yield handled

    def _one(
        self, met: Met, change: Change | None, after: Met | None, sop_class_uid: str
    ) -> Handled:
        if change is not None:
            fate, operation, rule = _fate(change), change.operation, change.rule
        elif after is None:
            fate, operation, rule = Fate.REMOVED, Operation.REMOVE.value, _NO_RULE
        elif met.items is None and (after.value, after.size) != (met.value, met.size):
            fate, operation, rule = Fate.REPLACED, "add", _OURS
        else:
            fate, operation, rule = Fate.KEPT, Operation.KEEP.value, ""
            if not met.is_creator:
                rule = self._rule(met, sop_class_uid)
        shows = self._shows_values and fate is not Fate.KEPT
        return Handled(
            path=met.path,
            tag=met.tag,
            key=met.key,
            is_creator=met.is_creator,
            fate=fate,
            operation=operation,
            rule=rule,
            reasons=change.reasons if change is not None else (),
            before=met.shown() if shows else None,
            after=after.shown() if shows and after is not None else None,
        )

    def _rule(self, met: Met, sop_class_uid: str) -> str:
        """Return why an element is kept: the first answer of the plan that keeps it."""
        node = self._plan.roots[sop_class_uid]
        for tag in met.parents:
            node = node.children[tag]
        entry: Entry | None = node.private[met.key] if met.key else None
        if entry is None:
            entry = node[met.tag]
        answers = [*(alternative for _, alternative in entry.alternatives), entry]
        keeping = (each for each in answers if each.operation is Operation.KEEP)
        return next(keeping, entry).rule


def _item(change: Change) -> Handled:
    """Return that an item was removed; its elements are not counted."""
    sequence = change.path.rpartition("[")[0].rpartition(".")[2]
    return Handled(
        path=change.path,
        tag=int(sequence.strip("()").replace(",", ""), 16),
        key=None,
        is_creator=False,
        fate=_fate(change),
        operation=change.operation,
        rule=change.rule,
    )


def _fate(change: Change) -> Fate:
    match change.operation:
        case Operation.KEEP.value:
            return Fate.KEPT
        case Operation.REMOVE.value:
            return Fate.REMOVED
        case Operation.EMPTY.value:
            return Fate.EMPTIED
        case _:
            is_cleaned = change.action == Action.CLEAN.value
            return Fate.CLEANED if is_cleaned else Fate.REPLACED
