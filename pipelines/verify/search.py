"""One compiled search per subject, and which terms it found.

The first look is one pass of google-re2 over the bytes; it may find too much, never too
little. What it finds is judged by `pipelines.verify.judgement`.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import re2

from pipelines.verify.identity import Identifying, terms_of
from pipelines.verify.spelling import Form, Pattern, Term, patterns_of

_LEFT = rb"(?:^|[^0-9A-Za-z]|\x1b[ -/]+[0-~]|[\x80-\xff][0-9A-Za-z])"
"""What may stand before a word: also the end of an escape sequence (ISO 2022), and the
second byte of a character of GB18030 or Shift-JIS."""
_RIGHT = rb"(?:$|[^0-9A-Za-z]|[0-9A-Za-z]\x00)"
"""What may follow it: also the header of the next element, e.g. of group 0054."""
_PATTERNS_PER_SEARCH = 500
_MAX_MEMORY_BYTES = 16 * 1024 * 1024


class Searched:
    """One encoding of one term.

    Attributes
    ----------
    term : Term
    pattern : Pattern
    tags : set[int]
        Of the attributes of the source that it came from.
    """

    __slots__ = ("__dict__", "pattern", "tags", "term")

    def __init__(self, term: Term, pattern: Pattern) -> None:
        self.term = term
        self.pattern = pattern
        self.tags: set[int] = set()

    @cached_property
    def _compiled(self) -> "re2._Regexp":
        return _compile(self.pattern.expression)

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where it stands in `data`, boundaries not looked at."""
        position = 0
        while (found := self._compiled.search(data, position)) is not None:
            start, end = found.span()
            yield start, end
            position = start + 1


class Search:
    """All that is searched of one subject.

    Parameters
    ----------
    identity : tuple[Identifying, ...]
    """

    def __init__(self, identity: tuple[Identifying, ...]) -> None:
        distinct: dict[tuple[bytes, Form, bool], Searched] = {}
        for value in identity:
            for term in terms_of(value):
                for pattern in patterns_of(term):
                    key = (pattern.expression, term.form, term.is_short)
                    distinct.setdefault(key, Searched(term, pattern)).tags.add(value.tag)
        self.all = tuple(distinct.values())
        self._first_looks = tuple(_first_looks(self.all))

    def candidates(self, data: bytes, end: int) -> Iterator[tuple[int, int]]:
        """Yield spans of ``data[:end]`` that must be judged."""
        for look in self._first_looks:
            position = 0
            while (found := look.search(data, position, end)) is not None:
                start, stop = found.span()
                yield start, stop
                # what follows may need the boundary that this one ended with
                position = max(stop - 2, start + 1)


@lru_cache(maxsize=8)
def search_of(identity: tuple[Identifying, ...]) -> Search:
    """Return the compiled search of a subject; the last few stay."""
    return Search(identity)


def _first_looks(searched: Sequence[Searched]) -> Iterator["re2._Regexp"]:
    for start in range(0, len(searched), _PATTERNS_PER_SEARCH):
        yield from _first_look(searched[start : start + _PATTERNS_PER_SEARCH])


def _first_look(searched: Sequence[Searched]) -> Iterator["re2._Regexp"]:
    bounded = [s.pattern.expression for s in searched if not _is_loose(s)]
    parts = [s.pattern.expression for s in searched if _is_loose(s)]
    if bounded:
        parts.append(_LEFT + b"(?:" + b"|".join(bounded) + b")" + _RIGHT)
    try:
        yield _compile(b"|".join(parts))
    except re2.error:  # too large for its memory
        if len(searched) == 1:
            raise
        half = len(searched) // 2
        yield from _first_look(searched[:half])
        yield from _first_look(searched[half:])


def _is_loose(searched: Searched) -> bool:
    """Return True where the bytes beside a hit say nothing."""
    term, codec = searched.term, searched.pattern.codec
    return term.is_loose or codec in ("utf_16_le", "utf_16_be")


def _compile(expression: bytes) -> "re2._Regexp":
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.never_capture = True
    options.dot_nl = True
    options.log_errors = False
    options.max_mem = _MAX_MEMORY_BYTES
    return re2.compile(expression, options)
