"""Find what is known of a dataset in its text, in all spellings.

What is found here is what the release gate searches (``ops/manual/verify.md``), and more.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cached_property
from typing import NamedTuple

from pipelines.eponyms import is_eponym_before
from pipelines.text import numbers
from pipelines.text.addresses import parts_of_place
from pipelines.text.known import Kind, KnownValue
from pipelines.text.reasons import Reason, Span
from pipelines.text.spellings import Person, persons_of
from pipelines.text.titles import SPEAKS, is_title
from pipelines.text.tokens import Token, is_mixed, is_unspaced, parts_of, tokens_of, words_of
from pipelines.text.unspaced import Unspaced
from pipelines.text.vocabulary import Verdict, judge
from pipelines.vocabulary import is_clinical, is_particle, is_placeholder

_LEAST_WORD = 4
_MOST_NOUN = 24
_LEAST_SHORT = 2
_LEAST_NEAR = 5
_MOST_NEAR = 64
_LEAST_PLACE_WORD = 5
_SIDES = frozenset("lrwctx")
_joint = re.compile(r"[ \t,.^_'\u2019=/&-]{0,3}")
"""Between the words of one name."""
_gate_joint = re.compile(r"[\W_]{0,3}")
"""The same for the gate: ``Wu(Ax``, ``Doe\\nJane``."""
_MOST_CUE = 12
_cue = re.compile(r"\b(?:by|per|dr|rn|md|tech|nurse|from|cc|attn|with)[.:]?[ ]$", re.IGNORECASE)
"""Before an initial that could be a side: ``per R Black``."""
_UNKNOWN = (Verdict.UNKNOWN, Verdict.NAME, Verdict.NAME_OR_WORD, Verdict.PLACE, Verdict.EPONYM)


class Need(Enum):
    """When a known word goes."""

    ALWAYS = auto()
    CAPITAL = auto()
    """Where it has a capital."""
    TITLE = auto()
    """Where it is written ``Ng``; ``NG`` and ``ng`` are words."""
    CONTEXT = auto()
    """It is a clinical word too: where another part of the name stands beside it."""


class Word(NamedTuple):
    """A known word."""

    need: Need
    reason: Reason
    persons: frozenset[int] = frozenset()


class KnownIndex:
    """What is known, ready to be found.

    Parameters
    ----------
    known : Iterable[KnownValue]
    """

    def __init__(self, known: Iterable[KnownValue]) -> None:
        values = sorted(known, key=lambda value: (value.kind, value.text))
        self._words: dict[str, Word] = {}
        self._wholes: dict[str, Word] = {}
        self._starts: set[str] = set()
        self._near: dict[str, set[str]] = {}
        self._initials: dict[int, frozenset[str]] = {}
        self._accented: set[str] = set()
        """``Lê``, which is no particle but by its letters."""
        self._unspaced = Unspaced(values)
        self._ids = numbers.Identifiers(values)
        self._phones = numbers.Phones(values)
        self._birth_dates = numbers.BirthDates(values)
        for number, value in enumerate(values):
            if value.kind in (Kind.SUBJECT, Kind.PERSON):
                self._accented.update(_accented(value.text))
                for person in persons_of(value.text):
                    self._add_person(number, person, is_subject=value.kind is Kind.SUBJECT)
            elif value.kind in (Kind.ADDRESS, Kind.INSTITUTION, Kind.DEPARTMENT):
                self._add_place(value)

    @cached_property
    def initials(self) -> frozenset[str]:
        """Return the initials of all persons."""
        return frozenset().union(*self._initials.values())

    def _add_person(self, number: int, person: Person, *, is_subject: bool) -> None:
        words = list(person.words())
        if all(map(is_placeholder, words)):
            for whole in person.wholes():
                if len(whole) == 1:  # an initial makes a name of it: ``MTest``
                    self._add_whole(whole, Word(Need.ALWAYS, Reason.NAME_KNOWN))
            return
        self._initials[number] = self._initials.get(number, frozenset()) | person.initials()
        for word in words:
            need = _need(word, is_subject=is_subject)
            if need is not None:
                self._add_word(word, Word(need, Reason.NAME_KNOWN, frozenset([number])))
                if need is Need.ALWAYS and len(word) >= _LEAST_NEAR and word.isalpha():
                    for deleted in _deletions(word):
                        self._near.setdefault(deleted, set()).add(word)
        for whole in person.wholes():
            is_named = any(not is_placeholder(word) and not is_particle(word) for word in whole)
            if is_named or whole not in person.components:  # Le^Van, not "van der"
                self._add_whole(whole, Word(Need.ALWAYS, Reason.NAME_KNOWN, frozenset([number])))

    def _add_place(self, value: KnownValue) -> None:
        reason = Reason.ADDRESS if value.kind is Kind.ADDRESS else Reason.INSTITUTION
        for words in parts_of_place(value.text):
            if len(words) > 1:
                self._add_whole(words, Word(Need.ALWAYS, reason))
            elif len(words[0]) >= _LEAST_PLACE_WORD and not is_placeholder(words[0]):
                is_word = value.kind is Kind.DEPARTMENT and judge(words[0]) is Verdict.WORD
                if not is_word and not is_clinical(words[0]):
                    self._add_word(words[0], Word(Need.ALWAYS, reason))
            for word in words:
                if len(word) >= _LEAST_WORD and word.isalpha() and judge(word) in _UNKNOWN:
                    self._add_word(word, Word(Need.CAPITAL, reason))

    def _add_word(self, word: str, added: Word) -> None:
        known = self._words.get(word)
        if known is not None:
            first = min(known, added, key=lambda each: each.need.value)
            added = first._replace(persons=known.persons | added.persons)
        self._words[word] = added

    def _add_whole(self, words: Sequence[str], added: Word) -> None:
        joined = ""
        for word in words:
            joined += word
            self._starts.add(joined)
        if len(joined) < _LEAST_WORD:
            return
        if len(words) == 1 and is_clinical(joined):
            added = added._replace(need=Need.CONTEXT)
        known = self._wholes.setdefault(joined, added)
        first = min(known, added, key=lambda each: each.need.value)
        self._wholes[joined] = first._replace(persons=known.persons | added.persons)

    def find(self, text: str, tokens: Sequence[Token], *, digits: int) -> Iterator[Span]:
        """Yield what is known in `text`; spans may overlap.

        Parameters
        ----------
        digits : int
            How many `text` has.
        """
        words, starts, near = self._words, self._starts, self._near
        for number, token in enumerate(tokens):
            low = token.low
            if low in starts:
                yield from self._find_whole(text, tokens, number)
            if low in words:
                if self._is_meant(text, tokens, number, words[low]):
                    yield Span(token.start, token.end, words[low].reason)
                    before = words.get(tokens[number - 1].low) if number else None
                    is_one = before is not None and before.persons & words[low].persons
                    beside = (number - bool(is_one), number)
                    yield from self._find_initials(text, tokens, beside, words[low].persons)
            elif token.raw == low and low.isalpha():
                continue
            elif is_mixed(token.raw):
                yield from self._find_parts(text, token)
            elif (
                near
                and token.raw[0].isupper()
                and _LEAST_NEAR <= len(low) <= _MOST_NEAR
                and self._is_near(low)
            ):
                yield Span(token.start, token.end, Reason.NAME_KNOWN)
        yield from self._ids.find(text, tokens)
        if digits:
            yield from self._birth_dates.find(text)
            yield from self._phones.find(text, digits=digits)
        if not text.isascii():
            yield from self._unspaced.find(text)
            yield from self._find_accented(tokens)

    def _find_whole(self, text: str, tokens: Sequence[Token], first: int) -> Iterator[Span]:
        joined, last = "", None
        for number in range(first, len(tokens)):
            token = tokens[number]
            if number > first and not _gate_joint.fullmatch(
                text, tokens[number - 1].end, token.start
            ):
                break
            joined += token.low
            whole = self._wholes.get(joined)
            if whole is not None and not (whole.need is Need.CONTEXT and is_clinical(token.raw)):
                last, known = number, whole
            if joined not in self._starts:
                break
        if last is not None and not (last == first and self._is_eponym(text, tokens, first)):
            yield Span(tokens[first].start, tokens[last].end, known.reason)
            yield from self._find_initials(text, tokens, (first, last), known.persons)

    def _find_parts(self, text: str, token: Token) -> Iterator[Span]:
        parts = parts_of(token)
        for number, part in enumerate(parts):
            known = self._words.get(part.low)
            if known is not None and known.need is Need.ALWAYS and len(part.low) >= _LEAST_WORD:
                yield Span(part.start, part.end, known.reason)
            elif part.low in self._starts:
                yield from self._find_whole(text, parts, number)

    def _find_accented(self, tokens: Sequence[Token]) -> Iterator[Span]:
        for token in tokens:
            if token.raw.isascii() or is_unspaced(token.raw):
                continue
            if _spelled(token) in self._accented:
                yield Span(token.start, token.end, Reason.NAME_KNOWN)
            for word in words_of(token.raw):
                known = self._words.get(word)
                if known is not None and known.need is Need.ALWAYS:
                    yield Span(token.start, token.end, known.reason)

    def _is_meant(self, text: str, tokens: Sequence[Token], number: int, known: Word) -> bool:
        token = tokens[number]
        if self._is_eponym(text, tokens, number):
            return False
        if known.need is Need.ALWAYS or not token.raw.isascii():
            return True  # the words of the vocabulary have no accents
        if known.need is Need.CAPITAL:
            return token.raw[0].isupper()
        is_written_as_name = known.need is Need.TITLE and token.raw.istitle()
        if is_written_as_name or self._is_said(text, tokens, number):
            return True
        for beside in (number - 1, number + 1):
            if 0 <= beside < len(tokens) and tokens[beside].low != token.low:
                first, second = sorted((token, tokens[beside]))
                if _is_beside(text, first, second) and self._is_part(text, known, tokens[beside]):
                    return True
        return False

    def _is_eponym(self, text: str, tokens: Sequence[Token], number: int) -> bool:
        """Return True where a name stands for a disease, a sign, a view; as the gate does."""
        token = tokens[number]
        following = text[token.end : token.end + _MOST_NOUN]
        if not is_eponym_before(token.low, following) or self._is_said(text, tokens, number):
            return False
        if not number or not _is_beside(text, tokens[number - 1], token):
            return True
        known = self._words.get(tokens[number - 1].low)  # John Waters view, Waters, John
        return known is None or tokens[number - 1].low == token.low

    @staticmethod
    def _is_said(text: str, tokens: Sequence[Token], number: int) -> bool:
        """Return True after a title, and before what only a patient does."""
        token = tokens[number]
        if number and is_title(text, tokens[number - 1], token):
            return True
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        if following is None or following.low not in SPEAKS:
            return False
        return token.raw.istitle() and text[token.end : following.start] == " "

    def _is_part(self, text: str, known: Word, other: Token) -> bool:
        """Return True where `other` is another word of the same name, or an initial."""
        beside = self._words.get(other.low)
        if beside is not None:
            return bool(beside.persons & known.persons)
        if len(other.low) != 1 or not other.raw.isupper():
            return False
        if not self._is_initial(other, known.persons):
            return False
        before = text[max(other.start - 2, 0) : other.start]
        following = text[other.end + 1 : other.end + 3]
        is_name = following[1:].islower() or other.low != "a"
        is_before_name = text[other.end : other.end + 1] == " " and is_name
        return (
            text[other.end : other.end + 1] == "."
            or "," in before
            or (is_before_name and not _is_side(text, other))
        )

    def _is_initial(self, token: Token, persons: frozenset[int]) -> bool:
        return len(token.raw) == 1 and any(
            token.low in self._initials[person] for person in persons
        )

    def _find_initials(
        self,
        text: str,
        tokens: Sequence[Token],
        name: tuple[int, int],
        persons: frozenset[int],
    ) -> Iterator[Span]:
        """Yield the initials beside a known name, from its first to its last word."""
        first, number = name
        token = tokens[first]
        for before in reversed(tokens[max(first - 3, 0) : first]):
            between = text[before.end : token.start]
            is_plain = between == " " and before.raw.isupper() and not _is_side(text, before)
            if not (self._is_initial(before, persons) and (is_plain or between in (".", ". "))):
                break
            yield Span(before.start, token.start, Reason.NAME_KNOWN)
            token = before
        token = tokens[number]
        if number + 1 < len(tokens) and self._is_initial(tokens[number + 1], persons):
            after = tokens[number + 1]
            between, mark = text[token.end : after.start], text[after.end : after.end + 1]
            is_full = first < number and after.low not in "lr"
            is_last = mark in ("", ",", ";", ")", ".", "\n") or (is_full and mark == " ")
            if between in (" ", ", ", ",", "_", "^") and after.raw.isupper() and is_last:
                yield Span(token.end, after.end + (mark == "."), Reason.NAME_KNOWN)

    def _is_near(self, low: str) -> bool:
        """Return True for a known name with one letter more, less or changed."""
        if not any(key in self._near for key in _deletions(low)):
            return low.endswith("s") and _is_always(self._words.get(low[:-1]))
        names = set().union(*(self._near.get(key, ()) for key in _deletions(low)))
        if not any(name[0] == low[0] and _is_one_apart(name, low) for name in names):
            return False
        return judge(low) not in (Verdict.WORD, Verdict.EPONYM)


def _is_side(text: str, token: Token) -> bool:
    """Return True for a letter that may be a side, unless a word before it says a name."""
    before = max(token.start - _MOST_CUE, 0)
    return token.low in _SIDES and _cue.search(text, before, token.start) is None


def _is_always(word: Word | None) -> bool:
    return word is not None and word.need is Need.ALWAYS


def _need(word: str, *, is_subject: bool) -> Need | None:
    """Return when a word of a name goes; None for never."""
    if is_unspaced(word) or is_placeholder(word) or is_particle(word):
        return None
    if len(word) < _LEAST_SHORT or (len(word) < _LEAST_WORD and word.isdigit()):
        return None
    if is_clinical(word):
        return Need.CONTEXT
    if len(word) >= _LEAST_WORD or is_subject:
        return Need.ALWAYS
    return Need.TITLE if judge(word) is Verdict.WORD else Need.CAPITAL


def _is_beside(text: str, first: Token, second: Token) -> bool:
    return _joint.fullmatch(text, first.end, second.start) is not None


def _accented(text: str) -> Iterator[str]:
    """Yield the words that only their accents make a name."""
    for token in () if text.isascii() else tokens_of(text):
        is_other_word = is_placeholder(token.low) or is_particle(token.low)
        if is_other_word and not token.raw.isascii():
            yield _spelled(token)


def _spelled(token: Token) -> str:
    return unicodedata.normalize("NFC", token.raw.casefold())


def _deletions(word: str) -> Iterator[str]:
    yield word
    for number in range(len(word)):
        yield word[:number] + word[number + 1 :]


def _is_one_apart(one: str, other: str) -> bool:
    """Return True where one letter is changed, added, missing, or two are swapped."""
    if one == other:
        return True
    if len(one) > len(other):
        one, other = other, one
    first = next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one)
    )
    if len(one) < len(other):
        return one[first:] == other[first + 1 :]
    swapped = one[:first] + one[first : first + 2][::-1] + one[first + 2 :]
    return one[first + 1 :] == other[first + 1 :] or swapped == other
