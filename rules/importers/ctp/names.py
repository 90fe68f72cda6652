"""Find the elements that a CTP script names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rules.tables import definition, safe_private, tags_by_keyword

_STANDARD = re.compile(r"([0-9A-Fa-f]{1,4}),?\s*([0-9A-Fa-f]{4})")
_PRIVATE = re.compile(r"([0-9A-Fa-f]{1,4}),?\s*\[([^\[\]]*)\]([0-9A-Fa-f]{2})")
_BLOCK = re.compile(r"([0-9A-Fa-f]{1,4}),?\s*00\[[^\[\]]*\]")
_CREATOR = re.compile(r"[ !#-\[\]-~]{1,64}")
_REPEATING = frozenset({0x50, 0x60})


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element that a script names.

    Attributes
    ----------
    tag : int
        Of a private element with a creator: group and low byte only.
    creator : str
        "" where the script names none.
    keyword, vr : str
        "" where the dictionary has none.
    """

    tag: int
    creator: str = ""
    keyword: str = ""
    vr: str = ""

    @property
    def is_private(self) -> bool:
        """Whether its group is odd."""
        return bool(self.tag >> 16 & 1)

    @property
    def label(self) -> str:
        """What reports call it."""
        group, low = self.tag >> 16, self.tag & 0xFF
        if self.creator:
            creator = self.creator if _CREATOR.fullmatch(self.creator) else "?"
            return f'({group:04X},"{creator}",{low:02X})'
        return self.keyword or f"({group:04X},{self.tag & 0xFFFF:04X})"

    @property
    def patterns(self) -> tuple[str, ...]:
        """The tags of a rule about it, as `rules.tags` reads them; empty: none can."""
        group, low = self.tag >> 16, self.tag & 0xFF
        if not self.is_private:
            return (self.label,)
        # CTP compares creators without case, we with it: take the spelling of the list too.
        spelled = {
            creator
            for creator, g, e in safe_private()
            if (g, e) == (group, low) and self.creator.upper() in ("", creator.upper())
        }
        if self.creator and _CREATOR.fullmatch(self.creator):
            spelled.add(self.creator)
        return tuple(f'({group:04X},"{creator}",{low:02X})' for creator in sorted(spelled))


def element_at(text: str) -> Element | None:
    """Return the element with the tag `text`, in any of CTP's forms; None: it is no tag."""
    text = text.strip()
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1].strip()
    found = _STANDARD.fullmatch(text)
    if found:
        return _element(int(found[1], 16) << 16 | int(found[2], 16))
    found = _BLOCK.fullmatch(text)
    if found and int(found[1], 16) & 1:
        return Element(tag=int(found[1], 16) << 16 | 0x10)
    found = _PRIVATE.fullmatch(text)
    if not found or not int(found[1], 16) & 1:
        return None
    return Element(tag=int(found[1], 16) << 16 | int(found[3], 16), creator=found[2].strip())


def named_element(text: str, *, names: Mapping[str, Element], this: Element) -> Element | None:
    """Return the element that an argument names; None where it is not of this data set.

    Parameters
    ----------
    names : Mapping[str, Element]
        What the script itself calls elements: CTP's dictionary is older than PS3.6.
    this : Element
        The one that the script is about.
    """
    if text in ("", "this"):
        return this
    tag = tags_by_keyword().get(text)
    return _element(tag) if tag is not None else names.get(text) or element_at(text)


def _element(tag: int) -> Element:
    found = definition(tag) if not tag >> 16 & 1 else None
    if found is None:
        return Element(tag=tag)
    keyword = "" if tag >> 24 in _REPEATING else found.keyword
    return Element(tag=tag, keyword=keyword, vr=found.vr)
