"""Write the accession numbers of a project and their pseudonyms to a file."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from gateway.files import publish, sync_folder, unpublished
from gateway.ports import AuditLog
from gateway.vault.vault import VaultStore
from rules.disclosure import Event

COLUMNS = (
    "accession_number",
    "issuer_of_accession_number",
    "issuer_of_patient_id",
    "pseudonym",
)


def export_accessions(store: VaultStore, project: str, target: Path, *, audit: AuditLog) -> int:
    """Write the table as CSV, UTF-8, mode 0600; return how many numbers it has.

    The file gets its name when it is whole and the export is in the audit log.

    Parameters
    ----------
    store : VaultStore
        Unsealed.
    target : Path
        In a folder that exists.

    Raises
    ------
    FileExistsError
        There is such a file; it is not changed.
    gateway.errors.VaultError
    """
    if target.exists():
        raise FileExistsError
    with unpublished(target.parent) as (descriptor, path):
        count = _write(descriptor, _rows(store, project))
        audit.append([(Event.ACCESSIONS_EXPORTED, {"project": project, "count": count})])
        publish(path, target)
    sync_folder(target.parent)
    return count


def _rows(store: VaultStore, project: str) -> Iterable[tuple[str, str, str, str]]:
    for each in store.accessions(project):
        number, issuer = each.accession
        yield number, issuer, each.patient_id_issuer, each.pseudonym


def _write(descriptor: int, rows: Iterable[tuple[str, str, str, str]]) -> int:
    count = 0
    # a lone surrogate of a broken issuer must not stop the others
    with open(
        descriptor,
        "w",
        encoding="utf-8",
        errors="backslashreplace",
        newline="",
        closefd=False,
    ) as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for row in rows:
            table.writerow(row)
            count += 1
        file.flush()
        os.fsync(descriptor)
    return count
