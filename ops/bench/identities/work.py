"""What the planting functions share: the dataset, the subject, and the list of plants."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from pydicom import config
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PersonName

from ops.bench.identities.cultures import plain
from ops.bench.identities.paths import Path, walk
from ops.bench.identities.persons import Subject
from ops.bench.identities.phrases import Text
from ops.bench.identities.standard import Profile, Standard
from ops.bench.identities.values import make_uid


class Kind(StrEnum):
    """Where an identity or a clinical value stands."""

    STRUCTURED = "structured"
    SEQUENCE = "sequence"
    PRIVATE = "private"
    UN_BYTES = "un-bytes"
    FREE_TEXT = "free-text"
    CLINICAL_TEXT = "clinical-text"
    PRIVATE_TEXT = "private-text"
    SR_TEXT = "sr-text"
    SR_VALUE = "sr-value"
    SR_IDENTITY = "sr-identity"
    ANNOTATION = "annotation"
    DOCUMENT = "document"
    REFERENCE = "reference"
    CHARACTERISTIC = "characteristic"
    UID = "uid"
    DATE = "date"
    META = "meta"
    PIXEL = "pixel"


class Expect(StrEnum):
    """What must be true of a place after cleaning."""

    GONE = "gone"
    PSEUDONYM = "pseudonym-consistent"
    UID = "uid-mapped-consistent"
    UID_OR_GONE = "uid-mapped-or-gone"
    DATE = "date-shifted-or-gone"
    PRESENT = "present"
    KEPT = "kept"
    CLEANED = "cleaned"
    WHOLE = "text-kept"
    CAPPED = "age-capped-or-gone"
    FREE = "unspecified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """An identity or a clinical value at a place.

    Attributes
    ----------
    gone, tokens : tuple of str
        Of a text: see `phrases.Text`.
    basic, research : Expect or None
        What is true there whatever the table says, by column of the key.
    rule : str
        Why, for the list of leaks.
    """

    path: Path
    kind: Kind
    needles: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    basic: Expect | None = None
    research: Expect | None = None
    rule: str = ""

    def override(self, profile: Profile) -> Expect | None:
        """Return what is true for `profile` whatever the table says."""
        return self.basic if profile is Profile.BASIC else self.research

    @property
    def clinical(self) -> bool:
        """Whether the value names nobody."""
        return bool(self.tokens) and not self.needles and not self.gone


class Sibling(NamedTuple):
    """An object to point at."""

    sop_class: str
    uid: str
    series: str
    study: str


@dataclass(slots=True, kw_only=True)
class Study:
    """What the objects of a study share."""

    study_uid: str
    frame_uid: str
    day: date
    siblings: list[Sibling]
    """The objects of the subject written so far, in whatever study."""


@dataclass(slots=True, kw_only=True)
class Work:
    """One file in the making."""

    dataset: FileDataset
    subject: Subject
    rng: random.Random
    standard: Standard
    study: Study
    plants: list[Plant] = field(default_factory=list)
    uids: dict[str, str] = field(default_factory=dict)
    document: bool = False
    """Whether the object may be replaced or withheld, so that its utility is not counted."""
    retargeted: bool = False
    """Whether the file is written in another transfer syntax than its source had."""

    def fresh(self, uid: str) -> str:
        """Return the new UID that stands for `uid` of the source header."""
        if not uid or uid.startswith("1.2.840.10008."):
            return uid
        return self.uids.setdefault(uid, make_uid(self.rng))

    def plant(
        self,
        path: Path,
        kind: Kind,
        *,
        needles: tuple[str, ...] = (),
        expects: Expect | None = None,
        basic: Expect | None = None,
        research: Expect | None = None,
        rule: str = "",
    ) -> None:
        """Note what was put at `path`; `expects` is for both columns of the key."""
        self._note(
            Plant(
                path=path,
                kind=kind,
                needles=needles,
                basic=basic or expects,
                research=research or expects,
                rule=rule,
            )
        )

    def plant_text(
        self,
        path: Path,
        text: Text,
        kind: Kind | None = None,
        *,
        basic: Expect | None = None,
        research: Expect | None = None,
    ) -> None:
        """Note the text that was put at `path`."""
        clinical = not text.needles and not text.gone
        self._note(
            Plant(
                path=path,
                kind=kind or (Kind.CLINICAL_TEXT if clinical else Kind.FREE_TEXT),
                needles=text.needles,
                gone=text.gone,
                tokens=text.tokens,
                basic=basic,
                research=research,
                rule=f"text, {text.rule}",
            )
        )

    def _note(self, plant: Plant) -> None:
        """Keep `plant`; a later note for a path replaces the earlier."""
        self.plants = [p for p in self.plants if p.path != plant.path]
        self.plants.append(plant)


def put(dataset: Dataset, tag: BaseTag | int, *, vr: str, value: object) -> None:
    """Set an element with exactly this VR and value."""
    number = Tag(tag)
    dataset[number] = DataElement(number, vr, value, validation_mode=config.IGNORE)


def put_raw(dataset: Dataset, tag: BaseTag, *, vr: str, value: bytes) -> None:
    """Set an element to bytes that its VR does not allow."""
    padded = value + b" " * (len(value) % 2)
    implicit, little = dataset.original_encoding
    dataset[tag] = RawDataElement(tag, vr, len(padded), padded, 0, bool(implicit), bool(little))


@contextmanager
def lenient() -> Iterator[None]:
    """Let pydicom read and write what is wrong on purpose, in silence."""
    settings = config.settings
    before = settings.reading_validation_mode, settings.writing_validation_mode
    settings.reading_validation_mode = settings.writing_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        settings.reading_validation_mode, settings.writing_validation_mode = before


@contextmanager
def unknown_stays_unknown() -> Iterator[None]:
    """Let an element of VR UN be written as such, also where its tag is known."""
    before = config.replace_un_with_known_vr
    config.replace_un_with_known_vr = False
    try:
        yield
    finally:
        config.replace_un_with_known_vr = before


def set_charset(dataset: Dataset, charset: tuple[str, ...]) -> None:
    """Make every text of the header ASCII and declare `charset` for what will be planted."""
    for _, element in list(walk(dataset)):
        if element.VR in ("LO", "LT", "SH", "ST", "UC", "UT", "PN"):
            element.value = _in_ascii(element)
        if element.VR == "SQ" and element.value is not None:
            for item in element.value:
                item.pop(Tag(0x0008, 0x0005), None)
    if charset:
        dataset.SpecificCharacterSet = list(charset) if len(charset) > 1 else charset[0]
    else:
        dataset.pop(Tag(0x0008, 0x0005), None)


def _in_ascii(element: DataElement) -> object:
    value = element.value
    if isinstance(value, MultiValue):
        return [plain(str(v)) if not str(v).isascii() else v for v in value]
    if isinstance(value, str | PersonName) and not str(value).isascii():
        return plain(str(value).split("=", maxsplit=1)[0])
    return value
