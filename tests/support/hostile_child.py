"""A child whose pipelines do what a hostile file might make them do.

What is done stands in the Patient ID: the real pipelines run for all other objects.
"""

import os
import resource
import sys
import time
from collections.abc import Collection
from pathlib import Path

import pipelines.run
from gateway.work.child import run
from pipelines.context import RangeReader, SubjectContext
from pipelines.deface.decision import FaceDecision
from pipelines.objects import Cleaned, Inspection
from rules.load import load_plan
from rules.plan import Plan

ONCE_MARKER = "narthex-test-died-once"


class _Hostile:
    _patient_id = ""

    def inspect(
        self,
        source: RangeReader,
        *,
        attributes: Collection[str],
        private_sop_classes: Collection[str],
    ) -> Inspection:
        found = pipelines.run.inspect(
            source, attributes=attributes, private_sop_classes=private_sop_classes
        )
        _misbehave(found.patient_id)
        self._patient_id = found.patient_id
        return found

    def clean(
        self,
        source: RangeReader,
        *,
        plan: Plan,
        context: SubjectContext,
        inspection: Inspection,
        explain: bool,
        face: FaceDecision | None,
    ) -> Cleaned:
        if inspection.patient_id == "RAISE":
            raise KeyError(inspection.patient_id)
        return pipelines.run.clean(
            source,
            plan=plan,
            context=context,
            inspection=inspection,
            explain=explain,
            face=face,
        )

    def verify(
        self, written: RangeReader, *, cleaned: Cleaned, plan: Plan, context: SubjectContext
    ) -> None:
        if self._patient_id.startswith("LATE "):
            _die_once(Path(self._patient_id.removeprefix("LATE ")))
        pipelines.run.verify(written, cleaned=cleaned, plan=plan, context=context)


def _misbehave(what: str) -> None:
    if what.startswith("ONCE "):
        _die_once(Path(what.removeprefix("ONCE ")))
    elif what in DEEDS:
        DEEDS[what]()


def _die_once(folder: Path) -> None:
    marker = folder / ONCE_MARKER
    if not marker.exists():
        marker.touch()
        os._exit(1)


def _exhaust_memory() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(16 << 20))


def _spin() -> None:
    while True:
        pass


def _expect_no_core_dumps() -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        os._exit(1)


DEEDS = {
    "ABORT": os.abort,
    "CORE": _expect_no_core_dumps,
    "EXIT": sys.exit,
    "MEMORY": _exhaust_memory,
    "SLEEP": lambda: time.sleep(3600),
    "SPIN": _spin,
}


if __name__ == "__main__":
    run(sys.argv[1:], pipeline=_Hostile(), load_plan=load_plan)
