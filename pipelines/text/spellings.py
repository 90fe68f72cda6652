"""Spell the names of a person in all ways they are written."""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.text.tokens import fold, fold_german, is_unspaced, words_of
from pipelines.vocabulary import is_particle

Words = tuple[str, ...]

_COMPONENTS = 3
"""Family, given and middle name; prefix and suffix name nobody."""
_LEAST_WITH_INITIAL = 3
_vowels = re.compile("ae|oe|ue")
_breaks = re.compile(r"[\^,]")


class Person(NamedTuple):
    """One spelling of one representation of a name.

    Attributes
    ----------
    components : list[Words]
        Folded words of family, given and middle name.
    """

    components: list[Words]

    def words(self) -> Iterator[str]:
        """Yield each word."""
        return itertools.chain.from_iterable(self.components)

    def initials(self) -> frozenset[str]:
        """Return the first letters of the words."""
        return frozenset(word[0] for word in self.words())

    def wholes(self) -> Iterator[Words]:
        """Yield what is written side by side, or in one word, for this person."""
        for words in self.components:
            if len(words) > 1:
                yield words
        if len(self.components) < 2:
            if self.components and len(self.components[0]) == 2:
                yield self.components[0][::-1]
            return
        family, given, *middle = self.components
        yield family + given
        yield given + family
        for word in family if len(family) > 1 else ():  # one of two family names
            if is_particle(word):
                continue
            yield from ((word, *given), (*given, word))
        if middle:
            yield from (family + given + middle[0], given + middle[0] + family)
            yield from ((*family, *given, middle[0][0][0]), (*given, middle[0][0][0], *family))
        joined = "".join(family)
        if joined.isalpha() and len(joined) >= _LEAST_WITH_INITIAL:
            initials = given[0][0] + (middle[0][0][0] if middle else "")
            for initial in dict.fromkeys([initials[0], initials]):
                yield (initial + joined,)
                yield (joined + initial,)


_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_HIRAGANA = {code + 0x60: code for code in range(0x3041, 0x3097)}
"""The two ways to write Japanese by sound."""


def persons_of(text: str) -> Iterator[Person]:
    """Yield the spellings of a value of VR PN."""
    for group in text.split("="):
        parts = group.split("^")
        if len(parts) == 1:
            parts = group.split(",")
        named = [part for part in parts[:_COMPONENTS] if part.strip()]
        for spelled in dict.fromkeys(
            tuple(words for part in named if (words := words_of(spell(part)))) for spell in _SPELLS
        ):
            if spelled:
                yield Person(list(spelled))


def _without_german_vowels(text: str) -> str:
    return _vowels.sub(lambda found: found[0][0], fold(text))


_SPELLS = (fold, fold_german, _without_german_vowels)


def unspaced_words(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the names in scripts without spaces, as they are written, by component."""
    for group in text.split("="):
        words = tuple(part.strip() for part in _breaks.split(group)[:_COMPONENTS] if part.strip())
        if is_unspaced(group):
            for form in ("NFC", "NFD", "NFKC"):
                spelled = tuple(unicodedata.normalize(form, word) for word in words)
                yield spelled
            yield tuple(word.translate(_KATAKANA) for word in spelled)
            yield tuple(word.translate(_HIRAGANA) for word in spelled)
