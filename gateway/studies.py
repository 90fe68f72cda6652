"""Group files by study: what is looked at as a whole is cleaned as a whole."""

from collections.abc import Iterable
from pathlib import Path

from gateway.files import FileReader
from pipelines.errors import HeldError
from pipelines.metadata.opening import open_object
from pipelines.metadata.root import RootLookup

StudyKey = tuple[str, str, str]
"""Patient ID, its issuer, Study Instance UID. Patient data: in memory only."""


def study_of(path: Path) -> StudyKey | None:
    """Return the study that a file is of; None where it can't be read, or says none."""
    try:
        with FileReader(path, follows_links=True) as source:
            root = RootLookup.of_outline(open_object(source)[0])
            patient, issuer, study = map(root, _KEYWORDS)
    except (HeldError, OSError):
        return None
    return (patient or "", issuer or "", study) if study else None


def by_study(keys: Iterable[tuple[Path, StudyKey | None]]) -> tuple[list[list[Path]], list[Path]]:
    """Return the files of each study, in the order of their first files, and the rest."""
    studies: dict[StudyKey, list[Path]] = {}
    rest: list[Path] = []
    for path, key in keys:
        if key is None:
            rest.append(path)
        else:
            studies.setdefault(key, []).append(path)
    return list(studies.values()), rest


_KEYWORDS = ("PatientID", "IssuerOfPatientID", "StudyInstanceUID")
