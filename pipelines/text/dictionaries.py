"""Words of languages and names of people, from installed packages.

The dictionaries of pyspellchecker are JSON with one word a line, sorted. They are searched
as they are: a million words as Python strings would take 100 MB.
"""

import gzip
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from itertools import islice

_LANGUAGES = ("de", "fr", "es", "it", "nl")
_SURNAMES = 20_000
"""Of 88,799, the most frequent first; rarer ones that are English words are words."""
_ORDINARY_COUNT = 5_000
_RARE_RANK = 6_000
_RARE_COUNT = 300


class Dictionary:
    """Sorted words, one a line.

    Parameters
    ----------
    lines : bytes
        UTF-8; each line a word in quotes, a colon, how often it was counted.
    """

    __slots__ = ("_lines",)

    def __init__(self, lines: bytes) -> None:
        self._lines = lines

    def count(self, word: str) -> int:
        """Return how often `word` was counted; 0 for unknown ones."""
        key = b'"%b"' % word.encode()
        lines = self._lines
        low, high = lines.find(b"\n") + 1, lines.rfind(b"}")
        while low < high:
            start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            stop = lines.find(b"\n", start)
            entry = lines[start : lines.find(b":", start)].strip()
            if entry == key:
                return int(lines[lines.find(b":", start) + 1 : stop].strip(b", "))
            # quotes sort before letters, and so do ends of words
            if entry[:-1] < key[:-1]:
                low = stop + 1
            else:
                high = start - 1 if start > low else low
        return 0


@lru_cache(maxsize=8)
def dictionary(language: str) -> Dictionary:
    """Return the dictionary of a language, by its ISO 639 code."""
    file = resources.files("spellchecker") / "resources" / f"{language}.json.gz"
    return Dictionary(gzip.decompress(file.read_bytes()))


def is_foreign(word: str) -> bool:
    """Return True for words of the other languages that are read."""
    return any(dictionary(language).count(word) for language in _LANGUAGES)


def is_ordinary_name(word: str) -> bool:
    """Return True for a name that is more often an English word: ``young``, ``short``."""
    count = dictionary("en").count(word)
    if count >= _ORDINARY_COUNT:
        return True
    rank = surnames().get(word, _SURNAMES)
    return count >= _RARE_COUNT and rank > _RARE_RANK and word not in given_names()


@lru_cache(maxsize=1)
def surnames() -> dict[str, int]:
    """Return the frequent surnames of the US census and their rank."""
    return {name: rank for rank, name in enumerate(_names("dist.all.last", _SURNAMES))}


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Return the given names of the US census."""
    return frozenset((*_names("dist.female.first"), *_names("dist.male.first")))


def _names(file: str, most: int | None = None) -> Iterator[str]:
    with (resources.files("names") / file).open(encoding="ascii") as lines:
        for line in islice(lines, most):
            yield line.split(maxsplit=1)[0].lower()
