"""Name the attributes whose values identify a subject, by what they hold.

What the gate searches for of each: ``ops/manual/verify.md``.
"""

from collections.abc import Mapping
from enum import StrEnum


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
KINDS: Mapping[int, Kind] = {tag: kind for kind, tags in _TAGS.items() for tag in tags}
"""Kind of each attribute that identifies."""

IDENTITY_TAGS: frozenset[int] = frozenset(KINDS)
"""Tags whose source values verify searches for."""

MULTILINE_TAGS = frozenset([0x00080081, 0x00080092, 0x00101040, 0x00380400, 0x00401102])
"""VR ST, LT, UT: a backslash is a character."""
