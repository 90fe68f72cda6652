"""Say in data why a plan does what it does."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom import datadict

from rules.compiler import REMOVED_GROUPS
from rules.errors import TagError
from rules.plan import Entry, Node, Plan
from rules.tables import Row, confidentiality_table, definition, iod_of, safe_private
from rules.tags import TagPattern, parse_tag
from rules.vocabulary import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a plan does with one element at one place.

    Attributes
    ----------
    tag : str
        ``"(0008,1030)"``; of a private element with its creator.
    name : str
        "" where the dictionary has none.
    path : str
        Keywords of the sequences around it, joined by dots.
    iod : str
        "" where the SOP class is not mapped.
    row : Row | None
        Of Table E.1-1.
    entry : Entry
    """

    tag: str
    name: str
    path: str
    iod: str
    row: Row | None
    entry: Entry

    def as_data(self) -> dict[str, object]:
        """Return what `narthex rules explain --json` prints."""
        return {
            "tag": self.tag,
            "name": self.name,
            "path": self.path,
            "iod": self.iod,
            "basic": self.row.basic if self.row else "",
            "options": {o.value: letter for o, letter in self.row.options.items()}
            if self.row
            else {},
            **_entry_data(self.entry),
            "if_date": _if_date(self.entry),
            "alternatives": [
                {"when": condition.text, **_entry_data(entry), "if_date": _if_date(entry)}
                for condition, entry in self.entry.alternatives
            ],
        }


def explain(plan: Plan, named: str, *, sop_class_uid: str = "", path: str = "") -> Answer:
    """Return what `plan` does with one element.

    Parameters
    ----------
    named : str
        As a rule names it: keyword, tag, private element, path of keywords.
    sop_class_uid : str
        "": an SOP class that is not mapped.
    path : str
        Keywords of the sequences around the element, joined by dots.

    Raises
    ------
    rules.errors.TagError
        If `named` or `path` names nothing.
    """
    pattern = parse_tag(named)
    path = ".".join(part for part in (path, pattern.path or "") if part)
    node = plan.roots[sop_class_uid]
    for keyword in path.split(".") if path else ():
        node = node.children[_sequence(keyword)]
    return _answer(node, pattern, path=path, iod=iod_of(sop_class_uid) or "")


def answers(plan: Plan, *, sop_class_uid: str = "") -> Iterator[Answer]:
    """Yield what `plan` does at the root with every attribute that is not just kept.

    Attributes of Table E.1-1 are always among them. Repeating groups are shown by their
    first group. After them stand the safe private elements that stay.
    """
    table = confidentiality_table()
    node = plan.roots[sop_class_uid]
    iod = iod_of(sop_class_uid) or ""
    repeating = [int(mask.replace("X", "0"), 16) for mask in table.repeating if "3000" in mask]
    tags = {*table.rows, *datadict.keyword_dict.values(), *repeating}
    for tag in sorted(t for t in tags if t >> 16 not in REMOVED_GROUPS):
        entry = node[tag]
        plain = entry.operation is Operation.KEEP and not entry.alternatives
        if table.row(tag) is None and plain and not entry.rule.startswith("rules["):
            continue
        yield Answer(
            tag=f"({tag >> 16:04X},{tag & 0xFFFF:04X})",
            name=_name(tag),
            path="",
            iod=iod,
            row=table.row(tag),
            entry=entry,
        )
    for (creator, group, low), safe in sorted(safe_private().items()):
        entry = node.private[creator, group, low]
        if entry.operation is not Operation.REMOVE:
            tag_text = f'({group:04X},"{creator}",{low:02X})'
            yield Answer(
                tag=tag_text, name=safe.name, path="", iod=iod, row=table.private, entry=entry
            )


def _answer(node: Node, pattern: TagPattern, *, path: str, iod: str) -> Answer:
    if pattern.private is not None:
        creator, group, low = pattern.private
        safe = safe_private().get(pattern.private)
        return Answer(
            tag=f'({group:04X},"{creator}",{low:02X})',
            name=safe.name if safe else "",
            path=path,
            iod=iod,
            row=confidentiality_table().private,
            entry=node.private[pattern.private],
        )
    tag = int(pattern.mask.replace("X", "0"), 16)
    return Answer(
        tag=f"({pattern.mask[:4]},{pattern.mask[4:]})",
        name=_name(tag),
        path=path,
        iod=iod,
        row=confidentiality_table().row(tag),
        entry=node[tag],
    )


def _sequence(keyword: str) -> int:
    pattern = parse_tag(keyword)
    if not pattern.mask or pattern.vr != "SQ":
        raise TagError(f"{keyword} is no sequence", hint="Give keywords of sequences of PS3.6")
    return int(pattern.mask, 16)


def _name(tag: int) -> str:
    found = definition(tag)
    return found.name if found else ""


def _if_date(entry: Entry) -> dict[str, object] | None:
    """Return what is done where the file calls the element a date; None: no other thing."""
    return None if entry.if_date is None else _entry_data(entry.if_date)


def _entry_data(entry: Entry) -> dict[str, object]:
    return {
        "keyword": entry.keyword,
        "vr": entry.vr,
        "type": entry.type,
        "action": entry.action.value,
        "operation": entry.operation.value,
        "fallback": entry.fallback.value,
        "rule": entry.rule,
        "section": entry.section,
        "note": entry.note,
        "unfit_note": entry.unfit_note,
    }
