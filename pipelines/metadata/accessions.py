"""Put pseudonyms in the place of accession numbers.

What is a number, what its issuer, and when neither is used: ``ops/manual/metadata.md``,
*Accession Number*. The pseudonyms are the vault's: numbers without one are collected, so
that the caller can ask for all of them at once.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from pipelines.context import Accession
from pipelines.errors import AccessionsNeededError, MalformedError
from pipelines.metadata.charsets import DEFAULT, decode
from pipelines.metadata.content import first_item
from pipelines.metadata.elements import Element, Scanner
from pipelines.metadata.outline import Outline
from pipelines.metadata.place import Place, encodings_at

UNFIT_NOTE = "accession.removed"
_ISSUER_SEQUENCE = 0x00080051
_LOCAL_NAMESPACE_ENTITY_ID = 0x00400031
_UNIVERSAL_ENTITY_ID = 0x00400032
_NUMBER_VRS = frozenset([b"SH", b"UN", b""])
_MOST_NUMBER = 64
_MOST_ISSUER = 256
_MOST_BYTES_OF_CHARACTER = 8
"""Of any character set, with room for escape sequences."""
_MOST_DIFFERENT = 1000
_UNDECODABLE = "\N{REPLACEMENT CHARACTER}"


class Accessions:
    """The accession numbers of one object.

    Parameters
    ----------
    outline : Outline
    known : Mapping[Accession, str]
        Pseudonyms of the vault.
    """

    def __init__(self, outline: Outline, known: Mapping[Accession, str]) -> None:
        self._outline = outline
        self._known = known
        self._missing: set[Accession] = set()
        self._beside: Sequence[Element] = ()
        self._scanner = Scanner(outline.buffer, outline.ends)

    def look(self, beside: Sequence[Element], scanner: Scanner) -> None:
        """Take the elements beside the number that comes next, and the scanner of their buffer."""
        self._beside, self._scanner = beside, scanner

    def replace(self, element: Element, value: bytes, place: Place) -> bytes | None:
        """Return the pseudonym of an accession number; None where it is unfit to have one.

        Parameters
        ----------
        value : bytes
            As encoded.

        Raises
        ------
        MalformedError
            `metadata.limit`.
        """
        if element.vr not in _NUMBER_VRS:
            return None
        number = _text(value, place.encodings, most=_MOST_NUMBER)
        issuer = _issuer(self._beside, self._scanner, place.encodings, implicit=place.implicit)
        if issuer == "" and place.depth:
            issuer = self._root_issuer
        if not number or issuer is None:
            return None
        accession = Accession(number, issuer)
        pseudonym = self._known.get(accession)
        if pseudonym is None:
            self._missing.add(accession)
            if len(self._missing) > _MOST_DIFFERENT:
                raise MalformedError("metadata.limit", where="number of accession numbers")
            return b""
        return pseudonym.encode("ascii")

    def check(self) -> None:
        """Return where every number had its pseudonym.

        Raises
        ------
        AccessionsNeededError
            Else: what was written for the others is of no use.
        """
        if self._missing:
            raise AccessionsNeededError(frozenset(self._missing))

    @cached_property
    def _root_issuer(self) -> str | None:
        outline = self._outline
        scanner = Scanner(outline.buffer, outline.ends)
        encodings = encodings_at(outline.elements, outline.buffer, DEFAULT)
        return _issuer(outline.elements, scanner, encodings, implicit=outline.head.implicit)


def _issuer(
    elements: Sequence[Element], scanner: Scanner, encodings: tuple[str, ...], *, implicit: bool
) -> str | None:
    """Return who issued the number of a place; "" where nobody is named, None if unfit."""
    sequence = next((e for e in elements if e.tag == _ISSUER_SEQUENCE), None)
    if sequence is None or sequence.bulk is not None:
        return ""
    try:
        named = first_item(sequence, scanner, implicit=implicit)
    except MalformedError:
        return ""
    inner = encodings_at(named, scanner.buffer, encodings)
    by_tag = {element.tag: element for element in named}
    for tag in (_UNIVERSAL_ENTITY_ID, _LOCAL_NAMESPACE_ENTITY_ID):
        element = by_tag.get(tag)
        if element is not None:
            value = scanner.buffer[element.value : element.following]
            issuer = _text(value, inner, most=_MOST_ISSUER)
            if issuer != "":
                return issuer
    return ""


def _text(value: bytes, encodings: tuple[str, ...], *, most: int) -> str | None:
    """Return a decoded value without padding; None where it is no short line of text."""
    stripped = value.strip(b"\0 ")
    if len(stripped) > most * _MOST_BYTES_OF_CHARACTER:
        return None
    text = decode(stripped, encodings).strip("\0 ")
    if len(text) > most or any(c == _UNDECODABLE or c < " " for c in text):
        return None
    return text
