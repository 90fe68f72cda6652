"""Where the walk is: a node of the plan, and how elements are encoded here."""

from dataclasses import dataclass

from pipelines.metadata.charsets import encodings_of
from pipelines.metadata.elements import Element
from rules.plan import Node

_CHARACTER_SET = 0x00080005


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a data set: its root, or an item of a sequence.

    Attributes
    ----------
    node : Node
    implicit : bool
        Elements here are in implicit VR.
    depth : int
        0 at the root.
    encodings : tuple[str, ...]
        Python codecs of the Specific Character Set in force.
    path : str
        ``"(0008,1110)[0]."``; "" at the root, and where nobody asked for paths.
    """

    node: Node
    implicit: bool
    depth: int
    encodings: tuple[str, ...]
    path: str


def encodings_at(
    elements: list[Element], buffer: bytes, inherited: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the codecs in force for `elements`: their own, or the inherited ones."""
    for element in elements:
        if element.tag >= _CHARACTER_SET:
            if element.tag == _CHARACTER_SET and element.bulk is None:
                value = buffer[element.value : element.following]
                return encodings_of(value) if value.strip(b"\0 ") else inherited
            break
    return inherited


def show(tag: int) -> str:
    """Return ``"(0008,0018)"``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
