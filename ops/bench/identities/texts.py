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
        tail = rng.choice((subject.patient_id, subject.phone, name, name))
        for value, tokens in (
            (f"{first} {second} for {name}", (first, second)),
            (f"{first} {tail} {second}", (first, second)),
            (f"{first} {name}", (first,)),
            (f"{first} {subject.person.given}", (first,)),
        ):
            if len(value) <= limit and rng.random() < 0.8:
                break
        else:
            value, tokens = f"{first} {subject.patient_id}", (first,)
        return Text(
            value=value,
            needles=(*needles, subject.patient_id, subject.phone),
            tokens=tokens,
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
