"""Find elements again in the output, where items of their sequences were removed."""

from collections.abc import Iterable, Mapping
from itertools import accumulate

from gateway.workbench.elements import Met


class Positions:
    """Relates paths of the source to paths of the output.

    Parameters
    ----------
    removed : Iterable[str]
        Paths of the removed items, ``"(0040,A730)[2]"``.
    source, output : Mapping[str, Met]
        Elements by path.
    """

    def __init__(
        self, removed: Iterable[str], *, source: Mapping[str, Met], output: Mapping[str, Met]
    ) -> None:
        self._removed: dict[str, list[int]] = {}
        for path in removed:
            sequence, _, number = path.rstrip("]").rpartition("[")
            self._removed.setdefault(sequence, []).append(int(number))
        self._source = source
        self._output = output

    def is_gone(self, path: str) -> bool:
        """Return whether an element is in a removed item."""
        parts = path.split(".")[:-1]
        for around in accumulate(parts, lambda before, part: f"{before}.{part}"):
            sequence, _, number = around.rstrip("]").rpartition("[")
            if int(number) in self._removed.get(sequence, ()):
                return True
        return False

    def output(self, path: str) -> Met | None:
        """Return what stands in the output for an element of the source."""
        if not self._removed:
            return self._output.get(path)
        *around, last = path.split(".")
        before = after = ""
        for part in around:
            tag, _, number = part.rstrip("]").partition("[")
            index = int(number) - self._moved(f"{before}{tag}", f"{after}{tag}", int(number))
            before, after = f"{before}{part}.", f"{after}{tag}[{index}]."
        return self._output.get(f"{after}{last}")

    def _moved(self, before: str, after: str, index: int) -> int:
        """Return how far an item moved; a removed item may leave a stand-in in its place."""
        removed = self._removed.get(before, [])
        source, output = self._source.get(before), self._output.get(after)
        if source is None or output is None or source.items == output.items:
            return 0
        return sum(number < index for number in removed)
