"""What a walk says it did: counts, notes and places, never values."""

from collections import Counter

from pipelines.metadata.place import Place, show
from pipelines.report import Change
from rules.plan import Entry
from rules.vocabulary import Action, Operation


class Trail:
    """What was done to one object.

    Parameters
    ----------
    lists_changes : bool
        True: list every change.

    Attributes
    ----------
    counts : Counter[str]
        Elements by operation, those inside removed sequences not counted.
    notes : set[str]
        See `rules.plan.Entry.note`.
    reasons : Counter[str]
        Codes of what was cut out of texts, by how many elements.
    changes : list[Change]
    lists_changes : bool
    """

    __slots__ = ("changes", "counts", "lists_changes", "notes", "reasons")

    def __init__(self, *, lists_changes: bool) -> None:
        self.lists_changes = lists_changes
        self.counts: Counter[str] = Counter()
        self.notes: set[str] = set()
        self.reasons: Counter[str] = Counter()
        self.changes: list[Change] = []

    def note(self, code: str) -> None:
        """Note a code; "" is none."""
        if code:
            self.notes.add(code)

    def record(
        self,
        tag: int,
        entry: Entry,
        operation: Operation,
        place: Place,
        reasons: tuple[str, ...] = (),
    ) -> None:
        """List a change, if they are listed."""
        if not self.lists_changes:
            return
        self.changes.append(
            Change(
                path=place.path + show(tag),
                keyword=entry.keyword,
                action=entry.action.value,
                operation=operation.value,
                rule=entry.rule,
                section=entry.section,
                reasons=reasons,
            )
        )

    def leave_item(self, tag: int, number: int, place: Place) -> None:
        """Note that a content item goes."""
        self.counts[Operation.REMOVE.value] += 1
        if not self.lists_changes:
            return
        self.changes.append(
            Change(
                path=f"{place.path}{show(tag)}[{number}]",
                keyword="",
                action=Action.REMOVE.value,
                operation=Operation.REMOVE.value,
                rule="PS3.15 Table E.3.4-1",
                section="PS3.15 E.3.4",
            )
        )
