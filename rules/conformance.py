"""Make the tables of a DICOM Conformance Statement from a compiled plan (PS3.2, annex N).

N.8.4.4: profiles and options. N.11.2.6: attributes and actions. What stands here was asked
of the plan, by Type of the attribute; nothing is written down a second time.
`rules.conformance_page` prints it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from rules.difference import Compiled, private_name
from rules.entries import SECTIONS
from rules.plan import Entry, Plan
from rules.survey import (
    all_private,
    attributes_of_table,
    content_entries,
    entries_by_type,
    named_tags,
)
from rules.tables import (
    confidentiality_table,
    definition,
    method_codes,
    provenance,
    safe_private,
    tcia_private,
)
from rules.vocabulary import Action, Operation, Option

HOW: Mapping[Operation, str] = {
    Operation.KEEP: "kept",
    Operation.REMOVE: "removed",
    Operation.EMPTY: "zero length",
    Operation.DUMMY: "dummy value of the VR; of a person, a keyed pseudonym",
    Operation.REPLACE_UID: "keyed hash of the UID, under 2.25.",
    Operation.SHIFT_DATE: "dates shifted by the days of the subject",
    Operation.CAP_AGE: "kept up to 89 years, else 090Y",
    Operation.PSEUDONYM: "pseudonym of the subject",
    Operation.ACCESSION: "random pseudonym of the project",
    Operation.HOLD: "the object is held",
    Operation.CLEAN_TEXT: "the person is cut out of the text",
    Operation.CLEAN_KNOWN: "kept, unless what is known of a person stands in it",
    Operation.CLEAN_DOCUMENT: "a PDF is made anew of its cleaned text; else a notice page",
}
"""What an operation makes of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A row of Table N.8-7.

    Attributes
    ----------
    option : str
        ``basic`` or an option of PS3.15, E.3.
    is_on : bool
    code : str
        CID 7050.
    claim : str
        ``yes``, ``no``, ``where complete``: only for objects of which nothing was removed
        that the option keeps.
    hindrance : str
        What keeps the code from being claimed, or may.
    """

    option: str
    section: str
    is_on: bool
    code: str
    meaning: str
    claim: str
    hindrance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is done with an attribute, at the Types where it is so.

    Attributes
    ----------
    types : tuple[str, ...]
        Of PS3.3; "" is unknown.
    condition : str
        "" is always, or where no condition of a row before holds.
    note : str
        The option whose code is withheld by this, as a note of the report.
    unfit_note : str
        The same, where a value does not fit its VR and is removed.
    """

    types: tuple[str, ...]
    action: str
    operation: str
    how: str
    otherwise: str
    condition: str
    rule: str
    note: str
    unfit_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """A row of Table N.11-6.

    Attributes
    ----------
    origin : str
        ``Table E.1-1``, ``beyond Table E.1-1``, ``Table E.3.4-1`` (a content item),
        ``Table E.3.10-1``, ``private list``, ``rule set``.
    action : str
        Letters of Table E.1-1a that the Types lead to, joined by slashes.
    """

    tag: str
    name: str
    origin: str
    action: str
    treatments: tuple[Treatment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a plan can be said to conform to."""

    name: str
    plan: str
    version: str
    unknown: str
    shift_days: tuple[int, int]
    editions: dict[str, str]
    profiles: tuple[Profile, ...]
    rules: tuple[dict[str, object], ...]
    attributes: tuple[Attribute, ...]

    def as_data(self) -> dict[str, object]:
        """Return what ``narthex rules conformance --format json`` prints."""
        return asdict(self)


def statement(compiled: Compiled, *, claimed: Collection[str], version: str) -> Statement:
    """Return what the plan of a rule set conforms to.

    Parameters
    ----------
    compiled : Compiled
    claimed : Collection[str]
        Codes of CID 7050 that the engine writes for an object of which everything ran.
    version : str
        Of the product.
    """
    plan = compiled.plan
    attributes = tuple(_attributes(compiled))
    return Statement(
        name=plan.name,
        plan=plan.hash,
        version=version,
        unknown=plan.unknown.value,
        shift_days=plan.shift_days,
        editions={name: table["edition"] for name, table in provenance().items()},
        profiles=tuple(_profiles(compiled, attributes, claimed)),
        rules=tuple(
            {
                "origin": rule.origin,
                "tags": [tag.text for tag in rule.tags],
                "action": rule.action.value,
                "when": rule.when.text if rule.when else None,
            }
            for rule in compiled.loaded.rules
        ),
        attributes=attributes,
    )


def _profiles(
    compiled: Compiled, attributes: Iterable[Attribute], claimed: Collection[str]
) -> Iterator[Profile]:
    plan = compiled.plan
    incomplete: dict[str, int] = {}
    # texts of content items that the table does not list are cleaned by their value type
    unfit = {f"{Option.CLEAN_STRUCTURED_CONTENT}.removed"}
    for attribute in attributes:
        unfit.update(t.unfit_note for t in attribute.treatments)
        for note in {t.note for t in attribute.treatments if t.note}:
            incomplete[note] = incomplete.get(note, 0) + 1
    for option, code in sorted(method_codes().items(), key=lambda pair: pair[1].value):
        is_on = option is None or option in plan.options
        can_be = code.value in claimed
        note = f"{option}.removed"
        removed = incomplete.get(note, 0)
        claim, hindrance = ("yes", "") if can_be else ("no", "")
        if not is_on:
            hindrance = "the option is not on"
        elif option is None:
            hindrance = "" if can_be else _weakened(compiled)
        elif not can_be:
            hindrance = _no_engine(plan, option, removed)
        elif option is Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES:
            modalities = ", ".join(sorted(plan.deface_modalities))
            claim, hindrance = "where complete", f"withheld from images but {modalities}"
        elif removed or note in unfit:
            claim, hindrance = "where complete", _withheld(removed, is_unfit=note in unfit)
        yield Profile(
            option=option.value if option else "basic",
            section=SECTIONS[option] if option else "PS3.15 E.2",
            is_on=is_on,
            code=code.value,
            meaning=code.meaning,
            claim=claim,
            hindrance=hindrance,
        )


def _withheld(removed: int, *, is_unfit: bool) -> str:
    reasons = [
        f"with one of {removed} attributes removed instead" if removed else "",
        "with a value that can't be read or does not fit its VR" if is_unfit else "",
    ]
    return f"withheld from an object {', or '.join(filter(None, reasons))}"


def _weakened(compiled: Compiled) -> str:
    keeping = [r.origin for r in compiled.loaded.rules if r.action is Action.KEEP and r.weakens]
    return f"rules keep what the profile changes: {'; '.join(keeping)}"


def _no_engine(plan: Plan, option: Option, removed: int) -> str:
    code = plan.unavailable.get(option)
    if code is not None:
        return f"no engine yet: objects that it concerns are held ({code})"
    if removed:
        return f"no cleaner yet: {removed} attributes are treated as without the option"
    return "not carried out yet"


def _attributes(compiled: Compiled) -> Iterator[Attribute]:
    plan, rules = compiled.plan, compiled.loaded.rules
    of_table = frozenset(attributes_of_table())
    for tag in sorted(of_table | named_tags(rules)):
        found, row = definition(tag), confidentiality_table().row(tag)
        origin = "rule set"
        if row is not None:
            origin = "Table E.1-1"
        elif tag in of_table:
            origin = "beyond Table E.1-1"
        mask = f"{tag:08X}" if row is None else row.tag
        name = (row.name if row else "") or (found.name if found else "")
        yield _attribute(f"({mask[:4]},{mask[4:]})", name, origin, entries_by_type(plan, tag))
    for (value_type, code, scheme), entry in sorted(content_entries(plan).items()):
        name = f"{value_type} ({code}, {scheme})"
        yield _attribute("(0040,A730)", name, "Table E.3.4-1", {"": entry})
    private = confidentiality_table().private
    gone = plan.roots[""].private["", 0x0009, 0]
    yield _attribute("(gggg,eeee), gggg odd", private.name, "Table E.1-1", {"": gone})
    for key in all_private(rules):
        entry = plan.roots[""].private[key]
        if entry.operation is Operation.REMOVE and not (entry.note or entry.alternatives):
            continue
        safe = safe_private().get(key)
        origin = "Table E.3.10-1" if safe else "rule set"
        if key in tcia_private() and not safe:
            origin = "private list"
        yield _attribute(private_name(key), safe.name if safe else "", origin, {"": entry})


def _attribute(tag: str, name: str, origin: str, entries: Mapping[str, Entry]) -> Attribute:
    groups: dict[Treatment, list[str]] = {}
    for type_, entry in entries.items():
        conditional = [(c.text, alternative) for c, alternative in entry.alternatives]
        for condition, each in (*conditional, ("", entry)):
            groups.setdefault(_treatment(each, condition), []).append(type_)
    treatments = tuple(
        Treatment(
            types=() if len(types) == len(entries) else tuple(types),
            action=t.action,
            operation=t.operation,
            how=t.how,
            otherwise=t.otherwise,
            condition=t.condition,
            rule=t.rule,
            note=t.note,
            unfit_note=t.unfit_note,
        )
        for t, types in groups.items()
    )
    letters = {t.action for t in treatments}
    action = "/".join(letter.value for letter in Action if letter in letters)
    return Attribute(tag=tag, name=name, origin=origin, action=action, treatments=treatments)


def _treatment(entry: Entry, condition: str) -> Treatment:
    may_fall_back = entry.operation not in _PLAIN
    return Treatment(
        types=(),
        action=entry.action.value,
        operation=entry.operation.value,
        how=_how(entry),
        otherwise=entry.fallback.value if may_fall_back else "",
        condition=condition,
        rule=f"{entry.rule}; {entry.section}",
        note=entry.note,
        unfit_note=entry.unfit_note,
    )


def _how(entry: Entry) -> str:
    if entry.operation is Operation.KEEP and entry.vr == "SQ":
        return "kept; its items are walked"
    if entry.operation is Operation.SHIFT_DATE and entry.vr == "TM":
        return "a time of day is kept"
    if entry.if_date is not None:
        date = HOW[entry.if_date.operation]
        return f"{HOW[entry.operation]}; where the file calls it a date: {date}"
    return HOW[entry.operation]


_PLAIN = frozenset(
    {
        Operation.KEEP,
        Operation.REMOVE,
        Operation.EMPTY,
        Operation.DUMMY,
        Operation.REPLACE_UID,
        Operation.HOLD,
    }
)
"""Operations that any value can be given to."""
