"""Judge a hit: the subject's identifier, or something that only looks like one.

The rules, in order, stand in ``ops/manual/verify.md``.
"""

import re
from collections.abc import Iterator

from pipelines.eponyms import is_eponym_before
from pipelines.verify.charsets import (
    decode,
    is_letter_or_digit,
    is_unspaced,
    python_codecs,
)
from pipelines.verify.places import Place
from pipelines.verify.search import Search, Searched
from pipelines.verify.spelling import Form, Term
from pipelines.vocabulary import is_clinical
from rules.plan import Plan
from rules.vocabulary import Option

_TEXT = frozenset(["LO", "SH", "ST", "LT", "UT", "UC", "PN"])
_CODED = frozenset(["AE", "CS", "UR"])
_NUMBERS = frozenset(["DS", "IS", "TM", "UI", "AS"])
_DATES = frozenset(["DA", "DT"])
_CHARACTERS = _TEXT | _CODED | _NUMBERS | _DATES
_INSTITUTION_NAME = {0x00080080}
_MANUFACTURER = frozenset([0x00080070, 0x00081090])
"""A test image says TOSHIBA for its institution too."""
_OUR_ROOT_TAGS = frozenset([0x00120062, 0x00120063, 0x00120064, 0x00280303])
_DATE_OPTIONS = frozenset(
    [Option.RETAIN_LONGITUDINAL_FULL_DATES, Option.RETAIN_LONGITUDINAL_MODIFIED_DATES]
)

_NUMBER_DIGITS = 6
_MOST_NOUN = 24
_COMPONENT_DIGITS = 8
_BINARY_BYTES = 6
_BULK_BYTES = 64 * 1024
_number = re.compile(rb"[0-9]+")
_component_ends = {"UI": b".\\ \0", "DS": b"\\ \0", "IS": b"\\ \0", "TM": b"\\ \0", "AS": b"\\ \0"}


class Judge:
    """Judges hits in one written object.

    Parameters
    ----------
    search : Search
    plan : Plan
    pseudonym : bytes
    """

    __slots__ = ("_keeps_dates", "_pseudonym", "_search")

    def __init__(self, search: Search, *, plan: Plan, pseudonym: bytes) -> None:
        self._search = search
        self._pseudonym = pseudonym.lower()
        self._keeps_dates = not _DATE_OPTIONS.isdisjoint(plan.options)

    def is_identity(self, place: Place, data: bytes, *, is_start: bool, is_end: bool) -> bool:
        """Return True where `data`, of the value at `place`, holds an identifier.

        Parameters
        ----------
        is_start, is_end : bool
            True where `data` begins, ends with the value.
        """
        if place.is_root and place.tag in _OUR_ROOT_TAGS:
            return False
        ours = list(_occurrences(self._pseudonym, data.lower()))
        for searched in self._search.all:
            if not self._may_count(searched, place):
                continue
            for start, end in searched.spans(data):
                if (start == 0 and not is_start) or (end == len(data) and not is_end):
                    continue  # cut by the window: judged with the one beside it
                if any(first <= start and end <= last for first, last in ours):
                    continue
                if self._counts(searched, place, data, start, end):
                    return True
        return False

    def _may_count(self, searched: Searched, place: Place) -> bool:
        term = searched.term
        if searched.tags == _INSTITUTION_NAME and place.tag in _MANUFACTURER:
            return False
        if place.is_kept_on_purpose and searched.tags == {place.tag}:
            return False  # the plan releases what this attribute says
        if term.is_short:
            return place.vr in _TEXT
        # which dates stay is what the plan says
        return not (term.form is Form.DATE and place.vr in _DATES and self._keeps_dates)

    def _counts(self, searched: Searched, place: Place, data: bytes, start: int, end: int) -> bool:
        term, codec = searched.term, searched.pattern.codec
        if term.form is Form.ENCODED:
            return data[start:end] == term.literals[0].encode("ascii")
        if term.form is not Form.WORDS and place.vr in _NUMBERS:
            return _is_whole_number(place.vr, data, start, end)
        if (
            place.vr not in _CHARACTERS
            and not codec.startswith("utf_16")
            and not _is_likely(searched, place, data, start, end)
        ):
            return False
        if place.vr != "PN" and len(term.literals) == 1:
            following = data[end : end + _MOST_NOUN].decode("latin-1")
            word = term.literals[0]
            if is_clinical(word) or is_eponym_before(word, following):
                return False
        return _is_bounded(searched, place, data, start, end)


def _is_bounded(searched: Searched, place: Place, data: bytes, start: int, end: int) -> bool:
    term, codec = searched.term, searched.pattern.codec
    if term.is_loose:
        return _is_aligned(term, codec, data, start, end)
    if codec.startswith("utf_16"):
        return _is_wide_word(codec, data, start, end)
    return _is_word(place, codec, data, start, end)


def _occurrences(needle: bytes, data: bytes) -> Iterator[tuple[int, int]]:
    position = data.find(needle) if needle else -1
    while position >= 0:
        yield position, position + len(needle)
        position = data.find(needle, position + 1)


def _is_whole_number(vr: str, data: bytes, start: int, end: int) -> bool:
    """Return True for a number that is all of a value, or of a component of a UID."""
    number = data[start:end]
    least = _COMPONENT_DIGITS if vr in ("UI", "TM", "AS") else _NUMBER_DIGITS
    ends = _component_ends[vr]
    return (
        (_number.fullmatch(number) is not None or vr == "UI")
        and len(number) >= least
        and (start == 0 or data[start - 1] in ends)
        and (end == len(data) or data[end] in ends)
    )


def _is_likely(searched: Searched, place: Place, data: bytes, start: int, end: int) -> bool:
    """Return False for what short byte strings do by chance in binary values."""
    term, codec = searched.term, searched.pattern.codec
    # separators may be any bytes
    if sum(len(literal.encode(codec, "replace")) for literal in term.literals) >= _BINARY_BYTES:
        return True
    if place.end - place.start > _BULK_BYTES:
        return False
    if term.is_loose:
        return True
    before, after = data[max(start - 1, 0) : start] or b"\0", data[end : end + 1] or b"\0"
    return _is_plain(before[0]) and _is_plain(after[0])


def _is_plain(byte: int) -> bool:
    return byte < 0x7F


def _is_word(place: Place, codec: str, data: bytes, start: int, end: int) -> bool:
    """Return True where no letter or digit stands beside the hit."""
    if place.vr not in _CHARACTERS:
        before, after = data[max(start - 1, 0) : start], data[end : end + 1]
        return not (before.isalnum() or after.isalnum()) or _ends_escape(data, start)
    encodings = python_codecs(place.charset) if codec == "ascii" else (codec,)
    before, after = data[max(start - 64, 0) : start], data[end : end + 4]
    if not _ends_escape(data, start) and _joins(_last(before, encodings)):
        return False
    return not _joins(_first(after, encodings))


def _ends_escape(data: bytes, start: int) -> bool:
    return re.search(rb"\x1b[ -/]+[0-~]$", data[max(start - 5, 0) : start]) is not None


def _last(before: bytes, encodings: tuple[str, ...]) -> str:
    if before[-2:].isascii():
        return before[-1:].decode("ascii", "replace")
    return decode(before, encodings)[-1:]


def _first(after: bytes, encodings: tuple[str, ...]) -> str:
    if after[:1].isascii():
        return after[:1].decode("ascii")
    return decode(after, encodings)[:1]


def _joins(character: str) -> bool:
    """Return True where `character` beside a word makes it another word."""
    return bool(character) and is_letter_or_digit(character) and not is_unspaced(character)


def _is_wide_word(codec: str, data: bytes, start: int, end: int) -> bool:
    """Return True where no letter or digit stands beside a hit in UTF-16."""
    if codec == "utf_16":  # ASCII, found without the zero bytes at its ends
        little = data[end : end + 1] in (b"\0", b"") and _is_wide_word(
            "utf_16_le", data, start, end + 1
        )
        big = data[start - 1 : start] == b"\0" and _is_wide_word("utf_16_be", data, start - 1, end)
        return little or big
    before = data[max(start - 2, 0) : start].decode(codec, "replace")
    after = data[end : end + 2].decode(codec, "replace")
    return not (_joins(before[-1:]) or _joins(after[:1]))


def _is_aligned(term: Term, codec: str, data: bytes, start: int, end: int) -> bool:
    """Return True where the bytes of a hit are the characters of the term."""
    if codec == "ascii" or codec.startswith("utf"):
        return True
    if codec.startswith("iso2022"):
        escape = data.rfind(b"\x1b", 0, start)
        return escape >= 0 and data[escape + 1 : escape + 2] == b"$"
    text = data[max(start - 256, 0) : end].decode(codec, "replace")
    return text.casefold().endswith(term.literals[-1].casefold())
