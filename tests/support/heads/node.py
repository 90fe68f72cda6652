"""A node that heads are sent to, day after day: a real worker with its child, a real vault."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from gateway.tables import archive_object, spool_object
from gateway.work.child_process import Limits
from gateway.work.routing import Route
from rules.load import load_plan
from tests.support.appliance import ROOT, narthex
from tests.support.heads.persons import UID_ROOT, WORDS
from tests.support.simulators import SettableClock
from tests.support.site import Site, Worker
from tests.support.vault import KEY

RULES = """name: {name}
profile: basic
options: [clean-recognizable-visual-features, retain-patient-characteristics]
deface: {{modalities: [CT, MR, PT], mask: {mask}}}
"""
LIMITS = Limits(memory_mb=1024, cpu_seconds=60, wall_seconds=300.0)
DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one object.

    Attributes
    ----------
    id : str
        Of the spool object.
    cleaned : Dataset or None
        None where it was not released.
    """

    id: str
    state: str
    reason: str
    cleaned: Dataset | None

    @property
    def said(self) -> str:
        """Return ``cleaned``, or the reason."""
        return self.reason or self.state


@dataclass
class Node:
    """One node with one project.

    Parameters
    ----------
    folder : Path
        Of its state.
    work_url : str
        Of its work database.
    """

    folder: Path
    work_url: str
    mask: str = "wide"
    ids: dict[str, str] = field(default_factory=dict)
    """Of what was sent, by SOP Instance UID."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.site = Site(self.folder, self.work_url, limits=LIMITS)
        self.rules = self.folder / "rules.yaml"
        self.rules.write_text(RULES.format(name="faces", mask=self.mask), encoding="utf-8")
        self.plan = load_plan(str(self.rules))
        self.worker: Worker = self.start()

    def start(self) -> Worker:
        """Start a worker, as after a restart of the node."""
        route = Route(project="heads", plan=self.plan, destinations=("pacs",))
        return self.site.worker(routes=[route], rules={str(self.rules): self.plan.hash})

    def receive(self, *objects: Dataset, peer: str = "ct") -> None:
        """Receive objects; nothing is done with them yet."""
        for each in objects:
            before = self._known()
            self.site.receive(_file(each), peer=peer)
            (self.ids[str(each.SOPInstanceUID)],) = self._known() - before

    def day(self, *objects: Dataset, peer: str = "ct") -> list[Fate]:
        """Receive objects together, let a day pass, and return what became of them."""
        self.receive(*objects, peer=peer)
        self.work()
        return [self.fate(each) for each in objects]

    def work(self) -> None:
        """Let a day pass."""
        assert isinstance(self.site.clock, SettableClock)
        self.site.clock.pass_by(DAY)
        self.site.drain(self.worker)

    def fate(self, source: Dataset) -> Fate:
        """Return what became of an object."""
        object_id = self.ids[str(source.SOPInstanceUID)]
        (row,) = (row for row in self.site.rows(spool_object) if row["id"] == object_id)
        released = [row for row in self.site.rows(archive_object) if row["spool_id"] == object_id]
        files = [self.site.store.path(each["name"]) for each in released]
        cleaned = [dcmread(BytesIO(path.read_bytes())) for path in files]
        return Fate(
            id=object_id,
            state=row["state"],
            reason=row["reason"],
            cleaned=cleaned[0] if cleaned else None,
        )

    def narthex(self, *words: str | Path, code: int = 0) -> str:
        """Run a command over the state folder, in a process of its own; return what it says."""
        config = self.folder / "narthex.toml"
        if not config.exists():
            key = self.folder / "keys" / "unseal.key"
            key.write_bytes(KEY)
            key.chmod(0o600)
            lines = f'[database]\nwork = "{self.work_url}"\n'
            lines += f'[[projects]]\nname = "heads"\nrules = "{self.rules}"\n'
            config.write_text(lines, encoding="utf-8")
        done = subprocess.run(
            narthex("--config", config, "--state", self.folder, *words),
            capture_output=True,
            cwd=ROOT,
            timeout=280,
            check=False,
        )
        out = done.stdout.decode()
        assert done.returncode == code, (done.returncode, out, done.stderr.decode()[-2000:])
        leaks = [w for w in (*WORDS, UID_ROOT) if w.encode() in (done.stdout + done.stderr).lower()]
        assert not leaks
        return out

    def close(self) -> None:
        """End the worker."""
        self.worker.close()
        self.site.engine.dispose()

    def _known(self) -> set[str]:
        return {row["id"] for row in self.site.rows(spool_object)}


def said(fates: Sequence[Fate]) -> set[str]:
    """Return what became of objects, in words."""
    return {each.said for each in fates}


def _file(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
