"""Plant one element in a clean object and ask the gate."""

from pydicom import DataElement

from pipelines.errors import ResidualError
from tests.unit.pipelines.verify.written import dataset, encode, gate, plan_of

PLAN = plan_of()
KEPT = {
    "SH": 0x00080010,
    "LO": 0x00080041,
    "LT": 0x00080108,
    "UR": 0x0008010E,
    "ST": 0x00080114,
    "UC": 0x00080119,
    "UT": 0x0008030E,
    "CS": 0x00080060,
    "PN": 0x00140104,
    "OB": 0x0008041B,
    "OW": 0x00281201,
}
"""Attributes that the basic profile keeps, by VR."""
LO, OB, UT = KEPT["LO"], KEPT["OB"], KEPT["UT"]


def hold(element: DataElement, *, syntax: str | None = None, **options: object) -> str:
    """Return code and place of what the gate finds with `element` in the object."""
    d = dataset(PLAN)
    d.add(element)
    data = encode(d, syntax=syntax) if syntax else encode(d)
    if syntax:
        options["syntax"] = syntax
    try:
        gate(data, plan=PLAN, **options)  # type: ignore[arg-type]  # options of the gate
    except ResidualError as error:
        return str(error)
    return ""


def text(value: str, vr: str = "UT") -> DataElement:
    return DataElement(KEPT[vr], vr, value)
