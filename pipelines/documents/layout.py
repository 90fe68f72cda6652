"""Put glyphs together to words and lines, by where they stand and not by how they were drawn.

Lengths are fractions of the font size. Too wide a gap splits a word, which
`pipelines.documents.reassembly` looks after; too narrow a one would join two words
to one that nobody knows: so the gap is small.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

WORD_GAP = 0.15
"""Kerning stays below, the space between words does not."""
COLUMN_GAP = 1.0
OVERLAP = 0.2
"""Kerning backwards; what overlaps by more was drawn over the other."""
SAME_LINE = 0.35
SAME_PLACE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """One drawn character.

    `along` and `across` are its origin in points in the frame of its writing
    direction, which is turned by `angle` (degrees) against the page.
    """

    text: str
    angle: int
    along: float
    across: float
    width: float
    size: float


@dataclass(slots=True, kw_only=True)
class _Run:
    """Glyphs drawn one after the other without a gap."""

    letters: list[str]
    angle: int
    along: float
    across: float
    end: float
    size: float

    @property
    def text(self) -> str:
        return "".join(self.letters)

    def takes(self, glyph: Glyph) -> bool:
        gap = glyph.along - self.end
        return (
            glyph.angle == self.angle
            and abs(glyph.across - self.across) <= SAME_LINE * self.size
            and -OVERLAP * self.size <= gap <= WORD_GAP * self.size
        )


def lines_of(glyphs: Iterable[Glyph]) -> list[str]:
    """Return the lines of a page from top to bottom; columns are two spaces apart.

    Each direction of writing is read for itself, in the order of its angle.
    """
    runs = sorted(_runs(glyphs), key=lambda run: (run.angle, -run.across, run.along))
    lines: list[str] = []
    for _, turned in groupby(runs, key=lambda run: run.angle):
        lines.extend(_text(line) for line in _lines(turned))
    return [line for line in lines if line]


def _runs(glyphs: Iterable[Glyph]) -> list[_Run]:
    runs: list[_Run] = []
    for glyph in glyphs:
        end = glyph.along + glyph.width
        if runs and runs[-1].takes(glyph):
            runs[-1].letters.append(glyph.text)
            runs[-1].end = max(runs[-1].end, end)
            continue
        runs.append(
            _Run(
                letters=[glyph.text],
                angle=glyph.angle,
                along=glyph.along,
                across=glyph.across,
                end=end,
                size=glyph.size,
            )
        )
    return runs


def _lines(runs: Iterable[_Run]) -> Iterator[list[_Run]]:
    line: list[_Run] = []
    for run in runs:
        if line and line[0].across - run.across > SAME_LINE * min(line[0].size, run.size):
            yield line
            line = []
        line.append(run)
    if line:
        yield line


def _text(line: Sequence[_Run]) -> str:
    kept: list[_Run] = []
    parts: list[str] = []
    for run in sorted(line, key=lambda run: run.along):
        if any(_repeats(run, other) for other in kept[-3:]):
            continue
        parts.append(_between(kept[-1], run) if kept else "")
        parts.append(run.text)
        kept.append(run)
    return "".join(parts).strip()


def _repeats(run: _Run, other: _Run) -> bool:
    """Tell whether `run` was drawn twice, to look bold or to throw a shadow."""
    near = SAME_PLACE * run.size
    wide = run.end - run.along > near
    return wide and run.letters == other.letters and abs(run.along - other.along) < near


def _between(left: _Run, right: _Run) -> str:
    size = max(left.size, right.size)
    gap = right.along - left.end
    if gap > COLUMN_GAP * size:
        return "  "
    return " " if gap > WORD_GAP * size or gap < -OVERLAP * size else ""
