"""Engine and oracle agree over every real file, element by element."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pydicom
import pytest

from tests.support.agreement import OPTION_SETS, RESEARCH, disagreements, option_name
from tests.support.completed import completed
from tests.support.shared_data import SHARED, needs_shared

pytestmark = needs_shared

BUNDLED = Path(pydicom.__file__).parent / "data"
# Cut off inside a sequence, or with a sequence whose items can't be read where it is walked:
# pydicom re-encodes it, as explicit VR.
RE_ENCODED = dict.fromkeys(("rtplan_truncated.dcm", "Tag-0040-A170-VR-CS.dcm"), "group 2 00020010")
NOT_DICOM = {".csv", ".md", ".json", ".py", ".txt", ".xml", ".icc"}


def _differences(path: Path, data: bytes, options: Sequence[str]) -> list[str]:
    lines = disagreements(data, options)
    excused = RE_ENCODED.get(path.name)
    return [f"{path.name}: {x}" for x in lines if excused is None or not x.startswith(excused)]


def _files() -> list[Path]:
    folders = [BUNDLED / "test_files", BUNDLED / "charset_files"]
    if SHARED is not None:
        folders.append(SHARED / "corpus")
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    files = [path for path in found if path.is_file() and path.suffix not in NOT_DICOM]
    return list({hashlib.sha256(path.read_bytes()).digest(): path for path in files}.values())


FILES = _files()


@pytest.mark.parametrize("options", OPTION_SETS, ids=option_name)
def test_corpus_agrees(options: Sequence[str]) -> None:
    found = []
    for path in FILES:
        found += _differences(path, path.read_bytes(), options)
    assert not found, "\n".join([str(len(found)), *found[:60]])


@pytest.mark.parametrize("options", [(), RESEARCH], ids=option_name)
def test_corpus_with_a_patient_id_agrees(options: Sequence[str]) -> None:
    """Most of the odd files lack what every object must have; here they have it."""
    found = []
    for path in FILES:
        data = completed(path.read_bytes())
        if data is not None:
            found += _differences(path, data, options)
    assert not found, "\n".join([str(len(found)), *found[:60]])
