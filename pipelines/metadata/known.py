"""Turn the identifying values of a source into what the text cleaner must cut out."""

from collections.abc import Iterable, Mapping

from pipelines.identity import KINDS, MULTILINE_TAGS
from pipelines.identity import Kind as Searched
from pipelines.metadata.charsets import apparent, decode
from pipelines.metadata.identity import Identity
from pipelines.text.known import Kind, KnownValue

_KINDS: Mapping[Searched, Kind] = {
    Searched.SUBJECT: Kind.SUBJECT,
    Searched.PERSON: Kind.PERSON,
    Searched.SUBJECT_ID: Kind.SUBJECT_ID,
    Searched.ID: Kind.ID,
    Searched.DATE: Kind.BIRTH_DATE,
    Searched.PHONE: Kind.PHONE,
    Searched.TEXT: Kind.ADDRESS,
}
_OF_TAGS: Mapping[int, Kind] = {tag: _KINDS[kind] for tag, kind in KINDS.items()} | {
    0x00080080: Kind.INSTITUTION,  # Institution Name
    0x00081010: Kind.DEPARTMENT,  # Station Name
    0x00081040: Kind.DEPARTMENT,  # Institutional Department Name
    0x00120031: Kind.INSTITUTION,  # Clinical Trial Site Name
    0x00181000: Kind.ID,  # Device Serial Number
    0x0040050A: Kind.ID,  # Specimen Accession Number
    0x00400512: Kind.ID,  # Container Identifier
    0x00400551: Kind.ID,  # Specimen Identifier
    0x22000005: Kind.ID,  # Barcode Value
    0x00380300: Kind.DEPARTMENT,  # Current Patient Location
}
_MOST_CHARACTERS = 1024
"""Of a value, as the gate looks at it; what would be kept of more grows with its square."""
PLACE_TAGS: frozenset[int] = frozenset(
    tag for tag, kind in _OF_TAGS.items() if kind in (Kind.INSTITUTION, Kind.DEPARTMENT)
)
TEXT_TAGS: frozenset[int] = frozenset(_OF_TAGS)
"""Attributes whose values text must not repeat."""


def known_values(identity: Identity) -> frozenset[KnownValue]:
    """Return what is known of the subject, of other persons and of places."""
    return frozenset(_values(identity))


def _values(identity: Identity) -> Iterable[KnownValue]:
    for tag, value, encodings in identity:
        text = decode(value, apparent(value, encodings))
        for part in [text] if tag in MULTILINE_TAGS else text.split("\\"):
            stripped = part[:_MOST_CHARACTERS].strip("\0 ")
            if stripped:
                yield KnownValue(_OF_TAGS[tag], stripped)
