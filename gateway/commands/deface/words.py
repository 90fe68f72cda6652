"""Say in words, or as data, what was found of faces. Nothing said is a value of an attribute."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.commands.deface.findings import SeriesFinding
from pipelines.deface.decision import FaceDecision, FaceOutcome

OUTCOMES: Mapping[FaceOutcome, str] = {
    FaceOutcome.REMOVED: "a face was found, and is removed",
    FaceOutcome.NO_FACE: "no face in these images: pixels stay",
    FaceOutcome.ALREADY: "the head has no face any more: pixels stay",
    FaceOutcome.UNCONCERNED: "not looked at: the rule set does not name such objects",
    FaceOutcome.DOUBTFUL: "in doubt: held for review",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What quality measured.

    Attributes
    ----------
    name : str
    value : float
    limit : str
        In words; "" where the figure is only told.
    is_good : bool or None
        None where there is no limit.
    """

    name: str
    value: float
    limit: str
    is_good: bool | None

    @property
    def sentence(self) -> str:
        """Return the figure with its limit, in words."""
        words = f"{self.name.replace('_', ' ').replace('-', ' ')}: {self.value:.4g}"
        if self.is_good is None:
            return words
        return f"{words} ({self.limit}): {'passed' if self.is_good else 'FAILED'}"

    def as_data(self) -> dict[str, object]:
        """Return the figure for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "limit": self.limit,
            "passed": self.is_good,
        }


def figures_of(decision: FaceDecision) -> tuple[Figure, ...]:
    """Return what was measured, in the order in which it was."""
    return tuple(
        Figure(name=name, value=value, limit="", is_good=None)
        for name, value in decision.figures.items()
    )


def notes_for(finding: SeriesFinding) -> list[str]:
    """Return the lines under the pictures of a series."""
    decision = finding.decision
    code = f" ({decision.code})" if decision.code else ""
    lines = [f"Series {finding.number:03}, {finding.modality}: {OUTCOMES[decision.outcome]}{code}."]
    figures = "; ".join(each.sentence for each in figures_of(decision))
    return [*lines, f"{figures}."] if figures else lines


def lines_of(finding: SeriesFinding) -> Iterator[str]:
    """Yield what a person reads about a series."""
    objects = len(finding.paths)
    what = f"{finding.modality or '-'}, {objects} objects, {finding.frames} frames"
    yield f"{finding.number:03}  {finding.paths[0]}: {what}"
    if finding.stacks > 1:
        yield f"     {finding.stacks} stacks of slices; the largest is shown"
    for (outcome, code), count in finding.counts.items():
        reason = f" ({code})" if code else ""
        yield f"     {count} {outcome}{reason}: {OUTCOMES[FaceOutcome(outcome)]}"
    for figure in figures_of(finding.decision):
        yield f"       {figure.sentence}"


def data_of(finding: SeriesFinding) -> dict[str, object]:
    """Return what JSON says about a series."""
    return {
        "number": finding.number,
        "input": str(finding.paths[0]),
        "modality": finding.modality,
        "objects": len(finding.paths),
        "frames": finding.frames,
        "stacks": finding.stacks,
        "outcomes": [
            {"outcome": outcome, "reason": code, "objects": count}
            for (outcome, code), count in finding.counts.items()
        ],
        "figures": [each.as_data() for each in figures_of(finding.decision)],
    }
