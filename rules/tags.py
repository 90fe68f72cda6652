"""Read the tags that rules name.

::

    StudyDescription                     a keyword, at any depth
    (0008,1030)  (60xx,3000)             a tag, ``x`` for any digit, at any depth
    (0019,"SIEMENS MR HEADER",0C)        a private element, at any depth
    RequestAttributesSequence.ScheduledProcedureStepID   exactly this path from the root
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from pydicom import datadict

from rules.errors import TagError
from rules.tables import definition, tags_by_keyword

PrivateKey = tuple[str, int, int]
"""Private creator (without padding), group, low byte of the element."""

REFUSED_PRIVATE_GROUPS = frozenset({0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF})
"""Groups that no data set may have (PS3.5, 7.8)."""

_TAG = re.compile(r"\(\s*([0-9A-F]{2}[0-9A-FX]{2}),\s*([0-9A-FX]{4})\s*\)")
_PRIVATE = re.compile(r'\(\s*([0-9A-Fa-f]{4}),\s*"([^"]{1,64})",\s*([0-9A-Fa-f]{2})\s*\)')
_FORMS = (
    "Write a keyword, (gggg,eeee), (60xx,3000), "
    '(gggg,"CREATOR",ee) or a path of keywords joined by dots'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPattern:
    """The elements that a rule names.

    Attributes
    ----------
    text : str
        As it was written.
    mask : str
        Eight hexadecimal digits, ``X`` for any digit; "" for a private element.
    private : PrivateKey | None
    path : str | None
        Keywords of the sequences around the element, joined by dots; None: any depth.
    """

    text: str
    mask: str = ""
    private: PrivateKey | None = None
    path: str | None = None

    def names(self, tag: int, *, path: str | None) -> bool:
        """Return whether the standard element `tag` of the items at `path` is meant."""
        if not self.mask or (self.path is not None and self.path != path):
            return False
        return all(m in ("X", d) for m, d in zip(self.mask, f"{tag:08X}", strict=True))

    @property
    def vr(self) -> str:
        """VR of the attribute in the dictionary; "" if unknown or several are meant."""
        if not self.mask or "X" in self.mask[4:]:
            return ""
        found = definition(int(self.mask.replace("X", "0"), 16))
        return found.vr if found else ""


def parse_tag(text: str) -> TagPattern:
    """Return what `text` names.

    Raises
    ------
    rules.errors.TagError
        If it names nothing, or what no rule may keep.
    """
    text = text.strip()
    private = _PRIVATE.fullmatch(text)
    if private:
        return _private(text, private)
    if text.startswith("("):
        return _tag(text)
    *sequences, last = text.split(".")
    for keyword in sequences:
        if definition(int(_mask(keyword).replace("X", "0"), 16)) is None or _vr(keyword) != "SQ":
            raise TagError(
                f"{keyword} is no sequence", hint="Before a dot stands a sequence of PS3.6"
            )
    path = ".".join(sequences) if sequences else None
    return TagPattern(text=text, mask=_namable(_mask(last)), path=path)


def _mask(keyword: str) -> str:
    tag = tags_by_keyword().get(keyword)
    if tag is not None and keyword:
        return f"{tag:08X}"
    if datadict.repeater_has_keyword(keyword):
        raise TagError(f"{keyword} is in a repeating group", hint="Write its tag: (60xx,3000)")
    near = get_close_matches(keyword, tags_by_keyword(), n=1)
    hint = f"Did you mean {near[0]}?" if near else _FORMS
    raise TagError(f"no attribute has the keyword {keyword or '(empty)'}", hint=hint)


def _vr(keyword: str) -> str:
    found = definition(int(_mask(keyword).replace("X", "0"), 16))
    return found.vr if found else ""


def _tag(text: str) -> TagPattern:
    match = _TAG.fullmatch(text.upper())
    if not match:
        raise TagError("this is no tag", hint=_FORMS)
    mask = match[1] + match[2]
    if mask[3] in "13579BDF":
        raise TagError(
            "a private element is named with its creator", hint='Write (gggg,"CREATOR",ee)'
        )
    return TagPattern(text=text, mask=_namable(mask))


def _namable(mask: str) -> str:
    if (
        mask[:4] in ("0000", "0002", "0004")
        or mask[:4] in ("FFFA", "FFFC", "FFFE")
        or mask[4:] == "0000"
    ):
        raise TagError(
            "group lengths and groups 0000, 0002, 0004, FFFA, FFFC, FFFE never pass",
            hint="Leave this tag out",
        )
    return mask


def _private(text: str, match: re.Match[str]) -> TagPattern:
    group = int(match[1], 16)
    if group % 2 == 0:
        raise TagError(
            "a private element has an odd group", hint="Write (gggg,eeee) for a standard element"
        )
    if group in REFUSED_PRIVATE_GROUPS:
        raise TagError("elements of this group never pass (PS3.5, 7.8)", hint="Leave this tag out")
    return TagPattern(text=text, private=(match[2].strip(), group, int(match[3], 16)))
