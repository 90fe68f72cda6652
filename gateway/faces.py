"""Let the pipeline look at a whole study for faces, before its objects are cleaned.

Used by the offline door and by the child of a worker: both read the objects of a study
from `RangeReader`s, and ask for the decision about each when its turn comes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from pipelines.context import RangeReader
from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome, FacePlan, News
from pipelines.errors import HeldError
from pipelines.faces import NO_TEMPLATE, header_of, read_dataset
from pipelines.metadata.opening import open_object
from pipelines.volumes import ImageHeader
from pipelines.volumes.values import real_frame, stored_frame
from rules.disclosure import log_error
from rules.plan import Plan

Opener = Callable[[], AbstractContextManager[RangeReader]]
"""Opens an object; it is closed before the next one is opened."""


class StudyFaces:
    """What was decided about the objects of one study. Patient data: in memory only.

    Parameters
    ----------
    plan : FacePlan
    uids : Mapping[str, str]
        By key of the object: under which UID the plan knows it.
    """

    def __init__(self, plan: FacePlan, uids: Mapping[str, str]) -> None:
        self._plan = plan
        self._uids = uids

    @classmethod
    def all_held(cls, code: str, keys: Collection[str]) -> Self:
        """Return that nobody could look, with the reason code."""
        decision = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code=code)
        return cls(FacePlan(decisions=dict.fromkeys(keys, decision)), {key: key for key in keys})

    def __repr__(self) -> str:
        """Show nothing."""
        return "StudyFaces(…)"

    def decision(self, key: str) -> FaceDecision | None:
        """Return what was decided about an object; None: nobody looked at it."""
        uid = self._uids.get(key)
        return None if uid is None else self._plan.decision(uid)

    @property
    def news(self) -> Mapping[str, News]:
        """Return what is to be remembered, by Frame of Reference UID of the source."""
        return self._plan.news

    def outcomes(self) -> list[str]:
        """Return the outcome of each object."""
        return [self._plan.decision(uid).outcome.value for uid in self._uids.values()]


NOBODY_LOOKED = StudyFaces(FacePlan(decisions={}), {})


def look_at_study(
    objects: Mapping[str, Opener], plan: Plan, earlier: Sequence[bytes]
) -> StudyFaces:
    """Return what is to be done with the faces of a study.

    What can't be read is not looked at: it is held when it is cleaned, for its own reason.

    Parameters
    ----------
    objects : Mapping[str, Opener]
        By a key that the caller chooses.
    plan : Plan
        It asks for faces to be removed.
    earlier : Sequence[bytes]
        What was found in this study before, under a plan that looks alike: data of
        `StudyFaces.news`.

    Raises
    ------
    MemoryError
    """
    headers, openers, uids = _headers(objects)
    if not headers:
        return NOBODY_LOOKED
    try:
        found = _plan_faces(headers, _Pixels(openers), plan, earlier)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (a defect of ours: the images of this study are held)
        if isinstance(error, HeldError) and error.code == NO_TEMPLATE:
            return StudyFaces.all_held(error.code, uids)
        log_error(error, component="faces")
        return NOBODY_LOOKED
    return StudyFaces(found, uids)


def looks_of(plan: Plan) -> str:
    """Return what a plan says of faces: two that say the same share what was found."""
    return "|".join([plan.deface_mask.value, *sorted(plan.deface_modalities)])


def settle(decision: FaceDecision | None, verdict: bytes) -> FaceDecision | None:
    """Return a decision about one object with its doubt settled as a person says.

    Parameters
    ----------
    decision : FaceDecision or None
        None: nobody looked, and nothing is settled.
    verdict : bytes
        `pipelines.deface.remembered.encode`, about this very object.

    Raises
    ------
    pipelines.errors.HeldError
        `face.doubtful`: it can't be read.
    """
    if decision is None:
        return None
    from pipelines.deface.remembered import decode, settled  # noqa: PLC0415  (scipy)

    try:
        return settled(decision, decode(verdict))
    except ValueError:
        raise HeldError("face.doubtful", where="the verdict can't be read") from None


def _plan_faces(
    headers: Sequence[ImageHeader], pixels: "_Pixels", plan: Plan, earlier: Sequence[bytes]
) -> FacePlan:
    # the registration library: only a study that is looked at needs it
    from pipelines.deface.remembered import decode  # noqa: PLC0415
    from pipelines.deface.study import plan_faces  # noqa: PLC0415

    depth = Depth(plan.deface_mask.value)
    return plan_faces(
        headers,
        pixels,
        modalities=plan.deface_modalities,
        depth=depth,
        earlier=[decode(each) for each in earlier],
    )


def _headers(
    objects: Mapping[str, Opener],
) -> tuple[list[ImageHeader], list[Opener], dict[str, str]]:
    """Read the headers; two objects with one UID are two, each with its own decision."""
    headers: list[ImageHeader] = []
    openers: list[Opener] = []
    uids: dict[str, str] = {}
    taken: set[str] = set()
    for key, opener in objects.items():
        header = _header(opener)
        if header is None:
            continue
        uid = header.sop_instance_uid
        while uid in taken:
            uid += "#"  # no UID has it
        taken.add(uid)
        uids[key] = uid
        headers.append(replace(header, sop_instance_uid=uid))
        openers.append(opener)
    return headers, openers, uids


def _header(opener: Opener) -> ImageHeader | None:
    try:
        with opener() as source:
            return header_of(open_object(source)[0].source)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (what can't be read is held when it is cleaned)
        return None


class _Pixels:
    """Opens the images when their pixels are asked for."""

    def __init__(self, openers: Sequence[Opener]) -> None:
        self._openers = openers

    def __call__(self, number: int) -> "_Frames":
        """Return the frames of image `number`.

        Raises
        ------
        pipelines.errors.HeldError
            `face.unsupported` where it can't be read.
        """
        try:
            with self._openers[number]() as source:
                return _Frames(read_dataset(open_object(source)[0].source, with_pixels=True))
        except (HeldError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  (pydicom raises anything)
            kind = type(error).__name__
        raise HeldError("face.unsupported", where=kind) from None


class _Frames:
    """Real-world values of the frames of an image, decoded one by one: many don't fit."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def __getitem__(self, frame: int) -> NDArray[np.float32]:
        """Return the values of a frame, shape ``(rows, columns)``.

        Raises
        ------
        pipelines.errors.HeldError
            `face.unsupported` where they can't be decoded.
        """
        stored = stored_frame(self._dataset, int(frame))
        return real_frame(self._dataset, stored, int(frame))
