"""Tell whether a word is somebody's name where it stands, by itself and by what is beside it."""

import re
from collections.abc import Sequence

from pipelines.text.eponyms import is_eponym, is_pair, is_sign, is_term
from pipelines.text.titles import (
    AFTER,
    PARTICLES,
)
from pipelines.text.tokens import Token, fold, is_mixed, is_unspaced, parts_of
from pipelines.text.vocabulary import (
    Verdict,
    is_frequent_surname,
    is_own,
    is_possible_name,
    is_word_of,
    judge,
    languages_of,
)
from pipelines.vocabulary import is_clinical

_LEAST_UNKNOWN = 4
_LEAST_IN_PROTOCOL = 4
_MOST_CONSONANTS = 5
_SIDES = frozenset("lrwctsx")
"""Left, right, with, and the regions of the spine: no initials."""
_LINKS = frozenset(["und", "y", "e", "en"])
_initials = re.compile(r"(?:[A-Z]\.[ \t]?){1,3}(?:[A-Z]\b\.?)?|[A-Z]{2,3}\b(?!\.\w)")
_MOST_ABBREVIATED = 5
"""Letters of an unknown word in capitals that is no name in a text with small letters."""
_no_onset = re.compile(
    r"(?!sch|chr|str|thr|phr|spr|scr|spl|shr|skr|chl|szc|[kpbtgdw]rz|str|zby|zdr|stj|mc|m[bpt]|n[dgkst])"
    r"[bcdfghjklmnpqrstvwxz]{3}"
)
"""Begins an abbreviation: ``FRFSE``; no name begins so."""
_vowels = frozenset("aeiouy")
_LATIN_END = "\u024f"
_named = (
    *(Verdict.NAME, Verdict.NAME_OR_WORD, Verdict.EPONYM, Verdict.UNKNOWN, Verdict.PLACE),
    Verdict.FOREIGN,
)


class NameWords:
    """The words of one text.

    Parameters
    ----------
    text : str
    tokens : Sequence[Token]
    initials : frozenset[str]
        Of the persons of the dataset.
    """

    __slots__ = ("_has_small", "_initials", "_languages", "_text", "_tokens")

    def __init__(self, text: str, tokens: Sequence[Token], *, initials: frozenset[str]) -> None:
        self._text = text
        self._tokens = tokens
        self._initials = initials
        self._has_small = not text.isupper()
        self._languages = languages_of(token.low for token in tokens)

    def _between(self, number: int) -> str:
        """Return what stands between a word and the next."""
        return self._text[self._tokens[number].end : self._tokens[number + 1].start]

    def _is_name(self, number: int) -> bool:
        """Return True for a word that is somebody's name, as it stands."""
        token = self._tokens[number]
        raw = token.raw
        if len(raw) < 2 or not raw[0].isalpha() or is_unspaced(raw) or token.low in AFTER:
            return False
        if not raw.isalpha() or is_mixed(raw):
            return self._is_camel_name(token)
        verdict = judge(raw.casefold())
        return verdict is not Verdict.WORD and self._is_meant(number, verdict)

    def _is_meant(self, number: int, verdict: Verdict) -> bool:
        """Return True where a word that is a name by itself is one here."""
        start, end, raw, token_low = self._tokens[number]
        in_protocol = "_" in (self._text[start - 1 : start], self._text[end : end + 1])
        if in_protocol and (verdict is Verdict.UNKNOWN or len(raw) < _LEAST_IN_PROTOCOL):
            return False
        if raw.islower() and raw[0] != raw[0].upper():
            is_name = verdict is Verdict.NAME and not in_protocol and len(raw) >= _LEAST_UNKNOWN
            return is_name and not is_word_of(raw, self._languages)
        if is_pair(self._text, self._tokens, number):
            return False
        if verdict is Verdict.EPONYM:
            is_surname = is_frequent_surname(token_low)
            return is_surname and not is_eponym(self._text, self._tokens, number)
        is_unsure = verdict in (Verdict.UNKNOWN, Verdict.FOREIGN)
        is_thing = is_sign(self._text, self._tokens, number) or (
            is_unsure and is_term(self._text, self._tokens, number)
        )
        return not is_thing and self._is_unlike_word(raw, verdict)

    def _is_unlike_word(self, raw: str, verdict: Verdict) -> bool:
        """Return False for words of the language of the text, and for abbreviations."""
        if verdict is Verdict.FOREIGN:
            return not is_word_of(raw.casefold(), self._languages) and _is_like_name(raw)
        if verdict is Verdict.UNKNOWN:
            if raw.isupper() and raw.isascii():
                most = _MOST_ABBREVIATED if self._has_small else _MOST_ABBREVIATED - 1
                return _is_like_name(raw) and len(raw) > most
            return _is_like_name(raw)
        return True

    def _is_camel_name(self, token: Token) -> bool:
        """Return True for ``McDonald``, ``JaneDoe``; False for protocols."""
        raw = token.raw
        if not raw.isalpha() or not raw.isascii() or raw[0].islower():
            return False
        parts = parts_of(token)
        if parts[0].low in PARTICLES and len(parts) == 2 and parts[1].raw.istitle():
            verdict = judge(token.low)
            is_sign = verdict is Verdict.EPONYM and not is_frequent_surname(token.low)
            return verdict is not Verdict.WORD and not is_sign
        return any(
            len(part.low) >= _LEAST_IN_PROTOCOL
            and judge(part.low) in (Verdict.NAME, Verdict.NAME_OR_WORD)
            for part in parts
        )

    def _is_particle(self, number: int) -> bool:
        """Return True for ``van``, ``de la``, and the ``und`` of ``von und zu``."""
        tokens = self._tokens
        if tokens[number].low in PARTICLES:
            return True
        if tokens[number].low not in _LINKS or not 0 < number < len(tokens) - 1:
            return False
        return tokens[number - 1].low in PARTICLES and tokens[number + 1].low in PARTICLES

    def _is_free(self, token: Token) -> bool:
        """Return True for a word that may be anything, after a given name and an initial."""
        is_word = is_own(token.low) or is_clinical(token.low)
        return token.raw.istitle() and len(token.raw) > 1 and not is_word

    def _is_initial(self, number: int, *, is_first: bool) -> bool:
        """Return True for a single capital beside a name."""
        token = self._tokens[number]
        if len(token.raw) != 1 or not token.raw.isupper():
            return False
        after = self._text[token.end : token.end + 1]
        if after == ".":
            return not self._text[token.end + 1 : token.end + 2].islower()  # Z.n., V.a.
        if token.low in _SIDES and not is_first:
            return self._is_last_initial(token)
        if is_first:
            return number + 1 < len(self._tokens) and self._is_name(number + 1)
        return not self._text[token.end : token.end + 2].lstrip(" ").isdigit()

    def _is_last_initial(self, token: Token) -> bool:
        after = self._text[token.end : token.end + 2]
        is_last = after[:1] in ("", ",", ";", ")", ".", "\n") and not after[1:].islower()
        return len(token.raw) == 1 and token.raw.isupper() and is_last

    def _is_short_initials(self, token: Token) -> bool:
        return (
            token.raw.isupper()
            and len(token.raw) in (2, 3)
            and token.raw.isalpha()
            and not is_own(token.low)
            and not is_clinical(token.low)
        )

    def _may_be_name(self, number: int, *, is_meant: bool) -> bool:
        """Return True for a word that may be a name, where a name is expected."""
        token = self._tokens[number]
        if not token.raw.isalpha() or len(token.raw) < 2:
            return is_meant and len(token.raw) > 4 and judge(token.low) is Verdict.UNKNOWN
        verdict = judge(token.raw.casefold())
        if not token.raw[0].isupper():
            return is_meant and verdict in _named
        if token.raw.isupper() and is_clinical(token.low) and not is_meant:
            return is_possible_name(token.low) and (
                number + 1 == len(self._tokens) or is_frequent_surname(token.low)
            )
        if (
            is_meant
            and (token.raw.istitle() or (number and self._is_particle(number - 1)))
            and not is_own(token.low)
            and not is_clinical(token.low)
        ):
            return True
        return verdict in _named or is_possible_name(token.low)


def _is_like_name(raw: str) -> bool:
    """Return True for an unknown word that could be a name; False for abbreviations."""
    if raw[0] > _LATIN_END:
        return not raw.isupper() or len(raw) >= _LEAST_UNKNOWN
    if raw.isupper() and len(raw) < _LEAST_UNKNOWN:
        return False
    low = fold(raw)
    if not _vowels.intersection(low) or (raw.isupper() and _no_onset.match(low)):
        return False
    consonants = 0
    for letter in low:
        consonants = 0 if letter in _vowels else consonants + 1
        if consonants > _MOST_CONSONANTS:
            return False
    return True
