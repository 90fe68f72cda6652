"""The worker borrows the pseudonyms of accession numbers that its child asks for."""

import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from gateway.tables import archive_object
from gateway.vault.pseudonyms import ACCESSION_PREFIX, is_pseudonym
from gateway.work.routing import Route
from pipelines.context import Accession
from rules.load import load_plan
from tests.support.site import Site, image
from tests.support.vault import subject

RULES = "name: {name}\nprofile: basic\naccession: pseudonym\n"
GREEDY = (sys.executable, "-m", "tests.support.greedy_child")


@pytest.fixture
def accession_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Route:
    # the name of the plan is also where the child finds the rule set
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(RULES.format(name="rules.yaml"))
    return Route(project="heart", plan=load_plan("rules.yaml"), destinations=("pacs",))


def test_studies_of_one_number_share_a_pseudonym(site: Site, accession_route: Route) -> None:
    worker = site.worker(routes=[accession_route])
    site.receive(
        *[image(study="1.2.3", AccessionNumber="ZQ4711") for _ in range(3)],
        image(study="1.2.4", AccessionNumber="ZQ4711", Modality="MR"),
        image(study="1.2.4", AccessionNumber="ZQ4712", Modality="MR"),
        image(study="1.2.5", patient_id="4712", AccessionNumber="ZQ4711"),
        image(study="1.2.6"),
    )
    site.drain(worker)
    worker.close()
    assert site.states() == [("cleaned", "")] * 7
    found = [
        str(dcmread(path).get("AccessionNumber"))
        for path in sorted(site.store.path(row["name"]) for row in site.rows(archive_object))
    ]
    numbers = [each for each in found if each != "None"]
    assert len(numbers) == 6
    assert len(set(numbers)) == 3
    assert all(is_pseudonym(each, prefix=ACCESSION_PREFIX) for each in numbers)
    shared = site.vault.accession(
        subject(issuer="", study="1.2.4"), Accession("ZQ4711", ""), lease=None
    )
    assert numbers.count(shared) == 4


@pytest.mark.parametrize("behaviour", ["AGAIN", "SHAPE", "LONG", "MANY", "EMPTY"])
def test_a_child_that_asks_for_what_no_object_has_holds_it(
    site: Site, accession_route: Route, behaviour: str
) -> None:
    site.command = GREEDY
    worker = site.worker(routes=[accession_route])
    site.receive(image(patient_id=behaviour, AccessionNumber="ZQ4711"))
    site.receive(image(study="1.2.4", AccessionNumber="ZQ4711"))
    site.drain(worker)
    worker.close()
    assert site.states() == [("cleaned", ""), ("held", "internal.error")]
