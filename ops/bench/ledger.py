"""The audit of a node after trouble: what was acknowledged, and what became of it.

Sources are found again in the archive by their pixels, not by our index; the index is
compared with the files, the files with what the destination got.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from gateway.audit.log import open_audit_database, read_events
from gateway.errors import AuditTamperedError
from gateway.scp.intake import index
from gateway.state import read_receiver_key
from gateway.tables import archive_object, outbox, spool_object
from ops.bench.node import DESTINATION, Node
from ops.bench.traffic import Instance, Recipient

PREAMBLE_AND_GROUP_LENGTH = 132 + 12
EXPECTED_REASONS = frozenset({"child.died"})
"""Why an object of the sender may be held: children over it were killed three times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A file of the archive."""

    row: sa.RowMapping
    source: str
    dataset: str
    patient_id: str
    study_instance_uid: str


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What was found.

    Attributes
    ----------
    counts : Counter[str]
    faults : list[str]
        Sentences; none: every promise was kept.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def reconcile(node: Node, acknowledged: Collection[Instance], recipient: Recipient) -> Ledger:
    """Compare sender, spool, archive, outbox, destination and disk of a drained node."""
    ledger = Ledger()
    ledger.counts["acknowledged"] = len(acknowledged)
    spooled = _rows(node, spool_object)
    archived = list(_read_archive(node, ledger))
    _check_sources(node, acknowledged, spooled, archived, ledger)
    _check_uniqueness(acknowledged, archived, ledger)
    _check_delivery(node, archived, recipient, ledger)
    _check_leftovers(node, spooled, ledger)
    _check_audit(node, ledger)
    return ledger


def _rows(node: Node, table: sa.Table) -> Sequence[sa.RowMapping]:
    with node.engine.connect() as connection:
        return connection.execute(sa.select(table)).mappings().all()


def _read_archive(node: Node, ledger: Ledger) -> Iterator[Archived]:
    """Yield what the index names; index and folder must name the same."""
    folder = node.settings.archive
    rows = _rows(node, archive_object)
    files = {path.stem: path for path in folder.glob("??/*.dcm")}
    ledger.counts["archived"] = len(files)
    for name in files.keys() - {row["name"] for row in rows}:
        ledger.faults.append(f"archive file {name[:8]} is in no index")
    for row in rows:
        path = files.get(row["name"])
        if path is None:
            ledger.faults.append(f"archive object {row['name'][:8]} has no file")
            continue
        try:
            yield _read(path, row)
        except (InvalidDicomError, OSError, AttributeError) as error:
            ledger.faults.append(f"archive object {row['name'][:8]}: {type(error).__name__}")


def _read(path: Path, row: sa.RowMapping) -> Archived:
    dataset = dcmread(path)
    start = PREAMBLE_AND_GROUP_LENGTH + dataset.file_meta.FileMetaInformationGroupLength
    return Archived(
        row=row,
        source=hashlib.sha256(dataset.PixelData).hexdigest(),
        dataset=hashlib.sha256(path.read_bytes()[start:]).hexdigest(),
        patient_id=str(dataset.PatientID),
        study_instance_uid=str(dataset.StudyInstanceUID),
    )


def _check_sources(
    node: Node,
    acknowledged: Collection[Instance],
    spooled: Sequence[sa.RowMapping],
    archived: Sequence[Archived],
    ledger: Ledger,
) -> None:
    """Find each acknowledged instance: archived once per project, or held: its children died."""
    key = read_receiver_key(node.settings)
    by_index = defaultdict(list)
    for row in spooled:
        by_index[bytes(row["sop_index"])].append(row)
    places = Counter((each.source, each.row["project"]) for each in archived)
    for instance in acknowledged:
        who = f"instance {instance.number}"
        rows = by_index[index(key, "sop|v1", b"", instance.sop_instance_uid.encode())]
        if len(rows) != 1:
            what = "lost: the index never heard of it" if not rows else f"{len(rows)} spool rows"
            ledger.faults.append(f"{who}: {what}")
            continue
        [row] = rows
        ledger.counts[f"{row['state']} {row['reason']}".strip()] += 1
        if row["state"] == "cleaned":
            for project in node.projects:
                count = places[instance.digest(), project]
                if count != 1:
                    ledger.faults.append(f"{who}: {count} times in the archive of {project}")
        elif row["state"] != "held" or row["reason"] not in EXPECTED_REASONS:
            ledger.faults.append(f"{who}: {row['state']}, reason {row['reason'] or 'none'}")
        elif not (node.settings.spool / row["id"]).is_file():
            ledger.faults.append(f"{who}: held, but its file is gone")


def _check_uniqueness(
    acknowledged: Collection[Instance], archived: Sequence[Archived], ledger: Ledger
) -> None:
    """Look for second objects of a source, second pseudonyms of a subject or study."""
    for what, values in (
        ("source", [(each.row["project"], each.source) for each in archived]),
        ("SOP UID", [(each.row["project"], each.row["sop_instance_uid"]) for each in archived]),
        ("spool object", [(each.row["project"], each.row["spool_id"]) for each in archived]),
    ):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            ledger.faults.append(f"{len(twice)} times a second object of one {what}")
    for each in archived:
        if each.row["state"] != "current":
            ledger.faults.append(f"archive object {each.row['name'][:8]}: {each.row['state']}")
    sources = {instance.digest(): instance for instance in acknowledged}
    pseudonyms, studies = defaultdict(set), defaultdict(set)
    for each in archived:
        instance = sources.get(each.source)
        if instance is None:
            ledger.faults.append(f"archive object {each.row['name'][:8]} has no source")
            continue
        pseudonyms[each.row["project"], instance.subject].add(each.patient_id)
        studies[each.row["project"], instance.study].add(each.study_instance_uid)
    for what, found in (("subject", pseudonyms), ("study", studies)):
        if any(len(values) != 1 for values in found.values()):
            ledger.faults.append(f"a {what} has several pseudonyms")
        if len(set().union(*found.values())) != len(found):
            ledger.faults.append(f"two {what} values share a pseudonym")


def _check_delivery(
    node: Node, archived: Sequence[Archived], recipient: Recipient, ledger: Ledger
) -> None:
    """Find at the destination what is archived, with these bytes each time, nothing else."""
    queued = {row["name"]: row for row in _rows(node, outbox) if row["destination"] == DESTINATION}
    ledger.counts["delivered"] = len(recipient.received)
    ledger.counts["delivered again"] = recipient.repeats
    expected = {str(each.row["sop_instance_uid"]) for each in archived}
    for each in archived:
        name = each.row["name"]
        state = queued[name]["state"] if name in queued else "missing"
        if state != "delivered":
            ledger.faults.append(f"outbox of {name[:8]}: {state}")
        got = recipient.received.get(each.row["sop_instance_uid"])
        if got is None:
            ledger.faults.append(f"destination never got {name[:8]}")
        elif set(got) != {each.dataset}:
            ledger.faults.append(f"destination got {name[:8]} with other bytes")
    for _ in recipient.received.keys() - expected:
        ledger.faults.append("destination got an object that is not in the archive")


def _check_leftovers(node: Node, spooled: Sequence[sa.RowMapping], ledger: Ledger) -> None:
    """Look for temporary files; what a dead receiver left half-written is set aside."""
    settings = node.settings
    held = {row["id"] for row in spooled if row["state"] == "held"}
    for path in settings.spool.rglob("*"):
        if path.is_file() and path.parent == settings.spool and path.name not in held:
            ledger.faults.append(f"spool file {path.name[:8]}{path.suffix} was left")
        elif path.is_file() and path.parent != settings.spool:
            ledger.counts["set aside"] += 1
    for path in (settings.archive / "tmp").rglob("*"):
        if path.is_file() and path.name != "lock":
            ledger.faults.append(f"temporary file {path.name[:8]} was left in the archive")
    for path in node.state.rglob("*"):
        if path.suffix in {".part", ".tmp"} and settings.spool not in path.parents:
            ledger.faults.append(f"temporary file {path.name} was left")


def _check_audit(node: Node, ledger: Ledger) -> None:
    engine = open_audit_database(node.settings.database.audit)
    try:
        ledger.counts["audit events"] = sum(1 for _ in read_events(engine))
    except AuditTamperedError:
        ledger.faults.append("the audit log has a gap")
    finally:
        engine.dispose()
