"""Decode the source's text, and know how else it may be encoded."""

import unicodedata
import warnings

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import PN_DELIMS

_PYTHON_NAMES = {"iso_ir_58": "gb2312"}
"""pydicom's own names of codecs."""

_SCRIPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("CYRILLIC", ("iso8859_5", "cp1251", "koi8_r")),
    ("GREEK", ("iso8859_7", "cp1253")),
    ("HANGUL", ("euc_kr",)),
    ("HIRAGANA", ("shift_jis", "euc_jp", "iso2022_jp")),
    ("KATAKANA", ("shift_jis", "euc_jp", "iso2022_jp")),
    ("HALFWIDTH", ("shift_jis",)),
    ("CJK", ("gb18030", "big5", "shift_jis", "euc_jp", "iso2022_jp", "euc_kr")),
    ("HEBREW", ("iso8859_8",)),
    ("ARABIC", ("iso8859_6",)),
    ("THAI", ("tis_620",)),
    ("LATIN", ("latin_1", "iso8859_2", "iso8859_9")),
)
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "HALFWIDTH", "THAI")
"""Scripts whose words stand without spaces, or take endings without one."""


def decode(value: bytes, encodings: tuple[str, ...]) -> str:
    """Return text; what can't be decoded becomes Latin-1 or U+FFFD."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    with warnings.catch_warnings():
        # pydicom quotes the value in its warning
        warnings.simplefilter("ignore")
        try:
            return unicodedata.normalize("NFC", decode_bytes(value, encodings, PN_DELIMS))
        except (LookupError, UnicodeError):
            return value.decode("latin-1")


def python_codecs(charset: bytes) -> tuple[str, ...]:
    """Return the codecs that a value of Specific Character Set names."""
    terms = [term.strip() for term in charset.decode("latin-1").strip("\0 ").split("\\")]
    with warnings.catch_warnings():
        # pydicom quotes the bad term in its warning
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(terms))
        except LookupError:
            return ("latin_1",)


def codecs_for(text: str, encodings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the codecs in which non-ASCII `text` is searched, UTF-16 apart."""
    found = dict.fromkeys(_PYTHON_NAMES.get(each, each) for each in encodings)
    scripts = {script_of(character) for character in text if not character.isascii()}
    for script, codecs in _SCRIPTS:
        if script in scripts:
            found.update(dict.fromkeys(codecs))
    found["utf_8"] = None
    return tuple(found)


def script_of(character: str) -> str:
    """Return the first word of the character's name, which names its script."""
    return unicodedata.name(character, "").partition(" ")[0]


def is_unspaced(character: str) -> bool:
    """Return True for scripts that do not part words by spaces."""
    return not character.isascii() and script_of(character).startswith(_UNSPACED)


def is_letter_or_digit(character: str) -> bool:
    """Return True for what makes up words, combining marks included."""
    return unicodedata.category(character)[0] in "LMN"
