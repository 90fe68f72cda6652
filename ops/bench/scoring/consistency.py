"""Count what relations between objects survived."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pydicom
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import FileDataset

from ops.bench.identities.key import Row
from ops.bench.identities.paths import by_concept, resolve, text_of, walk
from ops.bench.identities.standard import Profile, is_class_uid
from ops.bench.identities.work import Expect
from ops.bench.scoring.judge import days_between
from ops.bench.scoring.match import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """Figures over the released objects.

    Attributes
    ----------
    references_intact, references_removed, references_dangling : int
        Of the references between objects of the set whose ends were both released.
    uids_split, uids_merged : int
        Source UIDs with several new ones; new UIDs that stand for several.
    """

    subjects: int
    subjects_with_several_pseudonyms: int
    pseudonyms_shared: int
    uids: int
    uids_split: int
    uids_merged: int
    references: int
    references_intact: int
    references_removed: int
    references_dangling: int
    subjects_with_dates: int
    subjects_with_several_shifts: int

    def as_json(self) -> dict[str, int]:
        """Return the figures by name."""
        return asdict(self)


def measure(
    rows: list[Row], source: Path, outputs: Mapping[str, Output], *, profile: Profile
) -> Consistency:
    """Return the figures for `outputs`, whose inputs lie below `source`."""
    names: dict[str, set[str]] = {}
    uids: dict[tuple[str, str], set[str]] = {}
    shifts: dict[str, set[int]] = {}
    for row in rows:
        output = outputs.get(row.file)
        element = None if output is None else resolve(output.dataset, row.path)
        new = "" if element is None else text_of(element)
        if not new:
            continue
        if row.path == ("00100020",):
            names.setdefault(row.subject, set()).add(new)
        if row.expected(profile) is Expect.UID:
            for old, one in zip(row.value.split("\\"), new.split("\\"), strict=False):
                uids.setdefault((row.subject, old), set()).add(one)
        if row.expected(profile) is Expect.DATE:
            days = days_between(row.value, new)
            if days is not None:
                shifts.setdefault(row.subject, set()).add(days)
    owners = Counter(name for mine in names.values() for name in mine)
    merged = Counter(new for mine in uids.values() for new in mine)
    references = _references(source, outputs)
    return Consistency(
        subjects=len(names),
        subjects_with_several_pseudonyms=sum(len(mine) > 1 for mine in names.values()),
        pseudonyms_shared=sum(count > 1 for count in owners.values()),
        uids=len(uids),
        uids_split=sum(len(mine) > 1 for mine in uids.values()),
        uids_merged=sum(count > 1 for count in merged.values()),
        references=sum(references.values()),
        references_intact=references["intact"],
        references_removed=references["removed"],
        references_dangling=references["dangling"],
        subjects_with_dates=len(shifts),
        subjects_with_several_shifts=sum(len(mine) > 1 for mine in shifts.values()),
    )


def _references(source: Path, outputs: Mapping[str, Output]) -> Counter[str]:
    """Follow each reference between released objects into the output."""
    inputs: dict[str, FileDataset] = {
        name: pydicom.dcmread(source / name, stop_before_pixels=True) for name in outputs
    }
    renamed = {
        str(dataset.SOPInstanceUID): str(outputs[name].dataset.get("SOPInstanceUID", ""))
        for name, dataset in inputs.items()
    }
    found: Counter[str] = Counter()
    for name, dataset in inputs.items():
        for path, element in walk(dataset):
            own = len(path) == 1 or element.VR != "UI"
            if own or is_class_uid(keyword_for_tag(element.tag)):
                continue
            target = renamed.get(text_of(element))
            if target is None:
                continue
            new = resolve(outputs[name].dataset, by_concept(dataset, path))
            if new is None or not text_of(new):
                found["removed"] += 1
            else:
                found["intact" if text_of(new) == target else "dangling"] += 1
    return found
