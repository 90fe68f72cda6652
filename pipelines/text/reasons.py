"""Why a part of a text went: stable codes for reports, never values."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The rule that removed a part of a text."""

    NAME_KNOWN = "name.known"
    NAME_CONTEXT = "name.context"
    NAME_UNKNOWN_WORD = "name.unknown-word"
    ID_KNOWN = "id.known"
    ID_CONTEXT = "id.context"
    ID_LONG_NUMBER = "id.long-number"
    DATE = "date"
    BIRTH_DATE = "date.birth"
    AGE_OVER_89 = "age-over-89"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    ADDRESS = "address"
    INSTITUTION = "institution"


class Span(NamedTuple):
    """A part of a text that goes."""

    start: int
    end: int
    reason: Reason
