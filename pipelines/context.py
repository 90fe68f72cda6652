"""What a pipeline is told about the subject and may read of the source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Accession(NamedTuple):
    """An accession number, as it was read. Patient data: in memory only.

    Attributes
    ----------
    number : str
        At most 64 characters, never empty.
    issuer : str
        Who issued it, at most 256 characters; "" where nobody is named.
    """

    number: str
    issuer: str

    def __repr__(self) -> str:
        """Show nothing."""
        return "Accession(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectContext:
    """What the vault lends for one subject of one project, for one job.

    Attributes
    ----------
    pseudonym : str
        Replaces Patient ID and Patient's Name. ASCII, at most 16 characters.
    shift_days : int
        Added to every date when dates are shifted.
    uid_secret : bytes
        32 bytes; key of the UID and person-name pseudonyms of this study. Never shown.
    uid_generation : int
        1 for the first publication; counts up when a study is published anew.
    accessions : Mapping[Accession, str]
        Pseudonyms of accession numbers, as far as they were asked for. ASCII, 16 characters.
    """

    pseudonym: str
    shift_days: int
    uid_secret: bytes
    uid_generation: int
    accessions: Mapping[Accession, str] = field(default_factory=dict, hash=False)

    def __repr__(self) -> str:
        """Show nothing that is secret."""
        return "SubjectContext(…)"


class RangeReader(Protocol):
    """Bytes of an object that can be read in pieces, whatever holds them."""

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A run of source bytes that goes to the output unchanged.

    Attributes
    ----------
    offset : int
        In the source, bytes.
    length : int
        Bytes.
    """

    offset: int
    length: int


Segment = bytes | Span
"""A piece of the output: new bytes, or a run of the source."""
