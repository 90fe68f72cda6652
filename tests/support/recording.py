"""Entries of the spool, and what the index knows of them."""

from collections.abc import Collection
from itertools import count
from typing import Any

import sqlalchemy as sa

from gateway.scp.recording import Outcome, record
from gateway.spool.format import SpoolEntry
from gateway.tables import spool_object

_numbers = count(1)


def digest(word: str) -> bytes:
    return word.encode().ljust(32, b".")


def entry(
    sop: str,
    *,
    content: str = "",
    pixels: str = "pixels",
    subject: str = "subject",
    study_word: str = "study",
) -> SpoolEntry:
    number = next(_numbers)
    return SpoolEntry(
        id=f"{number:032x}",
        association_id="a" * 32,
        peer="modality",
        study_index=digest(study_word),
        subject_index=digest(subject),
        sop_index=digest(sop),
        content_digest=digest(content or sop),
        pixel_digest=digest(pixels),
        size_bytes=10,
        received=1000.0 + number,
    )


def recorded(
    engine: sa.Engine,
    *entries: SpoolEntry,
    lost: Collection[str] = (),
    are_orphans: bool = False,
) -> list[Outcome]:
    with engine.begin() as connection:
        return record(
            connection,
            entries,
            is_intact=lambda object_id: object_id not in lost,
            are_orphans=are_orphans,
        )


def rows(engine: sa.Engine, table: sa.Table = spool_object) -> dict[str, Any]:
    with engine.connect() as connection:
        return {row.id: row for row in connection.execute(sa.select(table))}
