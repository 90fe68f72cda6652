"""DIMSE status of C-STORE (PS3.4, B.2.3; PS3.7, annex C): one table."""

from enum import IntEnum

from gateway.errors import DiskFullError


class Status(IntEnum):
    """What a C-STORE is answered with. The response carries no text."""

    SUCCESS = 0x0000
    NO_SUCH_SOP_CLASS = 0x0122
    """The SOP class is not that of the presentation context."""
    INVALID_INSTANCE = 0x0117
    """The SOP Instance UID of the command is empty, too long or not printable."""
    OUT_OF_RESOURCES = 0xA700
    """No room, larger than what is taken, or stopping: the sender may try again later."""
    MISMATCH = 0xA900
    """Command and dataset name different SOP classes or instances."""
    UNEXPECTED = 0xC001
    """Recorded with its place in the code."""


def status_of(error: Exception) -> Status:
    """Return the status that tells the sender of `error`."""
    return Status.OUT_OF_RESOURCES if isinstance(error, DiskFullError) else Status.UNEXPECTED
