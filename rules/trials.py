"""Try the tests of a rule set.

Without an engine only what the plan alone decides is compared: removed, emptied, kept.
"""

from collections.abc import Callable, Mapping

from rules.plan import Entry, Plan
from rules.schema import RuleTest
from rules.tables import tags_by_keyword
from rules.vocabulary import Operation

RunTest = Callable[[Plan, Mapping[str, str]], Mapping[str, str]]
"""Clean a dataset with these root attributes; return those that are left."""


def entry_of(plan: Plan, tag: int, given: Mapping[str, str]) -> Entry:
    """Return what `plan` does with a root element of a dataset with the attributes `given`."""
    entry = plan.roots[given.get("SOPClassUID", "")][tag]
    for condition, alternative in entry.alternatives:
        if condition.holds(given.get, given.get):
            return alternative
    return entry


def failures(plan: Plan, test: RuleTest, *, run_test: RunTest | None) -> dict[str, str]:
    """Return by keyword what came out differently; never a value.

    Parameters
    ----------
    run_test : RunTest | None
        The engine; without it only what the plan alone decides is compared.
    """
    if run_test is not None:
        left = run_test(plan, test.given)
        return {
            keyword: "removed" if keyword not in left else "another value"
            for keyword, expected in test.expect.items()
            if left.get(keyword) != expected
        }
    found = {}
    for keyword, expected in test.expect.items():
        if keyword in test.given:
            entry = entry_of(plan, tags_by_keyword()[keyword], test.given)
            wrong = _contradicts(entry, test.given[keyword], expected)
        else:
            wrong = expected is not None
        if wrong:
            found[keyword] = entry.operation.value if keyword in test.given else "absent"
    return found


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
        case Operation.DUMMY | Operation.PSEUDONYM:
            return expected is None or (expected == given and bool(given))
        case _:
            # The value decides: a date that is no date falls back.
            return False
