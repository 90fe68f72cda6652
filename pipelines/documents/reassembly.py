"""Find what names leave behind when they were split: by lines, gaps or letter by letter.

A word that the page shows in pieces is judged here, put together; what the judge takes
out is left out of the page, piece by piece.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipelines.documents.budget import SUSPECTS
from pipelines.documents.errors import DocumentError

_WINDOW = 6
_REACH = 40
"""How many words after a hyphen its other half is looked for: the lines of two columns."""
_LONGEST = 40

_WORD = re.compile(r"\S+")
_EDGE = (
    "".join(map(chr, range(33, 48)))
    + ":;<=>?@[\\]^_`{|}~\xab\xbb\xb7\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2022"
)
_SPELLED = re.compile(
    r"(?<!\S)[^\W\d_](?:\s+[^\W\d_]){2,}(?!\S)"  # J o h n
    r"|(?<!\S)[^\W_](?:\s+[^\W_]){4,}(?!\S)"  # 4 0 8 1 7
    r"|(?<!\w)[^\W_]([^\w\s]\s?)[^\W_](?:\1[^\W_]){3,}(?!\w)"  # J.o.h.n.s
)
_HUMP = re.compile(r"(?<=[^\W\d_])(?=[A-ZÀ-ÖØ-Þ][a-zß-ÿ])|(?<=[a-zß-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


@dataclass(frozen=True, slots=True)
class _Piece:
    page: int
    start: int
    end: int
    text: str

    @property
    def core(self) -> str:
        return self.text.strip(_EDGE)


def without_split_words(pages: Sequence[str], judge: Callable[[str], str]) -> tuple[list[str], int]:
    """Return the cleaned `pages` without the pieces of words that `judge` takes out.

    Parameters
    ----------
    pages : Sequence[str]
        What `clean` left of each page.
    clean : Callable[[str], str]
        The same.

    Returns
    -------
    tuple[list[str], int]
        The pages, and how many pieces and spelled words were left out.

    Raises
    ------
    DocumentError
        `document.limit`: too many words that could be parts of one.
    """
    spelled = [_SPELLED.subn("", page) for page in pages]
    texts = [text for text, _ in spelled]
    pieces = [
        _Piece(number, match.start(), match.end(), match.group())
        for number, text in enumerate(texts)
        for match in _WORD.finditer(text)
    ]
    suspects: dict[str, set[int]] = {}
    for word, indices in _joined(pieces):
        suspects.setdefault(word, set()).update(indices)
        if len(suspects) > SUSPECTS:
            raise DocumentError("document.limit")
    left = set(_WORD.findall(judge("\n".join(suspects))))
    gone = {index for word, indices in suspects.items() if word not in left for index in indices}
    gone |= _run_together(pieces, judge)
    for index in sorted(gone, reverse=True):
        piece = pieces[index]
        text = texts[piece.page]
        texts[piece.page] = text[: piece.start] + text[piece.end :]
    return texts, len(gone) + sum(count for _, count in spelled)


def _joined(pieces: Sequence[_Piece]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield words that the pieces could be parts of, with the pieces."""
    for index, piece in enumerate(pieces):
        if piece.text[-1] == "-" and piece.core:
            for other in range(index + 1, min(index + 1 + _REACH, len(pieces))):
                rest = pieces[other].core
                if rest:
                    yield piece.core + rest, (index, other)
                    yield f"{piece.core}-{rest}", (index, other)
        word = piece.text.lstrip(_EDGE)
        for other in range(index + 1, min(index + _WINDOW, len(pieces))):
            rest = pieces[other].text
            joins = (word[-1:].isalpha() or word.endswith("-")) and rest[0].isalpha()
            if not joins or len(word) > _LONGEST:
                break
            word = word.removesuffix("-") + rest
            yield word.rstrip(_EDGE), tuple(range(index, other + 1))


def _run_together(pieces: Sequence[_Piece], judge: Callable[[str], str]) -> set[int]:
    """Return the words with capitals inside of which `judge` takes out a part."""
    parts = {
        index: humps
        for index, piece in enumerate(pieces)
        if len(humps := _HUMP.split(piece.core)) > 1
    }
    left = set(_WORD.findall(judge("\n".join(" ".join(humps) for humps in parts.values()))))
    return {index for index, humps in parts.items() if not left.issuperset(" ".join(humps).split())}
