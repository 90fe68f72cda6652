"""Which references of a run are broken, told by new names only."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from pipelines.context import Span
from pipelines.verify.graph import ReferenceGraph, References, kept_uids

SOUND = References(dangling={}, to_held={})


def _add(
    graph: ReferenceGraph, own: str, new: str, replaced: Mapping[str, str], *kept: str
) -> None:
    names = {"1.study": "2.study", "1.series": "2.series", own: new}
    graph.add_released(names, name=new, replaced={**names, **replaced}, kept=kept)


def test_a_reference_to_what_the_object_is_now_called_is_sound() -> None:
    graph = ReferenceGraph()
    _add(graph, "1.seg", "2.seg", {"1.image": "2.image"})
    _add(graph, "1.image", "2.image", {"1.seg": "2.seg", "1.elsewhere": "2.elsewhere"})
    assert graph.references() == SOUND


def test_another_uid_than_the_one_that_was_released_dangles() -> None:
    graph = ReferenceGraph()
    _add(graph, "1.seg", "2.seg", {"1.image": "2.other", "1.image.2": "2.other.2"})
    _add(graph, "1.image", "2.image", {})
    _add(graph, "1.image.2", "2.image.2", {})
    assert graph.references() == References(dangling={"2.seg": 2}, to_held={})


def test_a_reference_that_stayed_dangles_where_its_object_was_renamed() -> None:
    graph = ReferenceGraph()
    _add(graph, "1.seg", "2.seg", {}, "1.image", "1.kept")
    _add(graph, "1.image", "2.image", {})
    _add(graph, "1.kept", "1.kept", {})
    assert graph.references() == References(dangling={"2.seg": 1}, to_held={})


def test_series_and_studies_are_references_too() -> None:
    graph = ReferenceGraph()
    _add(graph, "1.image", "2.image", {})
    graph.add_released(
        {"1.prior": "2.prior"}, name="2.prior", replaced={"1.study": "2.wrong"}, kept=()
    )
    assert graph.references().dangling == {"2.prior": 1}


def test_what_was_released_under_two_names_may_be_called_either() -> None:
    graph = ReferenceGraph()
    _add(graph, "1.image", "2.image", {})
    _add(graph, "1.image", "2.again", {})
    _add(graph, "1.seg", "2.seg", {"1.image": "2.again"})
    assert graph.references() == SOUND


def test_references_to_held_objects_are_counted_apart() -> None:
    graph = ReferenceGraph()
    graph.add_held("1.image")
    graph.add_held("1.image.2")
    _add(graph, "1.image.2", "2.image.2", {})  # of two copies one was released
    _add(graph, "1.seg", "2.seg", {"1.image": "2.image", "1.image.2": "2.image.2"})
    assert graph.references() == References(dangling={}, to_held={"2.seg": 1})


def test_the_same_object_twice_counts_once() -> None:
    graph = ReferenceGraph()
    for _ in range(2):
        _add(graph, "1.seg", "2.seg", {"1.image": "2.other"})
    _add(graph, "1.image", "2.image", {})
    assert graph.references().dangling == {"2.seg": 1}


@given(
    st.dictionaries(
        st.integers(0, 20), st.lists(st.integers(0, 20), max_size=5), min_size=1, max_size=10
    ),
    st.sets(st.integers(0, 20)),
)
def test_one_mapping_for_all_objects_breaks_nothing(
    objects: dict[int, list[int]], held: set[int]
) -> None:
    graph = ReferenceGraph()
    for own, named in objects.items():
        if own in held:
            graph.add_held(f"1.{own}")
        else:
            _add(graph, f"1.{own}", f"2.{own}", {f"1.{n}": f"2.{n}" for n in named})
    found = graph.references()
    assert not found.dangling
    assert sum(found.to_held.values()) == sum(
        len(set(named) & held & objects.keys()) for own, named in objects.items() if own not in held
    )


def test_uids_that_stay_are_found_wherever_they_stand() -> None:
    data = (
        b"UI\x14\x001.2.840.113619.2.5\0",
        Span(0, 100),
        b"see 2.16.840.1.113662.7 and 2.25.4711.; value 1.5\\2.25\\1.2.3",
        b"1.2.840.10008.1.2.1\0 1.2.3.4.5.9\\2.25.99",
    )
    kept = kept_uids(data, {"1.9": "2.25.99", "1.8": "1.2.3.4.5.9"})
    assert kept == {"1.2.840.113619.2.5", "2.16.840.1.113662.7", "2.25.4711"}
