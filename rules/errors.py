"""Errors of the rules.

::

    RulesError
    ├── RuleSetError    a rule set is refused; each problem has a line, a column and a hint
    ├── ConditionError  a condition can't be read; `offset` says where
    └── TagError        a tag of a rule can't be read

No message holds a value of an attribute of a patient's object.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class RulesError(Exception):
    """Root of the tree."""

    code: ClassVar[str] = "rules"
    retry: ClassVar[bool] = False


class ConditionError(RulesError):
    """A condition can't be read.

    Parameters
    ----------
    message : str
        What is wrong.
    hint : str
        What to do.
    offset : int
        Characters from the start of the condition.
    """

    code = "rules.condition"

    def __init__(self, message: str, *, hint: str, offset: int) -> None:
        super().__init__(f"{message}. {hint}")
        self.message = message
        self.hint = hint
        self.offset = offset


class TagError(RulesError):
    """A tag of a rule can't be read, or can't be named by a rule.

    Parameters
    ----------
    message : str
        What is wrong.
    hint : str
        What to do.
    """

    code = "rules.tag"

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a rule set.

    Attributes
    ----------
    line, column : int
        From 1.
    message : str
        What is wrong.
    hint : str
        What to do.
    """

    line: int
    column: int
    message: str
    hint: str


class RuleSetError(RulesError):
    """A rule set is refused.

    Parameters
    ----------
    source : str
        Name of the rule set or of its file.
    problems : Sequence[Problem]
        At least one, in the order of the text.
    """

    code = "rules.refused"

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        super().__init__(
            "\n".join(f"{source}:{p.line}:{p.column}: {p.message}. {p.hint}" for p in problems)
        )
        self.source = source
        self.problems = tuple(problems)
