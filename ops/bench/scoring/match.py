"""Pair what a tool wrote with what it was given."""

import csv
import warnings
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A file that a tool wrote."""

    path: Path
    dataset: FileDataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The pairs, by name of the input.

    Attributes
    ----------
    extra : tuple of Path
        Outputs that belong to no input, or to one that has another.
    """

    pairs: dict[str, Output]
    extra: tuple[Path, ...]


def read_dataset(path: Path) -> FileDataset | None:
    """Return the file as pydicom reads it, None where it is no DICOM."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for force in (False, True):
            try:
                dataset = pydicom.dcmread(path, force=force)
            except Exception:  # noqa: BLE001, S112 - other files may lie beside
                continue
            if len(dataset):
                return dataset
    return None


def read_mapping(folder: Path | None) -> dict[str, str]:
    """Return new UID to old UID from ``uid_mapping.csv``; the first row of a UID wins."""
    path = None if folder is None else folder / "uid_mapping.csv"
    if path is None or not path.is_file():
        return {}
    mapping: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            mapping.setdefault(row["id_new"], row["id_old"])
    return mapping


def match(source: Path, target: Path, *, names: list[str], mapping: dict[str, str]) -> Matched:
    """Pair the files below `target` with the inputs `names` below `source`.

    By the tool's UID mapping, else by an unchanged UID, the Instance Number that marks every
    input, or the same file name.
    """
    by_uid: dict[str, str] = {}
    by_number: dict[str, str] = {}
    for name in names:
        dataset = pydicom.dcmread(source / name, stop_before_pixels=True)
        by_uid[str(dataset.SOPInstanceUID)] = name
        by_number[str(dataset.InstanceNumber)] = name
    pairs: dict[str, Output] = {}
    extra = []
    for path in sorted(p for p in target.rglob("*") if p.is_file()):
        dataset_out = read_dataset(path)
        if dataset_out is None:
            extra.append(path)
            continue
        uid = str(dataset_out.get("SOPInstanceUID", ""))
        name_out = (
            by_uid.get(mapping.get(uid, uid))
            or by_number.get(str(dataset_out.get("InstanceNumber", "")))
            or _same_name(path.relative_to(target), names)
        )
        if name_out is None or name_out in pairs:
            extra.append(path)
        else:
            pairs[name_out] = Output(path=path, dataset=dataset_out)
    return Matched(pairs=pairs, extra=tuple(extra))


def _same_name(relative: Path, names: list[str]) -> str | None:
    text = relative.as_posix()
    if text in names:
        return text
    same = [name for name in names if Path(name).name == relative.name]
    return same[0] if len(same) == 1 else None
