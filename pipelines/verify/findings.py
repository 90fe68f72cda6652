"""Say where in the written object something is, and what was found there first."""

from collections.abc import Iterable

from pipelines.errors import ResidualError
from pipelines.verify.places import Place, show
from pipelines.verify.policy import Policy, is_kept_on_purpose


class Findings:
    """What one walk finds.

    Parameters
    ----------
    places : list[Place] | None
        Filled with every value where given.

    Attributes
    ----------
    path : list[tuple[int, int]]
        Sequence and item number of each item that holds what is walked now.
    problems : dict[str, str]
        By code, where the first element stands that the plan does not allow, that refers
        elsewhere, or that is missing.
    """

    __slots__ = ("path", "places", "problems")

    def __init__(self, places: list[Place] | None) -> None:
        self.places = places
        self.path: list[tuple[int, int]] = []
        self.problems: dict[str, str] = {}

    def where(self, last: str) -> str:
        """Return the place of `last`, a tag or a word, in the item that is walked now."""
        return "".join(f"{show(tag)}[{number}]." for tag, number in self.path) + last

    def broken(self, last: str) -> ResidualError:
        """Return the error of an encoding that can't be read on."""
        return ResidualError("verify.structure", where=self.where(last))

    def note(self, tag: int, code: str = "verify.structure") -> None:
        """Note a problem; the first of each code counts."""
        if code not in self.problems:
            self.problems[code] = self.where(show(tag))

    def add_fragments(self, spans: Iterable[tuple[int, int]]) -> None:
        """List the fragments of a compressed value."""
        if self.places is not None:
            where = self.where("fragment")
            self.places += [Place(where, 0, "OB", start, end) for start, end in spans]

    def add_place(
        self, tag: int, vr: bytes, start: int, end: int, *, policy: Policy, charset: bytes
    ) -> None:
        """List a value."""
        if self.places is None:
            return
        name = vr.decode("ascii")
        purpose = False
        if not tag & 0x10000:
            entry = policy.node[tag]
            purpose = is_kept_on_purpose(entry)
            if name in ("", "UN"):
                name = entry.vr[:2] or "UN"
        self.places.append(
            Place(
                path=self.where(show(tag)),
                tag=tag,
                vr=name or "UN",
                start=start,
                end=end,
                charset=charset,
                is_kept_on_purpose=purpose,
                is_root=not self.path,
            )
        )
