"""What became of each line of a script that was read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How much of a line is in the rule set."""

    EXACT = "exact"
    DIFFERENT = "different"
    """Carried over with a difference; `Account.why` says which."""
    LOST = "lost"
    """Not carried over; the stricter action stands in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of one line.

    Attributes
    ----------
    line : int
        Of the script, from 1.
    element : str
        What the line is about: a keyword, a tag, a group, a parameter. Never a literal of
        the script: it may quote a patient.
    said : str
        The functions that the line calls, without their arguments; ``text`` for a literal.
    action : str
        Letter of the rule; several by condition are joined by a slash. "" where no rule was
        made: the tables decide.
    outcome : Outcome
    why : str
        What is different or lost; "" where nothing is.
    hint : str
        What to do; "" where nothing is to be done.
    """

    line: int
    element: str
    said: str
    action: str
    outcome: Outcome
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A rule set made of a script.

    Attributes
    ----------
    rule_set_text : str
        YAML; `rules.load.compile_rules` takes it.
    accounts : tuple[Account, ...]
        One or more for every line of the script, in its order.
    """

    rule_set_text: str
    accounts: tuple[Account, ...]

    @property
    def losses(self) -> tuple[Account, ...]:
        """The accounts of what was not carried over exactly."""
        return tuple(a for a in self.accounts if a.outcome is not Outcome.EXACT)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """Number of accounts by outcome."""
        found = Counter(a.outcome for a in self.accounts)
        return {outcome: found[outcome] for outcome in Outcome}
