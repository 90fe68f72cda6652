"""What is searched: terms, and the byte patterns of all their encodings."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from pipelines.verify.charsets import codecs_for, is_unspaced


class Form(Enum):
    """How a hit of a term is judged."""

    WORDS = auto()
    DIGITS = auto()
    DATE = auto()
    ENCODED = auto()
    """Base64: letter case counts, boundaries do not."""


class Run(NamedTuple):
    """Between `least` and `most` characters of a class, e.g. separators."""

    characters: bytes
    least: int
    most: int


SEPARATORS = b"[^0-9A-Za-z]"
DIGITS = b"[0-9]"
LETTERS = b"[A-Za-z]"
ZEROS = b"0"

Atoms = tuple[str | Run, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """Something that must not be found.

    Attributes
    ----------
    atoms : Atoms
        Literals and runs; begins and ends with a literal, but for leading zeros.
    form : Form
    is_short : bool
        Counts only as a whole word of a text element.
    is_loose : bool
        Needs no boundaries: scripts without spaces, long telephone numbers.
    encodings : tuple[str, ...]
        Python codecs of the source.
    """

    atoms: Atoms
    form: Form
    is_short: bool = False
    is_loose: bool = False
    encodings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Show no value."""
        return f"Term({self.form.name})"

    @property
    def literals(self) -> list[str]:
        """Return the literal parts."""
        return [atom for atom in self.atoms if isinstance(atom, str)]


class Pattern(NamedTuple):
    """One encoding of a term.

    Attributes
    ----------
    expression : bytes
        For RE2 over Latin-1, case-insensitive.
    codec : str
        ``"ascii"`` for all that contain it; ``"utf_16"`` for both byte orders, without
        the zero byte at the ends.
    """

    expression: bytes
    codec: str


def patterns_of(term: Term) -> Iterator[Pattern]:
    """Yield the patterns of all encodings in which `term` is searched."""
    text = "".join(term.literals)
    if term.form is Form.ENCODED:
        yield Pattern(re.escape(text.encode("ascii")), "ascii")
        return
    if text.isascii():
        yield Pattern(_join(term.atoms, "ascii"), "ascii")
        yield Pattern(_wide(term.atoms, "utf_16_le").removesuffix(b"\\x00"), "utf_16")
        return
    # a short one counts in text elements only, which are never UTF-16: U+674E would be "gN"
    wide_codecs = () if term.is_short else ("utf_16_le", "utf_16_be")
    for codec in (*codecs_for(text, term.encodings), *wide_codecs):
        try:
            wide = codec.startswith("utf_16")
            expression = _wide(term.atoms, codec) if wide else _join(term.atoms, codec)
        except (LookupError, UnicodeEncodeError):
            continue
        yield Pattern(expression, codec)
    decomposed = tuple(
        unicodedata.normalize("NFD", atom) if isinstance(atom, str) else atom for atom in term.atoms
    )
    if decomposed != term.atoms:
        yield Pattern(_join(decomposed, "utf_8"), "utf_8")


def _join(atoms: Atoms, codec: str) -> bytes:
    return b"".join(
        _literal(atom, codec)
        if isinstance(atom, str)
        else b"%s{%d,%d}" % (atom.characters, atom.least, atom.most)
        for atom in atoms
    )


def _literal(text: str, codec: str) -> bytes:
    if codec.startswith("iso2022"):
        # what stands between the escape sequences, whatever stands before
        encoded = re.sub(rb"^\x1b[ -/]+[0-~]|\x1b[ -/]+[0-~]$", b"", text.encode(codec))
        return _escape(encoded)
    return b"".join(_character(character, codec) for character in text)


def _character(character: str, codec: str) -> bytes:
    """Return a pattern of both cases; RE2 folds ASCII itself."""
    if character.isascii():
        return _escape(character.encode(codec))
    encoded = [_escape(character.encode(codec))]
    for other in (character.lower(), character.upper()):
        if other != character and len(other) == 1:
            try:
                encoded.append(_escape(other.encode(codec)))
            except UnicodeEncodeError:
                continue
    return encoded[0] if len(encoded) == 1 else b"(?:" + b"|".join(encoded) + b")"


def _wide(atoms: Atoms, codec: str) -> bytes:
    """Return the pattern of a 16-bit encoding."""
    unit = b"(?:%s\\x00)" if codec == "utf_16_le" else b"(?:\\x00%s)"
    return b"".join(
        b"".join(_character(character, codec) for character in atom)
        if isinstance(atom, str)
        else unit % atom.characters + b"{%d,%d}" % (atom.least, atom.most)
        for atom in atoms
    )


def _escape(encoded: bytes) -> bytes:
    return b"".join(
        bytes([byte]) if bytes([byte]).isalnum() else b"\\x%02x" % byte for byte in encoded
    )


_LEAST_ENCODED_BYTES = 6
_LEAST_ENCODED_CHARACTERS = 8


def encoded_term(text: str) -> Iterator[Term]:
    """Yield `text` in base64 at the three alignments it may have in what surrounds it."""
    value = text.encode("utf-8")
    if len(value) < _LEAST_ENCODED_BYTES:
        return
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + value).decode("ascii")
        whole = encoded[-(-before * 8 // 6) : (before + len(value)) * 8 // 6]
        if len(whole) >= _LEAST_ENCODED_CHARACTERS:
            yield Term((whole,), Form.ENCODED, is_loose=True)


def is_loose(text: str) -> bool:
    """Return True where words of `text` stand without boundaries."""
    return any(is_unspaced(character) for character in text)
