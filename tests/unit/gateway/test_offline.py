"""One file in, one row out, whatever the file is."""

import os
import stat
from collections import Counter
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UltrasoundImageStorage

from gateway.errors import SealedError, SubjectErasedError
from gateway.faces import StudyFaces
from gateway.offline import Offline, find_inputs
from gateway.ports import Lease, SubjectKey, Vault
from gateway.vault.ephemeral import EphemeralVault
from pipelines.context import SubjectContext
from tests.support.datasets import CT
from tests.support.encoding import Made
from tests.support.engine import plan_of
from tests.support.faces import as_file, slice_of
from tests.support.objects import options, small

_KEEPING = options("retain-uids")


class _Refusing(EphemeralVault):
    """A vault that answers with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(bytes(32))
        self._error = error

    def context(
        self,
        key: SubjectKey,  # noqa: ARG002  (nobody is known here)
        *,
        lease: Lease | None,  # noqa: ARG002
        shift_days: tuple[int, int],  # noqa: ARG002
    ) -> SubjectContext:
        raise self._error


def _offline(
    output: Path, *, rules: str = options(), vault: Vault | None = None, explain: bool = False
) -> Offline:
    return Offline(
        output=output,
        plan=plan_of(rules),
        vault=vault or EphemeralVault(bytes(range(32))),
        project="p",
        private_sop_classes=("1.2.826.0.1.3680043.999",),
        explain=explain,
    )


def _file(folder: Path, data: bytes, name: str = "a.dcm") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_file_is_cleaned_into_its_new_place(tmp_path: Path) -> None:
    path = _file(tmp_path, small())
    before = path.read_bytes(), path.stat()
    result = _offline(tmp_path / "out").clean_file(path, face=None)
    row = result.row
    assert (row.input, row.outcome, row.reason) == (str(path), "cleaned", "")
    written = tmp_path / "out" / row.output
    dataset = pydicom.dcmread(written)
    assert Path(row.output) == Path(
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, f"{dataset.SOPInstanceUID}.dcm"
    )
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert result.subject == ("PAT-4711", dataset.PatientID)
    assert result.uids["1.2.3.4.5.6.7"] == dataset.SOPInstanceUID
    assert row.methods == ("113100",)
    assert not row.changes
    assert (path.read_bytes(), path.stat()) == before
    assert "PAT-4711" not in repr(result)


def test_nothing_but_objects_stands_in_the_output(tmp_path: Path) -> None:
    offline = _offline(tmp_path / "out")
    name = Made(0x00080070, "LO", b"Built for Miller^Jane")
    for number, data in enumerate((small(), small(name), small(Made(0x00100020, "LO", b"")))):
        offline.clean_file(_file(tmp_path, data, f"{number}"), face=None)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert [path.suffix for path in files] == [".dcm"]


def test_a_file_system_without_unnamed_files_gets_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = []
    for folder, flag in (("one", os.O_TMPFILE), ("other", os.O_DIRECTORY)):
        monkeypatch.setattr(os, "O_TMPFILE", flag)  # the kernel's answer to it: EISDIR
        output = tmp_path / folder
        offline = _offline(output)
        residual = Made(0x00080070, "LO", b"Built for Miller^Jane")
        other = Made(0x00280010, "US", b"\4\0")
        data = (small(), small(), small(other), small(residual))
        rows = [offline.clean_file(_file(tmp_path, each), face=None).row for each in data]
        assert [row.reason for row in rows] == ["", "", "duplicate.conflict", "verify.identity"]
        files = [path for path in output.rglob("*") if path.is_file()]
        assert [str(path.relative_to(output)) for path in files] == [rows[0].output]
        assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
        results.append((rows, files[0].read_bytes()))
    assert results[0] == results[1]


def test_a_study_too_large_to_look_at_costs_its_images_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[tuple[str, object]] = []

    def look(objects: object, plan: object, earlier: object) -> StudyFaces:
        del objects, plan, earlier
        raise MemoryError

    monkeypatch.setattr("gateway.offline.look_at_study", look)
    monkeypatch.setattr(
        "gateway.offline.log_error",
        lambda error, **more: logged.append((type(error).__name__, more["component"])),
    )
    offline = _offline(tmp_path / "out", rules=options("clean-recognizable-visual-features"))
    ultrasound = slice_of(SOPClassUID=UltrasoundImageStorage, Modality="US")
    paths = [
        _file(tmp_path, as_file(slice_of()), "a.dcm"),
        _file(tmp_path, as_file(ultrasound), "b.dcm"),
    ]
    rows = [result.row for result in offline.clean_study(paths)]
    assert [(row.outcome, row.reason) for row in rows] == [
        ("quarantined", "face.unchecked"),
        ("cleaned", ""),
    ]
    assert logged == [("MemoryError", "faces")]


def test_what_is_held_has_a_reason_and_a_place(tmp_path: Path) -> None:
    name = Made(0x00080070, "LO", b"Built for Miller^Jane")
    result = _offline(tmp_path / "out").clean_file(_file(tmp_path, small(name)), face=None)
    assert (result.row.outcome, result.row.reason) == ("quarantined", "verify.identity")
    assert "0008,0070" in result.row.where
    assert result.row.plan == plan_of(options()).hash
    assert result.subject is None
    assert not result.uids


def test_the_same_file_twice_is_one_object(tmp_path: Path) -> None:
    offline = _offline(tmp_path / "out")
    first, second = (offline.clean_file(_file(tmp_path, small(), n), face=None) for n in ("a", "b"))
    assert first.row.output == second.row.output
    assert second.row.outcome == "cleaned"


def test_other_content_under_the_same_uid_is_held(tmp_path: Path) -> None:
    offline = _offline(tmp_path / "out")
    first = offline.clean_file(_file(tmp_path, small(), "a"), face=None)
    kept = (tmp_path / "out" / first.row.output).read_bytes()
    other = offline.clean_file(
        _file(tmp_path, small(Made(0x00280010, "US", b"\4\0")), "b"), face=None
    )
    assert (other.row.outcome, other.row.reason) == ("quarantined", "duplicate.conflict")
    assert (tmp_path / "out" / first.row.output).read_bytes() == kept


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    offline = _offline(tmp_path / "out")
    for name in ("fifo", "missing", "."):
        row = offline.clean_file(tmp_path / name, face=None).row
        assert (row.outcome, row.reason) in {
            ("refused", "input.unreadable"),
            ("quarantined", "metadata.malformed"),
        }
    assert not (tmp_path / "out").exists()


def test_a_folder_that_can_not_be_written_is_told_apart(tmp_path: Path) -> None:
    _file(tmp_path, b"", "out")
    row = _offline(tmp_path / "out").clean_file(_file(tmp_path, small()), face=None).row
    assert (row.outcome, row.reason) == ("refused", "output.unwritable")
    assert row.where.startswith("errno ")


def test_an_erased_subject_is_refused_and_a_sealed_vault_ends_the_run(tmp_path: Path) -> None:
    path = _file(tmp_path, small())
    erased = _offline(tmp_path / "out", vault=_Refusing(SubjectErasedError()))
    row = erased.clean_file(path, face=None).row
    assert (row.outcome, row.reason) == ("refused", "subject.erased")
    with pytest.raises(SealedError):
        _offline(tmp_path / "out", vault=_Refusing(SealedError())).clean_file(path, face=None)


def test_a_defect_of_ours_costs_one_file(tmp_path: Path) -> None:
    broken = _offline(tmp_path / "out", vault=_Refusing(AttributeError("PAT-4711")))
    row = broken.clean_file(_file(tmp_path, small()), face=None).row
    assert (row.outcome, row.reason, row.where) == (
        "quarantined",
        "internal.error",
        "AttributeError",
    )


def test_uids_that_stay_lead_nowhere_else(tmp_path: Path) -> None:
    climbing = small(Made(0x0020000D, "UI", b".."), Made(0x0020000E, "UI", b".."))
    row = (
        _offline(tmp_path / "deep" / "out", rules=_KEEPING)
        .clean_file(_file(tmp_path, climbing), face=None)
        .row
    )
    assert (row.outcome, row.reason) == ("quarantined", "metadata.no-uid")
    assert not (tmp_path / "deep").exists()


def test_private_sop_classes_are_taken_as_configured(tmp_path: Path) -> None:
    offline = _offline(tmp_path / "out")
    for number, sop_class in enumerate((CT, "1.2.826.0.1.3680043.999", "1.2.826.0.1.3680043.998")):
        data = small(
            Made(0x00080016, "UI", sop_class.encode("ascii")),
            Made(0x00080018, "UI", b"1.%d" % number),
        )
        row = offline.clean_file(_file(tmp_path, data), face=None).row
        assert (row.outcome == "cleaned") == (number < 2)


def test_rows_explain_on_demand(tmp_path: Path) -> None:
    row = (
        _offline(tmp_path / "out", explain=True).clean_file(_file(tmp_path, small()), face=None).row
    )
    listed = Counter(change.operation for change in row.changes)
    assert listed["replace-uid"] == row.actions["replace-uid"] == 3


def test_a_large_object_is_compared_to_its_end(tmp_path: Path) -> None:
    offline = _offline(tmp_path / "out")
    pixels = bytes(3 << 20)
    results = [
        offline.clean_file(_file(tmp_path, small(Made(0x7FE00010, "OW", data))), face=None)
        for data in (pixels, pixels, pixels[:-1] + b"\1")
    ]
    assert [r.row.reason for r in results] == ["", "", "duplicate.conflict"]


def test_inputs_come_in_a_stable_order(tmp_path: Path) -> None:
    names = ("b/2", "b/1", "a/x/1", "c", "a/y")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in find_inputs(tmp_path)]
    assert found == ["c", "a/y", "a/x/1", "b/1", "b/2"]
    assert list(find_inputs(tmp_path / "c")) == [tmp_path / "c"]
