"""What a dead receiver left in the spool.

Complete files are told apart from broken ones by their trailer; nothing is deleted.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SpoolDamagedError
from gateway.spool import format as form
from gateway.spool.format import SpoolEntry

_HEADER_AT_MOST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Files that no row of the index names.

    Attributes
    ----------
    complete : tuple[SpoolEntry, ...]
        In the order in which they were received.
    broken : tuple[pathlib.Path, ...]
        Temporary files, and files that are not ours or not complete. Their sender never
        got an answer.
    """

    complete: tuple[SpoolEntry, ...]
    broken: tuple[Path, ...]


def find_orphans(folder: Path, *, known: Collection[str], receiver_key: bytes) -> Orphans:
    """Return what lies in `folder` beside the files named in `known`."""
    complete: list[SpoolEntry] = []
    broken: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name in known or path.name.startswith(".") or not path.is_file():
            continue
        try:
            complete.append(read_entry(path, receiver_key=receiver_key))
        except SpoolDamagedError:
            broken.append(path)
    complete.sort(key=lambda entry: entry.received)
    return Orphans(complete=tuple(complete), broken=tuple(broken))


def read_entry(path: Path, *, receiver_key: bytes) -> SpoolEntry:
    """Return the entry of a complete spool file; the chunks are not read.

    Raises
    ------
    SpoolDamagedError
    """
    if not form.FILE_NAME.fullmatch(path.name):
        raise SpoolDamagedError("not the name of a spool file")
    with path.open("rb") as file:
        start = file.read(_HEADER_AT_MOST)
        header = start[: form.header_bytes(start)]
        file_bytes = os.fstat(file.fileno()).st_size
        plain = form.plain_bytes(file_bytes, header=len(header))
        file.seek(file_bytes - form.TRAILER_BYTES)
        entry = form.unpack_trailer(
            file.read(), header=header, object_id=path.name, receiver_key=receiver_key
        )
    if entry.size_bytes != plain:
        raise SpoolDamagedError("another length than it was written with")
    return entry


def set_aside(broken: Path) -> None:
    """Move a broken file to the folder of orphans, beside the spool."""
    folder = broken.parent / form.ORPHANS
    folder.mkdir(mode=0o700, exist_ok=True)
    broken.rename(folder / broken.name)
