"""Start the appliance, send it one study, show what changed and why; then keep running.

Called by ``ops/run`` in the environment it made. The study is one of the test files that
pydicom brings along. What is printed is for the person at this terminal: tags, rules and
new values, no value of the source.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pynetdicom.ae import ApplicationEntity
from pynetdicom.presentation import build_context

from gateway.app import open_project_vault
from gateway.archive.store import ArchiveStore
from gateway.databases import open_database
from gateway.files import FileReader
from gateway.ports import SubjectKey, Vault
from gateway.settings import Settings, load
from gateway.tables import archive_object
from pipelines.objects import Cleaned
from pipelines.report import Change
from pipelines.run import clean, inspect
from rules.load import load_plan
from rules.plan import Plan

STUDY = "dicomdirtests/98892001"
"""A CT study of two series; beside it one CT image with private elements."""
PROJECT = "demonstration"
PATIENCE_SECONDS = 120.0
VALUE_WIDTH = 44


def main() -> int:
    """Run the demonstration; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("state"), help="folder of all state")
    parser.add_argument("--once", action="store_true", help="stop after the demonstration")
    arguments = parser.parse_args()
    os.umask(0o077)
    settings = _settings(arguments.state)
    log = settings.state / "narthex.log"
    with _appliance(settings, log) as process:
        _wait(lambda: _is_ready(settings), process, log, what="the appliance to be ready")
        print(f"Narthex listens on {_dicom(settings)}. Its log: {log}\n")
        files = _study()
        print(f"Sending {len(files)} CT instances that pydicom brings along, by C-STORE …")
        _send(files, settings)
        _wait(
            lambda: _released(settings) >= len(files),
            process,
            log,
            what="the study to be released",
        )
        _show(files, settings)
        if arguments.once:
            return 0
        print(f"\nNarthex keeps running: {_dicom(settings)}; health: {_web(settings)}/readyz")
        config = settings.state / "demonstration.toml"
        print(f"Look around: narthex --state {settings.state} --config {config} doctor")
        print("Ctrl-C stops it.")
        try:
            return process.wait()
        except KeyboardInterrupt:
            return 0


def _settings(state: Path) -> Settings:
    """Return settings for this machine: loopback, free ports, one peer, one project."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = state / "demonstration.toml"
    config.write_text(
        f"""
[dicom]
port = {_port(11112)}
minimum_free_mb = 64

[web]
port = {_port(8042)}

[[peers]]
name = "myself"
ae_title = "MYSELF"
address = "127.0.0.1"
quiet_seconds = 1

[[projects]]
name = "{PROJECT}"
rules = "basic"
""",
        encoding="utf-8",
    )
    return load(config=config, state=state)


def _port(wanted: int) -> int:
    """Return the port if it is free, or another one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no free port on the loopback interface")


@contextmanager
def _appliance(settings: Settings, log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Run ``narthex serve`` around the demonstration."""
    config = settings.state / "demonstration.toml"
    words = ["--state", str(settings.state), "--config", str(config), "serve"]
    opened = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    process = subprocess.Popen([sys.executable, "-m", "gateway.cli", *words], stderr=opened)
    os.close(opened)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait(
    done: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path, *, what: str
) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"Waited in vain for {what}; the log says why: {log}")
        time.sleep(0.2)


def _get(settings: Settings, page: str) -> str:
    try:
        with urllib.request.urlopen(f"{_web(settings)}/{page}", timeout=5) as answer:  # noqa: S310  (our own)
            text: str = answer.read().decode()
            return text
    except (urllib.error.URLError, OSError):
        return ""


def _is_ready(settings: Settings) -> bool:
    text = _get(settings, "readyz")
    return bool(text) and json.loads(text)["ready"] is True


def _released(settings: Settings) -> int:
    name = f'narthex_archive_objects{{project="{PROJECT}",state="current"}}'
    found = [line for line in _get(settings, "metrics").splitlines() if line.startswith(name)]
    return int(float(found[0].rsplit(" ", 1)[1])) if found else 0


def _study() -> list[Path]:
    """Return the files to send; the first one is shown tag by tag."""
    bundled = Path(pydicom.__file__).parent / "data" / "test_files"
    series = sorted(path for path in (bundled / STUDY).rglob("*") if path.is_file())
    return [bundled / "CT_small.dcm", *series]


def _send(files: list[Path], settings: Settings) -> None:
    """Send over one association, as a modality would."""
    datasets = [pydicom.dcmread(path) for path in files]
    entity = ApplicationEntity(ae_title="MYSELF")
    kinds = {(each.SOPClassUID, each.file_meta.TransferSyntaxUID) for each in datasets}
    entity.requested_contexts = [build_context(*kind) for kind in sorted(kinds)]
    association = entity.associate(
        settings.dicom.host, settings.dicom.port, ae_title=settings.dicom.ae_title
    )
    if not association.is_established:
        raise SystemExit("The appliance accepted no association.")
    statuses = Counter(association.send_c_store(each).Status for each in datasets)
    association.release()
    if set(statuses) != {0}:
        raise SystemExit(f"C-STORE was answered with {dict(statuses)}")
    print(f"{statuses[0]} times Success: each instance is durable on disk, encrypted.\n")


def _show(files: list[Path], settings: Settings) -> None:
    """Print what became of the files; of the first one every tag."""
    plan = load_plan("basic")
    vault = open_project_vault(settings)
    for number, path in enumerate(files):
        with FileReader(path, follows_links=True) as source:
            cleaned = _clean(source, plan, vault)
        written = pydicom.dcmread(_archived(cleaned, settings))
        changes = cleaned.report.changes
        if number == 0:
            print(
                f"{path.name}, de-identified under {plan.name} (PS3.15, edition {plan.edition}):\n"
            )
            for alike in _runs(changes):
                print(_line(alike, written))
            print(f"\n{_pixels(pydicom.dcmread(path), written)}")
            print(f"{len(changes)} elements changed or removed. The other instances:\n")
        else:
            print(f"  {path.name:<14} {_counts(changes)}")
    print("\nWhat was written was searched for the subject's identifiers before it was released.")


def _clean(source: FileReader, plan: Plan, vault: Vault) -> Cleaned:
    """Clean once more, in memory: the same subject context gives the same bytes."""
    found = inspect(source, attributes=plan.condition_attributes)
    key = SubjectKey(
        project=PROJECT,
        issuer=found.issuer,
        patient_id=found.patient_id,
        study_instance_uid=found.study_instance_uid,
    )
    context = vault.context(key, lease=None, shift_days=plan.shift_days)
    return clean(source, plan=plan, context=context, inspection=found, explain=True, face=None)


def _archived(cleaned: Cleaned, settings: Settings) -> Path:
    """Return the file that the appliance released."""
    engine = open_database(settings.database.work)
    statement = archive_object.select().where(
        archive_object.c.sop_instance_uid == cleaned.sop_instance_uid,
        archive_object.c.state == "current",
    )
    with engine.connect() as connection:
        row = connection.execute(statement).one()
    engine.dispose()
    return ArchiveStore(settings.archive).path(row.name)


def _runs(changes: tuple[Change, ...]) -> Iterator[list[Change]]:
    """Yield the changes one by one; removed private elements of one group together."""

    def likeness(change: Change) -> tuple[str, ...]:
        group = change.path[:6]
        if change.operation == "remove" and re.fullmatch(r"\([0-9A-Fa-f]{3}[13579BDFbdf],", group):
            return (group, change.rule)
        return (change.path,)

    for _, alike in groupby(changes, key=likeness):
        yield list(alike)


def _line(alike: list[Change], written: Dataset) -> str:
    change = alike[0]
    value = _value(change.path, written)
    place = f"{change.path} {change.keyword}"
    why = f"{change.rule}; {change.section}"
    line = f"  {change.action} {change.operation:<12} {place:<52} {value:<{VALUE_WIDTH}} {why}"
    elements = " ".join(each.path.partition(",")[2].rstrip(")") for each in alike[1:])
    more = textwrap.wrap(elements, 100, initial_indent=" " * 23, subsequent_indent=" " * 23)
    return "\n".join([line, *more])


def _value(path: str, written: Dataset) -> str:
    """Return the new value at `path`, cut to the width of its column."""
    here: Dataset | None = written
    steps = re.findall(r"\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)(?:\[(\d+)\])?", path)
    for group, element, item in steps:
        tag = int(group + element, 16)
        if here is None or tag not in here:
            return "(gone)"
        found = here[tag]
        if item:
            here = found.value[int(item)] if int(item) < len(found.value) else None
    if found.VR == "SQ":
        return f"({len(found.value)} items)"
    text = str(found.value)
    return "(empty)" if not text else text if len(text) <= VALUE_WIDTH else text[:40] + " …"


def _pixels(source: Dataset, written: Dataset) -> str:
    same = source.PixelData == written.PixelData
    return f"Pixel Data: {len(written.PixelData)} bytes, {'byte-identical' if same else 'CHANGED'}."


def _counts(changes: tuple[Change, ...]) -> str:
    counts = Counter(change.operation for change in changes)
    return ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))


def _dicom(settings: Settings) -> str:
    return f"DICOM {settings.dicom.host}:{settings.dicom.port}, AE title {settings.dicom.ae_title}"


def _web(settings: Settings) -> str:
    return f"http://{settings.web.host}:{settings.web.port}"


if __name__ == "__main__":
    sys.exit(main())
