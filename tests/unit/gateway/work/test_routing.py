"""A project takes what it asks for, and nothing else."""

from collections.abc import Mapping

import pytest

from gateway.work.routing import Route, routes_of, routing_attributes
from rules.conditions import parse_condition
from rules.load import load_plan

PLAN = load_plan("basic")


def projects(
    *routes: Route,
    peer: str = "ct",
    called: str = "NARTHEX",
    attributes: Mapping[str, str] | None = None,
) -> list[str]:
    found = routes_of(
        routes, peer=peer, called_ae_title=called, attributes=attributes or {"Modality": "CT"}
    )
    return [route.project for route in found]


def test_no_project_takes_nothing() -> None:
    assert projects() == []


def test_several_projects_may_take_an_object() -> None:
    assert projects(Route(project="a", plan=PLAN), Route(project="b", plan=PLAN)) == ["a", "b"]


@pytest.mark.parametrize(
    ("route", "takes"),
    [
        (Route(project="p", plan=PLAN, peers=("ct", "mr")), True),
        (Route(project="p", plan=PLAN, peers=("mr",)), False),
        (Route(project="p", plan=PLAN, called_ae_titles=("NARTHEX",)), True),
        (Route(project="p", plan=PLAN, called_ae_titles=("HEART",)), False),
        (Route(project="p", plan=PLAN, when=parse_condition('Modality = "CT"')), True),
        (Route(project="p", plan=PLAN, when=parse_condition('Modality = "MR"')), False),
        (Route(project="p", plan=PLAN, when=parse_condition("exists(BodyPartExamined)")), False),
        (
            Route(project="p", plan=PLAN, peers=("mr",), when=parse_condition('Modality = "CT"')),
            False,
        ),
    ],
)
def test_every_part_that_is_given_must_hold(route: Route, *, takes: bool) -> None:
    assert projects(route) == (["p"] if takes else [])


def test_an_unknown_called_ae_title_matches_no_project_that_asks_for_one() -> None:
    assert projects(Route(project="p", plan=PLAN, called_ae_titles=("HEART",)), called="") == []


def test_the_attributes_of_all_conditions_are_asked_for() -> None:
    routes = [
        Route(project="a", plan=PLAN, when=parse_condition('Modality = "CT"')),
        Route(project="b", plan=PLAN, when=parse_condition("SliceThickness <= 2")),
        Route(project="c", plan=PLAN),
    ]
    assert routing_attributes(routes) == {"Modality", "SliceThickness"}
