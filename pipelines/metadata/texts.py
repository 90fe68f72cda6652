"""Clean encoded text: decode, cut the person out, encode again (PS3.15, E.3.5)."""

import re
from functools import cached_property
from typing import NamedTuple

from pydicom.charset import encode_string

from pipelines.metadata.charsets import apparent, decode
from pipelines.metadata.identity import Identity
from pipelines.metadata.known import PLACE_TAGS, known_values
from pipelines.text.cleaner import CleanedText, Depth, TextCleaner, cleaner_for
from rules.vocabulary import Operation

_MOST_BYTES = 256 * 1024
_MULTILINE_VRS = frozenset(["LT", "ST", "UT"])
"""VRs of one value: a backslash is a character (PS3.5, 6.2)."""
_MULTIVALUED_VRS = frozenset(["AE", "CS", "LO", "SH", "UC"])
_undecodable = re.compile("[\N{REPLACEMENT CHARACTER}\x01-\x08\x0e-\x1f]")
"""What stands in bytes that are no text of the character set; an escape that is left over."""
_invisible = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters that nobody sees, which would part a name."""
_BLANK = " \0\t\r\n\f\v"
_ITEM_TAG = b"\xfe\xff\x00\xe0"


class Cut(NamedTuple):
    """What is left of a value.

    Attributes
    ----------
    value : bytes or None
        As encoded, without padding; None where it can't be read as text of its VR.
    reasons : tuple[str, ...]
        Codes of what was cut out (`pipelines.text.reasons`); none: the value is the same.
    """

    value: bytes | None
    reasons: tuple[str, ...]


UNREADABLE = Cut(None, ())


class Texts:
    """The texts of one object.

    Parameters
    ----------
    identity : Identity
        What identifies in it.
    """

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    @cached_property
    def _cleaner(self) -> TextCleaner:
        return cleaner_for(known_values(self._identity))

    @cached_property
    def of_persons(self) -> "Texts":
        """Return texts that know the persons, and no places."""
        return Texts({each for each in self._identity if each[0] not in PLACE_TAGS})

    def clean_text(self, text: str) -> CleanedText:
        """Return free text without the person."""
        return self._cleaner.clean(text, Depth.FREE)

    def cut_known(self, text: str) -> str:
        """Return text without what is known of the person."""
        return self._cleaner.clean(text, Depth.KNOWN).text

    def clean(self, value: bytes, vr: str, encodings: tuple[str, ...], operation: Operation) -> Cut:
        """Return the value without the person.

        Parameters
        ----------
        value : bytes
            As encoded; not empty.
        vr : str
            Of the plan, or the file's.
        """
        encodings = apparent(value, encodings)
        text = self._decoded(value, vr, encodings)
        if text is None:
            return UNREADABLE
        depth = Depth.KNOWN if operation is Operation.CLEAN_KNOWN else Depth.FREE
        parts = [text] if vr in _MULTILINE_VRS else text.split("\\")
        cleaned: list[str] = []
        reasons: list[str] = []
        for part in parts:
            stripped = part.strip(" \0") if vr not in _MULTILINE_VRS else part.rstrip(" \0")
            result = self._cleaner.clean(_invisible.sub("", stripped), depth)
            reasons += (reason.value for reason in result.reasons)
            left = result.text if result.text.strip(_BLANK) else ""
            cleaned.append(left if result.reasons else stripped)
        if not reasons:
            return Cut(value, ())
        new = "\\".join(cleaned) if any(cleaned) else ""
        return Cut(_encoded(new, encodings), tuple(dict.fromkeys(reasons)))

    def _decoded(self, value: bytes, vr: str, encodings: tuple[str, ...]) -> str | None:
        if vr not in _MULTILINE_VRS and vr not in _MULTIVALUED_VRS:
            return None
        if len(value) > _MOST_BYTES or value.startswith(_ITEM_TAG):
            return None
        text = decode(value, encodings)
        return None if _undecodable.search(text) else text


def _encoded(text: str, encodings: tuple[str, ...]) -> bytes | None:
    """Return text in the character set in force; None where it has no such character."""
    if text.isascii():
        return text.encode("ascii")
    try:
        encoded = encode_string(text, list(encodings))
    except (UnicodeError, LookupError):
        return None
    return encoded if decode(encoded, encodings) == text else None
