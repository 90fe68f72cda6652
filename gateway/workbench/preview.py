"""Sum up a dry run: what became of the objects, and of each attribute, by which rule."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from gateway.workbench.creators import CreatorNames
from gateway.workbench.examination import Examined, Fate, Handled
from pipelines.metadata.place import show
from rules.overrides import CompiledRule
from rules.tables import definition


class Preview:
    """Counts what examined files say; holds no value of them.

    Parameters
    ----------
    rules : Iterable[CompiledRule]
        Of the rule set.
    """

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self._creators = CreatorNames(rules)
        self._objects: list[dict[str, str]] = []
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._notes: Counter[str] = Counter()
        self._methods: Counter[str] = Counter()
        self._handled: dict[tuple[str, str], Counter[tuple[Fate, str, str]]] = {}

    def add(self, examined: Examined) -> None:
        """Count one object."""
        self._objects.append(
            {
                "input": examined.input,
                "outcome": examined.outcome,
                "reason": examined.reason,
                "where": examined.where,
                "held_for": examined.held_for,
            }
        )
        self._outcomes[examined.outcome, examined.reason] += 1
        self._notes.update(examined.notes)
        if examined.outcome == "cleaned":
            self._methods.update(examined.methods)
        for handled in examined.handled:
            counts = self._handled.setdefault(self.name(handled), Counter())
            counts[handled.fate, handled.operation, handled.rule] += 1

    def name(self, handled: Handled) -> tuple[str, str]:
        """Return tag and keyword of an element; of a private one its creator, if known."""
        if handled.key is not None:
            return self._creators.element(handled.key), ""
        if handled.tag >> 16 & 1:
            kind = "private creator" if handled.is_creator else "private, without creator"
            return f"({handled.tag >> 16:04X},----)", kind
        found = definition(handled.tag)
        keyword = found.keyword if found else ""
        return show(handled.tag), f"{keyword} item" if handled.path.endswith("]") else keyword

    def as_data(self) -> dict[str, Any]:
        """Return what ``narthex rules preview --json`` prints."""
        return {
            "files": len(self._objects),
            "objects": self._objects,
            "outcomes": [
                {"outcome": outcome, "reason": reason, "count": count}
                for (outcome, reason), count in sorted(self._outcomes.items())
            ],
            "notes": dict(sorted(self._notes.items())),
            "methods": dict(sorted(self._methods.items())),
            "attributes": [
                {
                    "tag": tag,
                    "keyword": keyword,
                    **{fate.value: _count(counts, fate) for fate in Fate},
                    "by": [
                        {"fate": fate.value, "operation": operation, "rule": rule, "count": count}
                        for (fate, operation, rule), count in sorted(counts.items())
                    ],
                }
                for (tag, keyword), counts in sorted(self._handled.items())
            ],
        }


def _count(counts: Counter[tuple[Fate, str, str]], fate: Fate) -> int:
    return sum(count for (each, *_), count in counts.items() if each is fate)
