"""The ways in which people write a person's name into a text."""

import random
from collections.abc import Iterable

from ops.bench.identities.cultures import CLINICAL_SURNAMES, plain
from ops.bench.identities.persons import Person
from ops.bench.identities.phrases import Secret

_LONG_ENOUGH = 5
_CERTAIN = frozenset(
    {"Dr.", "Ref. Dr.", "Prof. Dr.", "Mr.", "Mrs.", "Herr", "Frau", "Mme", "Miss", "c/o Mrs."}
)
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"}
)


def is_ambiguous(person: Person) -> bool:
    """Whether the family name is a word of radiology, so that alone it says nothing."""
    return person.family.upper() in CLINICAL_SURNAMES


def _secret(person: Person, value: str, names: Iterable[str]) -> Secret:
    """Return the secret for `value`, which shows the name parts `names`."""
    shown = list(names)
    gone = [*shown, *(part for name in shown for part in _parts(name) if len(part) > 3)]
    certain = [n for n in shown if n.upper() not in CLINICAL_SURNAMES]
    needles = [n for n in certain if len(n) >= _LONG_ENOUGH or not n.isascii()]
    return Secret(value=value, gone=(value, *gone), needles=(*needles, *_native(person, value)))


def _parts(name: str) -> list[str]:
    return name.replace("-", " ").replace("'", " ").split()


def _long_parts(native: str) -> list[str]:
    return [part for part in native.split() if len(part) > 2]


def _native(person: Person, value: str) -> tuple[str, ...]:
    return (value,) if value in person.natives and len(value) > 2 else ()


def spell(rng: random.Random, person: Person) -> tuple[str, Secret]:
    """Return one spelling of the whole name, and what sort it is."""
    family, given = person.family, person.given
    both = (family, given)
    forms: dict[str, Secret] = {
        "given-family": _secret(person, f"{given} {family}", both),
        "family-comma": _secret(person, f"{family}, {given}", both),
        "caret": _secret(person, f"{family}^{given}", both),
        "caret-upper": _secret(person, f"{family}^{given}".upper(), both),
        "family-given": _secret(person, f"{family.upper()} {given}", both),
        "odd-case": _secret(person, _odd_case(f"{given} {family}"), both),
    }
    if not is_ambiguous(person):
        initial = given[0]
        forms["initial-family"] = _secret(person, f"{initial}. {family}", (family,))
        forms["family-initial"] = _secret(person, f"{family} {initial}", (family,))
        forms["family"] = _secret(person, family, (family,))
        forms["given"] = _secret(person, given, (given,))
        forms["upper-underscore"] = _secret(
            person, f"{plain(family)}_{plain(given)}".upper(), (plain(family), plain(given))
        )
    folded = (plain(family), plain(given))
    if folded != both and plain(family).isascii() and len(folded[0]) > 2:
        forms["no-diacritics"] = _secret(person, f"{folded[1]} {folded[0]}", folded)
    german = (family.translate(_GERMAN), given.translate(_GERMAN))
    if german != both and "".join(german).isascii():
        forms["transliterated"] = _secret(person, f"{german[1]} {german[0]}", german)
    for index, native in enumerate(person.natives):
        forms[f"native-{index}"] = Secret(
            value=native,
            gone=(native, native.replace(" ", ""), *_long_parts(native)),
            needles=_native(person, native),
        )
    rule = rng.choice(sorted(forms))
    return rule, forms[rule]


def _odd_case(text: str) -> str:
    return "".join(c.upper() if i % 3 == 1 else c.lower() for i, c in enumerate(text))


def titled(rng: random.Random, person: Person, titles: tuple[str, ...]) -> Secret:
    """Return the name after a title or the words that announce a person; they may stay."""
    if is_ambiguous(person):  # "MR HAND", "Ref: HAND" and "DR CHEST" may be no persons
        titles = tuple(title for title in titles if title in _CERTAIN) or ("Dr.",)
    title = rng.choice(titles)
    family, given = person.family, person.given
    shown: tuple[str, ...]
    form, shown = rng.choice(
        (
            (family, (family,)),
            (f"{given} {family}", (family, given)),
            (f"{given[0]}. {family}", (family,)),
            (family.upper(), (family,)),
            (f"{family}, {given[0]}.", (family,)),
        )
    )
    secret = _secret(person, form, shown)
    return Secret(value=f"{title} {form}", gone=secret.gone, needles=secret.needles)
