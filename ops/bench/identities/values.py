"""Invented values for an attribute, by its keyword and VR."""

import random
import string
from dataclasses import dataclass
from datetime import timedelta

from ops.bench.identities.persons import Subject, make_id
from ops.bench.identities.phrases import Text
from ops.bench.identities.texts import make_text

TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT"})
_LIMITS = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "ST": 1024}
_PERSONAL = ("Comment", "Description", "Reason", "History", "Notes", "Text", "Narrative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A value with what must be gone from it; free text with what must stay, too."""

    value: object
    needles: tuple[str, ...] = ()
    text: Text | None = None


def make_uid(rng: random.Random) -> str:
    """Return a fresh UID below pydicom's root."""
    return "1.2.826.0.1.3680043.8.498." + str(rng.randrange(10**35, 10**36))


def make_date(rng: random.Random, subject: Subject) -> str:
    """Return a DA within ten months of the subject's first visit."""
    return (subject.first_visit + timedelta(days=rng.randrange(1, 300))).strftime("%Y%m%d")


def make_time(rng: random.Random) -> str:
    """Return a TM that is no round hour."""
    clock = f"{rng.randrange(7, 19):02d}{rng.randrange(1, 60):02d}{rng.randrange(1, 60):02d}"
    return clock + rng.choice(("", f".{rng.randrange(1, 999999):06d}"))


def make_value(
    rng: random.Random, subject: Subject, *, keyword: str, vr: str, descriptor: bool
) -> Planted | None:
    """Return an identifying value for the attribute, None where its VR holds none."""
    if vr in TEXT_VRS:
        return _text(rng, subject, keyword=keyword, vr=vr, descriptor=descriptor)
    if vr == "PN":
        own = ("Mother", "Patient", "ResponsiblePerson")
        person = rng.choice(subject.staff)
        if keyword.startswith(own):
            person = rng.choice((subject.mother, subject.person))
        return Planted(value=person.pn, needles=(*person.needles, person.family))
    if vr in ("DA", "TM", "DT"):
        return Planted(value=_moment(rng, subject, vr))
    if vr in ("UI", "UR", "OB", "UN"):
        return _other(rng, subject, vr)
    return _number(rng, subject, vr)


def _other(rng: random.Random, subject: Subject, vr: str) -> Planted:
    if vr == "UI":
        uid = make_uid(rng)
        return Planted(value=uid, needles=(uid,))
    if vr == "UR":
        place = f"https://ris-{make_id(rng).lower().replace('/', '-')}.example/patient"
        return Planted(value=place, needles=(place,))
    blob = f"\x01\x02 {subject.person.given} {subject.patient_id} \x03".encode()
    blob += b"\0" * (len(blob) % 2)
    return Planted(value=blob, needles=(subject.person.given, subject.patient_id))


def _moment(rng: random.Random, subject: Subject, vr: str) -> str:
    if vr == "TM":
        return make_time(rng)
    day = make_date(rng, subject)
    if vr == "DA":
        return day
    return day + make_time(rng) + rng.choice(("", "+0100"))


def _number(rng: random.Random, subject: Subject, vr: str) -> Planted | None:
    values: dict[str, object] = {
        "AS": subject.age,
        "DS": f"{rng.randrange(201, 998) / 7:.3f}",
        "IS": str(rng.randrange(1001, 9998)),
        **dict.fromkeys(("US", "UL", "SS", "SL"), rng.randrange(2, 5)),
        **dict.fromkeys(("FL", "FD"), rng.randrange(201, 998) / 8),
    }
    return Planted(value=values[vr]) if vr in values else None


def _text(
    rng: random.Random, subject: Subject, *, keyword: str, vr: str, descriptor: bool
) -> Planted:
    limit = _LIMITS.get(vr, 4000)
    if descriptor or (vr in ("LT", "ST", "UT", "UC") and keyword.endswith(_PERSONAL)):
        text = make_text(rng, subject, limit)
        return Planted(value=text.value, needles=text.needles, text=text)
    value = _item(rng, subject, keyword)
    if vr in ("CS", "AE") or limit == 16:
        value = value if len(value) <= limit and value.isascii() else make_id(rng)
    if vr == "CS":
        value = "".join(c for c in value.upper() if c in string.ascii_uppercase + string.digits)
        value = value or "XQ7719"
    return Planted(value=value[:limit], needles=(value[:limit].strip(),))


def _item(rng: random.Random, subject: Subject, keyword: str) -> str:
    """Return what a short text of that keyword holds: the first word of it that is known."""
    city = rng.choice(subject.culture.cities)
    address = rng.choice((subject.address, subject.institution_address))
    house = f"{subject.institution} {rng.randrange(11, 99)}"
    place = f"{city} {rng.randrange(1001, 9998)}"
    colleague = rng.choice(subject.staff).spoken
    for words, value in (
        (("Address",), address),
        (("Telephone", "Telecom", "Phone"), rng.choice((subject.phone, subject.email))),
        (("Institution", "Organization", "Facility", "Sponsor"), house),
        (("Residence", "Location", "Region"), place),
        (("Issuer",), subject.issuer),
        (("Physician", "Operator", "Person", "Reviewer", "Author"), colleague),
    ):
        if any(word in keyword for word in words):
            return value
    return make_id(rng)
