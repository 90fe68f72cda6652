"""What is asked of a vault: what is refused, and how a range becomes a shift."""

from gateway.errors import VaultError
from gateway.ports import SubjectKey
from pipelines.context import Accession

SHIFT_BITS = 64
"""Random bits that are kept for a subject's shift."""


def days_of(shift: int, shift_days: tuple[int, int]) -> int:
    """Return the day in the range (both ends in it) that 64 random bits choose.

    The bits are kept, not the days: a rule set that shifts for the first time must not
    meet a stored shift of zero.
    """
    low, high = shift_days
    return low + (shift * (high - low + 1) >> SHIFT_BITS)


def check_request(key: SubjectKey, shift_days: tuple[int, int]) -> None:
    """Refuse what no context can be made for.

    Raises
    ------
    VaultError
        There is no Patient ID, or the range of days is empty.
    """
    if not key.patient_id:
        raise VaultError("without Patient ID there is no subject; hold the object")
    if shift_days[0] > shift_days[1]:
        raise VaultError("the range of days is empty")


def check_accession(key: SubjectKey, accession: Accession) -> None:
    """Refuse what is no accession number of anybody.

    Raises
    ------
    VaultError
    """
    if not key.patient_id:
        raise VaultError("without Patient ID there is no subject; hold the object")
    if not accession.number:
        raise VaultError("there is no accession number")
