"""Clean free text at word level: the Clean Descriptors Option (PS3.15, E.3.5)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pipelines.text.addresses import find_addresses, find_homes
from pipelines.text.contacts import find_contacts, find_phones
from pipelines.text.dates import find_ages, find_dates, has_month
from pipelines.text.identifiers import find_identifiers
from pipelines.text.index import KnownIndex
from pipelines.text.institutions import find_institutions
from pipelines.text.known import KnownValue
from pipelines.text.names import NameFinder
from pipelines.text.reasons import Reason, Span
from pipelines.text.tidy import take_out
from pipelines.text.tokens import tokens_of
from pipelines.vocabulary import is_meaning

_digit = re.compile(r"\d")
_LEAST_PHONE = 4
_LEAST = 2
"""Digits."""
_MOST_PASSES = 32
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width forms of ASCII, one character each."""
_TEXTS = 2048
_CACHED_CHARACTERS = 512
_CLEANERS = 8


class Depth(StrEnum):
    """How much of a text goes."""

    FREE = "free"
    """Everything that names a person, known or not."""
    KNOWN = "known"
    """What is known of the dataset."""


@dataclass(frozen=True, slots=True)
class CleanedText:
    """A text without its persons.

    Attributes
    ----------
    text : str
        Never longer than it was; the same where nothing was found.
    reasons : tuple[Reason, ...]
        Why something went, each once, sorted.
    """

    text: str
    reasons: tuple[Reason, ...] = ()


class TextCleaner:
    """Cleans the texts of one dataset.

    Parameters
    ----------
    known : frozenset[KnownValue]
    """

    __slots__ = ("_cache", "_known")

    def __init__(self, known: frozenset[KnownValue]) -> None:
        self._known = KnownIndex(known)
        self._cache: dict[tuple[str, Depth], CleanedText] = {}

    def clean(self, text: str, depth: Depth) -> CleanedText:
        """Return `text` without persons; cleaning it again changes nothing."""
        if len(text) > _CACHED_CHARACTERS:
            return self._clean(text, depth)
        key = (text, depth)
        cleaned = self._cache.get(key)
        if cleaned is None:
            cleaned = self._clean(text, depth)
            if len(self._cache) >= _TEXTS:
                self._cache.clear()
            self._cache[key] = cleaned
        return cleaned

    def _clean(self, text: str, depth: Depth) -> CleanedText:
        reasons: set[Reason] = set()
        for _ in range(_MOST_PASSES):
            spans = self._spans(text, depth)
            if not spans:
                break
            reasons.update(span.reason for span in spans)
            text = take_out(text, spans)
        else:  # made to be cut for ever: nothing of it is known to be clean
            text = ""
        return CleanedText(text, tuple(sorted(reasons)))

    def _spans(self, text: str, depth: Depth) -> list[Span]:
        return [span for span in self._find(text, depth) if span.end > span.start]

    def _find(self, text: str, depth: Depth) -> Iterator[Span]:
        if not text.isascii():
            text = text.translate(_WIDE)
        tokens = tokens_of(text)
        digits = len(_digit.findall(text))
        yield from self._known.find(text, tokens, digits=digits)
        if depth is Depth.KNOWN or is_meaning(text):
            return
        yield from find_contacts(text)
        if digits >= _LEAST_PHONE:
            yield from find_phones(text)
        words = {token.low for token in tokens}
        if digits:
            words.update([low.rstrip("0123456789") for low in words if not low.isalpha()])
            yield from find_addresses(text)
        if digits >= _LEAST:
            yield from find_dates(text, words)
            yield from find_identifiers(text, words)
            yield from find_ages(text)
        elif digits and has_month(words):
            yield from find_dates(text, words)
        elif "ninety" in words:
            yield from find_ages(text)
        yield from find_homes(text, words)
        yield from find_institutions(text, tokens, words)
        yield from NameFinder(text, tokens, initials=self._known.initials).find()


@lru_cache(maxsize=_CLEANERS)
def cleaner_for(known: frozenset[KnownValue]) -> TextCleaner:
    """Return the cleaner of a dataset; the last few stay."""
    return TextCleaner(known)
