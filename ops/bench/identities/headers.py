"""Real headers to plant identities in: pydicom's bundled files and the shared corpus."""

import hashlib
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pydicom.data
from pydicom.dataset import FileDataset
from pydicom.uid import UID, AllTransferSyntaxes

_SKIPPED = ("malformed", "dicomdir", "worklist", "charset")
_NOT_STORED = (
    "1.2.840.10008.1.3.10",  # Media Storage Directory
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A source file and the family it is drawn from."""

    path: Path
    family: str


def _candidates(corpus: Path | None) -> Iterator[Path]:
    bundled = Path(pydicom.data.__file__).parent
    for folder in (bundled / "test_files", bundled / "palettes"):
        yield from sorted(p for p in folder.rglob("*") if p.is_file())
    if corpus is not None:
        yield from sorted(
            p
            for p in corpus.rglob("*")
            if p.is_file() and p.relative_to(corpus).parts[0] not in _SKIPPED
        )


def open_header(path: Path) -> FileDataset | None:
    """Return the file read whole, None where it is no well-formed storage object."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path)
            dataset.decode()
            for _ in dataset.iterall():
                pass
        except Exception:  # noqa: BLE001 - malformed files are left out, whatever breaks
            return None
    meta = getattr(dataset, "file_meta", None)
    sop_class = str(dataset.get("SOPClassUID", ""))
    known = UID(sop_class).is_valid and "Storage" in UID(sop_class).name
    if not known or sop_class in _NOT_STORED or meta is None:
        return None
    if meta.get("TransferSyntaxUID") not in AllTransferSyntaxes:
        return None
    return dataset


def choose_headers(
    rng: random.Random, *, corpus: Path | None, count: int, size_limit_bytes: int
) -> list[Header]:
    """Return `count` headers, every family in turn, equal files once."""
    families: dict[str, list[Header]] = {}
    seen: set[str] = set()
    for path in _candidates(corpus):
        if not 200 < path.stat().st_size <= size_limit_bytes:
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        dataset = open_header(path)
        if dataset is None:
            continue
        family = f"{dataset.SOPClassUID.name}"
        families.setdefault(family, []).append(Header(path=path, family=family))
    for members in families.values():
        rng.shuffle(members)
    order = sorted(families)
    rng.shuffle(order)
    chosen: list[Header] = []
    while len(chosen) < count and any(families.values()):
        for name in order:
            if families[name] and len(chosen) < count:
                chosen.append(families[name].pop())
    return chosen
