"""The tables of the work database, under their first name; see `gateway.tables`."""

from gateway.tables import (
    archive_object,
    association,
    job,
    metadata,
    outbox,
    spool_object,
    study,
)

__all__ = [
    "archive_object",
    "association",
    "job",
    "metadata",
    "outbox",
    "spool_object",
    "study",
]
