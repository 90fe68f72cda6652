"""Make a rule set of a CTP script, and say what became of each of its lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rules.beyond import names_instance, row_beyond
from rules.errors import Problem, RuleSetError
from rules.importers.accounts import Account, Imported, Outcome
from rules.importers.ctp.actions import ACCESSION_NUMBER, shifts_dates
from rules.importers.ctp.calls import CallError, calls_in, parse_calls
from rules.importers.ctp.decisions import Decider, Decision, merged
from rules.importers.ctp.names import Element, named_element
from rules.importers.ctp.rule_text import CURVES, OVERLAYS, Tagged, rule_text, unnamed_tags
from rules.importers.ctp.source import Kind, Statement, read_script
from rules.load import compile_rules
from rules.tables import confidentiality_table, definition
from rules.vocabulary import AccessionPolicy, Option

_IMAGE_GROUPS = frozenset({0x0028, 0x7FE0})
"""CTP keeps them whatever the script says of elements it does not name."""

_KEEPING = frozenset({"keep", "require", "process", "incrementdate"})
_SOP_INSTANCE_UID = 0x00080018
_NOWHERE = Element(tag=0)


def import_ctp(text: str, *, name: str, source: str) -> Imported:
    """Return the rule set that does what the CTP script `text` does, or more.

    What can't be carried over becomes the stricter action.

    Parameters
    ----------
    name : str
        Of the rule set; it stands in De-identification Method.
    source : str
        What errors call the script: its file.

    Raises
    ------
    rules.errors.RuleSetError
        If `text` is no CTP script, with line, column and what to do; or if `name` can't be
        the name of a rule set.
    """
    script = _Script.of(read_script(text, source=source), source=source)
    decisions, accounts = _decided(script)
    first = [
        (tag, f"remove {word}")
        for word, tag in (("overlays", OVERLAYS), ("curves", CURVES))
        if script.is_on(Kind.REMOVE, word)
    ]
    written = rule_text(
        name=name,
        options=_options(script, decisions),
        accession=_accession(decisions),
        first=first,
        decisions=decisions,
        last=_last(script, decisions, first),
    )
    compile_rules(written, source=f"rule set of {source}")
    accounts += [*_parameters(script), *_globals(script)]
    return Imported(rule_set_text=written, accounts=tuple(sorted(accounts, key=lambda a: a.line)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
    """A script that was read, its tags found."""

    statements: tuple[Statement, ...]
    elements: tuple[tuple[Statement, Element], ...]
    decider: Decider

    @classmethod
    def of(cls, statements: tuple[Statement, ...], *, source: str) -> "_Script":
        elements, problems = [], []
        for s in statements:
            if s.kind is not Kind.ELEMENT:
                continue
            found = named_element(s.target, names={}, this=_NOWHERE)
            if found is None or found is _NOWHERE:
                hint = "Write gggg,eeee, or gggg[CREATOR]ee of a private element"
                problems.append(
                    Problem(line=s.line, column=s.column, message="this is no tag", hint=hint)
                )
                continue
            elements.append((s, found))
        if problems:
            raise RuleSetError(source, problems)
        parameters = {s.target: s.text for s in statements if s.kind is Kind.PARAMETER}
        decider = Decider(
            parameters=parameters,
            names={s.name: e for s, e in elements if s.name},
            full_dates=_keeps_dates(elements, parameters),
        )
        return cls(statements=statements, elements=tuple(elements), decider=decider)

    def is_on(self, kind: Kind, word: str) -> bool:
        """Return whether a line of the script says so."""
        return any(s.kind is kind and s.target == word and s.is_enabled for s in self.statements)

    @property
    def removes_unnamed(self) -> bool:
        return self.is_on(Kind.REMOVE, "unspecifiedelements")

    @property
    def kept_groups(self) -> frozenset[int]:
        """Standard groups whose elements stay though the script does not name them."""
        groups = (_group(s) for s in self.statements if s.kind is Kind.KEEP and s.is_enabled)
        return _IMAGE_GROUPS.union(g for g in groups if g is not None and not g & 1)


def _keeps_dates(elements: Sequence[tuple[Statement, Element]], parameters: dict[str, str]) -> bool:
    """Return whether the script keeps dates as they are and shifts none."""
    keeps = False
    for statement, element in elements:
        if not statement.is_enabled:
            continue
        try:
            calls = calls_in(parse_calls(statement.text))
        except CallError:
            continue
        if any(shifts_dates(call, parameters=parameters) for call in calls):
            return False
        keeps |= element.vr in ("DA", "DT") and any(call.name in _KEEPING for call in calls)
    return keeps


def _decided(script: _Script) -> tuple[list[Decision], list[Account]]:
    decisions: dict[tuple[int, str], Decision] = {}
    accounts: list[Account] = []
    for statement, element in script.elements:
        if not statement.is_enabled:
            accounts.append(_of_disabled(script, statement, element))
            continue
        decision = script.decider.decide(statement, element)
        key = element.tag, element.creator.upper()
        if key in decisions:
            decision = merged(decisions[key], decision)
        if element.tag == _SOP_INSTANCE_UID and decision.letters == ("K",):
            why = "with the option retain-uids: references must still fit"
            decision = replace(decision, account=replace(decision.account, why=why))
        decisions[key] = decision
        accounts.append(decision.account)
    return list(decisions.values()), accounts


def _options(script: _Script, decisions: Sequence[Decision]) -> list[Option]:
    options = []
    if any(s.kind is Kind.KEEP and _is_safe(s) and s.is_enabled for s in script.statements):
        options.append(Option.RETAIN_SAFE_PRIVATE)
    if script.decider.full_dates:
        options.append(Option.RETAIN_LONGITUDINAL_FULL_DATES)
    elif any("C" in d.letters for d in decisions):
        options.append(Option.RETAIN_LONGITUDINAL_MODIFIED_DATES)
    if any(d.element.tag == _SOP_INSTANCE_UID and d.letters == ("K",) for d in decisions):
        options.append(Option.RETAIN_UIDS)
    return options


def _accession(decisions: Sequence[Decision]) -> AccessionPolicy:
    """Return what the tables are to make of accession numbers; a rule goes before them."""
    left = any(d.element.tag == ACCESSION_NUMBER and "" in d.letters for d in decisions)
    return AccessionPolicy.PSEUDONYM if left else AccessionPolicy.TABLE


def _last(script: _Script, decisions: Sequence[Decision], first: Sequence[Tagged]) -> list[str]:
    if not script.removes_unnamed:
        return []
    is_left = _accession(decisions) is AccessionPolicy.PSEUDONYM
    kept = [ACCESSION_NUMBER] if is_left else []
    tags = unnamed_tags(kept_groups=script.kept_groups, kept=kept)
    return [tag for tag in tags if tag not in {t for t, _ in first}]


def _of_disabled(script: _Script, statement: Statement, element: Element) -> Account:
    """Return the account of a line that is switched off: as if the script did not name it."""
    account = Account(
        line=statement.line, element=element.label, said="off", action="", outcome=Outcome.EXACT
    )
    if element.is_private:
        return account  # as privategroups says
    if script.removes_unnamed and element.tag >> 16 not in script.kept_groups:
        return replace(account, action="X")
    if _is_kept(element):
        return account
    why = "CTP leaves it; the Basic Profile, with the options of this rule set, decides"
    return replace(account, outcome=Outcome.DIFFERENT, why=why)


def _is_kept(element: Element) -> bool:
    """Return whether the tables keep a standard element, whatever the options."""
    found = definition(element.tag)
    if found is None or confidentiality_table().row(element.tag) is not None:
        return False
    return row_beyond(element.tag, found) is None and not names_instance(found)


def _parameters(script: _Script) -> Iterator[Account]:
    whys = {
        "DATEINC": "its number of days is not used: each subject has its own random shift",
        "UIDROOT": "not used: UIDs are under 2.25, and others than CTP made",
    }
    for s in script.statements:
        if s.kind is Kind.UNREAD:
            why, hint = (
                "CTP reads over this line, and so does the import",
                "Look for a typing error",
            )
            yield _line(s, "", Outcome.LOST, why=why, hint=hint)
        if s.kind is Kind.PARAMETER:
            why = whys.get(s.target, "")
            yield _line(s, _word(s.target), Outcome.DIFFERENT if why else Outcome.EXACT, why=why)


def _globals(script: _Script) -> Iterator[Account]:
    for s in script.statements:
        if s.kind is Kind.KEEP:
            yield _of_keep(script, s)
        elif s.kind is Kind.REMOVE and s.target not in _REMOVED:
            why, hint = "CTP removes nothing of this name", "Look for a typing error"
            yield _line(s, _word(s.target), Outcome.LOST, why=why, hint=hint)
    for word, (on, off) in _REMOVED.items():
        said = [s for s in script.statements if s.kind is Kind.REMOVE and s.target == word]
        for s in said or [Statement(kind=Kind.REMOVE, line=1, is_enabled=False)]:
            why = on if script.is_on(Kind.REMOVE, word) else off
            outcome = Outcome.DIFFERENT if why else Outcome.EXACT
            action = "X" if s.is_enabled and word != "privategroups" else ""
            account = _line(s, word, outcome, action=action, why=why)
            yield account if said else replace(account, said="not in the script")


_REMOVED = {
    "privategroups": (
        "",
        "CTP leaves private elements; here only those stay that a rule or an option names",
    ),
    "unspecifiedelements": (
        "at any depth; Specific Character Set stays, instance UIDs are replaced",
        "CTP leaves what the script does not name; here the Basic Profile decides",
    ),
    "overlays": ("", "CTP leaves overlays; the Basic Profile removes them"),
    "curves": ("", "CTP leaves curves; the Basic Profile removes them"),
}
"""What is different if it is on, and if it is off."""


def _of_keep(script: _Script, s: Statement) -> Account:
    group = _group(s)
    if not s.is_enabled:
        return _line(s, _word(s.target), Outcome.EXACT)
    if _is_safe(s):
        why = "the list is PS3.15 Table E.3.10-1, not that of CTP; free text in it is removed"
        return _line(s, "safe private elements", Outcome.DIFFERENT, why=why)
    if group is None or group & 1:
        why = (
            "private groups are not kept as a whole" if group else "CTP keeps nothing of this name"
        )
        hint = 'Write rules for the elements: (gggg,"CREATOR",ee)'
        named = f"group {group:04X}" if group else _word(s.target)
        return _line(s, named, Outcome.LOST, why=why, hint=hint)
    if not script.removes_unnamed:
        return _line(s, f"group {group:04X}", Outcome.EXACT)
    why = "not removed; the Basic Profile still decides for what the script does not name"
    return _line(s, f"group {group:04X}", Outcome.DIFFERENT, why=why)


def _is_safe(s: Statement) -> bool:
    return s.target.startswith("safe")


def _group(s: Statement) -> int | None:
    try:
        group = int(s.target, 16)
    except ValueError:
        return None
    return group if 0 <= group <= 0xFFFF else None


def _line(
    s: Statement, element: str, outcome: Outcome, *, action: str = "", why: str = "", hint: str = ""
) -> Account:
    said = "" if s.is_enabled else "off"
    return Account(
        line=s.line,
        element=element,
        said=said,
        action=action,
        outcome=outcome,
        why=why,
        hint=hint,
    )


def _word(text: str) -> str:
    """Return the name of a parameter or a group; nothing else is repeated."""
    return text if text.isidentifier() and len(text) <= 32 else ""
