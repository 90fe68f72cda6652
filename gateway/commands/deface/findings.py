"""What ``narthex deidentify`` would do about the faces of a study, series by series.

The same functions decide; nothing is cleaned and nothing is written.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from gateway.commands.deface.inputs import Input, Inputs
from gateway.errors import SpoolDamagedError
from gateway.faces import StudyFaces, look_at_study, settle
from pipelines.deface.decision import FaceDecision, FaceOutcome
from pipelines.errors import HeldError
from pipelines.faces import carry_out, header_of, read_dataset
from pipelines.metadata.opening import open_object
from pipelines.metadata.outline import Outline
from pipelines.volumes import FrameOf, ImageHeader, Stack, Volume, assemble, stacks_of
from pipelines.volumes.values import real_frame, stored_values
from rules.plan import Plan

_FEWEST_SLICES = 4
"""Of fewer no surface can be drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFinding:
    """One series. Patient data: in memory only.

    Attributes
    ----------
    number : int
        From 1, in the order of the inputs.
    inputs : tuple[Input, ...]
        One per object.
    headers : tuple[ImageHeader, ...]
    decisions : tuple[FaceDecision, ...]
    stack : Stack or None
        The largest; None where no picture can be drawn.
    stacks : int
        How many the series has.
    not_drawn : str
        Why there is no stack, in words.
    """

    number: int
    inputs: tuple[Input, ...] = field(repr=False)
    headers: tuple[ImageHeader, ...] = field(repr=False)
    decisions: tuple[FaceDecision, ...] = field(repr=False)
    stack: Stack | None = field(repr=False)
    stacks: int
    not_drawn: str

    @property
    def modality(self) -> str:
        """Return what its objects are."""
        return self.headers[0].modality

    @property
    def frames(self) -> int:
        """Return how many frames all objects have."""
        return sum(header.frames for header in self.headers)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Return outcomes and reason codes by how many objects have them."""
        return dict(Counter((each.outcome.value, each.code) for each in self.decisions))

    @property
    def decision(self) -> FaceDecision:
        """Return the decision about the largest stack, or of the first object."""
        return self.decisions[0 if self.stack is None else self.stack.frames[0].image]

    @property
    def is_doubtful(self) -> bool:
        """Return whether any object would be held."""
        return any(each.outcome is FaceOutcome.DOUBTFUL for each in self.decisions)

    def dataset(self, number: int) -> Dataset:
        """Return an object with its pixels, as pydicom reads it."""
        with self.inputs[number].open() as reader:
            return read_dataset(open_object(reader)[0].source, with_pixels=True)

    def volume(self) -> Volume:
        """Return the largest stack as a volume.

        Raises
        ------
        pipelines.errors.HeldError
            `face.unsupported` where pixels can't be decoded.
        """
        if self.stack is None:
            raise HeldError("face.no-geometry", where=self.not_drawn)
        return assemble(self.stack, self.headers, _Frames(self.dataset))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was found in the objects that were named.

    Attributes
    ----------
    series : tuple[SeriesFinding, ...]
    unread : tuple[Input, ...]
        What is no DICOM object, or damaged.
    """

    series: tuple[SeriesFinding, ...]
    unread: tuple[Input, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    input: Input
    header: ImageHeader
    decision: FaceDecision


def look(inputs: Inputs, *, plan: Plan) -> Looked:
    """Return what the plan does about the faces of studies.

    Parameters
    ----------
    inputs : Inputs
        The series of those that are shown are returned.
    plan : Plan
        It asks for faces to be removed.
    """
    found: list[SeriesFinding] = []
    unread: list[Input] = []
    for study in inputs.studies:
        earlier = inputs.earlier.get(study[0].study_id, ())
        faces = look_at_study({each.name: each.open for each in study}, plan, earlier)
        by_series: dict[str, list[_Object]] = {}
        for input_ in study:
            if not input_.is_shown:
                continue
            each = _object(input_, plan, faces)
            if each is None:
                unread.append(input_)
            else:
                by_series.setdefault(each.header.series_instance_uid, []).append(each)
        groups = enumerate(by_series.values(), start=len(found) + 1)
        found += [_finding(number, group, plan) for number, group in groups]
    return Looked(series=tuple(found), unread=tuple(unread))


def _finding(number: int, group: Sequence[_Object], plan: Plan) -> SeriesFinding:
    headers = tuple(each.header for each in group)
    stacks = stacks_of(headers)
    largest = max(stacks, key=lambda stack: len(stack.frames), default=None)
    reason = ""
    if headers[0].modality not in plan.deface_modalities:
        reason = "no images of a kind that is looked at"
    elif headers[0].samples != 1:
        reason = "in colour"
    elif largest is None or len(largest.frames) < _FEWEST_SLICES:
        reason = "too few slices"
    return SeriesFinding(
        number=number,
        inputs=tuple(each.input for each in group),
        headers=headers,
        decisions=tuple(each.decision for each in group),
        stack=None if reason else largest,
        stacks=len(stacks),
        not_drawn=reason,
    )


def _object(input_: Input, plan: Plan, faces: StudyFaces) -> _Object | None:
    """Return an object with what would be done; None where it can't be read."""
    try:
        with input_.open() as reader:
            outline = open_object(reader)[0]
            header = header_of(outline.source)
            decision = _carried_out(outline, plan, header, face=faces.decision(input_.name))
    except (HeldError, SpoolDamagedError, OSError):
        return None
    return _Object(input=input_, header=header, decision=decision)


def _carried_out(
    outline: Outline, plan: Plan, header: ImageHeader, *, face: FaceDecision | None
) -> FaceDecision:
    """Return the decision as the pipeline carries it out."""
    decision = face or FaceDecision(outcome=FaceOutcome.UNCONCERNED)
    try:
        done = carry_out(outline, plan=plan, face=_unfilled(face, header))
    except HeldError as error:
        return replace(decision, outcome=FaceOutcome.DOUBTFUL, code=error.code)
    if face is None or done.outcome == FaceOutcome.UNCONCERNED:
        return FaceDecision(outcome=FaceOutcome(done.outcome))
    return decision


def passes(input_: Input, decision: FaceDecision, verdict: bytes, plan: Plan) -> str:
    """Return the code for which an object is held in spite of a verdict; "" if it is not.

    The checks that come after the face are not made here.

    Parameters
    ----------
    verdict : bytes
        `pipelines.deface.remembered`.
    """
    try:
        with input_.open() as reader:
            carry_out(open_object(reader)[0], plan=plan, face=settle(decision, verdict))
    except HeldError as error:
        return error.code
    except (SpoolDamagedError, OSError):
        return "spool.damaged"
    return ""


def _unfilled(decision: FaceDecision | None, header: ImageHeader) -> FaceDecision | None:
    """Return a decision that leads to the same end without the work of filling pixels."""
    if decision is None or decision.outcome is not FaceOutcome.REMOVED or None in header.planes:
        return decision
    return replace(decision, outcome=FaceOutcome.NO_FACE, mask=None)


class _Frames:
    """Real-world values of frames; the pixels of the last object are kept."""

    def __init__(self, dataset: Callable[[int], Dataset]) -> None:
        self._dataset = dataset
        self._number = -1
        self._last: tuple[Dataset, NDArray[np.generic]] | None = None

    def __call__(self, which: FrameOf) -> NDArray[np.float32]:
        if self._last is None or which.image != self._number:
            try:
                dataset = self._dataset(which.image)
                self._last = dataset, stored_values(dataset)
            except (HeldError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001  (pydicom and decoders raise anything)
                raise HeldError("face.unsupported", where=type(error).__name__) from None
            self._number = which.image
        dataset, stored = self._last
        values: NDArray[np.float32] = real_frame(dataset, stored[which.frame], which.frame)
        return values
