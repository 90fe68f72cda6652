"""Decide what one line of a CTP script becomes: rules, and an account of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rules.importers.accounts import Account, Outcome
from rules.importers.ctp.actions import (
    MALFORMED,
    STRICTEST,
    UNSAID,
    Meaning,
    fitted,
    plain_meaning,
)
from rules.importers.ctp.calls import Call, CallError, Parts, parse_calls
from rules.importers.ctp.conditions import Reader, negated
from rules.importers.ctp.names import Element
from rules.importers.ctp.source import Statement

_WORST = (Outcome.EXACT, Outcome.DIFFERENT, Outcome.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A letter, and where it holds; `when` is None: everywhere else."""

    letter: str
    when: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a line becomes.

    Attributes
    ----------
    element : Element
    branches : tuple[Branch, ...]
        In the order of the rules; a letter "" makes none.
    account : Account
    """

    element: Element
    branches: tuple[Branch, ...]
    account: Account

    @property
    def letters(self) -> tuple[str, ...]:
        """Letters of the branches."""
        return tuple(b.letter for b in self.branches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Decides the lines of one script.

    Attributes
    ----------
    parameters : Mapping[str, str]
    names : Mapping[str, Element]
        As in `rules.importers.ctp.names.named_element`.
    full_dates : bool
        Whether the script keeps dates and shifts none.
    """

    parameters: Mapping[str, str]
    names: Mapping[str, Element]
    full_dates: bool

    def decide(self, statement: Statement, element: Element) -> Decision:
        """Return what the line `statement` about `element` becomes."""
        try:
            parts = parse_calls(statement.text)
        except CallError:
            return self._one(statement, element, self._fitted(MALFORMED, element), said="?")
        said = " ".join(f"@{p.name}" if isinstance(p, Call) else "text" for p in parts)
        # Whether an absent element is added is not said by a rule: @always is read over.
        parts = tuple(p for p in parts if not (isinstance(p, Call) and p.name == "always"))
        call = parts[0] if len(parts) == 1 else None
        if isinstance(call, Call) and call.name in ("if", "select"):
            then, otherwise = (self._of(clause, element) for clause in call.clauses)
            if call.name == "if":
                return self._conditional(statement, call, element, (then, otherwise), said=said)
            meaning = _strictest(then, otherwise)
            if then.letter != otherwise.letter:
                why = "one rule for the root and for items: the stricter"
                meaning = replace(meaning, outcome=_worst(meaning, then, otherwise), why=why)
                if meaning.outcome is Outcome.EXACT:
                    meaning = replace(meaning, outcome=Outcome.DIFFERENT)
            return self._one(statement, element, meaning, said=said)
        return self._one(statement, element, self._of(parts, element), said=said)

    def _of(self, parts: Parts, element: Element) -> Meaning:
        return self._fitted(plain_meaning(parts, parameters=self.parameters), element)

    def _fitted(self, meaning: Meaning, element: Element) -> Meaning:
        return fitted(meaning, element, full_dates=self.full_dates)

    def _one(
        self, statement: Statement, element: Element, meaning: Meaning, *, said: str
    ) -> Decision:
        return Decision(
            element=element,
            branches=(Branch(letter=meaning.letter),),
            account=_account(statement, element, meaning, said=said),
        )

    def _conditional(
        self,
        statement: Statement,
        call: Call,
        element: Element,
        clauses: tuple[Meaning, Meaning],
        *,
        said: str,
    ) -> Decision:
        then, otherwise = clauses
        if then.letter == otherwise.letter:
            meaning = max(clauses, key=lambda m: _WORST.index(m.outcome))
            return self._one(statement, element, meaning, said=said)
        reader = Reader(names=self.names, parameters=self.parameters)
        condition = reader.read(call.arguments, this=element)
        if condition is None or (condition.misses and _rank(then) > _rank(otherwise)):
            letter = _strictest(then, otherwise).letter
            meaning = replace(UNSAID, letter=letter)
            return self._one(statement, element, meaning, said=said)
        branches: tuple[Branch, ...] = (
            Branch(letter=then.letter, when=condition.text),
            Branch(letter=otherwise.letter),
        )
        if not then.letter:
            branches = (
                Branch(letter=otherwise.letter, when=negated(condition.text)),
                Branch(letter=""),
            )
        whys = [m.why for m in clauses if m.why]
        outcome = _worst(then, otherwise)
        if condition.misses:
            whys.append("small and capital letters are told apart")
            outcome = max(outcome, Outcome.DIFFERENT, key=_WORST.index)
        meaning = Meaning(
            letter="/".join(m.letter or "tables" for m in clauses),
            outcome=outcome,
            why="; ".join(dict.fromkeys(whys)),
            hint="; ".join(dict.fromkeys(m.hint for m in clauses if m.hint)),
        )
        account = _account(statement, element, meaning, said=said)
        return Decision(element=element, branches=branches, account=account)


def merged(first: Decision, second: Decision) -> Decision:
    """Return the decision for an element that two lines name: the strictest of all."""
    letter = max(first.letters + second.letters, key=_rank_of)
    account = replace(
        second.account,
        action=letter,
        outcome=max(second.account.outcome, Outcome.DIFFERENT, key=_WORST.index),
        why="named twice: the stricter holds",
        hint=f"See line {first.account.line}",
    )
    return Decision(element=second.element, branches=(Branch(letter=letter),), account=account)


def _rank_of(letter: str) -> int:
    return STRICTEST.index(letter or "U")


def _rank(meaning: Meaning) -> int:
    return _rank_of(meaning.letter)


def _strictest(*meanings: Meaning) -> Meaning:
    return max(meanings, key=_rank)


def _worst(*meanings: Meaning) -> Outcome:
    return max((m.outcome for m in meanings), key=_WORST.index)


def _account(statement: Statement, element: Element, meaning: Meaning, *, said: str) -> Account:
    return Account(
        line=statement.line,
        element=element.label,
        said=said,
        action=meaning.letter,
        outcome=meaning.outcome,
        why=meaning.why,
        hint=meaning.hint,
    )
