"""``narthex rules preview --quarantine``: what a node holds, tried without cleaning it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from errno import ENOSPC
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.audit.log import open_audit_database
from gateway.audit.tables import audit_event
from gateway.cli import run
from gateway.settings import load
from gateway.tables import spool_object
from gateway.vault.records.tables import subject_record
from gateway.work.quarantine import HeldObject, held_objects
from gateway.workbench.held import openable
from tests.support.simulators import MemoryAudit
from tests.support.site import Site, image
from tests.support.vault import KEY, close_vaults

SECRET = "Gartenzwerg"
COMMENT = "Zanzibar is a nice place"


class Node:
    """A state folder in which three objects are held, and the command over it."""

    def __init__(self, folder: Path, output: pytest.CaptureFixture[str]) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        self.settings = load(config=None, state=self.state)
        self.site = Site(self.state, self.settings.database.work)
        worker = self.site.worker(routes=[])
        self.site.receive(*[image(PatientComments=COMMENT) for _ in range(3)])
        self.site.drain(worker)
        worker.close()
        self.site.vault.close()
        key = self.settings.vault.key_file
        key.write_bytes(KEY)
        key.chmod(0o600)
        self._output = output

    def preview(self, *words: str, rules: str = "basic") -> tuple[int, str, str]:
        """Return exit code, standard output and standard error."""
        code = run(["--state", str(self.state), "rules", "preview", rules, *words])
        said = self._output.readouterr()
        return code, said.out, said.err

    def held(self) -> list[HeldObject]:
        return held_objects(self.site.engine)

    def audited(self) -> list[tuple[str, str]]:
        """Return events and the objects that they name."""
        engine = open_audit_database(self.settings.database.audit)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(audit_event).order_by(audit_event.c.sequence)).all()
        engine.dispose()
        return [(row.event, json.loads(row.fields)["object_id"]) for row in rows]

    def set(self, object_id: str, **values: object) -> None:
        with self.site.engine.begin() as connection:
            connection.execute(
                spool_object.update().where(spool_object.c.id == object_id).values(**values)
            )


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Node]:
    made = Node(tmp_path, capsys)
    yield made
    made.site.engine.dispose()
    close_vaults()


def test_what_is_held_is_tried_and_stays_held(node: Node) -> None:
    before = {path.name: path.read_bytes() for path in node.site.spool.iterdir()}
    code, out, err = node.preview("--quarantine")
    assert code == 0
    ids = [each.id for each in node.held()]
    assert [line.split()[0] for line in out.splitlines()[:3]] == ids
    assert f"{ids[0]} (held for routing.unmatched): cleaned" in out
    assert out.splitlines()[-1] == "3 objects; nothing was written"
    assert COMMENT not in out + err
    assert SECRET not in out + err
    assert {path.name: path.read_bytes() for path in node.site.spool.iterdir()} == before
    assert node.site.states() == [("held", "routing.unmatched")] * 3


def test_that_it_is_read_is_on_record_and_no_subject_becomes_known(node: Node) -> None:
    node.preview("--quarantine", "--limit", "2")
    ids = [each.id for each in node.held()]
    assert node.audited() == [("quarantine.examined", each) for each in ids[:2]]
    records = sa.create_engine(node.settings.database.vault)
    with records.connect() as connection:
        assert connection.execute(sa.select(subject_record)).all() == []
    records.dispose()


def test_values_are_shown_before_and_after_where_told(node: Node) -> None:
    code, out, _ = node.preview("--quarantine", "--show-values")
    assert (code, COMMENT in out) == (2, False)
    code, out, err = node.preview("--quarantine", "--show-values", "--yes")
    assert code == 0
    assert f"{COMMENT!r} -> -  remove" in out
    assert err == "narthex: this shows patient data\n"
    code, out, _ = node.preview("--quarantine", "--show-values", "--yes", "--json")
    data = json.loads(out)
    assert data["objects"][0]["held_for"] == "routing.unmatched"
    assert any(each["before"] == COMMENT for each in data["values"][0])


def test_only_what_is_held_for_a_reason(node: Node) -> None:
    chosen = node.held()[1].id
    node.set(chosen, reason="identity.missing")
    _, out, _ = node.preview("--quarantine", "--reason", "identity.missing", "--json")
    assert [each["input"] for each in json.loads(out)["objects"]] == [chosen]
    code, out, _ = node.preview("--quarantine", "--reason", "nothing.such")
    assert (code, out.splitlines()[-1]) == (0, "0 objects; nothing was written")


def test_what_ended_children_is_not_opened_and_what_is_damaged_is_said(node: Node) -> None:
    deadly, cut, gone = (each.id for each in node.held())
    node.set(deadly, deaths=3, reason="child.died")
    path = node.site.spool / cut
    path.write_bytes(path.read_bytes()[:-100])
    (node.site.spool / gone).unlink()
    code, out, _ = node.preview("--quarantine")
    assert code == 1
    assert f"{deadly}: quarantined: child.died not opened: it ended 3 processes" in out
    assert f"{cut} (held for routing.unmatched): quarantined: spool.damaged" in out
    assert f"{gone} (held for routing.unmatched): quarantined: spool.damaged" in out


def test_without_a_file_that_opens_the_vault_nothing_is_read(node: Node) -> None:
    node.settings.vault.key_file.unlink()
    code, out, err = node.preview("--quarantine")
    assert (code, out) == (6, "")
    assert "The vault does not open" in err
    assert node.audited() == []


def test_a_folder_or_the_quarantine_not_both(node: Node, tmp_path: Path) -> None:
    assert node.preview()[0] == 2
    assert node.preview(str(tmp_path), "--quarantine")[0] == 2
    code, _, err = node.preview(str(tmp_path), "--reason", "identity.missing")
    assert (code, "--reason is for --quarantine" in err) == (2, True)


class FullDisk(MemoryAudit):
    """An audit log that can't be written."""

    def append(self, events: Sequence[tuple[str, Mapping[str, str | int]]]) -> None:
        raise OSError(ENOSPC, f"{len(events)} events")


def test_the_record_comes_before_the_keys(node: Node) -> None:
    sealed = node.site.vault  # asked for a key it would raise SealedError
    with pytest.raises(OSError, match="3 events"):
        openable(node.held(), spool=node.site.spool, vault=sealed, audit=FullDisk())
