"""Make the value that takes the place of another, operation by operation."""

from pipelines.context import SubjectContext
from pipelines.metadata.actions import cap_ages, shift_values
from pipelines.metadata.dummies import VALUES, dummy_items
from pipelines.metadata.elements import Element
from pipelines.metadata.fitness import fits
from pipelines.metadata.outline import Outline
from pipelines.metadata.persons import replace_persons
from pipelines.metadata.place import Place
from pipelines.metadata.uids import UidMap
from rules.plan import Entry
from rules.vocabulary import Operation

PATIENT_NAME = 0x00100010
PATIENT_ID = 0x00100020


class Replacement:
    """Replaces values for one object.

    Parameters
    ----------
    outline : Outline
    context : SubjectContext

    Attributes
    ----------
    uids : UidMap
    """

    __slots__ = ("_context", "_patient", "_pseudonym", "uids")

    def __init__(self, outline: Outline, context: SubjectContext) -> None:
        self._context = context
        self._pseudonym = context.pseudonym.encode("ascii")
        self._patient = {
            tag: (outline.find(tag) or b"").strip(b"\0 ") for tag in (PATIENT_NAME, PATIENT_ID)
        }
        self.uids = UidMap(context.uid_secret, context.uid_generation)

    def make(
        self, entry: Entry, element: Element, value: bytes, place: Place
    ) -> tuple[Operation, bytes]:
        """Return what was carried out in the end, and the new value.

        Parameters
        ----------
        value : bytes
            As encoded.
        """
        vr = entry.vr or element.vr.decode("latin-1")
        operation = entry.operation
        if operation is Operation.PSEUDONYM:
            new = self._pseudonymise(element.tag, value, place)
        else:
            new = self._value(operation, entry, vr, value, place)
        if new is None:
            operation = entry.fallback
            new = self._value(operation, entry, vr, value, place)
        return operation, new or b""

    def _pseudonymise(self, tag: int, value: bytes, place: Place) -> bytes | None:
        """At the root, and where the same value stands again; else None."""
        stripped = value.strip(b"\0 ")
        if place.depth == 0 or (stripped and stripped == self._patient.get(tag)):
            return self._pseudonym
        return None

    def _value(
        self, operation: Operation, entry: Entry, vr: str, value: bytes, place: Place
    ) -> bytes | None:
        if operation is Operation.DUMMY:
            return self._dummy(entry.keyword, vr, value, place)
        if operation is Operation.EMPTY or operation is Operation.REMOVE or not value:
            return b""
        if operation is Operation.REPLACE_UID:
            is_uid = vr == "UI" or fits(value, vr=b"", asked="UI")
            return self.uids.replace(value) if is_uid else None
        if operation is Operation.SHIFT_DATE:
            return shift_values(value, vr, self._context.shift_days)
        return cap_ages(value)

    def _dummy(self, keyword: str, vr: str, value: bytes, place: Place) -> bytes:
        if vr == "SQ":
            return dummy_items(keyword, self.uids, implicit=place.implicit)
        if vr == "UI":
            return self.uids.replace(value) or self.uids.dummy().encode("ascii")
        if vr == "PN":
            return replace_persons(value, place.encodings, secret=self._context.uid_secret)
        return VALUES.get(vr.encode("ascii"), VALUES[b"UN"])


def written_vr(entry: Entry, element: Element) -> bytes:
    """Return the dictionary's VR; the file's where the dictionary has none."""
    return entry.vr.encode("ascii") or element.vr or b"UN"
