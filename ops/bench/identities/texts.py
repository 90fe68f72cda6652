"""Free text as people type it: a clinical sentence with or without a person in it."""

import random
from collections.abc import Callable
from datetime import date

from ops.bench.identities import secrets_in_text as pieces
from ops.bench.identities.clinical import SENTENCES, SHORT, TINY
from ops.bench.identities.cultures import CLINICAL_USES
from ops.bench.identities.persons import ASCII_CULTURES, Person, Subject, make_person
from ops.bench.identities.phrases import Secret, Text, compose, runs, whole
from ops.bench.identities.spellings import is_ambiguous, spell, titled

_DOCTORS: tuple[str, ...] = (
    "Dr.",
    "Dr",
    "Ref:",
    "Ref. Dr.",
    "performed by",
    "read by",
    "Reported by Dr.",
)
_DOCTORS += ("Prof. Dr.", "Tech:", "Operator:", "ordered by", "dictated by", "Attending:", "MTRA")
_PATIENTS = ("Mr.", "Mrs.", "Ms", "Mr", "Herr", "Frau", "Mme", "Patient", "Pt:", "Sra.", "Miss")
_TRIES = 24

_SHORT_FORMS = ("~ {x}", "{x} ~", "~ - {x}", "~ ({x})", "{x}: ~", "~, {x}", "~ / {x}")
_LONG_FORMS = ("~. {x}", "{x}: ~.", "~; {x}; ~.", "~ ({x}). ~.", "{x} - ~", "~, {x}, ~.")
_LEADS = {
    "name": ("", "", "<for> ", "<pt> ", "<Name:> ", "<patient> "),
    "address": ("<lives at> ", "<address> ", "<addr:> "),
    "phone": ("<tel> ", "<phone> ", "<call> ", "<Tel.:> ", "<mobile> "),
    "institution": ("<from> ", "<at> ", "<transferred from> ", ""),
    "date": ("", "<on> ", "<prior> ", "<dated> "),
    "birth": ("<DOB> ", "<DOB:> ", "<born> ", "<geb.> "),
    "own-id": ("", "<MRN> ", "<ID> ", "<acc#> "),
}

Maker = Callable[[random.Random, Subject], tuple[str, Secret] | None]


def _name(rng: random.Random, subject: Subject) -> tuple[str, Secret]:
    return spell(rng, subject.person)


def _stranger(rng: random.Random) -> Person:
    return make_person(rng, rng.choice(ASCII_CULTURES))


def _staff(rng: random.Random, subject: Subject) -> tuple[str, Secret]:
    person = rng.choice(subject.staff[:3])
    if rng.random() < 0.5:
        return "titled", titled(rng, person, _DOCTORS)
    return spell(rng, person)


def _initials(_rng: random.Random, subject: Subject) -> tuple[str, Secret] | None:
    secret = pieces.announced_initials(subject)
    return None if secret is None else ("announced", secret)


def _own_id(rng: random.Random, subject: Subject) -> tuple[str, Secret]:
    return "known", pieces.own_id(
        rng.choice((subject.patient_id, subject.accession, *subject.other_ids[:2]))
    )


def _birth(rng: random.Random, subject: Subject) -> tuple[str, Secret]:
    day: date = subject.birth
    return pieces.spoken_date(rng, day)


_MAKERS: dict[str, Maker] = {
    "name": _name,
    "titled-patient": lambda r, s: ("titled", titled(r, s.person, _PATIENTS)),
    "initials": _initials,
    "staff": _staff,
    "stranger": lambda r, _: ("titled", titled(r, _stranger(r), _DOCTORS)),
    "relative": lambda r, s: ("titled", titled(r, s.mother, ("mother", "wife", "c/o Mrs."))),
    "own-id": _own_id,
    "other-id": lambda r, _: ("announced", pieces.announced_id(r)),
    "date": pieces.visit_date,
    "birth": _birth,
    "phone": lambda r, s: ("any", pieces.phone(r, s)),
    "email": lambda r, s: ("any", pieces.email(r, s)),
    "url": lambda r, _: ("any", pieces.url(r)),
    "address": lambda r, s: ("any", pieces.address(r, s)),
    "institution": lambda r, s: ("any", pieces.institution(r, s)),
    "age": lambda r, _: ("over-89", pieces.high_age(r)),
}
_COMMON = ("name", "name", "name", "titled-patient", "own-id", "date", "stranger", "staff")
_WHOLE_SHARE = 0.35


def clinical(rng: random.Random, subject: Subject, limit: int) -> Text:
    """Return a text without a person, at most `limit` long; it must stay whole."""
    if limit < 28:
        return whole(rng.choice([t for t in TINY if len(t) <= limit]), rule="clinical")
    uses = CLINICAL_USES.get(subject.person.family.upper(), ())
    if uses and rng.random() < 0.5:
        return whole(rng.choice(uses), rule="clinical: the patient's surname as a word")
    if rng.random() < 0.15:
        return whole(rng.choice(CLINICAL_USES[rng.choice(sorted(CLINICAL_USES))]), rule="surname")
    stock = [*SHORT, *(s for s in SENTENCES if len(s) <= limit)] if limit < 80 else SENTENCES
    value = rng.choice(stock)
    if limit >= 200 and rng.random() < 0.5:
        value = f"{value}. {rng.choice(SENTENCES)}."
    return whole(value, rule="clinical")


def mixed(rng: random.Random, subject: Subject, limit: int) -> Text:
    """Return a clinical text with identity in it, at most `limit` characters long."""
    for _ in range(_TRIES):
        text = _tiny(rng, subject) if limit < 28 else _attempt(rng, subject, limit)
        if text is not None and len(text.value) <= limit:
            return text
    return clinical(rng, subject, limit)


def make_text(rng: random.Random, subject: Subject, limit: int) -> Text:
    """Return a text of at most `limit` characters, with a person in it or without."""
    if rng.random() < _WHOLE_SHARE:
        return clinical(rng, subject, limit)
    return mixed(rng, subject, limit)


def _tiny(rng: random.Random, subject: Subject) -> Text | None:
    person = subject.person
    name = rng.choice((person.given, person.family))
    if name.upper() in CLINICAL_USES or len(name) < 4:
        return None
    secret = Secret(value=name, gone=(name,), needles=(name,) if len(name) > 4 else ())
    template = rng.choice(("ROI {x}", "PTV {x}", "{x} FLAIR", "ABD {x}", "T2_{x}"))
    return compose(template, {"x": secret}, rule="tiny name")


def _lead(rng: random.Random, sort: str, form: str) -> str:
    """Return the words before an identity; a date of six digits is none without them."""
    leads = _LEADS.get(sort, ("",))
    return rng.choice([lead for lead in leads if lead] if form.endswith("short") else leads)


def _filled(rng: random.Random, form: str, stock: tuple[str, ...]) -> str:
    while "~" in form:
        form = form.replace("~", rng.choice(stock), 1)
    return form


def _attempt(rng: random.Random, subject: Subject, limit: int) -> Text | None:
    if is_ambiguous(subject.person) and rng.random() < 0.4:
        return _both_uses(rng, subject)
    if rng.random() < 0.05:
        return _embedded(rng, subject)
    if limit >= 200 and rng.random() < 0.5:
        return _several(rng, subject)
    sort = rng.choice(_COMMON) if rng.random() < 0.5 else rng.choice(sorted(_MAKERS))
    made = _MAKERS[sort](rng, subject)
    if made is None:
        return None
    stock = SHORT if limit < 80 else SENTENCES
    form = _filled(rng, rng.choice(_SHORT_FORMS if limit < 80 else _LONG_FORMS), stock)
    template = form.replace("{x}", _lead(rng, sort, made[0]) + "{x}")
    return _checked(compose(template, {"x": made[1]}, rule=f"{sort}: {made[0]}"))


def off_table(rng: random.Random, subject: Subject) -> Text:
    """Return a text for an attribute that the table does not name.

    It holds the subject's own name or id or nobody's: what a gate must find whatever the profile.
    """
    own = subject.person
    if rng.random() < _WHOLE_SHARE:
        return clinical(rng, subject, 64)
    value, gone = rng.choice(
        (
            (own.spoken, (own.given, own.family)),
            (f"{own.family}, {own.given}", (own.given, own.family)),
            (subject.patient_id, (subject.patient_id,)),
        )
    )
    secret = Secret(value=value, gone=(value, *gone), needles=gone[:1])
    form = _filled(rng, rng.choice(("~ <for> {x}", "~ ({x})", "<Pt> {x}: ~")), TINY)
    return compose(form, {"x": secret}, rule="own name or id outside the table")


def _embedded(rng: random.Random, subject: Subject) -> Text | None:
    """Return a sequence name with the patient's surname in it."""
    family = subject.person.family
    if is_ambiguous(subject.person) or not family.isascii() or not family.isalpha():
        return None
    name = rng.choice((family, family.upper(), family.lower()))
    needles = (name,) if len(name) > 4 else ()
    form = rng.choice(("t1_mprage_{x}_iso", "{x}_ep2d_diff_tra", "AX-T2-{x}", "fl3d_vibe_{x}"))
    secret = Secret(value=name, gone=(name,), needles=needles)
    return _checked(compose(form, {"x": secret}, rule="name: in a sequence name"))


def _both_uses(rng: random.Random, subject: Subject) -> Text | None:
    uses = CLINICAL_USES[subject.person.family.upper()]
    _, secret = spell(rng, subject.person)
    if rng.random() < 0.4:
        secret = titled(rng, subject.person, _PATIENTS[:7])
    form = _filled(rng, rng.choice(("{x}: ~", "~, {x}", "~ - {x}")), uses)
    return _checked(compose(form, {"x": secret}, rule="surname as a name and as a word"))


def _several(rng: random.Random, subject: Subject) -> Text | None:
    sorts = rng.sample(sorted(_MAKERS), 3)
    secrets = {}
    parts = []
    for i, sort in enumerate(sorts):
        made = _MAKERS[sort](rng, subject)
        if made is not None:
            secrets[f"s{i}"] = made[1]
            parts.append(f"{_lead(rng, sort, made[0])}{{s{i}}}")
    first, second = rng.sample(SENTENCES, 2)
    template = f"{first}. " + "; ".join(parts) + f". {second}."
    return _checked(compose(template, secrets, rule="several: " + ", ".join(sorts)))


def _checked(text: Text) -> Text | None:
    """Return `text` unless a clinical word of it is also a word that must go from the file."""
    kept = {word for token in text.tokens for word in runs(token)}
    return None if any(set(runs(n)) <= kept for n in text.needles) else text
