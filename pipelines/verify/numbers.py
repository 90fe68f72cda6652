"""Spell identifiers, dates and telephone numbers in all ways they are written."""

import re
from collections.abc import Iterator

from pipelines.verify.names import weight
from pipelines.verify.spelling import (
    DIGITS,
    LETTERS,
    SEPARATORS,
    ZEROS,
    Form,
    Run,
    Term,
    is_loose,
)
from pipelines.vocabulary import is_placeholder

SUBJECT_ID_CHARACTERS = 4
ID_CHARACTERS = 6
_FREE_SEPARATORS = 6
"""Characters from which an identifier is found with other separators, or none."""
_LEAST_SHORT = 2
_LEAST_DISTINCT = 2
"""00000000 and XXXX are nobody's."""
_PHONE_DIGITS = 7
_LOOSE_PHONE_DIGITS = 9
_COUNTRY_CODE_DIGITS = 3
_MOST_ZEROS = 12
_FIRST_YEAR = 1850
_DUMMY_DATE = "19000101"

_words = re.compile(r"[^\W_]+")
_date = re.compile(r"(\d{4})[./-]?(\d{2})[./-]?(\d{2})")
_phone = re.compile(r"[+(]?\d[\d ()/.+-]{5,}\d")
_MONTHS = (
    *(
        ("jan", "ene", "gen"),
        ("feb", "fev", "fév"),
        ("mar", "mae", "mär", "mrz"),
        ("apr", "avr", "abr"),
    ),
    *(("may", "mai", "mag"), ("jun", "juin", "giu"), ("jul", "juil", "lug")),
    *(("aug", "aou", "aoû", "ago"), ("sep", "set"), ("oct", "okt", "ott"), ("nov",)),
    ("dec", "déc", "dez", "dic"),
)


def id_terms(text: str, *, encodings: tuple[str, ...], least: int) -> Iterator[Term]:
    """Yield the terms of an identifier.

    Parameters
    ----------
    least : int
        Characters, separators not counted, from which it counts everywhere.
    """
    words = _words.findall(text)
    joined = "".join(words)
    size = weight(joined)
    if len(set(joined)) < _LEAST_DISTINCT or all(is_placeholder(word) for word in words):
        return
    form = Form.DIGITS if joined.isascii() and joined.isdigit() else Form.WORDS
    if size < least:
        if least == SUBJECT_ID_CHARACTERS and size >= _LEAST_SHORT and form is Form.WORDS:
            yield Term(tuple(_with(words, "")), form, is_short=True, encodings=encodings)
        return
    separator: str | Run = Run(SEPARATORS, 1, 2)
    if size >= _FREE_SEPARATORS:
        separator = Run(SEPARATORS, 0, 2)
    if form is Form.DIGITS and len(joined.lstrip("0")) >= least:
        words = _without_zeros(words)
        atoms = (Run(ZEROS, 0, _MOST_ZEROS), *_with(words, separator))
    else:
        atoms = tuple(_with(words, separator))
    yield Term(atoms, form, is_loose=is_loose(joined), encodings=encodings)


def _without_zeros(words: list[str]) -> list[str]:
    while not words[0].strip("0"):
        words = words[1:]
    return [words[0].lstrip("0"), *words[1:]]


def _with(words: list[str], separator: str | Run) -> Iterator[str | Run]:
    for number, word in enumerate(words):
        if number and separator:
            yield separator
        yield word


def date_terms(text: str) -> Iterator[Term]:
    """Yield the terms of a date of VR DA."""
    found = _date.fullmatch(text)
    if found is None:
        return
    year, month, day = found.groups()
    if year + month + day == _DUMMY_DATE or int(year) < _FIRST_YEAR:
        return
    if not 1 <= int(month) <= len(_MONTHS):
        return
    for atoms in _dates(year, month, day):
        yield Term(atoms, Form.DATE)


def _dates(year: str, month: str, day: str) -> Iterator[tuple[str | Run, ...]]:
    zero, separator = Run(ZEROS, 0, 1), Run(SEPARATORS, 1, 2)
    short_month, short_day = month.lstrip("0"), day.lstrip("0") or day
    yield (year + month + day,)
    yield year + month + day, Run(DIGITS, 2, 6)
    yield (day + month + year,)
    if day != month:
        yield (month + day + year,)
    yield year, separator, zero, short_month, separator, zero, short_day
    yield zero, short_day, separator, zero, short_month, separator, year
    if day != month:
        yield zero, short_month, separator, zero, short_day, separator, year
    for name in _MONTHS[int(month) - 1]:
        between, letters = Run(SEPARATORS, 0, 3), Run(LETTERS, 0, 7)
        yield zero, short_day, between, name, letters, between, year
        yield name, letters, between, zero, short_day, Run(SEPARATORS, 1, 3), year
        yield year, between, name, letters, between, zero, short_day


def phone_terms(text: str) -> Iterator[Term]:
    """Yield the terms of the telephone numbers in `text`."""
    for found in _phone.findall(text):
        digits = "".join(c for c in found if c.isdigit())
        for number in dict.fromkeys([digits, _without_country(found, digits)]):
            bare = number.lstrip("0")
            if len(bare) >= _PHONE_DIGITS:
                between = Run(SEPARATORS, 0, 3)
                atoms: list[str | Run] = [bare[0]]
                for digit in bare[1:]:
                    atoms += [between, digit]
                is_long = len(bare) >= _LOOSE_PHONE_DIGITS
                yield Term(tuple(atoms), Form.DIGITS, is_loose=is_long)


def _without_country(written: str, digits: str) -> str:
    """Return the national number of ``+49 351 …``; `digits` where there is no telling."""
    if not written.startswith("+"):
        return digits
    country = re.match(r"\+(\d{1,3})[ ()/.-]", written)
    return digits[len(country[1]) :] if country else digits[_COUNTRY_CODE_DIGITS - 1 :]
