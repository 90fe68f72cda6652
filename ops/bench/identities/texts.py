"""Free text as people type it: a clinical sentence with a person in it."""

import random
from dataclasses import dataclass

from ops.bench.identities.persons import Person, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A planted text: what must go from it and what should stay."""

    value: str
    needles: tuple[str, ...]
    tokens: tuple[str, ...]


_SHORT = (
    ("MRI BREAST", "T2 TSE"),
    ("CT CHEST", "LUNG WINDOW"),
    ("ABDOMEN PELVIS", "ARTERIAL PHASE"),
    ("BONE WINDOW", "AXIAL 2MM"),
    ("LEFT HAND", "PA AND LATERAL"),
    ("WHITE MATTER", "FLAIR"),
    ("HEAD AND NECK", "POST CONTRAST"),
    ("WHOLE SPINE", "SAGITTAL"),
)
_LONG = (
    ("known hypertension", "no acute infarct"),
    ("severe allergy to penicillin", "asthma since childhood"),
    ("nodule in right upper lobe", "follow up in 6 months"),
    ("status post appendectomy", "wound healing well"),
    ("fracture of distal radius", "callus formation visible"),
)


def _spoken(rng: random.Random, person: Person) -> str:
    return rng.choice(
        (
            person.spoken,
            f"{person.family}, {person.given}",
            f"{person.family}^{person.given}",
            person.spoken.upper(),
        )
    )


def _short(rng: random.Random, subject: Subject, *, first: str, second: str, limit: int) -> str:
    name = _spoken(rng, subject.person)
    tail = rng.choice((subject.patient_id, subject.phone, name))
    values = (
        f"{first} {second} for {name}",
        f"{first} {tail} {second}",
        f"{first} {name}",
        f"{first} {subject.patient_id}",
    )
    return rng.choice([value for value in values if len(value) <= limit])


def make_text(rng: random.Random, subject: Subject, limit: int) -> Text:
    """Return a text of at most `limit` characters about `subject`."""
    name = _spoken(rng, subject.person)
    needles = list(subject.person.needles)
    if limit < 28:
        word = rng.choice(("ABD", "PELVIS", "T2", "FLAIR"))
        return Text(
            value=f"{word} {subject.person.given}"[:limit],
            needles=(subject.person.given[: limit - len(word) - 1],),
            tokens=(word,),
        )
    first, second = rng.choice(_SHORT)
    if limit < 80:
        value = _short(rng, subject, first=first, second=second, limit=limit)
        return Text(
            value=value,
            needles=(*needles, subject.patient_id, subject.phone),
            tokens=tuple(token for token in (first, second) if token in value),
        )
    finding, remark = rng.choice(_LONG)
    doctor = rng.choice(subject.staff)
    born = rng.choice(("%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%m/%d/%Y"))
    day = subject.birth.strftime(born)
    value = (
        f"{first}: {finding}. Pt {name}, DOB {day}, MRN {subject.patient_id}, "
        f"tel {subject.phone}, {subject.email}, lives at {subject.address}. "
        f"Reported by Dr {doctor.spoken} at {subject.institution}; {remark}."
    )
    return Text(
        value=value,
        needles=(
            *needles,
            day,
            subject.patient_id,
            subject.phone,
            subject.email,
            subject.address,
            *doctor.needles,
            subject.institution,
        ),
        tokens=(first, finding, remark),
    )
