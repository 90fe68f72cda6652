"""What is known of a dataset: the values that its text must not repeat."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a known value is."""

    SUBJECT = "subject"
    """A name of the data subject (VR PN)."""
    PERSON = "person"
    """A name of anybody else (VR PN)."""
    SUBJECT_ID = "subject-id"
    ID = "id"
    BIRTH_DATE = "birth-date"
    """VR DA."""
    PHONE = "phone"
    ADDRESS = "address"
    INSTITUTION = "institution"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class KnownValue:
    """One value of the dataset.

    Attributes
    ----------
    kind : Kind
    text : str
        One decoded value; a name with its ``^`` and ``=``.
    """

    kind: Kind
    text: str

    def __repr__(self) -> str:
        """Show no value."""
        return f"KnownValue({self.kind})"
