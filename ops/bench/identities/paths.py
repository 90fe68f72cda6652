"""Name, walk and compare the places of a dataset."""

import hashlib
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

Step = str | int
_CONTENT = "0040A730"
_BYTES_ARE = ("utf-8", "latin-1", "utf-16-le")
Path = tuple[Step, ...]
"""Tags as ``ggggeeee``, private ones as ``gggg:ee:CREATOR`` (``gggg:eeee:`` without a creator),
items as int, content items as ``@code#number``; ``meta`` and ``preamble`` stand for what lies
before the dataset."""


def step_of(dataset: Dataset, tag: BaseTag) -> str:
    """Return the step that names `tag` in `dataset`."""
    if not tag.is_private:
        return f"{tag:08X}"
    block = tag.element >> 8
    creator = dataset.get_item((tag.group, block)) if block else None
    name = "" if creator is None else _bytes_text(creator.value)
    if not name:
        return f"{tag.group:04X}:{tag.element:04X}:"
    return f"{tag.group:04X}:{tag.element & 0xFF:02X}:{name}"


def _bytes_text(value: object) -> str:
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text.strip(" \0")


def element_at(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    """Return the element, its value as raw bytes when pydicom cannot convert it."""
    try:
        return dataset[tag]
    except KeyError:
        return None
    except Exception:  # noqa: BLE001 - malformed values are what is looked at here
        raw = dataset.get_item(tag)
        value = raw.value if raw is not None and isinstance(raw.value, bytes) else b""
        return DataElement(tag, "UN", value)


def walk(dataset: Dataset, prefix: Path = ()) -> Iterator[tuple[Path, DataElement]]:
    """Yield every element at every depth with its path, private creators left out."""
    for key in sorted(dataset.keys()):
        tag = Tag(key)
        if tag.is_private and tag.element < 0x100:
            continue
        element = element_at(dataset, tag)
        if element is None:
            continue
        path = (*prefix, step_of(dataset, tag))
        yield path, element
        if element.VR == "SQ" and isinstance(element.value, Sequence):
            for index, item in enumerate(element.value):
                yield from walk(item, (*path, index))


def resolve(dataset: Dataset, path: Path) -> DataElement | None:
    """Return the element at `path` of `dataset`, None where there is none."""
    here: Dataset = dataset
    if path[0] == "preamble":
        return None
    if path[0] == "meta":
        here, path = getattr(dataset, "file_meta", Dataset()), path[1:]
    element: DataElement | None = None
    for step in path:
        if isinstance(step, int) or step.startswith("@"):
            item = None if element is None else item_of(element, step)
            if item is None:
                return None
            here = item
            continue
        tag = _tag_of(here, step)
        element = None if tag is None else element_at(here, tag)
        if element is None:
            return None
    return element


def item_of(element: DataElement, step: Step) -> Dataset | None:
    """Return the item that `step` names, None where there is none."""
    if element.VR != "SQ" or not isinstance(element.value, Sequence):
        return None
    items = list(element.value)
    if isinstance(step, int):
        return items[step] if step < len(items) else None
    name, _, number = step[1:].rpartition("#")
    named = [item for item in items if _concept_of(item) == name]
    return named[int(number)] if int(number) < len(named) else None


def _concept_of(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue", "")) if names else ""


def by_concept(dataset: Dataset, path: Path) -> Path:
    """Return `path` with content items named by concept, which a removed neighbour leaves true."""
    named: list[Step] = []
    for at, step in enumerate(path):
        content = at and path[at - 1] == _CONTENT and isinstance(step, int)
        items = resolve(dataset, tuple(named)) if content else None
        if items is None or not isinstance(step, int):
            named.append(step)
            continue
        concepts = [_concept_of(item) for item in items.value]
        before = concepts[:step].count(concepts[step])
        named.append(f"@{concepts[step]}#{before}" if concepts[step] else step)
    return tuple(named)


def _tag_of(dataset: Dataset, step: str) -> BaseTag | None:
    if ":" not in step:
        return Tag(int(step, 16))
    group, low, creator = step.split(":", 2)
    number = int(group, 16)
    if not creator:
        return Tag(number, int(low, 16))
    for block in range(0x10, 0x100):
        found = dataset.get_item((number, block))
        if found is not None and _bytes_text(found.value) == creator:
            tag = Tag(number, (block << 8) | int(low, 16))
            if tag in dataset:
                return tag
    return None


def text_of(element: DataElement) -> str:
    """Return the value of `element` as text to compare by; long bytes as a digest."""
    value = element.value
    if element.VR == "SQ" and isinstance(value, Sequence):
        if not len(value):
            return ""
        parts = [f"{path}={text_of(e)}" for item in value for path, e in walk(item) if e.VR != "SQ"]
        return "sequence:" + hashlib.sha256("|".join(parts).encode()).hexdigest()[:24]
    if isinstance(value, bytes | bytearray):
        return text_of_bytes(bytes(value))
    values = value if isinstance(value, MultiValue | list) else ["" if value is None else value]
    return "\\".join(str(v).strip(" \0") for v in values).rstrip("^= ")


def text_of_bytes(value: bytes) -> str:
    """Return ASCII as it is, other bytes in hexadecimal, many as a digest; without padding."""
    trimmed = value.rstrip(b"\0 ")
    if len(trimmed) > 512:
        return "sha256:" + hashlib.sha256(trimmed).hexdigest()
    if trimmed and all(32 <= byte < 127 for byte in trimmed):
        return trimmed.decode("ascii").strip()
    return trimmed.hex()


def contents_of(element: DataElement) -> str:
    """Return everything readable in `element`, items and bytes included, to search in."""
    value = element.value
    if element.VR == "SQ" and isinstance(value, Sequence):
        return "\n".join(contents_of(e) for item in value for _, e in walk(item) if e.VR != "SQ")
    if isinstance(value, bytes | bytearray):
        return "\n".join(readings_of(element))
    return text_of(element)


def readings_of(element: DataElement) -> list[str]:
    """Return what `element` says: bytes in each encoding they may be of."""
    value = element.value
    if isinstance(value, bytes | bytearray):
        return [bytes(value).decode(codec, "replace") for codec in _BYTES_ARE]
    return [contents_of(element)]


def show(path: Path) -> str:
    """Return `path` for a person to read."""
    parts = [f"[{step}]" if isinstance(step, int) else f"/{step}" for step in path]
    return "".join(parts).lstrip("/")
