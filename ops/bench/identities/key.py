"""The answer key: for every place of every file, what must go and what must stay."""

import csv
import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path as File

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import FileDataset
from pydicom.tag import Tag

from ops.bench.identities.paths import Path, Step, by_concept, resolve, show, text_of, walk
from ops.bench.identities.standard import Profile, Standard, is_class_uid
from ops.bench.identities.work import Expect, Kind, Plant

_PIXELS = (Tag(0x7FE0, 0x0010), Tag(0x7FE0, 0x0008), Tag(0x7FE0, 0x0009))
_OURS = frozenset(  # written by whoever de-identifies
    {"PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"}
    | {"LongitudinalTemporalInformationModified", "SpecificCharacterSet"}
)
_UNSURE = frozenset(  # what the source header says there may name someone
    {"CodingSchemeResponsibleOrganization", "CompletionFlagDescription", "ContentDescription"}
    | {"DocumentTitle", "GraphicLayerDescription", "UniversalEntityID"}
)
_NUMERIC = frozenset({"CS", "DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
_UNTOUCHED = ("CT", "MR", "PT", "NM", "SEG", "RTDOSE", "SM")
_KEPT_PER_FILE = 120
_PATIENT = {("00100010",), ("00100020",)}
_ENTERED = ("K", "C", "X/Z/U*")  # sequences that stay, or may stay, with their items


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the answer key.

    Attributes
    ----------
    basic, research : Expect
        What must be true under the Basic Profile, and under the options of the research set.
    value : str
        What stood there, as `paths.text_of` gives it.
    needles : tuple of str
        What must not be found, there or anywhere in the file.
    gone : tuple of str
        Phrases that must not stand there more often than in `tokens`.
    tokens : tuple of str
        Runs of clinical words that should stay where the text is cleaned.
    rule : str
        Why, for the list of leaks.
    privacy_only : bool
        Whether the object may be replaced or withheld without loss.
    """

    file: str
    subject: str
    path: Path
    kind: Kind
    basic: Expect
    research: Expect
    value: str = ""
    needles: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    rule: str = ""
    privacy_only: bool = False

    def expected(self, profile: Profile) -> Expect:
        """Return the column for `profile`."""
        return self.basic if profile is Profile.BASIC else self.research

    def as_json(self) -> dict[str, object]:
        """Return the row as JSON can hold it."""
        return {**asdict(self), "path": list(self.path)}

    @classmethod
    def from_json(cls, data: dict[str, object]) -> "Row":
        """Return the row that `as_json` gave."""

        def texts(name: str) -> tuple[str, ...]:
            value = data[name]
            return tuple(map(str, value)) if isinstance(value, list | tuple) else ()

        steps = data["path"]
        path: tuple[Step, ...] = tuple(steps) if isinstance(steps, list | tuple) else ()
        return cls(
            file=str(data["file"]),
            subject=str(data["subject"]),
            path=path,
            kind=Kind(str(data["kind"])),
            basic=Expect(str(data["basic"])),
            research=Expect(str(data["research"])),
            value=str(data["value"]),
            needles=texts("needles"),
            gone=texts("gone"),
            tokens=texts("tokens"),
            rule=str(data["rule"]),
            privacy_only=bool(data["privacy_only"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    path: Path
    element: DataElement
    plant: Plant | None


def write_key(rows: list[Row], folder: File) -> None:
    """Write the key as JSON lines and, for people, as CSV."""
    with (folder / "key.jsonl").open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row.as_json(), ensure_ascii=False) + "\n")
    with (folder / "key.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("file", "subject", "path", "kind", "basic", "research", "value"))
        for row in rows:
            writer.writerow(
                (
                    row.file,
                    row.subject,
                    show(row.path),
                    row.kind,
                    row.basic,
                    row.research,
                    row.value,
                )
            )


def derive_key(
    dataset: FileDataset,
    plants: list[Plant],
    standard: Standard,
    *,
    file: str,
    subject: str,
    rng: random.Random,
    privacy_only: bool,
) -> list[Row]:
    """Return the rows of one written file.

    Parameters
    ----------
    dataset : FileDataset
        The file as read back.
    plants : list of Plant
        What was planted in it.
    rng : random.Random
        Chooses which of many clinical values are asked for.
    privacy_only : bool
        Whether the object may be replaced or withheld without loss.
    """
    planted = {plant.path: plant for plant in plants}
    rows: list[Row] = []
    kept: list[Row] = []
    covered: list[Path] = []
    for path, element in walk(dataset):
        plant = planted.pop(path, None)
        if plant is None and any(path[: len(done)] == done for done in covered):
            continue
        expects = {
            profile: _expect(
                dataset, _Place(path=path, element=element, plant=plant), standard, profile
            )
            for profile in Profile
        }
        if set(expects.values()) == {Expect.FREE}:
            continue
        value = text_of(element)
        if not value:
            continue
        row = Row(
            file=file,
            subject=subject,
            path=by_concept(dataset, path),
            kind=plant.kind if plant else _kind(path, element),
            basic=expects[Profile.BASIC],
            research=expects[Profile.RESEARCH],
            value=value,
            needles=plant.needles if plant else (),
            gone=plant.gone if plant else (),
            tokens=plant.tokens if plant else (),
            rule=plant.rule if plant else "",
            privacy_only=privacy_only,
        )
        if element.tag.is_private and element.VR == "SQ":
            covered.append(path)
        only_kept = {row.basic, row.research} <= {Expect.KEPT, Expect.FREE}
        asked = plant is not None or row.kind is Kind.PIXEL
        (kept if only_kept and not asked else rows).append(row)
    rows.extend(
        _elsewhere(dataset, plant, file=file, subject=subject, privacy_only=privacy_only)
        for plant in planted.values()
    )
    chosen = kept if len(kept) <= _KEPT_PER_FILE else rng.sample(kept, _KEPT_PER_FILE)
    return rows + sorted(chosen, key=lambda r: show(r.path))


def _elsewhere(
    dataset: FileDataset, plant: Plant, *, file: str, subject: str, privacy_only: bool
) -> Row:
    """Return the row of a plant before the dataset, or in bytes that no walk enters.

    A sequence that is newer than the dictionary reads as bytes under implicit VR: the row then
    stands for the place of those bytes.
    """
    path = plant.path
    while len(path) > 1 and path[0] != "meta" and resolve(dataset, path) is None:
        path = path[:-2]
    found = resolve(dataset, path)
    value = "" if found is None else text_of(found)
    return Row(
        file=file,
        subject=subject,
        path=path,
        kind=plant.kind,
        basic=plant.basic or Expect.GONE,
        research=plant.research or Expect.GONE,
        value=value,
        needles=plant.needles,
        rule=plant.rule,
        privacy_only=privacy_only,
    )


def _kind(path: Path, element: DataElement) -> Kind:
    if element.tag in _PIXELS and len(path) == 1:
        return Kind.PIXEL
    if any(isinstance(step, str) and ":" in step for step in path):
        return Kind.PRIVATE
    if element.VR == "UI":
        return Kind.UID
    if element.VR in ("DA", "DT", "TM"):
        return Kind.DATE
    return Kind.STRUCTURED if len(path) == 1 else Kind.SEQUENCE


def _expect(dataset: FileDataset, place: _Place, standard: Standard, profile: Profile) -> Expect:
    plant, element = place.plant, place.element
    said = None if plant is None else plant.override(profile)
    if said is not None:
        return said
    if element.tag in _PIXELS and len(place.path) == 1:
        touched = profile is Profile.RESEARCH and dataset.get("Modality", "") not in _UNTOUCHED
        return Expect.FREE if touched else Expect.KEPT
    tags = [step for step in place.path if isinstance(step, str)]
    if any(":" in tag for tag in tags):
        return _private(tags, place, standard, profile)
    above = [_letter(tag, standard, profile) for tag in tags[:-1]]
    if any(letter not in _ENTERED for letter in above):
        return Expect.FREE if plant is None or plant.clinical else Expect.GONE
    here = _letter(tags[-1], standard, profile)
    if element.VR == "SQ":
        return Expect.FREE if here in _ENTERED or _loose(above) else Expect.GONE
    return _leaf(place, here, loose=_loose(above))


def _loose(above: list[str]) -> bool:
    """Whether an enclosing sequence may be cleaned as a whole."""
    return any(letter in ("C", "X/Z/U*") for letter in above)


def _letter(step: str, standard: Standard, profile: Profile) -> str:
    """Return the action for a standard tag; K where the table does not name it."""
    tag = Tag(int(step, 16))
    if 0x5000 <= tag.group <= 0x50FF:
        return "X"
    row = standard.row(tag)
    return "K" if row is None else row.letter(profile)


def _leaf(place: _Place, here: str, *, loose: bool) -> Expect:
    element = place.element
    keyword = keyword_for_tag(element.tag)
    if place.path in _PATIENT:
        return Expect.PSEUDONYM
    if 0x6000 <= element.tag.group <= 0x60FF or keyword in _OURS:
        return Expect.FREE
    if element.VR == "UI":
        registered = str(element.value).startswith("1.2.840.10008.")  # names no instance
        here = "K" if registered and here == "U" else here
        return _uid(keyword, here, loose=loose)
    if loose:
        return _cleaned(place.plant)
    if here == "K":
        old = keyword == "PatientAge" and str(element.value) > "089Y"
        unasked = Expect.FREE if keyword in _UNSURE else Expect.KEPT
        return Expect.CAPPED if old else _cleaned(place.plant, otherwise=unasked)
    return _by_option(place) if here == "C" else Expect.GONE


def _by_option(place: _Place) -> Expect:
    """Return what the C of an option makes of a value."""
    if place.element.VR in ("DA", "DT"):
        return Expect.DATE
    return Expect.PRESENT if place.element.VR == "TM" else _cleaned(place.plant)


def _cleaned(plant: Plant | None, otherwise: Expect = Expect.FREE) -> Expect:
    if plant is None or not (plant.needles or plant.gone or plant.tokens):
        return otherwise
    if plant.clinical:
        return Expect.WHOLE
    return Expect.CLEANED if plant.tokens else Expect.GONE


def _uid(keyword: str, here: str, *, loose: bool) -> Expect:
    if is_class_uid(keyword):
        return Expect.FREE if loose or here != "K" else Expect.KEPT
    if here == "U":
        return Expect.UID_OR_GONE if loose else Expect.UID
    return Expect.FREE if here == "K" else Expect.GONE


def _private(tags: list[str], place: _Place, standard: Standard, profile: Profile) -> Expect:
    if place.plant is not None:
        return Expect.GONE
    if sum(":" in tag for tag in tags) != 1 or ":" not in tags[-1]:
        return Expect.FREE
    group, low, creator = tags[-1].split(":", 2)
    safe = standard.safe.get((int(group, 16), int(low, 16), creator))
    if safe is None or profile is Profile.BASIC:
        return Expect.GONE
    return Expect.KEPT if safe.vr in _NUMERIC and place.element.VR != "SQ" else Expect.FREE
