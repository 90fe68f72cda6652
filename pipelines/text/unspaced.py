"""Find names in scripts without spaces: Chinese, Japanese, Korean, Thai."""

import itertools
import re
from collections.abc import Iterable, Iterator

from pipelines.text.known import Kind, KnownValue
from pipelines.text.reasons import Reason, Span
from pipelines.text.spellings import unspaced_words
from pipelines.text.tokens import is_unspaced

_BETWEEN = "[^0-9A-Za-z]{0,3}"
_LEAST = 2
"""Characters from which a part of anybody's name is searched; one of the subject's."""


class Unspaced:
    """The names of a dataset that are written without spaces.

    Parameters
    ----------
    known : Iterable[KnownValue]
    """

    __slots__ = ("_names",)

    def __init__(self, known: Iterable[KnownValue]) -> None:
        found: set[str] = set()
        for value in known:
            if value.kind in (Kind.SUBJECT, Kind.PERSON):
                for words in unspaced_words(value.text):
                    least = 1 if value.kind is Kind.SUBJECT else _LEAST
                    found.update(_patterns(words, least))
            elif value.kind is not Kind.DEPARTMENT and is_unspaced(value.text):
                found.add(re.escape(value.text))
        ordered = sorted(found, key=lambda each: (-len(each), each))
        self._names = re.compile("|".join(ordered), re.IGNORECASE) if ordered else None

    def find(self, text: str) -> Iterator[Span]:
        """Yield the names in `text`."""
        if self._names is not None:
            for found in self._names.finditer(text):
                yield Span(found.start(), found.end(), Reason.NAME_KNOWN)


def _patterns(words: tuple[str, ...], least: int) -> Iterator[str]:
    for word in words:
        for each in {word, *word.split()}:
            if is_unspaced(each) and len(each) >= least:
                yield re.escape(each)
    for one, other in itertools.permutations(words, 2):
        yield re.escape(one) + _BETWEEN + re.escape(other)
        if is_unspaced(one) != is_unspaced(other):  # an initial and a name of two scripts
            yield re.escape(one[0] + other)
            yield re.escape(other + one[0])
