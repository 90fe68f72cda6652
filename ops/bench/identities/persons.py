"""Invented subjects, relatives and staff, drawn from a seeded generator."""

import random
import string
from dataclasses import dataclass
from datetime import date, timedelta

from ops.bench.identities.cultures import CLINICAL_SURNAMES, CULTURES, Culture

ASCII_CULTURES = tuple(culture for culture in CULTURES if () in culture.charsets)
"""Those whose names any character set can write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A name in its spellings.

    Attributes
    ----------
    pn : str
        The value of a PN element, up to three component groups.
    roman : str
        The first component group alone.
    needles : tuple of str
        What must not be found after cleaning; no word that a clinical text may hold.
    natives : tuple of str
        The name in its own script and in phonetic spelling, as a sentence has it.
    """

    family: str
    given: str
    pn: str
    roman: str
    needles: tuple[str, ...]
    natives: tuple[str, ...] = ()

    @property
    def spoken(self) -> str:
        """Return the name as a sentence has it."""
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One patient with everything that points to them."""

    key: str
    culture: Culture
    person: Person
    mother: Person
    staff: tuple[Person, ...]
    patient_id: str
    issuer: str
    other_ids: tuple[str, ...]
    accession: str
    birth: date
    sex: str
    age: str
    address: str
    phone: str
    email: str
    institution: str
    institution_address: str
    first_visit: date

    @property
    def needles(self) -> tuple[str, ...]:
        """Return what identifies the subject wherever it stands."""
        return (
            *self.person.needles,
            self.patient_id.strip(),
            *self.other_ids,
            self.phone,
            self.email,
            self.address,
        )


def make_person(rng: random.Random, culture: Culture) -> Person:
    """Return an invented person of `culture`."""
    family, native_family, phonetic_family = rng.choice(culture.families)
    given, native_given, phonetic_given = rng.choice(culture.givens)
    prefix = rng.choice(culture.prefixes)
    middle = rng.choice(("", "", rng.choice("ABCDEFGHKLM")))
    family = prefix + family
    case = rng.choice((str, str, str.upper))
    roman = case(f"{family}^{given}" + (f"^{middle}" if middle else ""))
    groups = [roman]
    needles = [given, f"{given} {family}", f"{family}^{given}", f"{family}, {given}"]
    if family.upper() not in CLINICAL_SURNAMES:
        needles.append(family)
    if native_family:
        groups.append(f"{native_family}^{native_given}")
        needles += [f"{native_family}^{native_given}", f"{native_family}{native_given}"]
        if len(native_given) > 2:
            needles += [native_given]
    if phonetic_family:
        groups.append(f"{phonetic_family}^{phonetic_given}")
        needles += [f"{phonetic_family}^{phonetic_given}"]
    natives = []
    for one, other in ((native_family, native_given), (phonetic_family, phonetic_given)):
        if one and other:
            spaced = "" if culture.joined else " "
            natives += [f"{one}{spaced}{other}", f"{one} {other}"]
    return Person(
        natives=tuple(dict.fromkeys(natives)),
        family=family,
        given=given,
        pn="=".join(groups),
        roman=roman,
        needles=tuple(dict.fromkeys(needles)),
    )


def make_id(rng: random.Random) -> str:
    """Return an identifier in one of the formats that hospitals use."""
    digits = "".join(rng.choices(string.digits[1:], k=9))
    letters = "".join(rng.choices("BCDFGHJKLMNPQRSTVWXZ", k=3))
    return rng.choice(
        (
            digits[:8],
            f"MRN{digits[:7]}",
            f"{digits[:3]}-{digits[3:5]}-{digits[5:9]}",
            f"{letters}{digits[:6]}",
            f"{digits[:4]}.{digits[4:7]}.{digits[7:9]}{letters[0]}",
            f"H{digits[:5]}/{letters[:2]}{digits[5:7]}",
        )
    )


def make_subject(rng: random.Random, key: str, culture: Culture) -> Subject:
    """Return an invented subject of `culture`, named `key` in the answer key."""
    person = make_person(rng, culture)
    city = rng.choice(culture.cities)
    number = rng.randrange(101, 998)
    visit = date(rng.randrange(2012, 2023), 1, 1) + timedelta(days=rng.randrange(360))
    years = rng.choice((rng.randrange(1, 89), rng.randrange(20, 80), rng.randrange(91, 99)))
    birth = visit - timedelta(days=round(years * 365.25) + rng.randrange(20, 300))
    age = (visit - birth).days * 4 // 1461
    tail = "".join(rng.choices(string.digits, k=6))
    others = tuple(make_id(rng) for _ in range(3))
    street = rng.choice(("Quarrybank Lane", "Feldmühle Weg", "Rue Passerelle", "Harbour Terrace"))
    return Subject(
        key=key,
        culture=culture,
        person=person,
        mother=make_person(rng, culture),
        staff=tuple(make_person(rng, rng.choice((*ASCII_CULTURES, culture))) for _ in range(6)),
        patient_id=make_id(rng),
        issuer=f"{city.upper().replace(' ', '')}-ADT{number}",
        other_ids=others,
        accession=make_id(rng),
        birth=birth,
        sex=rng.choice("MF"),
        age=f"{age:03d}Y",
        address=f"{number} {street.replace('ü', 'ue')}, {city}",
        phone=f"+{rng.randrange(20, 99)} {number} {tail}",
        email=f"p{tail}.{number}@mail-{city.lower().replace(' ', '')}.example",
        institution=culture.hospital.format(city=city),
        institution_address=f"Ward {number}, {city} {tail[:5]}",
        first_visit=visit,
    )


def make_subjects(rng: random.Random, count: int) -> tuple[Subject, ...]:
    """Return `count` subjects of all cultures in turn; the last two share an id, not an issuer."""
    subjects: list[Subject] = []
    for i in range(count):
        culture = CULTURES[i % len(CULTURES)]
        made = make_subject(rng, f"subject-{i:02d}", culture)
        while made.patient_id in {other.patient_id for other in subjects} or made.person.pn in {
            other.person.pn for other in subjects
        }:
            made = make_subject(rng, f"subject-{i:02d}", culture)
        subjects.append(made)
    return tuple(subjects)
