"""Read what a CTP script does with an element: literals and function calls."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z]{1,24}")
_DEEPEST = 3
"""Clauses in clauses; CTP itself reads no @if within an @if."""

_CLAUSES = {"if": 2, "select": 2, "append": 1}


class CallError(Exception):
    """The text can't be read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of CTP.

    Attributes
    ----------
    name : str
    arguments : tuple[str, ...]
        Without the quotes around them.
    clauses : tuple[tuple[str | Call, ...], ...]
        What stands in the braces after @if, @select and @append.
    """

    name: str
    arguments: tuple[str, ...] = ()
    clauses: tuple["Parts", ...] = ()


Parts = tuple[str | Call, ...]
"""Literals and calls, in their order."""


def parse_calls(text: str, *, depth: int = 0) -> Parts:
    """Return the parts of `text`.

    Raises
    ------
    CallError
        If a call is not closed, or clauses are nested too deep.
    """
    if depth > _DEEPEST:
        raise CallError
    parts: list[str | Call] = []
    literal = ""
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            literal += text[at + 1]
            at += 2
        elif text[at] == "@":
            call, at = _call(text, at + 1, depth=depth)
            if literal.strip():
                parts.append(literal)
            literal = ""
            parts.append(call)
        else:
            literal += text[at]
            at += 1
    if literal.strip():
        parts.append(literal)
    return tuple(parts)


def calls_in(parts: Parts) -> tuple[Call, ...]:
    """Return all calls of `parts`, those of clauses too."""
    found: tuple[Call, ...] = ()
    for part in parts:
        if isinstance(part, Call):
            found += (part, *(c for clause in part.clauses for c in calls_in(clause)))
    return found


def _call(text: str, at: int, *, depth: int) -> tuple[Call, int]:
    opened = text.find("(", at)
    name = re.sub(r"\s", "", text[at:opened]) if opened >= 0 else ""
    if not _NAME.fullmatch(name):
        raise CallError
    end = _closing(text, opened)
    arguments = tuple(_arguments(text[opened + 1 : end]))
    clauses = []
    for _ in range(_CLAUSES.get(name, 0)):
        brace = text.find("{", end + 1)
        if brace < 0 or text[end + 1 : brace].strip():
            raise CallError
        end = _closing(text, brace)
        clauses.append(parse_calls(text[brace + 1 : end], depth=depth + 1))
    return Call(name, arguments, tuple(clauses)), end + 1


def _closing(text: str, opened: int) -> int:
    """Return where the bracket at `opened` is closed."""
    pair = {"(": ")", "{": "}"}[text[opened]]
    depth, quoted, at = 0, False, opened
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif not quoted and text[at] == text[opened]:
            depth += 1
        elif not quoted and text[at] == pair:
            depth -= 1
            if not depth:
                return at
        at += 1
    raise CallError


def _arguments(text: str) -> list[str]:
    """Split at commas that are outside of quotes and brackets."""
    found, start, depth, quoted, at = [], 0, 0, False, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "([":
            depth += 1
        elif not quoted and char in ")]":
            depth -= 1
        elif not quoted and not depth and char == ",":
            found.append(_unquoted(text[start:at]))
            start = at + 1
        at += 1
    last = _unquoted(text[start:])
    return [*found, last] if found or last else []


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
