"""Name the attributes whose values identify a subject, and what is searched of each.

What the gate holds on, by kind of attribute (the words are those of `Kind`):

============ ============================================ ================================
kind         attributes                                   searched
============ ============================================ ================================
SUBJECT      Patient's Name, Other Patient Names, birth   each component and long word; all
             name, mother's birth name                    components in both orders with any
                                                          separator or none; initial and
                                                          family name written together
PERSON       every other attribute of VR PN               the same, words of four characters
                                                          and more
SUBJECT_ID   Patient ID, Other Patient IDs, clinical      as it is, without separators,
             trial subject, medical record locator        without leading zeros; four
                                                          characters, shorter ones if they
                                                          are not only digits
ID           accession, order, admission, episode,        the same, six characters
             procedure, step and study numbers
DATE         Patient's Birth Date                         Y M D, D M Y, M D Y with and
                                                          without separators; with names of
                                                          months
PHONE        telephone numbers                            its digits, seven or more, however
                                                          grouped
TEXT         addresses, telecom, institution name         the whole value and each line or
                                                          part of eight characters; e-mail
                                                          address and its local part
============ ============================================ ================================

Not searched, as too weak alone or no identifier of the subject: sex, age, size, weight,
birth time, ethnic group, country, occupation, military rank, ward, department, station,
issuer of an identifier, free text comments, name prefixes and suffixes.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from pipelines.verify import names, numbers
from pipelines.verify.charsets import decode
from pipelines.verify.spelling import Term, encoded_term


class Kind(StrEnum):
    """What an identifying attribute holds."""

    SUBJECT = "subject"
    PERSON = "person"
    SUBJECT_ID = "subject-id"
    ID = "id"
    DATE = "date"
    PHONE = "phone"
    TEXT = "text"


_TAGS: dict[Kind, tuple[int, ...]] = {
    Kind.SUBJECT: (0x00100010, 0x00101001, 0x00101005, 0x00101060),
    Kind.PERSON: (
        *(0x00080090, 0x0008009C, 0x00081048, 0x00081050, 0x00081060, 0x00081070),
        *(0x00102297, 0x00140104, 0x00142006, 0x00321032, 0x00400006, 0x00401010),
        *(0x00402008, 0x00404037, 0x0040A067, 0x0040A075, 0x0040A123, 0x0040A307),
        *(0x0040A352, 0x00700084, 0x0072006A, 0x300600A6, 0x300E0008, 0x40080102),
        *(0x4008010A, 0x4008010C, 0x40080114, 0x40080119),
    ),
    Kind.SUBJECT_ID: (0x00100020, 0x00101000, 0x00101090, 0x00120040, 0x00120042),
    Kind.ID: (
        *(0x00080050, 0x00200010, 0x00380010, 0x00380060, 0x00400009, 0x00400253),
        *(0x00401001, 0x00402006, 0x00402007, 0x00402016, 0x00402017, 0x00101050),
    ),
    Kind.DATE: (0x00100030,),
    Kind.PHONE: (0x00080094, 0x00102154, 0x00401103),
    Kind.TEXT: (
        *(0x00080080, 0x00080081, 0x00080092, 0x00101040, 0x00102155, 0x00102299),
        *(0x00380400, 0x00401102, 0x00401104),
    ),
}
_KINDS = {tag: kind for kind, tags in _TAGS.items() for tag in tags}

IDENTITY_TAGS: frozenset[int] = frozenset(_KINDS)
"""Tags whose source values verify searches for."""

_MULTILINE = frozenset([0x00080081, 0x00080092, 0x00101040, 0x00380400, 0x00401102])
"""VR ST, LT, UT: a backslash is a character."""
_MAX_CHARACTERS = 1024
"""Of one value; an attribute may have many."""


class Identifying(Protocol):
    """A value of the source: `pipelines.objects.IdentityValue`."""

    @property
    def tag(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> bytes: ...  # noqa: D102
    @property
    def encodings(self) -> tuple[str, ...]: ...  # noqa: D102


def count_values(identity: Identifying) -> int:
    """Return how many values an attribute of the source has, or a few more."""
    return 1 if identity.tag in _MULTILINE else identity.value.count(b"\\") + 1


def terms_of(identity: Identifying) -> Iterator[Term]:
    """Yield what is searched of one value of the source."""
    kind = _KINDS[identity.tag]
    text = decode(identity.value, identity.encodings)
    parts = [text] if identity.tag in _MULTILINE else text.split("\\")
    for part in parts:
        stripped = part.strip("\0 ")[:_MAX_CHARACTERS]
        if stripped:
            yield from _terms(kind, stripped, identity.encodings)


def _terms(kind: Kind, text: str, encodings: tuple[str, ...]) -> Iterator[Term]:
    if kind in (Kind.SUBJECT, Kind.PERSON):
        yield from names.terms(text, encodings=encodings, is_subject=kind is Kind.SUBJECT)
        if kind is Kind.SUBJECT:
            yield from encoded_term(text.rstrip("^ "))
    elif kind in (Kind.SUBJECT_ID, Kind.ID):
        least = numbers.SUBJECT_ID_CHARACTERS if kind is Kind.SUBJECT_ID else numbers.ID_CHARACTERS
        yield from numbers.id_terms(text, encodings=encodings, least=least)
        yield from encoded_term(text)
    elif kind is Kind.DATE:
        yield from numbers.date_terms(text)
    elif kind is Kind.PHONE:
        yield from numbers.phone_terms(text)
    else:
        yield from names.text_terms(text, encodings=encodings)
        yield from numbers.phone_terms(text)
