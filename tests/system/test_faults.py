"""The fault bench in a short form: it finds nothing, and it can find something."""

from pathlib import Path

import pytest

from gateway.failpoints import NAMES
from ops.bench import faults
from ops.bench.ledger import reconcile
from ops.bench.node import Node
from ops.bench.traffic import Instance, Recipient

SEED = 7

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_a_death_at_each_failpoint_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    result = faults.run(tmp_path, database="sqlite", rounds=0, seed=SEED)["failpoints"]
    assert result["faults"] == []
    assert result.keys() == NAMES | {"ledger", "faults"}
    assert result["ledger"]["acknowledged"] == 3 * len(NAMES)
    _check_that_trouble_is_seen(tmp_path / "failpoints")


@pytest.mark.timeout(600)
def test_random_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    result = faults.run(tmp_path, database="sqlite", rounds=3, seed=SEED, failpoints=False)
    assert result["random"]["faults"] == []
    assert len(result["random"]["rounds"]) == 3
    assert result["random"]["ledger"]["acknowledged"] > 0


def _check_that_trouble_is_seen(folder: Path) -> None:
    """Lose an object, double another, invent an acknowledgement: the ledger tells."""
    with Node(folder=folder, projects=faults.PROJECTS) as node:
        lost, doubled, *_ = sorted(node.settings.archive.glob("??/*.dcm"))
        doubled.with_name(f"{'0' * 64}.dcm").write_bytes(doubled.read_bytes())
        lost.unlink()
        invented = Instance(number=999_999, subject=0, study=0, size=16)
        found = reconcile(node, [invented], Recipient(port=0)).faults
    assert "instance 999999: lost: the index never heard of it" in found
    assert f"archive object {lost.stem[:8]} has no file" in found
    assert "archive file 00000000 is in no index" in found
    assert any(fault.startswith("destination never got") for fault in found)
