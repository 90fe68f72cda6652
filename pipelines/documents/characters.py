"""Bring the characters of a PDF to those that can be searched and set again."""

import re
import unicodedata
from typing import Final

from pipelines.documents.errors import DocumentError

UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for a glyph whose meaning the document does not tell."""

LEFT_OUT: Final = "\N{MIDDLE DOT}"

WINDOWS: Final = frozenset(bytes(set(range(32, 256)) - {127}).decode("cp1252", errors="ignore"))
EXTENDED: Final = "".join(map(chr, [*range(0x100, 0x17F), *range(0x218, 0x21C)])) + "≤≥≠√"
"""What Latin writings use beside Windows-1252, and a few signs; see `writing`."""

_OTHERS = {
    "\N{MINUS SIGN}": "-",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{FIGURE DASH}": "-",
    "\N{PRIME}": "'",
    "\N{DOUBLE PRIME}": '"',
    "\N{GREEK SMALL LETTER MU}": "\N{MICRO SIGN}",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LEFTWARDS ARROW}": "<-",
    "\N{UPWARDS ARROW}": "(up)",
    "\N{DOWNWARDS ARROW}": "(down)",
    "\N{BALLOT BOX}": "[ ]",
    "\N{BALLOT BOX WITH CHECK}": "[x]",
    "\N{BALLOT BOX WITH X}": "[x]",
    "\N{CHECK MARK}": "[x]",
    "\N{HEAVY CHECK MARK}": "[x]",
}
_KEPT = WINDOWS | frozenset(EXTENDED) | {"\n", UNREADABLE}
_SOFT_HYPHEN_IN_LINE = re.compile("\xad(?!\n|$)")
_GREEK = re.compile("(?<![\u0370-\u03ff])[\u0391-\u03c9](?![\u0370-\u03ff])")
_ACCENT = re.compile("[\xa8\xb4\xb8\u02c6\u02c7\u02d8-\u02dd] ?")
"""An accent drawn by itself, before or after its letter: "M¨uller" is found as "Muller"."""
_WORD = re.compile(r"\S+")


def readable(text: str) -> tuple[str, int]:
    """Return `text` in the characters of the new document, and how many were left out.

    Ligatures and wide forms become letters, invisible characters go, a word with an
    unreadable glyph goes as a whole: its rest would be part of a word that can't be
    searched.

    Raises
    ------
    DocumentError
        `document.script`: a letter of another script.
    """
    text = unicodedata.normalize("NFC", text)
    text = _SOFT_HYPHEN_IN_LINE.sub("", text).replace("\xad", "-")
    text = _GREEK.sub(_spelled, text)
    text = _ACCENT.sub("", "".join(map(_character, text)))
    left_out = text.count(UNREADABLE)
    return unicodedata.normalize("NFC", _WORD.sub(_whole, text)), left_out


def _character(character: str) -> str:
    if character in _OTHERS:
        return _OTHERS[character]
    category = unicodedata.category(character)
    if category in {"Zs", "Zl", "Zp"} or (category == "Cc" and character != "\n"):
        return " "
    if category == "Cf":
        return ""
    if character in _KEPT:
        return character
    simpler = unicodedata.normalize("NFKC", character)
    if simpler != character:
        return "".join(map(_character, simpler))
    if category[0] in "LM":
        raise DocumentError("document.script")
    return UNREADABLE


def _whole(match: re.Match[str]) -> str:
    return LEFT_OUT if UNREADABLE in match.group() else match.group()


def _spelled(match: re.Match[str]) -> str:
    """Write one Greek letter out: Symbol would be a second font, and alpha says the same."""
    letter = match.group()
    name = unicodedata.name(letter, "").removeprefix("GREEK ")
    size, _, word = name.partition(" LETTER ")
    if letter in _OTHERS or not word.isalpha():
        return letter
    return word.capitalize() if size == "CAPITAL" else word.lower()
