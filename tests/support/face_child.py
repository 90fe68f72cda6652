"""A child that looks at studies as it is told, without a template.

What it does stands in the Patient ID of the first object: ``DIE`` dies over every study,
``DIE ONCE folder`` over the first, ``SPIN`` never ends, ``FORGET folder`` dies over the first
object that it cleans, ``FORGETS folder`` over each of which it knows the face, ``MUTE``
answers what is no count, ``DOUBT folder`` is in doubt until there is a file `SURE` in the
folder, ``NEWS folder`` has something that is to be remembered. Everything else is a face in the
front half of each image, or none where the Patient ID begins with ``BACK``.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pipelines.run
from gateway.faces import Opener, StudyFaces
from gateway.work.child import run
from pipelines.deface.decision import Depth, FaceDecision, FaceOutcome, FacePlan, Known, News
from pipelines.faces import header_of, read_dataset
from pipelines.metadata.opening import open_object
from rules.load import load_plan
from rules.plan import Plan
from tests.support.faces import Half

SURE = "sure"
LOOKED = "looked.txt"
"""Gets a line for each look: how many objects, and the mask."""


def look(objects: Mapping[str, Opener], plan: Plan, earlier: Sequence[bytes]) -> StudyFaces:
    """Return a face in each image."""
    decisions: dict[str, FaceDecision] = {}
    uids: dict[str, str] = {}
    patient = ""
    for key, opener in objects.items():
        with opener() as source:
            whole = open_object(source)[0].source
            patient = patient or str(read_dataset(whole, with_pixels=False).PatientID)
            uid = header_of(whole).sop_instance_uid
        mask = Half(-4.0 if Depth(plan.deface_mask.value) is Depth.NARROW else 0.0)
        decisions[uid] = FaceDecision(outcome=FaceOutcome.REMOVED, mask=mask)
        if patient.startswith("BACK"):
            decisions[uid] = FaceDecision(outcome=FaceOutcome.NO_FACE)
        words = patient.split(" ")
        if words[0] == "DOUBT" and not Path(words[1], SURE).exists():
            decisions[uid] = FaceDecision(outcome=FaceOutcome.DOUBTFUL, code="face.doubtful")
        uids[key] = uid
    words = patient.split(" ")
    if patient == "DIE":
        os._exit(1)
    if patient.startswith("DIE ONCE") and _is_first(Path(words[2]), "dead"):
        os._exit(1)
    if len(words) > 1:
        with Path(words[-1], LOOKED).open("a", encoding="ascii") as file:
            known = "".join(f" knows {each.decode()}" for each in earlier)
            file.write(f"{len(objects)} {plan.deface_mask}{known}\n")
    if patient == "SPIN":
        while True:
            pass
    if patient == "MUTE":
        raise KeyError
    news = {"1.2.3.9": News(Known.REMOVED, b"mask")} if words[0] == "NEWS" else {}
    return StudyFaces(FacePlan(decisions=decisions, news=news), uids)


def _is_first(folder: Path, name: str) -> bool:
    marker = folder / name
    if marker.exists():
        return False
    marker.touch()
    return True


class _Forgetful:
    """`pipelines.run`, that dies over the first object that it cleans where it is told so."""

    inspect = staticmethod(pipelines.run.inspect)
    verify = staticmethod(pipelines.run.verify)

    @staticmethod
    def clean(source: Any, **arguments: Any) -> Any:  # noqa: ANN401  (passed on)
        words = arguments["inspection"].patient_id.split(" ")
        if words[0] == "FORGET" and _is_first(Path(words[1]), "forgot"):
            os._exit(1)
        if words[0] == "FORGETS" and arguments["face"] is not None:
            os._exit(1)
        return pipelines.run.clean(source, **arguments)


if __name__ == "__main__":
    run(sys.argv[1:], pipeline=_Forgetful(), load_plan=load_plan, look=look)
