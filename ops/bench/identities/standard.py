"""What PS3.15 Annex E says of an attribute, read from the shared tables."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydicom.datadict import dictionary_VR
from pydicom.tag import BaseTag, Tag


class Profile(StrEnum):
    """The option sets that the answer key has a column for."""

    BASIC = "basic"
    RESEARCH = "research"


OPTIONS: dict[Profile, tuple[str, ...]] = {
    Profile.BASIC: (),
    Profile.RESEARCH: (
        "retain_safe_private",
        "retain_longitudinal_modified_dates",
        "retain_patient_characteristics",
        "clean_descriptors",
        "clean_structured_content",
        "clean_graphics",
    ),
}

# Even groups whose rows are no attributes of a dataset.
_OUTSIDE = ("0000", "0002", "0004")
# VRs of rows newer than the dictionary.
_NEW_VRS = {
    "00081301": "SQ",
    "00081302": "SQ",
    "00081303": "SQ",
    "00081304": "SQ",
    "00100011": "SQ",
    "00100014": "SQ",
    "00100015": "SQ",
    "00100041": "SQ",
    "00100043": "SQ",
    "00100044": "SQ",
    "00100046": "SQ",
    "00100047": "UR",
    "0040A034": "DT",
    "0040A035": "DT",
    "0040B034": "DT",
    "0040B036": "DT",
    "0040E012": "UR",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRow:
    """A row of Table E.1-1."""

    tag: BaseTag
    keyword: str
    vr: str
    basic: str
    options: dict[str, str]

    def letter(self, profile: Profile) -> str:
        """Return the action under `profile`: K or C of an option, else the basic one."""
        letters = {self.options[o] for o in OPTIONS[profile] if o in self.options}
        return "K" if "K" in letters else "C" if "C" in letters else self.basic

    @property
    def descriptor(self) -> bool:
        """Whether the Clean Descriptors Option names the attribute."""
        return "clean_descriptors" in self.options


@dataclass(frozen=True, slots=True, kw_only=True)
class SafePrivate:
    """A row of Table E.3.10-1."""

    group: int
    element: int
    creator: str
    vr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The tables, ready to ask."""

    rows: dict[BaseTag, AttributeRow]
    safe: dict[tuple[int, int, str], SafePrivate]
    concepts: dict[tuple[str, str, str], str]
    """Code, scheme and value type to the action under the options of the research set."""

    def concept_letter(self, code: str, scheme: str, value_type: str) -> str:
        """Return the action of Table E.3.4-1 for research, '' where it does not name it."""
        return self.concepts.get((code, scheme, value_type), "")

    def row(self, tag: BaseTag) -> AttributeRow | None:
        """Return the row for `tag`, None for attributes that the table does not name."""
        return self.rows.get(tag)


def read_standard(folder: Path) -> Standard:
    """Return the tables in `folder` (the shared ``standard`` data)."""
    table = json.loads((folder / "ps315_e1_1.json").read_text(encoding="utf-8"))
    rows = {}
    for row in table["rows"]:
        name = row["tag"]
        if name[:4] in _OUTSIDE or "X" in name or name == "PRIVATE":
            continue
        tag = Tag(int(name, 16))
        rows[tag] = AttributeRow(
            tag=tag,
            keyword=row["keyword"] or row["name"].replace(" ", ""),
            vr=_vr_of(tag, row["vr"] or _NEW_VRS.get(name, "LO")),
            basic=row["basic"],
            options=row["options"],
        )
    private = json.loads((folder / "ps315_e3_10_1_safe_private.json").read_text(encoding="utf-8"))
    safe = {}
    for row in private["rows"]:
        group, element = int(row["group"], 16), int(row["element"], 16)
        safe[group, element, row["creator"]] = SafePrivate(
            group=group, element=element, creator=row["creator"], vr=row["vr"]
        )
    return Standard(rows=rows, safe=safe, concepts=_read_concepts(folder))


def _read_concepts(folder: Path) -> dict[tuple[str, str, str], str]:
    table = json.loads((folder / "ps315_e3_4_1.json").read_text(encoding="utf-8"))
    concepts = {}
    for row in table["rows"]:
        letters = {row["options"].get(option) for option in OPTIONS[Profile.RESEARCH]}
        letter = "K" if "K" in letters else "C" if "C" in letters else row["basic"]
        concepts[row["code"], row["scheme"], row["value_type"]] = letter
    return concepts


def _vr_of(tag: BaseTag, stated: str) -> str:
    try:
        known = dictionary_VR(tag)
    except KeyError:
        known = stated
    return known.split(" or ", maxsplit=1)[0]


def is_class_uid(keyword: str) -> bool:
    """Whether the UIDs of an attribute name classes and codes, not instances."""
    return (
        keyword.endswith(("ClassUID", "SyntaxUID"))
        or keyword in {"CodingSchemeUID", "ContextUID", "MappingResourceUID"}
        or keyword in {"SOPClassesInStudy", "SOPClassesSupported"}
    )
