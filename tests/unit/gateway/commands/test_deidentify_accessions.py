"""``narthex deidentify`` gives accession numbers pseudonyms: of the run, or of a project."""

import csv
import stat
from pathlib import Path

import pydicom
import pytest

from gateway.cli import run
from gateway.exits import Exit
from gateway.vault.pseudonyms import ACCESSION_PREFIX, is_pseudonym
from tests.support.encoding import Made
from tests.support.objects import small

_NUMBERS = [b"ZQ4711", b"ZQ4711", b"ZQ4712", b""]


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make studies of one subject; the first two have one accession number."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for n, number in enumerate(_NUMBERS):
        data = small(
            Made(0x00080018, "UI", b"1.2.3.%d" % n),
            Made(0x0020000D, "UI", b"1.2.%d" % n),
            Made(0x00080050, "SH", number),
        )
        Path(f"in/{n}").write_bytes(data)
    Path("rules.yaml").write_text("name: t\nprofile: basic\naccession: pseudonym\n")


def deidentify(out: str, *words: str, rules: str = "rules.yaml") -> list[str]:
    """Run the command; return the accession numbers of the output, sorted."""
    command = ["--state", "state", "deidentify", "in", out, "--rules", rules, *words]
    assert run(command) == Exit.DONE
    return sorted(pydicom.dcmread(path).AccessionNumber for path in Path(out).rglob("*.dcm"))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_has_its_own_and_lists_them(jobs: str) -> None:
    found = deidentify("out", "--mapping", "tables", "--jobs", jobs)
    table = Path("tables/accession_mapping.csv")
    with table.open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head == ["id_old", "id_new"]
    made = dict(rows)
    assert sorted(made) == ["ZQ4711", "ZQ4712"]
    assert found == sorted([made["ZQ4711"], made["ZQ4711"], made["ZQ4712"], ""])
    assert all(is_pseudonym(new, prefix=ACCESSION_PREFIX) for new in made.values())
    assert stat.S_IMODE(table.stat().st_mode) == 0o600


def test_two_runs_are_unlinkable_and_the_table_empties() -> None:
    one, other = deidentify("one"), deidentify("other")
    assert set(one) & set(other) == {""}
    assert deidentify("basic", "--mapping", "tables", rules="basic") == [""] * len(_NUMBERS)
    assert not Path("tables/accession_mapping.csv").exists()


def test_two_runs_of_a_project_are_the_same() -> None:
    assert run(["--state", "state", "vault", "init"]) == Exit.DONE
    one = deidentify("one", "--project", "heart")
    assert len(set(one)) == 3
    assert deidentify("other", "--project", "heart", "--jobs", "2") == one
