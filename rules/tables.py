"""Read the tables of the standard, once.

The dictionary of data elements (PS3.6) is that of the pinned pydicom.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydicom import datadict

from rules.vocabulary import Option

TYPES = ("1", "1C", "2", "2C", "3")
"""Types of attributes (PS3.5, 7.4), strictest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of PS3.15 Table E.1-1.

    Attributes
    ----------
    tag : str
        Eight hexadecimal digits, ``X`` for any digit; ``"PRIVATE"`` for private attributes.
    vr : str
        "" where our sources give none.
    keyword : str
        "" for rows that stand for several attributes.
    name : str
    retired : bool
    basic : str
        Action of the Basic Profile: a letter or a compound such as ``"X/Z/D"``.
    options : Mapping[Option, str]
        Letter by option; options without a letter are missing.
    """

    tag: str
    vr: str
    keyword: str
    name: str
    retired: bool
    basic: str
    options: Mapping[Option, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidentialityTable:
    """PS3.15 Table E.1-1.

    Attributes
    ----------
    edition : str
    rows : Mapping[int, Row]
        By tag.
    repeating : Mapping[str, Row]
        Rows with ``X`` in their tag, by that tag.
    private : Row
        The row that stands for all private attributes.
    """

    edition: str
    rows: Mapping[int, Row]
    repeating: Mapping[str, Row]
    private: Row

    def row(self, tag: int) -> Row | None:
        """Return the row for the standard (even group) element `tag`, if it has one."""
        found = self.rows.get(tag)
        if found is not None:
            return found
        for mask, row in self.repeating.items():
            if all(m in ("X", d) for m, d in zip(mask, f"{tag:08X}", strict=True)):
                return row
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class IodTypes:
    """Types of attributes in one IOD (PS3.3).

    Attributes
    ----------
    name : str
        Of the IOD, e.g. ``"ct-image"``.
    types : Mapping[str, str]
        Strictest Type over the modules of the IOD, by keyword path joined by dots.
    """

    name: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafePrivate:
    """A row of PS3.15 Table E.3.10-1.

    Attributes
    ----------
    vr : str
        "" where our source gives none; several are joined by a slash.
    name : str
    """

    vr: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRow:
    """A row of PS3.15 Table E.3.4-1: a content item.

    Attributes
    ----------
    code, scheme : str
        Of the concept name.
    value_type : str
        ``"TEXT"``, ``"PNAME"`` … (PS3.3, 10.2).
    basic : str
        Action of the Basic Profile: X, D or X/D.
    options : Mapping[Option, str]
        Letter by option; options without a letter are missing.
    """

    code: str
    scheme: str
    value_type: str
    basic: str
    options: Mapping[Option, str]

    @property
    def key(self) -> tuple[str, str, str]:
        """Return value type, code and scheme."""
        return self.value_type, self.code, self.scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrivate:
    """A private element on a list of what may stay.

    Attributes
    ----------
    letter : str
        K, U or C (of a date).
    vr : str
        "" where the list has none; several are joined by a slash.
    rule : str
        The list, in words.
    """

    letter: str
    vr: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCode:
    """A code of CID 7050, De-identification Method (PS3.16)."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What PS3.6 says of an attribute.

    Attributes
    ----------
    vr : str
        The first where there are several.
    keyword : str
    name : str
    """

    vr: str
    keyword: str
    name: str


@cache
def provenance() -> Mapping[str, Any]:
    """Return edition and inputs of each table, by its file name."""
    tables: Mapping[str, Any] = json.loads(_text("provenance.json"))
    return tables


@cache
def confidentiality_table() -> ConfidentialityTable:
    """Return PS3.15 Table E.1-1."""
    header, *lines = _lines("ps315_e1_1.tsv")
    options = [Option(name.replace("_", "-")) for name in header[6:]]
    rows: dict[int, Row] = {}
    special: dict[str, Row] = {}
    for tag, vr, keyword, name, retired, basic, *letters in lines:
        row = Row(
            tag=tag,
            vr=vr,
            keyword=keyword,
            name=name,
            retired=bool(retired),
            basic=basic,
            options={o: letter for o, letter in zip(options, letters, strict=True) if letter},
        )
        if keyword:
            rows[int(tag, 16)] = row
        else:
            special[tag] = row
    private = special.pop("PRIVATE")
    edition = provenance()["ps315_e1_1.tsv"]["edition"]
    return ConfidentialityTable(edition=edition, rows=rows, repeating=special, private=private)


@cache
def safe_private() -> Mapping[tuple[str, int, int], SafePrivate]:
    """Return PS3.15 Table E.3.10-1 by creator, group and low byte of the element."""
    _, *lines = _lines("ps315_e3_10_1.tsv")
    return {
        (creator, int(group, 16), int(element, 16)): SafePrivate(vr=vr, name=name)
        for group, element, creator, vr, _vm, name in lines
    }


@cache
def content_table() -> Mapping[tuple[str, str, str], ContentRow]:
    """Return PS3.15 Table E.3.4-1 by code, coding scheme and value type."""
    header, *lines = _lines("ps315_e3_4_1.tsv")
    options = [Option(name.replace("_", "-")) for name in header[5:]]
    rows = (
        ContentRow(
            code=code,
            scheme=scheme,
            value_type=value_type,
            basic=basic,
            options={o: letter for o, letter in zip(options, letters, strict=True) if letter},
        )
        for code, scheme, value_type, _meaning, basic, *letters in lines
    )
    return {(row.code, row.scheme, row.value_type): row for row in rows}


@cache
def tcia_private() -> Mapping[tuple[str, int, int], ListedPrivate]:
    """Return what The Cancer Imaging Archive keeps, by creator, group and low byte."""
    _, *lines = _lines("tcia_private.tsv")
    return {
        (creator, int(group, 16), int(element, 16)): ListedPrivate(
            letter=letter, vr=vr, rule="list of The Cancer Imaging Archive"
        )
        for group, element, creator, letter, vr in lines
    }


@cache
def method_codes() -> Mapping[Option | None, MethodCode]:
    """Return CID 7050 by option; ``None`` stands for the Basic Profile."""
    _, *lines = _lines("cid_7050.tsv")
    return {
        Option(option) if option else None: MethodCode(value=code, scheme=scheme, meaning=meaning)
        for code, scheme, meaning, option in lines
    }


@cache
def iod_types(name: str) -> IodTypes:
    """Return the Types of the IOD `name`.

    Raises
    ------
    KeyError
        If no IOD has this name.
    """
    tables = _iod_tables()
    types: dict[str, str] = {}
    for module in tables["iods"][name]:
        for path, type_ in tables["modules"][module].items():
            types[path] = min(types.get(path, "3"), type_, key=TYPES.index)
    return IodTypes(name=name, types=types)


def iod_of(sop_class_uid: str) -> str | None:
    """Return the name of the IOD of a SOP class; None if it is not mapped."""
    name: str | None = _iod_tables()["sop_classes"].get(sop_class_uid)
    return name


def definition(tag: int) -> Definition | None:
    """Return what the dictionary (PS3.6, else Table E.1-1) says of a standard element."""
    try:
        vr, _vm, name, _retired, keyword = datadict.get_entry(tag)
    except KeyError:
        row = confidentiality_table().rows.get(tag)
        return Definition(vr=row.vr, keyword=row.keyword, name=row.name) if row else None
    return Definition(vr=vr.split(" ")[0], keyword=keyword, name=name)


@cache
def tags_by_keyword() -> Mapping[str, int]:
    """Return the tags of the dictionary (PS3.6) and of Table E.1-1 by keyword.

    Attributes of repeating groups are missing.
    """
    rows = confidentiality_table().rows
    return {row.keyword: tag for tag, row in rows.items()} | datadict.keyword_dict


@cache
def _iod_tables() -> Mapping[str, Any]:
    tables: Mapping[str, Any] = json.loads(_text("iod_types.json"))
    return tables


def _lines(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).splitlines()]


def _text(name: str) -> str:
    return (files("rules.standard") / name).read_text(encoding="utf-8")
