"""Name the places of an object where something may be found."""

from typing import NamedTuple


class Place(NamedTuple):
    """One value of the written object.

    Attributes
    ----------
    path : str
        ``"(0008,1110)[0].(0008,1155)"``.
    tag : int
        0 where the place is no element.
    vr : str
        By the file; by the dictionary where the file does not know it.
    start, end : int
        Of the value, bytes from the start of the file.
    charset : bytes
        Specific Character Set in force, as encoded.
    is_kept_on_purpose : bool
        A rule or an option of the plan keeps this element.
    is_root : bool
    """

    path: str
    tag: int
    vr: str
    start: int
    end: int
    charset: bytes = b""
    is_kept_on_purpose: bool = False
    is_root: bool = True


def show(tag: int) -> str:
    """Return ``"(gggg,eeee)"``."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
