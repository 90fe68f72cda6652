"""The workbench of ``narthex rules``: what it prints, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file

from gateway.cli import run
from tests.support.encoding import Made
from tests.support.objects import BASIC, small

BAD = "name: site\nprofile: basic\noptions: [retain-uid]\n"
SECRET = "Zanzibar"


class Bench:
    """A temporary folder, and the commands in it."""

    def __init__(self, path: Path, output: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._output = output
        (path / "in").mkdir()

    def put(self, name: str, content: str | bytes) -> str:
        target = self.path / name
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(target)

    def rules(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        code = run(["rules", *words])
        said = self._output.readouterr()
        return code, said.out, said.err

    def data(self, *words: str) -> tuple[int, Any]:
        code, out, _ = self.rules(*words, "--json")
        return code, json.loads(out)


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Bench:
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["conformance", "site.yaml"],
        ["diff", "basic", "site.yaml"],
        ["diff", "site.yaml", "basic"],
        ["test", "site.yaml"],
        ["preview", "site.yaml", "in"],
        ["coverage", "site.yaml", "in"],
    ],
)
def test_a_bad_rule_set_is_refused_with_its_places(words: list[str], bench: Bench) -> None:
    bench.put("site.yaml", BAD)
    code, _, err = bench.rules(*words)
    assert code == 1
    assert "site.yaml:3:11: unknown option. Did you mean retain-uids?" in err
    json_words = ["--format", "json"] if words[0] == "conformance" else ["--json"]
    code, out, _ = bench.rules(*words, *json_words)
    assert code == 1
    assert json.loads(out)["problems"][0]["line"] == 3


def test_conformance_is_written_as_a_page_and_as_data(bench: Bench) -> None:
    code, page, _ = bench.rules("conformance", "basic")
    assert code == 0
    assert "## N.8.4.4 " in page
    assert "## N.11.2.6 " in page
    code, out, _ = bench.rules("conformance", "basic", "--format", "json")
    data = json.loads(out)
    assert (code, data["name"]) == (0, "basic")
    assert f"sha256:{data['plan']}" in page
    assert data["profiles"][0]["claim"] == "yes"


def test_diff_ends_like_diff(bench: Bench) -> None:
    code, out, _ = bench.rules("diff", "basic", "basic")
    assert (code, out.splitlines()[-1]) == (0, "No difference.")
    other = bench.put("site.yaml", BASIC + "rules:\n- {tags: [PatientComments], action: K}\n")
    code, out, _ = bench.rules("diff", "basic", other)
    assert code == 1
    assert "B keeps more (1):\n  attribute (0010,4000) PatientComments\n    A X remove" in out
    code, out, _ = bench.rules("diff", other, "basic")
    assert "B removes more (1):" in out
    code, data = bench.data("diff", "basic", other)
    assert code == 1
    assert data["second"]["name"] == "test"
    assert [each["direction"] for each in data["differences"]] == ["keeps more"]


def test_tests_say_what_was_expected_and_what_came(bench: Bench) -> None:
    tests = (
        "tests:\n- {given: {StudyDate: '20200102'}, expect: {StudyDate: ''}}\n"
        "- given: {StudyDescription: MRI, Modality: MR}\n"
        "  expect: {StudyDescription: MRI, Modality: <kept>}\n"
    )
    path = bench.put("site.yaml", BASIC + tests)
    code, out, _ = bench.rules("test", path)
    assert code == 1
    assert out.splitlines() == [
        "test 1, line 5: good",
        "test 2, line 6: FAILED",
        "  StudyDescription: expected kept 'MRI', got removed",
        "2 tests, 1 failed",
    ]
    code, data = bench.data("test", path)
    assert (code, data["ok"]) == (1, False)
    assert data["tests"][1]["findings"][0] == {
        "keyword": "StudyDescription",
        "good": False,
        "expected": {"kind": "kept", "value": "MRI"},
        "got": {"kind": "removed", "value": None},
    }
    code, out, _ = bench.rules("test", "basic")
    assert code == 0


def test_check_runs_the_tests_through_the_engine(bench: Bench) -> None:
    text = BASIC.replace("[]", "[retain-longitudinal-modified-dates]") + (
        "tests:\n- {given: {StudyDate: '20200102'}, expect: {StudyDate: '20200102'}}\n"
    )
    code, _, err = bench.rules("check", bench.put("site.yaml", text))
    assert code == 1
    assert "this test fails: StudyDate comes out as: changed" in err


def test_a_preview_writes_nothing_and_tells_no_value(bench: Bench) -> None:
    bench.put("in/a.dcm", small(Made(0x00081030, "LO", SECRET.encode())))
    bench.put("in/b.dcm", b"")
    before = sorted(bench.path.rglob("*"))
    code, out, err = bench.rules("preview", "basic", "in")
    assert code == 1
    assert "in/a.dcm: cleaned" in out
    assert "in/b.dcm: quarantined: metadata.malformed" in out
    assert "    1 remove: PS3.15 Table E.1-1, basic profile" in out
    assert out.splitlines()[-1] == "2 objects; nothing was written"
    code, data = bench.data("preview", "basic", "in", "--limit", "1")
    assert (code, data["files"]) == (0, 1)
    assert "values" not in data
    assert SECRET not in out + err + json.dumps(data)
    assert sorted(bench.path.rglob("*")) == before


def test_values_are_shown_only_on_a_terminal_or_when_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.put("in/a.dcm", small(Made(0x00081030, "LO", SECRET.encode())))
    code, out, err = bench.rules("preview", "basic", "in", "--show-values")
    assert code == 2
    assert SECRET not in out + err
    code, out, err = bench.rules("preview", "basic", "in", "--show-values", "--yes")
    assert code == 0
    assert err == "narthex: this shows patient data\n"
    shown = f"{'(0008,1030)':<28} {'StudyDescription':<32} 'Zanzibar' -> -  remove, PS3.15 Table"
    assert shown in out
    code, data = bench.data("preview", "basic", "in", "--show-values", "--yes")
    (values,) = data["values"]
    assert {"path": "(0008,1030)", "before": SECRET, "after": None}.items() <= next(
        each for each in values if each["path"] == "(0008,1030)"
    ).items()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    code, out, _ = bench.rules("preview", "basic", "in", "--show-values")
    assert (code, SECRET in out) == (0, True)


def test_coverage_is_told_by_device(bench: Bench) -> None:
    source = get_testdata_file("CT_small.dcm")
    assert isinstance(source, str)
    bench.put("in/a.dcm", Path(source).read_bytes())
    other = (Made(0x00090010, "LO", SECRET.encode()), Made(0x00091001, "LO", b"x"))
    bench.put("in/b.dcm", small(*other, Made(0x00080FFF, "LO", b"x"), Made(0x00111001, "LO", b"x")))
    code, out, _ = bench.rules("coverage", "research-default", "in")
    assert code == 0
    assert "GE MEDICAL SYSTEMS / RHAPSODE / CT Image Storage: 1 objects" in out
    assert "    (0019,xx23)      1 kept     safe private Table Speed [mm/rotation]" in out
    assert "- / - / CT Image Storage: 1 objects\n  unknown creator #1\n" in out
    assert "  private without creator: 1\n  unknown (0008,0FFF)      1 removed\n" in out
    assert "held pixels.unchecked: 1" in out
    assert SECRET not in out
    bench.put("in/c.dcm", b"")
    code, out, _ = bench.rules("coverage", "research-default", "in")
    assert (code, out.splitlines()[-1]) == (
        1,
        "held before anything could be counted: metadata.malformed: 1 files",
    )
    code, data = bench.data("coverage", "research-default", "in")
    assert (code, data["unread"]) == (1, {"metadata.malformed": 1})
    assert len(data["devices"]) == 2


SCRIPT = """<script>
 <e en="T" t="00080050" n="AccessionNumber">@remove()</e>
 <e en="T" t="00100010" n="PatientName">@lookup(this,ptid)</e>
 <r en="T" t="privategroups">Remove private groups</r>
</script>
"""


def test_a_script_is_imported_with_a_report_of_losses(bench: Bench) -> None:
    script = bench.put("old script.xml", SCRIPT)
    code, out, err = bench.rules("import", "ctp", script)
    assert code == 1
    assert "name: 'old script'" in out
    assert "lines: " in err
    imported = bench.put("new.yaml", out)
    assert bench.rules("check", imported)[0] == 0
    code, said, _ = bench.rules("import", "ctp", script, "--out", "out.yaml", "--name", "mine")
    assert code == 1
    assert "mine" in (bench.path / "out.yaml").read_text(encoding="utf-8")
    assert "AccessionNumber" not in said, "what is exact is no loss"
    assert "line 3: " in said
    assert bench.rules("import", "ctp", script, "--out", "out.yaml")[0] == 2, "it is there"
    code, data = bench.data("import", "ctp", script)
    assert code == 1
    assert data["rule_set"] == out
    assert sum(data["counts"].values()) == len(data["accounts"])


def test_what_is_no_script_is_refused(bench: Bench) -> None:
    code, _, err = bench.rules("import", "ctp", bench.put("a.xml", "hello <"))
    assert code == 1
    assert "a.xml:1:" in err
    assert bench.rules("import", "ctp", bench.put("b.xml", b"\xff\xfe\xff"))[0] == 2
    assert bench.rules("import", "ctp", "gone.xml")[0] == 2
    assert bench.rules("import", "karnak", "a.xml")[0] == 2
