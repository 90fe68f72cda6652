"""What a pipeline says it did: counts and places, never values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One element that was not kept as it was.

    Attributes
    ----------
    path : str
        ``"(0008,1110)[0].(0008,1155)"``; private elements with their creator's block.
    keyword : str
    action : str
        Letter of PS3.15 Table E.1-1a.
    operation : str
    rule : str
    section : str
    reasons : tuple[str, ...]
        Of a cleaned text: codes of what was cut out (`pipelines.text.reasons`).
    """

    path: str
    keyword: str
    action: str
    operation: str
    rule: str
    section: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done to one object.

    Attributes
    ----------
    plan : str
        Hash of the plan.
    actions : dict[str, int]
        Elements by operation.
    methods : tuple[str, ...]
        Codes of CID 7050 of what ran completely.
    normalised : bool
        True where pydicom re-encoded the object before the walk.
    notes : tuple[str, ...]
        Codes: what was not done although the plan has an option for it, e.g.
        ``"clean-descriptors.removed"``.
    reasons : dict[str, int]
        Codes of what was cut out of texts (`pipelines.text.reasons`), by how many elements.
    face : str
        What was found (`pipelines.deface.decision.FaceOutcome`); "" where the plan does not ask.
    face_figures : dict[str, float]
        What was measured there.
    face_decided_by : str
        On what that rests (`pipelines.deface.decision.DecidedBy`); "" likewise.
    changes : tuple[Change, ...]
        Empty unless asked for.
    """

    plan: str
    actions: dict[str, int]
    methods: tuple[str, ...]
    normalised: bool
    notes: tuple[str, ...]
    reasons: dict[str, int]
    face: str
    face_figures: dict[str, float]
    face_decided_by: str = ""
    changes: tuple[Change, ...] = ()
