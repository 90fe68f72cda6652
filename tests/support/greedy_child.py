"""A child that asks for accession numbers as none of ours would.

How stands in the Patient ID: the real pipelines run for all other objects.
"""

import sys
from typing import Any, cast

import pipelines.run
from gateway.work.child import run
from pipelines.context import Accession
from pipelines.errors import AccessionsNeededError
from rules.load import load_plan

_ASKED: dict[str, Any] = {
    "AGAIN": [("A1", "")],
    "SHAPE": [("A1",)],
    "LONG": [("x" * 65, "")],
    "MANY": [(str(n), "") for n in range(1001)],
    "EMPTY": [("", "")],
}


class _Greedy:
    """`pipelines.run`, but for cleaning."""

    inspect = staticmethod(pipelines.run.inspect)
    verify = staticmethod(pipelines.run.verify)

    @staticmethod
    def clean(source: Any, **arguments: Any) -> Any:  # noqa: ANN401  (passed on)
        asked = _ASKED.get(arguments["inspection"].patient_id)
        if asked is not None:
            raise AccessionsNeededError(cast("frozenset[Accession]", frozenset(asked)))
        return pipelines.run.clean(source, **arguments)


if __name__ == "__main__":
    run(sys.argv[1:], pipeline=_Greedy(), load_plan=load_plan)
