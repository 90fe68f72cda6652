"""``narthex deidentify`` over good, odd and hostile files: no word in what it leaves or says."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import odd_phantoms as odd
from tests.support.appliance import ROOT, narthex
from tests.support.canaries import SCRIPTS, SOP_CLASSES, Identity, Phantom, draw, phantom
from tests.support.hunt import Hunt, Record, Sink, Tree
from tests.support.planting import ENCODINGS

SINKS = ("output", "report", "temporary", "state", "stdout", "stderr")
_RULES = """name: keeping
profile: basic
rules:
  - {tags: [ImageComments, PatientComments], action: K}
"""


@dataclass
class Run:
    """What a run left."""

    identity: Identity
    sinks: dict[str, Sink]
    outcomes: str
    rules: str


@pytest.fixture(
    scope="module",
    params=[("basic", 1), ("keeping", 2)],
    ids=["basic", "keeping-in-children"],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the command over everything; file names say nothing."""
    rules, jobs = request.param
    folder, identity = tmp_path_factory.mktemp("deidentify"), draw()
    for name in ("in", "temporary"):
        (folder / name).mkdir()
    for number, each in enumerate(_objects(identity)):
        (folder / "in" / f"{number:03}").write_bytes(each.file)
        (folder / "in" / f"{number:03}-bare").write_bytes(each.encoded)  # no meta information
    (folder / "rules.yaml").write_text(_RULES)
    done = subprocess.run(
        narthex(
            *("--state", folder / "state", "deidentify", folder / "in", folder / "out"),
            *("--rules", rules if rules == "basic" else folder / "rules.yaml"),
            *("--jobs", str(jobs), "--report", folder / "report.jsonl", "--explain"),
        ),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "temporary")},
        timeout=240,
        check=False,
    )
    assert done.returncode == 1
    sinks: tuple[Sink, ...] = (
        Tree("output", folder / "out"),
        Tree("report", folder / "report.jsonl"),
        Tree("temporary", folder / "temporary"),
        Tree("state", folder / "state"),
        Record("stdout", [done.stdout]),
        Record("stderr", [done.stderr]),
    )
    (folder / "state").mkdir(exist_ok=True)
    report = (folder / "report.jsonl").read_text()
    return Run(identity, {sink.name: sink for sink in sinks}, report, rules)


def _objects(identity: Identity) -> list[Phantom]:
    kinds = zip(SOP_CLASSES, SCRIPTS, strict=False)
    return [
        *(phantom(identity, f"s{m.lower()}", modality=m, script=s) for m, s in kinds),
        *odd.malformed(identity),
        *odd.odd(identity),
        *odd.two_identities(identity),
        *odd.conflicting_copies(identity),
        odd.without_patient_id(identity),
        odd.in_another_syntax(identity),
        odd.named_in_codestream(identity),
        odd.nested(identity),
        odd.kept_by_rule(identity),
        odd.kept_outside_table(identity),
        odd.bomb(identity),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", SINKS)
def test_no_canary_is_in(name: str, run: Run) -> None:
    assert sorted(Hunt(run.identity.canaries).sinks([run.sinks[name]])) == []


def test_every_outcome_happened(run: Run) -> None:
    reasons = ("metadata.limit", "metadata.malformed", "identity.missing", "verify.identity")
    missing = [reason for reason in reasons if f'"{reason}"' not in run.outcomes]
    assert missing == []
    cleaned = run.outcomes.count('"cleaned"')
    # every object has the name in its comments
    assert cleaned > 5 if run.rules == "basic" else cleaned == 0


def test_what_a_library_quotes_in_a_child_is_not_printed(tmp_path: Path) -> None:
    identity = draw()
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.quoting_child", str(tmp_path), identity.word],
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    printed = done.stdout + done.stderr
    assert sorted(Hunt(identity.canaries).search(printed)) == []
    assert [b'"warning"' in printed, b'"error"' in printed] == [True, True]


@pytest.mark.parametrize("encoding", ["plain", "utf-16", "base64-1", "pickle", "zlib"])
@pytest.mark.parametrize("name", SINKS)
def test_a_canary_would_be_found_in(name: str, encoding: str, run: Run) -> None:
    planted = draw()
    run.sinks[name].plant(ENCODINGS[encoding](planted))
    found = {finding.kind for finding in Hunt(planted.canaries).sinks([run.sinks[name]])}
    assert found >= {"word", *SCRIPTS}
