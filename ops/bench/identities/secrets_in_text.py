"""Ids, dates, contacts, places and ages as they stand in a text."""

import random
import string
from datetime import date, timedelta

from ops.bench.identities.persons import Subject, make_id
from ops.bench.identities.phrases import Secret

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar Marz April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}


def digits(rng: random.Random, count: int) -> str:
    """Return digits, the first no zero."""
    return rng.choice(string.digits[1:]) + "".join(rng.choices(string.digits, k=count - 1))


def own_id(value: str) -> Secret:
    """Return an identifier that also stands in an attribute of the dataset."""
    return Secret(value=value, gone=(value,), needles=(value,))


def announced_id(rng: random.Random) -> Secret:
    """Return an identifier that stands nowhere else, after the word that says what it is."""
    number = digits(rng, rng.randrange(7, 10))
    ssn = f"{digits(rng, 3)}-{digits(rng, 2)}-{digits(rng, 4)}"
    nhs = f"{digits(rng, 3)} {digits(rng, 3)} {digits(rng, 4)}"
    mixed = make_id(rng)
    label, value = rng.choice(
        (
            ("MRN", number),
            ("MRN:", mixed),
            ("MRN#", number),
            ("acc#", number),
            ("Acc. No.", mixed),
            ("Accession", number),
            ("accession number", mixed),
            ("SSN", ssn),
            ("SSN:", ssn),
            ("NHS no", nhs),
            ("NHS number", nhs),
            ("Patient ID", number),
            ("Pt ID:", mixed),
            ("Pat.-Nr.", number),
            ("Case no.", number),
            ("Order #", number),
            ("Account number", number),
            ("Health card no.", number),
        )
    )
    return Secret(value=f"{label} {value}", gone=(value,), needles=(value,))


def announced_initials(subject: Subject) -> Secret | None:
    """Return the patient's initials after a word that says so."""
    family, given = subject.person.family, subject.person.given
    if not (family.isascii() and given.isascii() and family[-1].isalpha()):
        return None
    letters = f"{given[0]}.{family.split()[-1][0].upper()}."
    return Secret(value=f"pt initials {letters}", gone=(f"initials {letters}",))


def spoken_date(rng: random.Random, day: date) -> tuple[str, Secret]:
    """Return a date in one of many formats; what of it may be left is the year."""
    name = rng.choice(sorted(MONTHS))
    month = MONTHS[name].split()[day.month - 1]
    english = MONTHS["en"].split()[day.month - 1]
    short = english[:3]
    forms = {
        "dotted": f"{day:%d.%m.%Y}",
        "iso": f"{day:%Y-%m-%d}",
        "us": f"{day:%m/%d/%Y}",
        "gb": f"{day:%d/%m/%Y}",
        "us-short": f"{day.month}/{day.day}/{day:%y}",
        "long": f"{day.day} {english} {day.year}",
        "long-us": f"{english} {day.day}, {day.year}",
        "month-name": f"{day:%d}-{short.upper()}-{day.year}",
        "solid-name": f"{day:%d}{short.upper()}{day.year}",
        "solid": f"{day:%Y%m%d}",
        f"long-{name}": f"{day.day}. {month} {day.year}" if name == "de" else "",
        f"plain-{name}": f"{day.day} {month} {day.year}" if name in ("fr", "es") else "",
        "slashed-iso": f"{day:%Y/%m/%d}",
        "dotted-short": f"{day:%d.%m.%y}",
    }
    rule = rng.choice(sorted(key for key, form in forms.items() if form))
    value = forms[rule]
    gone = [value]
    if rule.startswith(("long", "plain")):
        gone += [f"{day.day} {month}", f"{day.day} {english}", f"{english} {day.day}"]
    return rule, Secret(value=value, gone=tuple(dict.fromkeys(gone)))


def visit_date(rng: random.Random, subject: Subject) -> tuple[str, Secret]:
    """Return a date of care in words."""
    return spoken_date(rng, subject.first_visit + timedelta(days=rng.randrange(-900, 300)))


def phone(rng: random.Random, subject: Subject) -> Secret:
    """Return a telephone number: the subject's, or one that only the text has."""
    a, b, c = digits(rng, 3), digits(rng, 3), digits(rng, 4)
    value = rng.choice(
        (
            subject.phone,
            f"({a}) {b}-{c}",
            f"{a}-{b}-{c}",
            f"+1 {a} {b} {c}",
            f"+49 {a} {b}{c}",
            f"0{a[:2]} {b}{a[0]} {c}",
            f"0{a}/{b}{c}",
            f"+33 6 {a[:2]} {b[:2]} {c[:2]} {c[2:]}",
        )
    )
    return Secret(value=value, gone=(value, f"{b} {c}"), needles=(value,))


def email(rng: random.Random, subject: Subject) -> Secret:
    """Return an e-mail address."""
    person = rng.choice(subject.staff)
    local = "".join(ch for ch in person.given.lower() if ch.isascii() and ch.isalpha()) or "office"
    value = rng.choice((subject.email, f"{local}.{digits(rng, 4)}@radiology-{digits(rng, 3)}.org"))
    return Secret(value=value, gone=(value,), needles=(value,))


def url(rng: random.Random) -> Secret:
    """Return an address on the web that names a patient or a site."""
    number = digits(rng, 7)
    value = rng.choice(
        (
            f"https://pacs.stluke-{number[:3]}.org/viewer?pid={number}",
            f"http://ris{number[:2]}.example.com/p/{number}",
            f"www.portal-{number}.example.net",
        )
    )
    return Secret(value=value, gone=(value, number), needles=(value,))


def address(rng: random.Random, subject: Subject) -> Secret:
    """Return a postal address: the subject's or another, each with what names the place."""
    number, code = rng.randrange(2, 240), digits(rng, 5)
    street = rng.choice(("Thornbury", "Maplecrest", "Ellesmere", "Copperfield", "Penhallow"))
    town = rng.choice(("Ashcombe", "Norwick", "Eastvale", "Greyminster"))
    own_street = subject.address.split(" ", maxsplit=1)[1].split(",")[0]
    own_city = subject.address.rsplit(", ", maxsplit=1)[1]
    value, gone = rng.choice(
        (
            (subject.address, (own_street, own_city)),
            (f"{number} {street} Street, {town} {code}", (street, town, code)),
            (f"{number} {street} Avenue, Apt 4B, {town}, OH {code}", (street, town, code)),
            (f"{street}strasse {number}, {code} {town}", (f"{street}strasse", town, code)),
            (f"{number} rue {street}, {code} {town}", (street, town, code)),
        )
    )
    return Secret(value=value, gone=gone, needles=gone)


def institution(rng: random.Random, subject: Subject) -> Secret:
    """Return an institution: the subject's or another, each with what names it."""
    town = rng.choice(("Ashcombe", "Norwick", "Eastvale", "Greyminster", "Harrowgate"))
    saint = rng.choice(("Aldhelm", "Cuthburga", "Wilfreda", "Botolph"))
    city = subject.institution_address.split(", ")[1].rsplit(" ", maxsplit=1)[0]
    value, gone = rng.choice(
        (
            (subject.institution, (city,)),
            (f"{town} General Hospital", (town,)),
            (f"University Hospital {town}", (town,)),
            (f"St. {saint}'s Hospital", (saint,)),
            (f"Klinikum {town}", (town,)),
            (f"{town} Medical Center", (town,)),
            (f"{saint} Memorial Hospital", (saint,)),
            (f"{town} Imaging Clinic", (town,)),
        )
    )
    return Secret(value=value, gone=(value, *gone), needles=gone)


def high_age(rng: random.Random) -> Secret:
    """Return an age over 89 in words."""
    years = rng.randrange(91, 104)
    form = rng.choice(("{}-year-old", "{} year old", "aged {}", "age {} years", "{} y/o", "{}yo"))
    value = form.format(years)
    return Secret(value=value, gone=(f"{years}yo" if "yo" in form else str(years),))
