"""Part a text into words, and fold what is spelled differently only."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_UNSPACED = (
    "\u0e00-\u0e7f\u1100-\u11ff\u2e80-\u2fdf\u3041-\u30ff\u3105-\u318f\u31a0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
"""Scripts whose words stand without spaces: Thai, kana, ideographs, Hangul."""
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0903\u093a-\u094f"
)
BEFORE_WORD = rf"(?<![^\W_{_UNSPACED}])"
"""No letter or digit, but of a script without spaces: ``患者20000101`` is two words."""
AFTER_WORD = rf"(?![^\W_{_UNSPACED}])"
_ascii_word = re.compile(r"[0-9A-Za-z]+")
_word = re.compile(rf"[{_UNSPACED}]+|(?:[^\W_{_UNSPACED}]|[{_MARKS}])+")
_unspaced = re.compile(rf"[{_UNSPACED}]")
_part = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_wide_part = re.compile(r"\d+|[^\W\d_]+")

_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u0131": "i",
        "ħ": "h",
    }
)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


class Token(NamedTuple):
    """A word or number of a text: letters, digits and their marks."""

    start: int
    end: int
    raw: str
    low: str
    """Folded: no case, no accents."""


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text."""
    return frozenset(text.split())


def tokens_of(text: str) -> list[Token]:
    """Return the words of `text` in order; a change to an unspaced script parts them."""
    if text.isascii():
        return [
            Token(*found.span(), raw := found[0], raw.lower())
            for found in _ascii_word.finditer(text)
        ]
    return [
        Token(found.start(), found.end(), raw := found[0], fold(raw))
        for found in _word.finditer(text)
    ]


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of `text`."""
    return tuple(token.low for token in tokens_of(text))


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return `text` without case and accents: ``Müller`` as ``muller``."""
    if text.isascii():
        return text.lower()
    spelled = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in spelled if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", bare).translate(_PLAIN)


@lru_cache(maxsize=4096)
def fold_german(text: str) -> str:
    """Return `text` folded, its vowels spelled out: ``Müller`` as ``mueller``."""
    if text.isascii():
        return text.lower()
    return fold(unicodedata.normalize("NFC", text.casefold()).translate(_GERMAN))


def is_unspaced(text: str) -> bool:
    """Return True where `text` has characters of a script without spaces."""
    return not text.isascii() and _unspaced.search(text) is not None


def is_mixed(raw: str) -> bool:
    """Return True for words that hold others: ``T1smith``, ``SmithAx``."""
    return not (raw.isalpha() and (raw[1:].islower() or raw.isupper())) and len(raw) > 1


def parts_of(token: Token) -> list[Token]:
    """Return the words within a word, parted at changes of case and to digits."""
    part = _part if token.raw.isascii() else _wide_part
    return [
        Token(token.start + found.start(), token.start + found.end(), found[0], fold(found[0]))
        for found in part.finditer(token.raw)
    ]
