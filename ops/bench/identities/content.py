"""Build content trees of structured reports, with the key by concept name (Table E.3.4-1)."""

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from ops.bench.identities.attributes import sibling_of
from ops.bench.identities.paths import Path
from ops.bench.identities.persons import Person, make_id
from ops.bench.identities.phrases import Text
from ops.bench.identities.texts import make_text
from ops.bench.identities.values import make_date, make_time, make_uid
from ops.bench.identities.work import Expect, Kind, Work

_CONTENT = "0040A730"

Code = tuple[str, str, str]
"""Value, coding scheme, meaning."""


def code_item(code: Code) -> Dataset:
    """Return the item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A content item with its place in the dataset."""

    work: Work
    dataset: Dataset
    path: Path

    def _add(self, value_type: str, concept: Code, *, relation: str = "CONTAINS") -> "Node":
        if "ContentSequence" not in self.dataset:
            self.dataset.ContentSequence = Sequence()
        item = Dataset()
        item.RelationshipType = relation
        item.ValueType = value_type
        item.ConceptNameCodeSequence = Sequence([code_item(concept)])
        self.dataset.ContentSequence.append(item)
        index = len(self.dataset.ContentSequence) - 1
        return Node(work=self.work, dataset=item, path=(*self.path, _CONTENT, index))

    def note(
        self, steps: Path, kind: Kind, research: Expect, needles: tuple[str, ...] = ()
    ) -> None:
        """Note a place below the item; without an identity the Basic Profile says nothing."""
        basic = Expect.GONE if needles else Expect.FREE
        concept = self.dataset.ConceptNameCodeSequence[0].CodeMeaning
        self.work.plant(
            (*self.path, *steps),
            kind,
            needles=needles,
            basic=basic,
            research=research,
            rule=f"content, {concept}",
        )

    def expected(self, value_type: str, otherwise: Expect) -> Expect:
        """Return what the action for the concept makes of an identity or a UID in it."""
        concept = self.dataset.ConceptNameCodeSequence[0]
        letter = self.work.standard.concept_letter(
            str(concept.CodeValue), str(concept.CodingSchemeDesignator), value_type
        )
        if value_type in ("DATE", "DATETIME"):
            return Expect.DATE if letter == "C" else Expect.GONE
        if value_type in ("UIDREF", "IMAGE", "COMPOSITE") and letter.startswith("X"):
            return Expect.UID_OR_GONE
        return Expect.KEPT if letter == "K" else otherwise

    def container(self, concept: Code) -> "Node":
        """Add a heading; the structure stays."""
        node = self._add("CONTAINER", concept)
        node.dataset.ContinuityOfContent = "SEPARATE"
        node.note(("0040A040",), Kind.SR_VALUE, Expect.KEPT)
        return node

    def text(self, concept: Code, text: Text | None = None) -> "Node":
        """Add a text, with a person in it or without."""
        made = text or make_text(self.work.rng, self.work.subject, 4000)
        node = self._add("TEXT", concept)
        node.dataset.TextValue = made.value
        clinical = not made.needles and not made.gone
        self.work.plant_text(
            (*node.path, "0040A160"),
            made,
            Kind.SR_TEXT,
            basic=Expect.FREE if clinical else Expect.GONE,
            research=Expect.WHOLE if clinical else Expect.CLEANED,
        )
        return node

    def identifier(self, concept: Code, value: str = "") -> None:
        """Add a text that is an identifier."""
        node = self._add("TEXT", concept, relation="HAS OBS CONTEXT")
        node.dataset.TextValue = value or make_id(self.work.rng)
        node.note(("0040A160",), Kind.SR_IDENTITY, Expect.GONE, needles=(node.dataset.TextValue,))

    def number(self, concept: Code, value: str, unit: Code) -> "Node":
        """Add a measurement: it stays."""
        node = self._add("NUM", concept)
        measured = Dataset()
        measured.NumericValue = value
        measured.MeasurementUnitsCodeSequence = Sequence([code_item(unit)])
        node.dataset.MeasuredValueSequence = Sequence([measured])
        node.note(("0040A300", 0, "0040A30A"), Kind.SR_VALUE, Expect.KEPT)
        node.note(("0040A300", 0, "004008EA", 0, "00080100"), Kind.SR_VALUE, Expect.KEPT)
        node.note(("0040A043", 0, "00080100"), Kind.SR_VALUE, Expect.KEPT)
        return node

    def code(self, concept: Code, value: Code) -> "Node":
        """Add a coded value: it stays."""
        node = self._add("CODE", concept)
        node.dataset.ConceptCodeSequence = Sequence([code_item(value)])
        node.note(("0040A168", 0, "00080100"), Kind.SR_VALUE, Expect.KEPT)
        node.note(("0040A168", 0, "00080104"), Kind.SR_VALUE, Expect.KEPT)
        return node

    def person(self, concept: Code, person: Person) -> None:
        """Add a person's name: it goes, or a dummy stands for it."""
        node = self._add("PNAME", concept, relation="HAS OBS CONTEXT")
        node.dataset.PersonName = person.pn
        needles = (*person.needles, person.family)
        node.note(("0040A123",), Kind.SR_IDENTITY, Expect.GONE, needles=needles)

    def uid(self, concept: Code) -> None:
        """Add a UID of an instance."""
        node = self._add("UIDREF", concept)
        node.dataset.UID = uid = make_uid(self.work.rng)
        research = node.expected("UIDREF", Expect.UID)
        node.note(("0040A124",), Kind.SR_IDENTITY, research, needles=(uid,))

    def moment(self, concept: Code, value_type: str) -> None:
        """Add a date or a date and time of care."""
        work = self.work
        node = self._add(value_type, concept)
        day = make_date(work.rng, work.subject)
        if value_type == "DATE":
            node.dataset.Date, step = day, "0040A121"
        else:
            node.dataset.DateTime, step = day + make_time(work.rng), "0040A120"
        node.work.plant(
            (*node.path, step),
            Kind.SR_IDENTITY,
            basic=Expect.GONE,
            research=node.expected(value_type, Expect.DATE),
            rule=f"content, {concept[2]}",
        )

    def image(self, concept: Code) -> None:
        """Add a reference to an object of the subject."""
        node = self._add("IMAGE", concept)
        sibling = sibling_of(self.work)
        reference = Dataset()
        reference.ReferencedSOPClassUID = sibling.sop_class
        reference.ReferencedSOPInstanceUID = sibling.uid
        node.dataset.ReferencedSOPSequence = Sequence([reference])
        research = node.expected("IMAGE", Expect.UID)
        self.work.plant(
            (*node.path, "00081199", 0, "00081155"),
            Kind.REFERENCE,
            basic=Expect.UID_OR_GONE,
            research=research,
            rule=f"content, {concept[2]}",
        )


def root_of(work: Work, title: Code) -> Node:
    """Make the dataset a report with `title`; return its root."""
    dataset = work.dataset
    dataset.ValueType = "CONTAINER"
    dataset.ContinuityOfContent = "SEPARATE"
    dataset.ConceptNameCodeSequence = Sequence([code_item(title)])
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    dataset.ContentDate = make_date(work.rng, work.subject)
    dataset.ContentTime = make_time(work.rng)
    work.plant(("00080023",), Kind.DATE)
    return Node(work=work, dataset=dataset, path=())
