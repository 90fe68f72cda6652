"""Objects that have every attribute of every module of their IOD, one item in each sequence.

Their values say nothing, but each attribute that a rule touches is there, at every place
that PS3.3 gives it: what cleaning breaks shows, whatever its Type. From highdicom's tables.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

_ROOT = "1.2.826.0.1.3680043.8.498.88"
_BULK_VRS = frozenset(["OB", "OW", "OD", "OF", "OL", "OV", "UN"])
_MOST_LEVELS = 7
_VALUES: dict[str, Any] = {
    "AE": "SOMEAE",
    "AS": "030Y",
    "AT": 0x00080018,
    "CS": "CODE",
    "DA": "20040119",
    "DS": "1.5",
    "DT": "20040119101010",
    "IS": "7",
    "TM": "101010",
    "UR": "http://example.org/resource",
    "FL": 1.0,
    "FD": 1.0,
}
_NUMBER_VRS = frozenset(["SL", "SS", "SV", "UL", "US", "UV"])
_FIXED: dict[str, Any] = {
    "PatientID": "MAXIMAL-77",
    "PatientName": "Quexal^Ottokar",
    "SpecificCharacterSet": "ISO_IR 100",
    "PatientSex": "F",
    "BitsAllocated": 16,
    "ImageType": ["ORIGINAL", "PRIMARY"],
    "MIMETypeOfEncapsulatedDocument": "application/pdf",
}


def _table(name: str) -> Any:  # noqa: ANN401  (JSON)
    text = (files("highdicom") / "_standard" / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


class Maker:
    """Makes objects from the tables of highdicom."""

    def __init__(self) -> None:
        self._iods = _table("iod_module_map")
        self._modules = _table("module_attribute_map")
        self.sop_classes: dict[str, str] = _table("sop_class_iod_map")
        self._number = 0

    def make(self, sop_class_uid: str, number: int) -> FileDataset:
        """Return an object; `number` makes its UIDs and subject its own."""
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        self._number = number * 1_000_000
        for module in self._iods[self.sop_classes[sop_class_uid]]:
            for row in self._modules[module["key"]]:
                self._add(dataset, row["path"], row["keyword"])
        dataset.SOPClassUID = UID(sop_class_uid)
        for level, keyword in enumerate(
            ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"), start=1
        ):
            setattr(dataset, keyword, f"{_ROOT}.{level}.{number}")
        dataset.PatientID = f"MAXIMAL-{number:04d}"
        return dataset

    def _add(self, dataset: Dataset, path: list[str], keyword: str) -> None:
        if len(path) > _MOST_LEVELS or not _is_taken(keyword):
            return
        for step in path:
            if not _is_taken(step):
                return
            if step not in dataset:
                setattr(dataset, step, Sequence([Dataset()]))
            dataset = dataset[step].value[0]
        tag = tag_for_keyword(keyword)
        if tag is not None and tag not in dataset:
            vr = dictionary_VR(tag).split()[0]  # of several the first, said in the file
            dataset.add_new(tag, vr, self._value(keyword, vr, _count(dictionary_VM(tag))))

    def _value(self, keyword: str, vr: str, count: int) -> Any:  # noqa: ANN401  (for pydicom)
        if keyword in _FIXED:
            return _FIXED[keyword]
        if vr == "SQ":
            return Sequence([Dataset()])
        values = [self._one(vr, keyword) for _ in range(count)]
        return values if count > 1 else values[0]

    def _one(self, vr: str, keyword: str) -> Any:  # noqa: ANN401  (as pydicom takes it)
        self._number += 1
        if vr == "UI":
            is_class = keyword.endswith("ClassUID")
            return "1.2.840.10008.5.1.4.1.1.2" if is_class else f"{_ROOT}.9.{self._number}"
        if vr == "PN":
            return f"Person{self._letters()}^Quill"
        if vr in _NUMBER_VRS:
            return 1
        if vr in _BULK_VRS:
            return bytes(8)
        return _VALUES.get(vr, f"Text{self._letters()}")

    def _letters(self) -> str:
        """Return a word that stands nowhere else: identity must not be met by chance."""
        number, word = self._number, ""
        while number:
            number, letter = divmod(number, 20)
            word += "bcdfghjklmnpqrstvwxz"[letter]
        return word


def _is_taken(keyword: str) -> bool:
    tag = tag_for_keyword(keyword)
    return tag is not None and tag >> 16 not in (0x7FE0, 0xFFFA, 0x0002, 0x0004)


def _count(multiplicity: str) -> int:
    """Return the least number of values."""
    return int(multiplicity.split("-", maxsplit=1)[0].removesuffix("n") or 1)


def write(folder: Path) -> Iterator[tuple[str, Path]]:
    """Write an object of each SOP class; yield its name and file."""
    maker = Maker()
    folder.mkdir(parents=True, exist_ok=True)
    for number, uid in enumerate(sorted(maker.sop_classes), start=1):
        if UID(uid).name == uid or "Storage" not in UID(uid).name:
            continue
        path = folder / f"{number:04d}.dcm"
        maker.make(uid, number).save_as(path, enforce_file_format=True)
        yield UID(uid).name, path
