"""Read and ask conditions: a small closed grammar over attributes, never code.

::

    Modality = "CT" and SliceThickness <= 2.5
    Manufacturer ~ "SIEMENS*" or not exists(BodyPartExamined)
    item.CodingSchemeDesignator in ["DCM", "SCT"]

A bare keyword is an attribute of the root of the dataset; ``item.`` stands before an
attribute of the item that holds the element in question. A test holds if any value of
the attribute satisfies it; of an attribute that is absent no test holds. A number
without quotes is compared as a number, text in quotes as text; ``~`` matches the whole
value, ``*`` standing for any characters and ``?`` for one.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from rules.errors import ConditionError
from rules.tables import tags_by_keyword

LENGTH_LIMIT = 1000
"""Characters of a condition; bounds the depth of its tree."""

Attributes = Callable[[str], str | None]
"""Value of an attribute by keyword, several joined by a backslash; None if absent."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_EXAMPLE = 'Write e.g. Modality = "CT" and not exists(BodyPartExamined)'


class _Test(Protocol):
    def holds(self, root: Attributes, item: Attributes) -> bool: ...


@dataclass(frozen=True, slots=True)
class _Attribute:
    keyword: str
    in_item: bool

    def values(self, root: Attributes, item: Attributes) -> list[str]:
        """Return the values without padding; of an absent attribute none."""
        value = (item if self.in_item else root)(self.keyword)
        return [] if value is None else [v.strip(" \0") for v in value.split("\\")]


@dataclass(frozen=True, slots=True)
class _Compared:
    attribute: _Attribute
    comparator: str
    literal: str | Decimal

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return any(self._satisfied(v) for v in self.attribute.values(root, item))

    def _satisfied(self, value: str) -> bool:
        if isinstance(self.literal, str):
            return _COMPARISONS[self.comparator](value, self.literal)
        if len(value) <= 64 and _NUMBER.fullmatch(value):
            return _COMPARISONS[self.comparator](Decimal(value), self.literal)
        return self.comparator == "!="


@dataclass(frozen=True, slots=True)
class _Matched:
    attribute: _Attribute
    pattern: str

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return any(_matches(self.pattern, v) for v in self.attribute.values(root, item))


@dataclass(frozen=True, slots=True)
class _Exists:
    attribute: _Attribute

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return bool(self.attribute.values(root, item))


@dataclass(frozen=True, slots=True)
class _Either:
    tests: tuple[_Test, ...]

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return any(test.holds(root, item) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Both:
    tests: tuple[_Test, ...]

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return all(test.holds(root, item) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Negated:
    test: _Test

    def holds(self, root: Attributes, item: Attributes) -> bool:
        return not self.test.holds(root, item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that can be asked of a dataset.

    Attributes
    ----------
    text : str
        As it was written.
    attributes : frozenset[str]
        Keywords of the root that it looks at.
    item_attributes : frozenset[str]
        Keywords of the item that it looks at.
    """

    text: str
    attributes: frozenset[str]
    item_attributes: frozenset[str]
    test: _Test = field(repr=False, compare=False)

    def holds(self, root: Attributes, item: Attributes) -> bool:
        """Return whether the condition holds.

        Parameters
        ----------
        root : Callable[[str], str | None]
            Decoded value of an attribute of the root by keyword, several values joined
            by a backslash; None if absent.
        item : Callable[[str], str | None]
            The same for the item that holds the element; at the root, that of the root.
        """
        return self.test.holds(root, item)


def parse_condition(text: str) -> Condition:
    """Return the condition that `text` says.

    Raises
    ------
    rules.errors.ConditionError
        If `text` does not follow the grammar or names an unknown attribute.
    """
    if len(text) > LENGTH_LIMIT:
        raise ConditionError(
            f"a condition has at most {LENGTH_LIMIT} characters",
            hint="Split it over several rules",
            offset=0,
        )
    reader = _Reader()
    try:
        test: _Test = reader.transform(_grammar().parse(text))
    except UnexpectedInput as error:
        raise _refusal(error, text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ConditionError):
            raise error.orig_exc from None
        raise
    return Condition(
        text=text,
        attributes=frozenset(a.keyword for a in reader.seen if not a.in_item),
        item_attributes=frozenset(a.keyword for a in reader.seen if a.in_item),
        test=test,
    )


class _Reader(Transformer[Token, _Test]):
    """Make tests of a parse tree; remember the attributes that were named."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[_Attribute] = set()

    def attribute(self, children: list[Token | None]) -> _Attribute:
        item, keyword = children
        if keyword not in tags_by_keyword():
            near = get_close_matches(str(keyword), tags_by_keyword(), n=1)
            hint = f"Did you mean {near[0]}?" if near else "Use a keyword of PS3.6"
            raise ConditionError(
                f"no attribute has the keyword {keyword}",
                hint=hint,
                offset=(keyword.start_pos or 0) if isinstance(keyword, Token) else 0,
            )
        found = _Attribute(str(keyword), in_item=item is not None)
        self.seen.add(found)
        return found

    def STRING(self, token: Token) -> str:  # noqa: N802 - named by the grammar
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def NUMBER(self, token: Token) -> Decimal:  # noqa: N802 - named by the grammar
        return Decimal(str(token))

    def compared(self, children: list[object]) -> _Test:
        attribute, comparator, literal = children
        return _Compared(attribute, str(comparator), literal)  # type: ignore[arg-type]  # order of the grammar

    def member(self, children: list[object]) -> _Test:
        attribute, *literals = children
        return _Either(
            tuple(_Compared(attribute, "=", literal) for literal in literals)  # type: ignore[arg-type]  # the same
        )

    def matched(self, children: list[object]) -> _Test:
        attribute, pattern = children
        return _Matched(attribute, pattern)  # type: ignore[arg-type]  # the same

    def exists(self, children: list[_Attribute]) -> _Test:
        return _Exists(children[0])

    def either(self, children: list[_Test]) -> _Test:
        return _Either(tuple(children))

    def both(self, children: list[_Test]) -> _Test:
        return _Both(tuple(children))

    def negated(self, children: list[_Test]) -> _Test:
        return _Negated(children[0])


def _matches(pattern: str, value: str) -> bool:
    """Return whether the whole value matches; linear in practice, no backtracking bomb."""
    p = v = 0
    star = mark = -1
    while v < len(value):
        if p < len(pattern) and pattern[p] == "*":
            star, mark = p, v
            p += 1
        elif p < len(pattern) and pattern[p] in ("?", value[v]):
            p += 1
            v += 1
        elif star >= 0:
            mark += 1
            p, v = star + 1, mark
        else:
            return False
    return not pattern[p:].strip("*")


def _refusal(error: UnexpectedInput, text: str) -> ConditionError:
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    offset = len(text) if at_end else error.pos_in_stream or 0
    message = "the condition ends too early" if at_end else "the condition can't be read here"
    return ConditionError(message, hint=_EXAMPLE, offset=offset)


@cache
def _grammar() -> Lark:
    text = (files("rules") / "conditions.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start="condition", maybe_placeholders=True)
