"""Say in words, or as data, what was found of faces. Nothing said is a value of an attribute."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.commands.deface.findings import SeriesFinding
from gateway.commands.deface.inputs import Input
from pipelines.deface.decision import FaceDecision, FaceOutcome
from pipelines.deface.quality import LEAST_AGREEMENT, LEAST_OVERLAP, MOST_IMPROVEMENT

if TYPE_CHECKING:
    from gateway.work.verdicts import Question

OUTCOMES: Mapping[FaceOutcome, str] = {
    FaceOutcome.REMOVED: "a face was found, and is removed",
    FaceOutcome.NO_FACE: "no face in these images: pixels stay",
    FaceOutcome.ALREADY: "the head has no face any more: pixels stay",
    FaceOutcome.UNCONCERNED: "not looked at: the rule set does not name such objects",
    FaceOutcome.DOUBTFUL: "in doubt: held for review",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Between which values a figure must be.

    Attributes
    ----------
    words : str
        What the figure is.
    least, most : float or None
        None: no limit.
    """

    words: str
    least: float | None = None
    most: float | None = None

    @property
    def sentence(self) -> str:
        """Return the limit in words; "" where there is none."""
        if self.least is not None:
            return f"at least {self.least:g}"
        return "" if self.most is None else f"at most {self.most:g}"

    def is_kept(self, value: float) -> bool | None:
        """Return whether a value is within; None where there is no limit."""
        if self.least is None and self.most is None:
            return None
        is_enough = self.least is None or value >= self.least
        return is_enough and (self.most is None or value <= self.most)


FIGURES: Mapping[str, Limit] = {
    "agreement": Limit(words="agreement with the mean head, 0 to 1", least=LEAST_AGREEMENT),
    "improvement": Limit(words="gain by a small step elsewhere", most=MOST_IMPROVEMENT),
    "overlap": Limit(words="overlap of both heads, 0 to 1", least=LEAST_OVERLAP),
    "stretch": Limit(words="stretch, 1 is none"),
    "is_plausible": Limit(words="proportions of a head, 1 is yes", least=1),
    "face_in_view": Limit(words="part of the face in the field of view"),
    "face_tissue": Limit(words="part of that which is tissue"),
    "brain_in_view": Limit(words="part of the brain in the field of view"),
}
"""What quality measures; ``ops/manual/faces.md`` explains it, a test compares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What quality measured of one series."""

    name: str
    value: float
    limit: Limit

    @property
    def sentence(self) -> str:
        """Return the figure with its limit, in words."""
        said = f"{self.limit.words}: {self.value:.4g}"
        is_kept = self.limit.is_kept(self.value)
        if is_kept is None:
            return said
        return f"{said} ({self.limit.sentence}): {'passed' if is_kept else 'FAILED'}"

    def as_data(self) -> dict[str, object]:
        """Return the figure for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "limit": self.limit.sentence,
            "passed": self.limit.is_kept(self.value),
        }


def figures_of(decision: FaceDecision) -> tuple[Figure, ...]:
    """Return what was measured, in the order in which it was."""
    return tuple(
        Figure(name=name, value=value, limit=FIGURES.get(name, Limit(words=name)))
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
    objects = len(finding.inputs)
    what = f"{finding.modality or '-'}, {objects} objects, {finding.frames} frames"
    yield f"{finding.number:03}  {finding.inputs[0].name}: {what}"
    for held_for, count in _held_for(finding).items():
        yield f"     study {finding.inputs[0].study_id}: {count} held for {held_for}"
    if finding.stacks > 1:
        yield f"     {finding.stacks} stacks of slices; the largest is shown"
    for (outcome, code), count in finding.counts.items():
        reason = f" ({code})" if code else ""
        yield f"     {count} {outcome}{reason}: {OUTCOMES[FaceOutcome(outcome)]}"
    for figure in figures_of(finding.decision):
        yield f"       {figure.sentence}"


def data_of(finding: SeriesFinding) -> dict[str, object]:
    """Return what JSON says about a series."""
    held = [{"id": each.name, "held_for": each.held_for} for each in finding.inputs]
    return {
        "number": finding.number,
        "input": finding.inputs[0].name,
        **({"study_id": finding.inputs[0].study_id, "held": held} if _held_for(finding) else {}),
        "modality": finding.modality,
        "objects": len(finding.inputs),
        "frames": finding.frames,
        "stacks": finding.stacks,
        "outcomes": [
            {"outcome": outcome, "reason": code, "objects": count}
            for (outcome, code), count in finding.counts.items()
        ],
        "figures": [each.as_data() for each in figures_of(finding.decision)],
    }


ANSWERS: Mapping[FaceOutcome, str] = {
    FaceOutcome.REMOVED: "--mask-is-right",
    FaceOutcome.NO_FACE: "--no-face",
}


def question_lines(question: "Question | None") -> Iterator[str]:
    """Yield what a person needs to decide about a series."""
    if question is not None:
        answers = " or ".join(ANSWERS[outcome] for outcome in ANSWERS if outcome in question.data)
        yield (
            f"     to decide about these {len(question.objects)} objects:"
            f" --seen {question.seen}, {answers}"
        )


def question_data(question: "Question | None") -> dict[str, object]:
    """Return what JSON says about what may be decided."""
    if question is None:
        return {}
    answers = [ANSWERS[outcome] for outcome in ANSWERS if outcome in question.data]
    ids = [each.id for each in question.objects]
    return {"question": {"seen": question.seen, "answers": answers, "objects": ids}}


def unread_line(held: Input) -> str:
    """Return what a person reads about a held object that can't be read."""
    why = held.not_opened or "could not be read"
    return f"{held.name} (study {held.study_id}, held for {held.held_for}): {why}"


def unread_data(held: Input) -> dict[str, object]:
    """Return what JSON says about a held object that can't be read."""
    return {
        "id": held.name,
        "study_id": held.study_id,
        "held_for": held.held_for,
        "not_opened": held.not_opened,
    }


def _held_for(finding: SeriesFinding) -> dict[str, int]:
    """Return the reasons for which objects of this node are held; of files there are none."""
    return dict(Counter(each.held_for for each in finding.inputs if each.held_for))
