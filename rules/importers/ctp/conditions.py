"""Say the conditions of @if in our grammar (`rules.conditions`)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product

from pydicom.datadict import dictionary_VM

from rules.conditions import LENGTH_LIMIT
from rules.importers.ctp.names import Element, named_element

_MOST_SPELLINGS = 64
_TEXTS = frozenset({"ST", "LT", "UT"})
"""VRs of several lines; a backslash is a character of theirs."""

_UNTESTED = frozenset({"SQ", "OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT"})
_SIGNED = frozenset({"IS", "SS", "SL", "SV"})
_UNSIGNED = frozenset({"US", "UL", "UV"})
_REGEX = re.compile(r"\^?((?:\.\*|\.\+|\.|[\w /:=-])*)\$?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition in our grammar.

    Attributes
    ----------
    text : str
    misses : bool
        True where it may not hold though that of the script does, never the other way round.
    """

    text: str
    misses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads conditions of one script.

    Attributes
    ----------
    names : Mapping[str, Element]
        As in `named_element`.
    parameters : Mapping[str, str]
        Of the script, by name.
    """

    names: Mapping[str, Element]
    parameters: Mapping[str, str]

    def read(self, arguments: tuple[str, ...], *, this: Element) -> Condition | None:
        """Return the condition of an @if about the element `this`; None: it can't be said."""
        if len(arguments) < 2:
            return None
        attribute = arguments[0].strip()
        scope = "" if attribute.startswith("root:") else "item."
        element = named_element(attribute.removeprefix("root:"), names=self.names, this=this)
        if element is None or element.is_private or not element.keyword:
            return None
        asked = f"{scope}{element.keyword}"
        test, given = arguments[1], arguments[2] if len(arguments) > 2 else ""
        if given.startswith("@"):
            given = self.parameters.get(given[1:], given)
        if test == "exists":
            return Condition(text=f"exists({asked})")
        if element.vr in _UNTESTED or not given.isprintable():
            return None
        found = _TESTS.get(test, _unknown)(asked, element, given)
        return found if found is not None and len(found.text) <= LENGTH_LIMIT else None


def negated(condition: str) -> str:
    """Return the condition that holds where `condition` does not."""
    return f"not ({condition})"


def _unknown(_asked: str, _element: Element, _given: str) -> None:
    return None


def _blank(asked: str, _element: Element, _given: str) -> Condition:
    return Condition(text=f'not ({asked} ~ "*?*")')


def _equal(asked: str, element: Element, given: str) -> Condition | None:
    if not _has_one_value(element) or "\\" in given or not given.strip():
        return None
    return _any_case(given.strip(), lambda said: f"{asked} = {_quoted(said)}")


def _containing(asked: str, element: Element, given: str) -> Condition | None:
    if (
        element.vr in _TEXTS
        or set(given) & set("\\*?")
        or not given.strip()
        or given != given.strip()
    ):
        return None
    return _any_case(given, lambda said: f"{asked} ~ {_quoted(f'*{said}*')}")


def _matching(asked: str, element: Element, given: str) -> Condition | None:
    found = _REGEX.fullmatch(given.strip())
    if not found or not _has_one_value(element) or element.vr in _TEXTS:
        return None
    pattern = found[1].replace(".*", "*").replace(".+", "?*").replace(".", "?")
    return Condition(text=f"{asked} ~ {_quoted(pattern)}")


def _greater(asked: str, element: Element, given: str) -> Condition | None:
    """CTP compares the digits alone, of the value and of the script."""
    digits = re.sub("[^0-9]", "", given)
    if not digits or len(digits) > 9 or not _has_one_value(element):
        return None
    number = int(digits)
    if element.vr == "AS" and number <= 999:
        return Condition(text=f'{asked} > "{number:03d}Y"')
    if element.vr in _UNSIGNED:
        return Condition(text=f"{asked} > {number}")
    if element.vr in _SIGNED:
        return Condition(text=f"({asked} > {number} or {asked} < -{number})")
    return None


_TESTS: Mapping[str, Callable[[str, Element, str], Condition | None]] = {
    "isblank": _blank,
    "equals": _equal,
    "contains": _containing,
    "matches": _matching,
    "greaterthan": _greater,
}


def _any_case(given: str, test: Callable[[str], str]) -> Condition:
    """Return `test` of every spelling; CTP compares without case, our grammar with it."""
    spellings = {given, given.upper(), given.lower(), given.title()}
    every = [sorted({c, c.upper(), c.lower()}) for c in given]
    amount = 1
    for choices in every:
        amount *= len(choices)
        if amount > _MOST_SPELLINGS:
            break
    else:
        all_of_them = _either(sorted("".join(word) for word in product(*every)), test)
        if len(all_of_them) <= LENGTH_LIMIT // 2:
            return Condition(text=all_of_them)
    return Condition(text=_either(sorted(spellings), test), misses=True)


def _either(spellings: list[str], test: Callable[[str], str]) -> str:
    tests = [test(said) for said in spellings]
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _has_one_value(element: Element) -> bool:
    """Return whether the attribute has one value: CTP compares all of them as one text."""
    try:
        return dictionary_VM(element.tag) == "1"
    except KeyError:
        return False
