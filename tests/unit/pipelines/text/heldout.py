"""Measure the cleaner by a held-out set; ``python -m tests.unit.pipelines.text.heldout FILE``.

Privacy: the share of marked parts of which no word is left. Utility: the share of words to be
kept that are left.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipelines.text import Depth, Kind, KnownValue, cleaner_for

_mark = re.compile(r"\{([^{}]*)\}|\[([^\[\]]*)\]")
_word = re.compile(r"[^\W_]+")


class Line(NamedTuple):
    """A text of a held-out set."""

    known: frozenset[KnownValue]
    text: str
    gone: list[str]
    """What has to go."""
    free: str
    """What may go or stay."""
    kept: str
    """What has to stay."""


@dataclass(slots=True)
class Figures:
    """What was measured."""

    gone: int = 0
    to_go: int = 0
    kept: int = 0
    to_keep: int = 0
    wrong: list[str] = field(default_factory=list)

    def privacy(self) -> float:
        """Return percent."""
        return 100 * self.gone / self.to_go

    def utility(self) -> float:
        """Return percent."""
        return 100 * self.kept / self.to_keep


def lines(path: Path) -> Iterator[Line]:
    """Yield the texts of a set; what stands before the first dataset is a heading."""
    known: frozenset[KnownValue] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            pairs = (each.split("=", 1) for each in line[1:].strip().split("; ") if each)
            known = frozenset(KnownValue(Kind(kind), value) for kind, value in pairs)
        elif line and known is not None:
            marked = line.replace("\\n", "\n")
            yield Line(
                known=known,
                text=_mark.sub(lambda found: found[1] or found[2] or "", marked),
                gone=[found[1] for found in _mark.finditer(marked) if found[1]],
                free=" ".join(found[2] for found in _mark.finditer(marked) if found[2]),
                kept=_mark.sub("\0", marked),
            )


def measure(path: Path) -> Figures:
    """Return how the cleaner does on a set."""
    figures = Figures()
    for line in lines(path):
        left = cleaner_for(line.known).clean(line.text, Depth.FREE).text
        found, kept = _words(left), _words(line.kept)
        leaked = found - kept - _words(line.free)
        leaks = [part for part in line.gone if _words(part) & leaked]
        lost = kept - found
        figures.to_go += len(line.gone)
        figures.gone += len(line.gone) - len(leaks)
        figures.to_keep += kept.total()
        figures.kept += kept.total() - lost.total()
        if leaks or lost:
            figures.wrong.append(f"{line.text!r} -> {left!r} leaks {leaks} lost {list(lost)}")
    return figures


def _words(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _word.findall(text))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        result = measure(Path(name))
        print("\n".join(result.wrong))  # noqa: T201 - a command for a person
        print(  # noqa: T201
            f"{name}: privacy {result.privacy():.2f} % ({result.gone}/{result.to_go}), "
            f"utility {result.utility():.2f} % ({result.kept}/{result.to_keep})"
        )
