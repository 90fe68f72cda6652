"""Spell names of persons and places in all ways they are written."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipelines.verify.charsets import is_letter_or_digit, is_unspaced
from pipelines.verify.spelling import SEPARATORS, Atoms, Form, Run, Term, is_loose
from pipelines.vocabulary import is_particle, is_placeholder

LEAST = 4
"""Characters from which a word is searched everywhere."""
_LEAST_TEXT = 8
_LEAST_WORD_OF_TEXT = 5
_LEAST_SHORT = 2
_LEAST_FAMILY_NAME = 3
_COMPONENTS = 3
"""Family, given and middle name; prefix and suffix name nobody."""

_BETWEEN = Run(SEPARATORS, 0, 3)
_APART = Run(SEPARATORS, 1, 3)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_line_ends = re.compile(r"[\r\n\f,;\\]+")

Words = tuple[str, ...]


def terms(text: str, *, encodings: tuple[str, ...], is_subject: bool) -> Iterator[Term]:
    """Yield the terms of one value of VR PN.

    Parameters
    ----------
    is_subject : bool
        True: short words count too.
    """
    for group in text.split("="):
        for spelled in _transliterations(group):
            components = _components(spelled)
            for words in components:
                yield from _component(words, encodings, is_subject=is_subject)
            yield from _whole(components, encodings)


def text_terms(text: str, *, encodings: tuple[str, ...]) -> Iterator[Term]:
    """Yield the terms of an address, an e-mail address, the name of an institution."""
    for spelled in _transliterations(text):
        parts = {spelled, *_line_ends.split(spelled)}
        for part in sorted(parts):
            words = _words(part)
            if len(words) == 1 and weight(words[0]) >= _LEAST_WORD_OF_TEXT:
                yield from _word(words[0], encodings, is_subject=False)
            elif len(words) > 1 and sum(map(weight, words)) >= _LEAST_TEXT:
                yield _term(words, encodings)
    local, at, _ = text.partition("@")
    if at:
        words = _words(local.rpartition(" ")[2])
        if words and sum(map(weight, words)) >= _LEAST_WORD_OF_TEXT:
            yield _term(words, encodings)


def weight(word: str) -> int:
    """Return the length of a word; a character that stands for a syllable counts twice."""
    return sum(1 + is_unspaced(character) for character in word)


def _transliterations(text: str) -> list[str]:
    """Return `text`, without accents, and with German vowels spelled out."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    german = text.replace("ß", "ss").translate(_GERMAN)
    if not any(script in unicodedata.name(c, "") for c in text for script in ("LATIN",)):
        return [text]
    return list(dict.fromkeys([text, plain, german]))


def _components(group: str) -> list[Words]:
    """Return the words of family, given and middle name."""
    parts = group.split("^")
    if len(parts) == 1:
        parts = group.split(",")
    return [words for part in parts[:_COMPONENTS] if (words := _words(part))]


def _words(text: str) -> Words:
    parted = "".join(c if is_letter_or_digit(c) else " " for c in text)
    return tuple(parted.split())


def _component(words: Words, encodings: tuple[str, ...], *, is_subject: bool) -> Iterator[Term]:
    if len(words) == 1:
        yield from _word(words[0], encodings, is_subject=is_subject)
        return
    if not all(is_placeholder(word) or is_particle(word) for word in words):
        yield from _sized(words, encodings)
    for word in words:
        if weight(word) >= LEAST:
            yield from _word(word, encodings, is_subject=is_subject)


def _word(word: str, encodings: tuple[str, ...], *, is_subject: bool) -> Iterator[Term]:
    if is_placeholder(word):
        return
    size = weight(word)
    if size >= LEAST:
        yield _term((word,), encodings)
    elif is_subject and size >= _LEAST_SHORT and not is_particle(word) and not word.isdigit():
        yield Term((word,), Form.WORDS, is_short=True, encodings=encodings)


def _whole(components: Sequence[Words], encodings: tuple[str, ...]) -> Iterator[Term]:
    """Yield family and given names together, in both orders, and with an initial."""
    if len(components) < 2:
        if components and len(components[0]) == 2:
            yield from _sized(components[0][::-1], encodings)
        return
    family, given, *middle = components
    if all(is_placeholder(word) for word in (*family, *given)):
        return
    orders = [family + given, given + family]
    if middle:
        orders += [family + given + middle[0], given + middle[0] + family]
    for words in orders:
        yield from _sized(words, encodings)
    joined = "".join(family)
    if joined.isalpha() and len(joined) >= _LEAST_FAMILY_NAME and not is_loose(joined):
        initial = given[0][0]
        for word in (initial + joined, joined + initial):
            yield _term((word,), encodings)


def _sized(words: Words, encodings: tuple[str, ...]) -> Iterator[Term]:
    """Yield the words together where they are long enough to mean somebody."""
    size = sum(map(weight, words))
    if size > LEAST or (size == LEAST and is_loose("".join(words))):
        yield _term(words, encodings)
    elif size == LEAST:
        yield _term(words, encodings, between=_APART)


def _term(words: Words, encodings: tuple[str, ...], *, between: Run = _BETWEEN) -> Term:
    atoms: list[str | Run] = []
    for word in words:
        atoms += [between, word] if atoms else [word]
    joined = "".join(words)
    form = Form.DIGITS if joined.isascii() and joined.isdigit() else Form.WORDS
    frozen: Atoms = tuple(atoms)
    return Term(frozen, form, is_loose=is_loose(joined), encodings=encodings)
