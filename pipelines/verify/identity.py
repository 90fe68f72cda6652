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
from typing import Protocol

from pipelines.identity import KINDS, MULTILINE_TAGS, Kind
from pipelines.verify import names, numbers
from pipelines.verify.charsets import decode
from pipelines.verify.spelling import Term, encoded_term

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
    return 1 if identity.tag in MULTILINE_TAGS else identity.value.count(b"\\") + 1


def terms_of(identity: Identifying) -> Iterator[Term]:
    """Yield what is searched of one value of the source."""
    kind = KINDS[identity.tag]
    text = decode(identity.value, identity.encodings)
    parts = [text] if identity.tag in MULTILINE_TAGS else text.split("\\")
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
