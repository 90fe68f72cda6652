"""Find dates in any usual format, and ages over 89."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from itertools import chain

from pipelines.text.reasons import Reason, Span
from pipelines.text.tokens import AFTER_WORD, BEFORE_WORD, fold

_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|januar|jänner|februar|märz|maerz|mai|juni|juli|oktober|dezember|mrz|mär|okt|dez"
    "|janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre"
    "|décembre"
    "|decembre|janv|févr|fevr|fév|avr|juil|déc"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre"
    "|diciembre|ene|abr"
    "|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|giu|lug|ott"
    "|januari|februari|maart|mei|augustus|mrt"
    "|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
)
_UNSURE_MONTH = "ago|dic|gen|mag|set"
"""Words too: only between a day and a year."""
_YEAR = r"(?:(?:18|19|20)\d{2})"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_TIME = (
    r"(?:(?:[ ]|,?[ ]?(?:at |um |à |@ ?))(?:[01]\d|2[0-3])[0-5]\d(?:[ ]?h(?:rs?)?)?"
    r"(?![\w.]|[ ]?m[lg]\b)"
    r"|,?[ T]*(?:at |um |à |@ ?)?(?:[01]?\d|2[0-4])[:h][0-5]\d(?:[:m][0-5]\d(?:\.\d+)?)?"
    r"(?:s\b)?(?: ?[ap]\.?m\.?\b)?(?: ?uhr\b)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_UNIT = (
    r"(?![ \t]*-?[ \t]*(?:mm|cm|ml|mg|mcg|µg|ug|kg|g|cc|gy|cgy|mci|mbq|msec|ms|sec|s|min|mins"
    r"|minutes|hours?"
    r"|hrs?|days?|weeks?|wks?|months?|years?|yrs?|y/o|yo|hu|hz|kv|kvp|mas?|degrees?|deg|tesla"
    r"|views?|vws?"
    r"|vw|slices?|x|\xd7|by(?=[ \t]*\d)|%)\b|[ \t]*[x\xd7%°])"
)
_numeric = re.compile(
    rf"(?<![.,/_-]){BEFORE_WORD}(?:"
    rf"(?P<y>{_YEAR})(?P<s1>[-/._ ])(?P<m>0?[1-9]|1[0-2])(?P=s1)(?P<d>{_DAY})"
    rf"|(?P<a>\d{{1,2}})(?P<s2>[-/.]) ?(?P<b>\d{{1,2}})(?P=s2) ?(?P<yy>{_YEAR}|\d{{2}})"
    rf"|(?:0[1-9]|1[0-2])[-/.]{_YEAR}|[1-9]/{_YEAR}|{_YEAR}[-/](?:0[1-9]|1[0-2])"
    rf")(?![\d/-]|[.,]\d|(?!T\d)[A-Za-z]){_UNIT}{_TIME}",
    re.IGNORECASE,
)
_in_protocol = re.compile(
    rf"{BEFORE_WORD}(?:{_YEAR}[-_.](?:0[1-9]|1[0-2])[-_.](?:0[1-9]|[12]\d|3[01])){AFTER_WORD}"
)
_solid = re.compile(
    rf"{BEFORE_WORD}(?<!\d[.,])"
    r"(?:(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?:[ T_]?(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\.\d+)?)?)?"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d{2}"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:19|20)\d{2})"
    rf"{AFTER_WORD}(?![.,]\d)"
)
_worded = re.compile(
    rf"{BEFORE_WORD}(?:"
    rf"{_DAY}(?:st|nd|rd|th|er|\.|º)?[ \t.,/_-]{{0,2}}(?:of |de |d')?(?:{_MONTH}"
    rf"|{_UNSURE_MONTH})\.?[ \t.,/_-]{{0,2}}"
    rf"(?:de |del )?(?:{_YEAR}|'?\d{{2}})(?!\d|\.\d)"
    rf"|(?:{_MONTH})\.?[ \t./_-]{{0,2}}(?:the[ ])?{_DAY}(?:st|nd|rd|th)?(?:[ \t]?,[ \t]?"
    rf"|[ \t./_-]{{1,2}})(?:{_YEAR}|'\d{{2}})(?!\d)"
    rf"|(?:{_MONTH})\.?[ \t,./_-]{{0,2}}(?:of |de )?(?:{_YEAR}|'\d{{2}})(?!\d)"
    rf"|{_YEAR}[ \t./_-]{{0,2}}(?:{_MONTH})\.?[ \t./_-]{{0,2}}{_DAY}"
    rf"){AFTER_WORD}{_TIME}",
    re.IGNORECASE,
)
_eastern = re.compile(
    rf"(?:(?<!\d){_YEAR}|(?:明治|大正|昭和|平成|令和|[MTSHR])[ ]?(?:\d{{1,2}}|元))[ ]?[年년][ ]?"
    rf"\d{{1,2}}[ ]?[月월](?:[ ]?\d{{1,2}}[ ]?[日일])?"
    rf"|{BEFORE_WORD}[MTSHR]\d{{1,2}}[./](?:0?[1-9]|1[0-2])[./]{_DAY}(?![\w.])"
)
"""Years of an emperor too: ``昭和30年1月2日``, ``H26.3.14``."""
_CAPITAL_MONTH = "|".join(
    sorted(
        {f"{m[0].upper()}{m[1:]}" for m in _MONTH.split("|")}
        | {m.upper() for m in _MONTH.split("|")}
    )
)
_without_year = re.compile(
    rf"{BEFORE_WORD}(?:(?:{_CAPITAL_MONTH})\.?[ \t/-]?{_DAY}(?:st|nd|rd|th)?"
    rf"|{_DAY}(?:st|nd|rd|th|\.|er)?[ \t]?(?:of )?(?:{_CAPITAL_MONTH})){AFTER_WORD}"
    rf"(?![.,/-]\d){_UNIT}{_TIME}"
)
_after_word = re.compile(
    rf"{BEFORE_WORD}(?:on|dated?|dos|dob|vom|am|del|le|seen|done|exam)(?:[ \t]*:)?[ \t]+"
    rf"(?P<date>{_DAY}[/.]{_DAY}\.?)(?![\w/-]|\.?\d){_UNIT}{_TIME}",
    re.IGNORECASE,
)
_birth_year = re.compile(
    rf"\b(?:dob|yob|b\.|year of birth|birth year|d\.o\.b\.?|born(?: in)?|birth ?date"
    rf"|date of birth|geb\.?|geboren"
    rf"|né[e]?(?: en)?|nato|nata)[: .]*"
    rf"(?P<date>{_YEAR}|\d{{1,2}}[-/. ]\d{{1,2}}[-/. ]\d{{2,4}}|\d{{6,8}}){AFTER_WORD}",
    re.IGNORECASE,
)
_MONTHS = frozenset(map(fold, f"{_MONTH}|{_UNSURE_MONTH}".split("|")))
_age = re.compile(
    r"(?<![\w.,/-])(?:(?:aged?|alter|âge|edad|età|leeftijd)[: ]{1,3}(?:of )?)?(?:9\d"
    r"|1[0-4]\d)[ \t]?-?"
    r"(?:y\.[ ]?o\.?|y/?o?[fm]?\b|yo[fm]?\b|yrs?\b\.?|years?\b|jahre?\b|jährige?r?\b|j\.(?=\W|$)"
    r"|ans\b|años\b|anni\b|jaar\b)"
    r"(?:[ -]?(?:old|alt|of age|oud)\b)?(?![ \t]+(?:ago|later|follow))"
    r"|\b(?:aged?|alter|âge|edad|età|leeftijd)[: ]{1,3}(?:of )?(?:9\d|1[0-4]\d)(?![\d%]|\.\d)\b"
    r"|(?<![\w.,/-])(?:9\d|1[0-4]\d)[ /]?(?-i:[MF])(?![\w/.-]|[ ]?\d)"
    r"|\b(?:turned|patient is|pt is|she is|he is)[ ](?:9\d|1[0-4]\d)"
    r"(?![\d%]|\.\d|[ ]?(?:kg|cm|mm|lb))\b"
    r"|\bninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?[ -]years?\b(?:[ -]old)?"
    r"|\baged?[ ]ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?\b"
    r"|(?<![\w.])09\dY\b|(?<![\w.])1[0-4]\dY\b",
    re.IGNORECASE,
)
_time_before = re.compile(
    r"(?<![\w:.])(?:[01]?\d"
    r"|2[0-3])[:h][0-5]\d(?::[0-5]\d)?(?:[ ]?[ap]\.?m\.?)?(?:[ ]uhr)?,?[ ]?(?:on[ ])?$",
    re.IGNORECASE,
)
_MONTHS_A_YEAR = 12
_DAYS = 31
_TIME_CHARACTERS = 20


def find_dates(text: str, words: AbstractSet[str]) -> Iterator[Span]:
    """Yield the dates in `text`, with the time of day that stands beside one.

    Parameters
    ----------
    words : collections.abc.Set[str]
        Of the text, folded.
    """
    for start, end in _dates(text, words):
        before = _time_before.search(text, max(start - _TIME_CHARACTERS, 0), start)
        yield Span(before.start() if before else start, end, Reason.DATE)


def has_month(words: AbstractSet[str]) -> bool:
    """Return True where a word is or may hold the name of a month: ``12mar2012``."""
    if not words.isdisjoint(_MONTHS):
        return True
    return any(len(word) > 4 and not (word.isalpha() or word.isdigit()) for word in words)


def _dates(text: str, words: AbstractSet[str]) -> Iterator[tuple[int, int]]:
    for found in _numeric.finditer(text):
        if _is_date(found):
            yield found.span()
    patterns = [_solid, _in_protocol, _eastern]
    if has_month(words):
        patterns += [_worded, _without_year]
    for found in chain.from_iterable(pattern.finditer(text) for pattern in patterns):
        yield found.span()
    for pattern in (_after_word, _birth_year):
        for found in pattern.finditer(text):
            yield found.start("date"), found.end()


def _is_date(found: re.Match[str]) -> bool:
    """Return False for three numbers that are no day, month and year."""
    if not found["a"]:
        return True
    first, second, year = int(found["a"]), int(found["b"]), found["yy"]
    if not (1 <= min(first, second) <= _MONTHS_A_YEAR and 1 <= max(first, second) <= _DAYS):
        return False
    if len(year) == 4 or found["s2"] == "/":
        return True
    has_day = max(first, second) > _MONTHS_A_YEAR
    return (
        has_day or len(found["a"]) == len(found["b"]) == 2
    )  # 1.2.10 is a version, 02.03.10 a date


def find_ages(text: str) -> Iterator[Span]:
    """Yield ages over 89."""
    for found in _age.finditer(text):
        yield Span(found.start(), found.end(), Reason.AGE_OVER_89)
