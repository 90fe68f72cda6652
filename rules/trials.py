"""Try the tests of a rule set.

A test gives attributes and expects, by keyword: null (removed), a value as it is written,
``<kept>`` (the given value) or ``<changed>`` (there, with another value: pseudonyms, UIDs).
Without an engine only what the plan alone decides is compared: removed, emptied, kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rules.plan import Entry, Plan
from rules.schema import RuleTest
from rules.tables import tags_by_keyword
from rules.vocabulary import Operation

KEPT, CHANGED = "<kept>", "<changed>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The engine held the object of a test.

    Attributes
    ----------
    code : str
        Reason code.
    """

    code: str


RunTest = Callable[[Plan, Mapping[str, str]], Mapping[str, str] | Held]
"""Clean a dataset with these root attributes; return those that are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of one attribute of a test. The values are the author's own, synthetic.

    Attributes
    ----------
    keyword : str
    is_good : bool
    expected, got : str
        What kind: ``removed``, ``empty``, ``kept``, ``changed``, ``added``, ``absent``,
        ``held``, ``another value``; of a plan alone an operation.
    expected_value, got_value : str | None
        None: absent; of a plan alone `got_value` is always None.
    """

    keyword: str
    is_good: bool
    expected: str
    got: str
    expected_value: str | None
    got_value: str | None


def entry_of(plan: Plan, tag: int, given: Mapping[str, str]) -> Entry:
    """Return what `plan` does with a root element of a dataset with the attributes `given`."""
    entry = plan.roots[given.get("SOPClassUID", "")][tag]
    for condition, alternative in entry.alternatives:
        if condition.holds(given.get, given.get):
            return alternative
    return entry


def findings(plan: Plan, test: RuleTest, *, run_test: RunTest | None) -> list[Finding]:
    """Return what came of each attribute that `test` expects something of.

    Parameters
    ----------
    run_test : RunTest | None
        The engine; without it only what the plan alone decides is compared.
    """
    if run_test is None:
        return [_by_plan(plan, test, keyword) for keyword in test.expect]
    left = run_test(plan, test.given)
    return [_by_engine(left, test, keyword) for keyword in test.expect]


def failures(plan: Plan, test: RuleTest, *, run_test: RunTest | None) -> dict[str, str]:
    """Return by keyword what came out differently; never a value.

    Parameters
    ----------
    run_test : RunTest | None
        As in `findings`.
    """
    found = findings(plan, test, run_test=run_test)
    return {each.keyword: each.got for each in found if not each.is_good}


def _by_engine(left: Mapping[str, str] | Held, test: RuleTest, keyword: str) -> Finding:
    said, given = test.expect[keyword], test.given.get(keyword)
    expected = given if said == KEPT else said
    if isinstance(left, Held):
        got, value, is_good = f"held ({left.code})", None, False
    elif said == CHANGED:
        value = left.get(keyword)
        is_good = bool(value) and value != given
        got = _kind(value, given)
    else:
        value = left.get(keyword)
        is_good = value == expected
        got = _kind(value, given)
        if not is_good and value and got == _expected_kind(said, given):
            got = "another value"
    return Finding(
        keyword=keyword,
        is_good=is_good,
        expected=_expected_kind(said, given),
        got=got,
        expected_value=expected,
        got_value=value,
    )


def _by_plan(plan: Plan, test: RuleTest, keyword: str) -> Finding:
    said, given = test.expect[keyword], test.given.get(keyword)
    expected = given if said == KEPT else said
    got = "absent"
    is_good = expected is None
    if given is not None:
        entry = entry_of(plan, tags_by_keyword()[keyword], test.given)
        is_good = not _contradicts(entry, given, expected)
        got = entry.operation.value
    return Finding(
        keyword=keyword,
        is_good=is_good,
        expected=_expected_kind(said, given),
        got=got,
        expected_value=expected,
        got_value=None,
    )


def _expected_kind(said: str | None, given: str | None) -> str:
    if said in (KEPT, CHANGED):
        return said.strip("<>")
    return _kind(said, given)


def _kind(value: str | None, given: str | None) -> str:
    if value is None:
        return "absent" if given is None else "removed"
    if not value:
        return "empty"
    if given is None:
        return "added"
    return "kept" if value == given else "changed"


def _contradicts(entry: Entry, given: str, expected: str | None) -> bool:
    match entry.operation:
        case Operation.REMOVE:
            return expected is not None
        case Operation.EMPTY:
            return expected != ""
        case Operation.KEEP:
            return expected != given
        case Operation.HOLD:
            return True
        case Operation.DUMMY | Operation.PSEUDONYM | Operation.ACCESSION:
            return expected is None or (expected == given and bool(given))
        case _:
            # The value decides: a date that is no date falls back.
            return False
