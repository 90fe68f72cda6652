"""Jobs from the spool to archive and outbox, with a real child, vault and spool."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from pydicom import dcmread

from gateway.errors import SealedError
from gateway.ports import Lease, SubjectKey
from gateway.tables import archive_object, job, outbox, spool_object
from gateway.work.leases import lease_job
from gateway.work.routing import Route
from pipelines.context import Accession, SubjectContext
from rules.conditions import parse_condition
from rules.load import load_plan
from tests.support.simulators import MemoryAudit, SettableClock
from tests.support.site import Site, Worker, image, route


@pytest.fixture
def worker(site: Site) -> Iterator[Worker]:
    worker = site.worker(routes=[route(destinations=("pacs", "backup"))])
    yield worker
    worker.close()


def audit(site: Site) -> MemoryAudit:
    assert isinstance(site.audit, MemoryAudit)
    return site.audit


def pass_by(site: Site, seconds: float) -> None:
    assert isinstance(site.clock, SettableClock)
    site.clock.pass_by(seconds)


def test_a_study_is_cleaned_archived_and_queued(site: Site, worker: Worker) -> None:
    files = [image() for _ in range(3)]
    site.receive(*files)
    assert site.drain(worker) == 1
    assert site.states() == [("cleaned", "")] * 3
    assert list(site.spool.iterdir()) == []
    objects = site.rows(archive_object)
    assert len(objects) == 3
    assert len({row["study_instance_uid"] for row in objects}) == 1
    for row in objects:
        path = site.store.path(row["name"])
        cleaned = dcmread(path)
        assert path.stat().st_size == row["size_bytes"]
        assert cleaned.SOPInstanceUID == row["sop_instance_uid"]
        assert cleaned.PixelData == dcmread(BytesIO(files[0])).PixelData
        assert b"Gartenzwerg" not in path.read_bytes()
        assert cleaned.PatientIdentityRemoved == "YES"
    assert sorted((r["destination"], r["state"]) for r in site.rows(outbox)) == [
        *[("backup", "queued")] * 3,
        *[("pacs", "queued")] * 3,
    ]
    assert [row["state"] for row in site.rows(job)] == ["done"]
    assert audit(site).counts("object.released") == 3
    assert list(worker.workspace.folder.glob("*.dcm")) == []


def test_a_job_of_several_batches(site: Site) -> None:
    site.batch = 2
    worker = site.worker()
    site.receive(*[image() for _ in range(5)])
    assert site.drain(worker) == 1
    assert site.states() == [("cleaned", "")] * 5
    assert audit(site).counts("object.released") == 5
    worker.close()


def test_a_late_instance_joins_its_study_and_subject(site: Site, worker: Worker) -> None:
    site.receive(image())
    assert site.drain(worker) == 1
    site.receive(image())
    assert site.drain(worker) == 1
    first, second = site.rows(archive_object)
    assert first["study_instance_uid"] == second["study_instance_uid"]
    ids = [dcmread(site.store.path(row["name"])).PatientID for row in (first, second)]
    assert ids[0] == ids[1]


def test_several_projects_get_objects_that_have_nothing_in_common(site: Site) -> None:
    worker = site.worker(routes=[route("heart"), route("liver", destinations=())])
    site.receive(image())
    site.drain(worker)
    heart, liver = sorted(site.rows(archive_object), key=lambda row: row["project"])
    assert (heart["project"], liver["project"]) == ("heart", "liver")
    for name in ("name", "study_instance_uid", "series_instance_uid", "sop_instance_uid"):
        assert heart[name] != liver[name]
    assert [row["name"] for row in site.rows(outbox)] == [heart["name"]]
    worker.close()


def test_two_identities_in_one_generation_hold_all_of_it(site: Site, worker: Worker) -> None:
    site.receive(image(), image(), image(patient_id="4712"))
    site.drain(worker)
    assert site.states() == [("held", "identity.conflict")] * 3
    assert len(list(site.spool.iterdir())) == 3
    assert site.rows(archive_object) == []


def test_another_identity_in_a_later_generation_is_held(site: Site, worker: Worker) -> None:
    site.receive(image())
    site.drain(worker)
    site.receive(image(patient_id="4712"))
    site.drain(worker)
    assert site.states() == [("cleaned", ""), ("held", "identity.conflict")]


def test_an_object_without_identity_is_held_and_the_others_go_on(
    site: Site, worker: Worker
) -> None:
    site.receive(image(), image(patient_id=None), image())
    site.drain(worker)
    assert site.states() == [("cleaned", ""), ("cleaned", ""), ("held", "identity.missing")]
    assert audit(site).counts("object.held") == 1


def test_what_matches_no_project_is_held(site: Site) -> None:
    plan = load_plan("basic")
    only_mr = Route(project="p", plan=plan, when=parse_condition('Modality = "MR"'))
    worker = site.worker(routes=[only_mr])
    site.receive(image())
    site.drain(worker)
    assert site.states() == [("held", "routing.unmatched")]
    worker.close()


def test_a_held_object_of_one_project_is_released_by_another(site: Site) -> None:
    holding = Route(project="p", plan=load_plan("research-default"), destinations=("pacs",))
    worker = site.worker(routes=[holding, route("heart")])
    site.receive(image())
    site.drain(worker)
    assert [row["project"] for row in site.rows(archive_object)] == ["heart"]
    ((state, reason),) = site.states()
    assert state == "held"
    assert reason in {"pixels.unchecked", "face.unchecked"}
    worker.close()


def test_an_erased_subject_is_refused_and_counted(site: Site, worker: Worker) -> None:
    site.vault.erase("heart", issuer="", patient_id="4711")
    site.receive(image())
    site.drain(worker)
    assert site.states() == [("refused", "subject.erased")]
    assert list(site.spool.iterdir()) == []
    assert audit(site).counts("object.refused") == 1


def test_a_sealed_vault_postpones_and_costs_no_attempt(site: Site, worker: Worker) -> None:
    site.receive(image())
    site.vault.seal()
    assert site.drain(worker) == 1
    assert site.states() == [("received", "")]
    assert [(row["state"], row["attempts"]) for row in site.rows(job)] == [("due", 0)]
    site.vault.unseal(bytes(range(32)))
    pass_by(site, 5)
    assert site.drain(worker) == 1
    assert site.states() == [("cleaned", "")]


class _SealedLater:
    """The site's vault, sealed after some contexts; sealed between batches in life."""

    def __init__(self, site: Site, keys: int) -> None:
        self._vault = site.vault
        self.keys = keys

    def context(
        self, key: SubjectKey, *, lease: Lease | None, shift_days: tuple[int, int]
    ) -> SubjectContext:
        return self._vault.context(key, lease=lease, shift_days=shift_days)

    def accession(self, key: SubjectKey, accession: Accession, *, lease: Lease | None) -> str:
        return self._vault.accession(key, accession, lease=lease)

    def file_key(self, wrapped: bytes, *, lease: Lease | None) -> bytes:
        if self.keys == 0:
            raise SealedError
        self.keys -= 1
        return self._vault.file_key(wrapped, lease=lease)

    def project_secret(self, project: str, *, lease: Lease | None) -> bytes:
        return self._vault.project_secret(project, lease=lease)


def test_what_was_committed_before_the_vault_was_sealed_stays(site: Site) -> None:
    site.batch = 2
    vault = _SealedLater(site, keys=3)
    worker = site.worker(vault=vault)
    site.receive(*[image() for _ in range(5)])
    site.drain(worker)
    assert site.states() == [("cleaned", "")] * 2 + [("received", "")] * 3
    assert list(worker.workspace.folder.glob("*.dcm")) == []
    vault.keys = 100
    pass_by(site, 5)
    site.drain(worker)
    assert site.states() == [("cleaned", "")] * 5
    assert len(site.rows(archive_object)) == 5
    worker.close()


def test_a_corrected_header_takes_the_place_of_what_was_released(
    site: Site, worker: Worker
) -> None:
    site.receive(image(sop="1.2.3.9", Modality="CT"))
    site.drain(worker)
    site.receive(image(sop="1.2.3.9", Modality="MR"))
    site.drain(worker)
    old, new = sorted(site.rows(archive_object), key=lambda row: row["state"], reverse=True)
    assert (old["state"], new["state"]) == ("superseded", "current")
    assert old["sop_instance_uid"] == new["sop_instance_uid"]
    states = {row["name"]: row["state"] for row in site.rows(outbox)}
    assert states == {old["name"]: "superseded", new["name"]: "queued"}
    # and back again: the first content is the current one once more, and is sent again
    site.receive(image(sop="1.2.3.9", Modality="CT"))
    site.drain(worker)
    current = [row["name"] for row in site.rows(archive_object) if row["state"] == "current"]
    assert current == [old["name"]]
    states = {row["name"]: row["state"] for row in site.rows(outbox)}
    assert states == {old["name"]: "queued", new["name"]: "superseded"}


def test_an_object_replaced_while_it_waits_is_not_released(site: Site, worker: Worker) -> None:
    site.receive(image(sop="1.2.3.9", Modality="CT"))
    site.receive(image(sop="1.2.3.9", Modality="MR"))
    site.drain(worker)
    assert site.states() == [("cleaned", ""), ("superseded", "")]
    assert len(site.rows(archive_object)) == 1
    assert list(site.spool.iterdir()) == []


def test_a_damaged_spool_file_is_held(site: Site, worker: Worker) -> None:
    site.receive(image(), image())
    first, second = sorted(site.spool.iterdir())
    content = bytearray(first.read_bytes())
    content[-200] ^= 1
    first.write_bytes(content)
    site.drain(worker)
    assert site.states() == [("cleaned", ""), ("held", "spool.damaged")]
    states = {row["id"]: row["state"] for row in site.rows(spool_object)}
    assert states == {first.name: "held", second.name: "cleaned"}


def test_a_worker_that_lost_its_lease_commits_nothing(site: Site, worker: Worker) -> None:
    site.receive(image())
    site.close_quiet()
    slow = lease_job(site.engine, owner="slow", now=site.clock.now(), seconds=1.0)
    assert slow is not None
    pass_by(site, 2)
    assert site.drain(worker) == 1
    other = site.worker()
    with pytest.raises(Exception, match=r"work\.lease"):
        other.journey.run(slow, should_stop=lambda: False)
    assert len(site.rows(archive_object)) == 1
    other.close()


def test_a_stopping_node_gives_the_job_back_between_batches(site: Site) -> None:
    site.batch = 1
    worker = site.worker()
    site.receive(image(), image())
    site.close_quiet()
    leased = lease_job(site.engine, owner="a", now=site.clock.now(), seconds=60.0)
    assert leased is not None
    answers = iter([False, True])
    with pytest.raises(Exception, match=r"work\.stopped"):
        worker.journey.run(leased, should_stop=lambda: next(answers))
    assert site.states() == [("cleaned", ""), ("received", "")]
    worker.close()


def test_the_same_input_gives_the_same_bytes_again(site: Site, worker: Worker) -> None:
    file = image()
    site.receive(file)
    site.drain(worker)
    (first,) = site.rows(archive_object)
    content = site.store.path(first["name"]).read_bytes()
    with site.engine.begin() as connection:  # as if the job had died before its commit
        connection.execute(outbox.delete())
        connection.execute(archive_object.delete())
        connection.execute(spool_object.delete())
    site.receive(file)
    site.drain(worker)
    (second,) = site.rows(archive_object)
    assert second["name"] == first["name"]
    assert site.store.path(second["name"]).read_bytes() == content
