"""Find the known numbers of a dataset: identifiers, telephone numbers, the birth date."""

import re
from collections.abc import Iterable, Iterator, Sequence

from pipelines.text.known import Kind, KnownValue
from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import (
    AFTER_WORD,
    BEFORE_WORD,
    Token,
    is_mixed,
    parts_of,
    words_of,
)
from pipelines.vocabulary import is_clinical, is_placeholder

_LEAST = {Kind.SUBJECT_ID: 4, Kind.ID: 6}
_LEAST_FREE = 6
"""Characters from which an identifier is found with separators at any place."""
_LEAST_SHORT = 2
_MOST_GAP = 2
_LEAST_PHONE = 7
_digits = re.compile(r"\d(?:[^0-9A-Za-z]{0,3}\d)*")
_phone = re.compile(r"[+(]?\d[\d ()/.+-]{5,}\d")
_core = re.compile(r"[a-z]{1,4}0*([1-9]\d{5,})")
_date = re.compile(r"(\d{4})[./-]?(\d{2})[./-]?(\d{2})")
_FIRST_YEAR = 1850
MONTHS = (
    ("jan", "ene", "gen"),
    ("feb", "fev", "fév"),
    ("mar", "mae", "mär", "mrz"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mag", "mei"),
    ("jun", "juin", "giu"),
    ("jul", "juil", "lug"),
    ("aug", "aou", "aoû", "ago"),
    ("sep", "set"),
    ("oct", "okt", "ott"),
    ("nov",),
    ("dec", "déc", "dez", "dic"),
)
"""How the names of months begin, January first."""


class Identifiers:
    """Known identifiers, found with any separators and leading zeros.

    Parameters
    ----------
    known : Iterable[KnownValue]
    """

    __slots__ = ("_starts", "_wholes")

    def __init__(self, known: Iterable[KnownValue]) -> None:
        self._wholes: set[str] = set()
        self._starts: set[str] = set()
        for value in known:
            if value.kind in _LEAST:
                self._add(words_of(value.text), value.kind)

    def _add(self, words: tuple[str, ...], kind: Kind) -> None:
        joined = "".join(words)
        if len(set(joined)) < _LEAST_SHORT or all(map(is_placeholder, words)):
            return
        if len(words) == 1 and is_clinical(joined):
            return
        least = _LEAST[kind]
        if len(joined) < least and (
            kind is Kind.ID or joined.isdigit() or len(joined) < _LEAST_SHORT
        ):
            return
        whole = joined
        if joined.isdigit() and len(joined.lstrip("0")) >= least:
            whole = joined.lstrip("0")
        self._wholes.update((joined, whole))
        core = _core.fullmatch(joined)
        if core is not None:  # MR-00481516 is written 481516 too
            self._wholes.add(core[1])
            self._starts.add(core[1])
        if len(joined) >= _LEAST_FREE:
            self._starts.update(whole[:cut] for cut in range(1, len(whole)))
            self._starts.update(joined[:cut] for cut in range(1, len(joined)))
        start = ""
        for word in words:
            start += word
            self._starts.update((start, start.lstrip("0") or start))

    def find(self, text: str, tokens: Sequence[Token]) -> Iterator[Span]:
        """Yield the identifiers in `text`."""
        if not self._wholes:
            return
        starts = self._starts
        for number, token in enumerate(tokens):
            low = token.low
            if low in starts or (low[0] == "0" and _bare(low) in starts):
                yield from self._find(text, tokens, number)
            elif len(low) > _LEAST_FREE and is_mixed(token.raw):
                for part in parts_of(token):
                    if len(part.low) >= _LEAST_FREE and _bare(part.low) in self._wholes:
                        yield Span(part.start, part.end, Reason.ID_KNOWN)

    def _find(self, text: str, tokens: Sequence[Token], first: int) -> Iterator[Span]:
        joined, end = "", -1
        for number in range(first, len(tokens)):
            token = tokens[number]
            if number > first:
                between = text[tokens[number - 1].end : token.start]
                if len(between) > _MOST_GAP:
                    break
            joined += token.low
            bare = _bare(joined)
            if joined in self._wholes or bare in self._wholes:
                end = token.end
            if joined not in self._starts and bare not in self._starts:
                break
        if end >= 0:
            yield Span(tokens[first].start, end, Reason.ID_KNOWN)


def _bare(text: str) -> str:
    return (text.lstrip("0") or text) if text[0] == "0" and text.isdigit() else text


class Phones:
    """Known telephone numbers, however grouped.

    Parameters
    ----------
    known : Iterable[KnownValue]
    """

    __slots__ = ("_numbers",)

    def __init__(self, known: Iterable[KnownValue]) -> None:
        self._numbers: set[str] = set()
        for value in known:
            if value.kind in (Kind.PHONE, Kind.ADDRESS, Kind.INSTITUTION):
                for written in _phone.findall(value.text):
                    self._numbers.update(
                        bare
                        for number in _national(written)
                        if len(bare := number.lstrip("0")) >= _LEAST_PHONE
                    )

    def find(self, text: str, *, digits: int) -> Iterator[Span]:
        """Yield the telephone numbers in `text`, which has so many `digits`."""
        if not self._numbers or digits < _LEAST_PHONE:
            return
        for run in _digits.finditer(text):
            places = [n for n in range(run.start(), run.end()) if text[n].isdigit()]
            joined = "".join(text[n] for n in places)
            for number in self._numbers:
                at = joined.find(number)
                if at >= 0:
                    start, end = places[at], places[at + len(number) - 1] + 1
                    while start and text[start - 1] in "0123456789+(":
                        start -= 1
                    while end < len(text) and text[end].isdigit():
                        end += 1
                    yield Span(start, end, Reason.PHONE)


def _national(written: str) -> Iterator[str]:
    digits = "".join(c for c in written if c.isdigit())
    yield digits
    if written.startswith("+"):
        country = re.match(r"\+(\d{1,3})[ ()/.-]", written)
        yield digits[len(country[1]) :] if country else digits[2:]


class BirthDates:
    """Known birth dates, in all formats with a year of four digits.

    Parameters
    ----------
    known : Iterable[KnownValue]
    """

    __slots__ = ("_dates", "_patterns")

    def __init__(self, known: Iterable[KnownValue]) -> None:
        self._dates = [
            found.groups()
            for value in known
            if value.kind is Kind.BIRTH_DATE
            and (found := _date.fullmatch(value.text.strip()))
            and int(found[1]) >= _FIRST_YEAR
            and 1 <= int(found[2]) <= len(MONTHS)
        ]
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, text: str) -> Iterator[Span]:
        """Yield the birth dates in `text`."""
        for year, month, day in self._dates:
            if year in text:
                pattern = self._patterns.get(year + month + day)
                if pattern is None:
                    pattern = _pattern(year, month, day)
                    self._patterns[year + month + day] = pattern
                for found in pattern.finditer(text):
                    yield Span(found.start(), found.end(), Reason.BIRTH_DATE)


def _pattern(year: str, month: str, day: str) -> re.Pattern[str]:
    sep, near, mon, dd = r"[\W_]{1,2}", r"[\W_]{0,3}", month.lstrip("0"), day.lstrip("0") or day
    name = f"(?:{'|'.join(MONTHS[int(month) - 1])})[^\\W\\d_]{{0,7}}"
    forms = (
        rf"{year}{month}{day}\d{{0,6}}",
        f"{day}{month}{year}",
        f"{month}{day}{year}",
        f"{year}{sep}0?{mon}{sep}0?{dd}",
        f"0?{dd}{sep}0?{mon}{sep}{year}",
        f"0?{mon}{sep}0?{dd}{sep}{year}",
        f"0?{dd}{near}{name}{near}{year}",
        rf"{name}{near}0?{dd}(?:st|nd|rd|th)?[\W_]{{1,3}}{year}",
        f"{year}{near}{name}{near}0?{dd}",
    )
    return re.compile(rf"{BEFORE_WORD}(?:{'|'.join(forms)}){AFTER_WORD}", re.IGNORECASE)
