"""Make the value that takes the place of another, operation by operation."""

from typing import NamedTuple

from pipelines.context import SubjectContext
from pipelines.metadata.accessions import UNFIT_NOTE, Accessions
from pipelines.metadata.actions import cap_ages, shift_values
from pipelines.metadata.documents import (
    ENCAPSULATED_DOCUMENT,
    MIME_TYPE_OF_ENCAPSULATED_DOCUMENT,
    replaced_document,
)
from pipelines.metadata.dummies import VALUES, dummy_items
from pipelines.metadata.elements import Element
from pipelines.metadata.fitness import fits
from pipelines.metadata.outline import Outline
from pipelines.metadata.persons import replace_persons
from pipelines.metadata.place import Place
from pipelines.metadata.texts import UNREADABLE, Texts
from pipelines.metadata.uids import UidMap
from rules.entries import CODED_TEXT_VRS, PROFILE, TEXT_VRS
from rules.plan import Entry
from rules.vocabulary import Operation

PATIENT_NAME = 0x00100010
PATIENT_ID = 0x00100020


class Made(NamedTuple):
    """What was made of a value.

    Attributes
    ----------
    operation : Operation
        That was carried out in the end.
    value : bytes or None
        None: it stays as it is.
    note : str
        For the report; "" where there is nothing to say.
    reasons : tuple[str, ...]
        Of a text: codes of what was cut out.
    """

    operation: Operation
    value: bytes | None
    note: str = ""
    reasons: tuple[str, ...] = ()


_MANUFACTURER = frozenset([0x00080070, 0x00081090])
"""Test images name their maker as institution too (`pipelines.verify`)."""
_DOCUMENT = frozenset([Operation.CLEAN_DOCUMENT, Operation.DUMMY])
_TEXT_OPERATIONS = frozenset([Operation.CLEAN_TEXT, Operation.CLEAN_KNOWN, Operation.KEEP])


class Replacement:
    """Replaces values for one object.

    Parameters
    ----------
    outline : Outline
    context : SubjectContext
    texts : Texts

    Attributes
    ----------
    uids : UidMap
    accessions : Accessions
    document_bytes : int or None
        Length of the encapsulated document that took the place of the source's.
    """

    __slots__ = (
        "_context",
        "_mime_type",
        "_patient",
        "_pseudonym",
        "_texts",
        "accessions",
        "document_bytes",
        "uids",
    )

    def __init__(self, outline: Outline, context: SubjectContext, texts: Texts) -> None:
        self._context = context
        self._pseudonym = context.pseudonym.encode("ascii")
        self._patient = {
            tag: (outline.find(tag) or b"").strip(b"\0 ") for tag in (PATIENT_NAME, PATIENT_ID)
        }
        mime_type = outline.find(MIME_TYPE_OF_ENCAPSULATED_DOCUMENT) or b""
        self._mime_type = mime_type.decode("latin-1").strip("\0 ")
        self._texts = texts
        self.document_bytes: int | None = None
        self.uids = UidMap(context.uid_secret, context.uid_generation)
        self.accessions = Accessions(outline, context.accessions)

    def make(self, entry: Entry, element: Element, value: bytes, place: Place) -> Made:
        """Return what was carried out in the end, and the new value.

        Parameters
        ----------
        value : bytes
            As encoded.
        """
        vr = entry.vr or element.vr.decode("latin-1")
        operation = entry.operation
        if element.tag == ENCAPSULATED_DOCUMENT and not place.depth and operation in _DOCUMENT:
            return self._document(operation, entry, value)
        if operation in _TEXT_OPERATIONS:
            return self._cleaned(entry, element, vr, value, place)
        note = ""
        if operation is Operation.ACCESSION:
            new = self.accessions.replace(element, value, place)
            note = UNFIT_NOTE if new is None and value.strip(b"\0 ") else ""
        elif operation is Operation.PSEUDONYM:
            new = self._pseudonymise(element.tag, value, place)
        else:
            new = self._value(operation, entry, vr, value, place)
        if new is None:
            operation = entry.fallback
            new = self._value(operation, entry, vr, value, place)
        return Made(operation, new or b"", note)

    def _document(self, operation: Operation, entry: Entry, value: bytes) -> Made:
        if operation is Operation.DUMMY and entry.section != PROFILE:
            self.document_bytes = len(VALUES[b"OB"])
            return Made(operation, VALUES[b"OB"])  # a rule of the site
        reasons: list[str] = []

        def clean(text: str) -> str:
            cut = self._texts.clean_text(text)
            reasons.extend(cut.reasons)
            return cut.text

        new, note = replaced_document(
            value,
            mime_type=self._mime_type,
            clean=clean if operation is Operation.CLEAN_DOCUMENT else None,
            judge=self._texts.cut_known,
        )
        self.document_bytes = len(new)
        return Made(operation, new, note, tuple(dict.fromkeys(reasons)))

    def _cleaned(self, entry: Entry, element: Element, vr: str, value: bytes, place: Place) -> Made:
        """Return a text without the person; a coded word stays whole or goes."""
        kept = Made(Operation.KEEP, None)
        if not value:
            return kept
        operation = entry.operation
        if operation is Operation.KEEP or vr in CODED_TEXT_VRS:
            operation = Operation.CLEAN_KNOWN
        new, reasons = UNREADABLE
        stated = element.vr.decode("latin-1")
        if stated in ("", "UN", vr) or (stated in TEXT_VRS and vr in TEXT_VRS):
            vr = vr if stated in ("", "UN") else stated
            texts = self._texts
            if entry.operation is Operation.KEEP and element.tag in _MANUFACTURER:
                texts = texts.of_persons
            new, reasons = texts.clean(value, vr, place.encodings, operation)
        if new is None and entry.operation is Operation.KEEP:
            return kept  # the gate looks at it again, in every encoding
        if new is not None and not reasons:
            return kept
        if new and vr not in CODED_TEXT_VRS:
            return Made(operation, new, reasons=reasons)
        made = self._value(entry.fallback, entry, vr, value, place) or b""
        note = entry.unfit_note if new is None else ""
        return Made(entry.fallback, made, note, reasons)

    def _pseudonymise(self, tag: int, value: bytes, place: Place) -> bytes | None:
        """At the root, and where the same value stands again; else None."""
        stripped = value.strip(b"\0 ")
        if place.depth == 0 or (stripped and stripped == self._patient.get(tag)):
            return self._pseudonym
        return None

    def _value(
        self, operation: Operation, entry: Entry, vr: str, value: bytes, place: Place
    ) -> bytes | None:
        if operation in _DOCUMENT:
            return self._dummy(entry.keyword, vr, value, place)
        if operation is Operation.EMPTY or operation is Operation.REMOVE or not value:
            return b""
        if operation is Operation.REPLACE_UID:
            is_text = vr in TEXT_VRS or vr in ("", "UN", "CS")
            is_uid = vr == "UI" or (is_text and fits(value, vr=b"", asked="UI"))
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


def written_vr(entry: Entry, element: Element, operation: Operation) -> bytes:
    """Return the dictionary's VR; the file's of a text, and where the dictionary has none."""
    if operation in _TEXT_OPERATIONS and element.vr not in (b"", b"UN"):
        return element.vr
    return entry.vr.encode("ascii") or element.vr or b"UN"
