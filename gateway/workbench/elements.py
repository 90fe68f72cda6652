"""List the elements of an object at every depth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import calcsize, iter_unpack

from pipelines.errors import MalformedError
from pipelines.metadata.charsets import DEFAULT, decode
from pipelines.metadata.elements import MAX_DEPTH, PIXEL_DATA, UNDEFINED, Element, Scanner
from pipelines.metadata.outline import Outline
from pipelines.metadata.place import encodings_at, show
from rules.plan import PrivateKey
from rules.tables import definition

_ITEM = b"\xfe\xff\x00\xe0"
_TEXT_CHARACTERS = 200
_NUMBERS = {
    "US": "<H",
    "SS": "<h",
    "UL": "<L",
    "SL": "<l",
    "UV": "<Q",
    "SV": "<q",
    "FL": "<f",
    "FD": "<d",
}
_BINARY = frozenset(["AT", "OB", "OD", "OF", "OL", "OV", "OW", "UN", ""])
_FRAGMENTS_VRS = frozenset([b"OB", b"OW"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """An element that was met.

    Attributes
    ----------
    path : str
        ``"(0008,1110)[0].(0008,1155)"``, as `pipelines.report.Change` names it.
    tag : int
    parents : tuple[int, ...]
        Tags of the sequences around it, outermost first.
    key : PrivateKey | None
        Of a private element with a creator.
    vr : str
        Of the file; of the dictionary where the file does not say it.
    items : int | None
        Of a sequence, how many.
    value : bytes
        As encoded; empty for a sequence and for bulk values. Patient data.
    size : int
        Of the value, bytes.
    encodings : tuple[str, ...]
    """

    path: str
    tag: int
    parents: tuple[int, ...]
    key: PrivateKey | None
    vr: str
    items: int | None
    value: bytes = field(repr=False)
    size: int
    encodings: tuple[str, ...]

    @property
    def is_creator(self) -> bool:
        """Whether this is a private creator."""
        return bool(self.tag >> 16 & 1) and 0x10 <= self.tag & 0xFFFF <= 0xFF

    def shown(self) -> str:
        """Return the value for a person: patient data; no character steers a terminal."""
        if self.items is not None:
            return f"<{self.items} items>"
        number = _NUMBERS.get(self.vr)
        if number is not None and self.value and not self.size % calcsize(number):
            text = "\\".join(str(n) for (n,) in iter_unpack(number, self.value))
        elif self.vr in _BINARY or len(self.value) != self.size:
            text = f"<{self.size} bytes>" if self.size else ""
        else:
            text = decode(self.value, self.encodings).strip(" \0")
        return printable(text)


def printable(text: str) -> str:
    """Return `text` on one line, cut, with every unprintable character as an escape."""
    cut = text[:_TEXT_CHARACTERS] + ("…" if len(text) > _TEXT_CHARACTERS else "")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def elements_of(outline: Outline) -> Iterator[Met]:
    """Yield every element of an object in order, a sequence before its items.

    Bytes that should be items and can't be read are one value.
    """
    listing = _Listing(outline)
    encodings = encodings_at(outline.elements, outline.buffer, DEFAULT)
    place = _Place(implicit=outline.head.implicit, path="", parents=(), encodings=encodings)
    yield from listing.dataset(outline.elements, place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    implicit: bool
    path: str
    parents: tuple[int, ...]
    encodings: tuple[str, ...]


class _Listing:
    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._buffer = outline.buffer
        self._scanner = Scanner(outline.buffer, outline.ends)

    def dataset(self, elements: list[Element], place: _Place) -> Iterator[Met]:
        creators: dict[int, str] = {}
        for element in elements:
            tag = element.tag
            found = definition(tag) if not tag >> 16 & 1 else None
            vr = element.vr.decode("latin-1")
            if vr in ("", "UN") and found is not None:
                vr = found.vr
            items = self._items(element, vr, place)
            value = (
                b"" if items or element.bulk else self._buffer[element.value : element.following]
            )
            met = Met(
                path=place.path + show(tag),
                tag=tag,
                parents=place.parents,
                key=_key(tag, creators),
                vr="SQ" if items is not None else vr,
                items=None if items is None else len(items),
                value=value,
                size=element.bulk[1] if element.bulk else len(value),
                encodings=place.encodings,
            )
            if met.is_creator:
                creators[tag >> 16 << 8 | tag & 0xFF] = value.decode("latin-1").strip("\0 ")
            yield met
            for number, inside in enumerate(items or ()):
                inner = _Place(
                    implicit=place.implicit or element.vr != b"SQ",
                    path=f"{met.path}[{number}].",
                    parents=(*place.parents, tag),
                    encodings=encodings_at(inside, self._buffer, place.encodings),
                )
                yield from self.dataset(inside, inner)

    def _items(self, element: Element, vr: str, place: _Place) -> list[list[Element]] | None:
        """Return the elements of each item; None where the element is no sequence."""
        if element.bulk is not None or element.tag == PIXEL_DATA or element.vr in _FRAGMENTS_VRS:
            return None
        starts_so = self._buffer[element.value : element.value + 4] == _ITEM
        is_sequence = vr == "SQ" or element.length == UNDEFINED or (vr in ("", "UN") and starts_so)
        if not is_sequence or len(place.parents) >= MAX_DEPTH:
            return None
        implicit = place.implicit or element.vr != b"SQ"
        try:
            items = self._scanner.items(
                element.value,
                element.following,
                implicit=implicit,
                defined=element.length != UNDEFINED,
            )
            return [
                self._scanner.scan(content, end, implicit=implicit)[0]
                for _, content, end, _ in items
            ]
        except MalformedError:
            return None


def _key(tag: int, creators: dict[int, str]) -> PrivateKey | None:
    group, number = tag >> 16, tag & 0xFFFF
    if not group & 1 or number <= 0xFF:
        return None
    creator = creators.get(group << 8 | number >> 8)
    return None if creator is None else (creator, group, number & 0xFF)
