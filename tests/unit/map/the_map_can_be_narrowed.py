"""Less of the map: around one thing, a team's, what a text names, problems, so many."""

from hypothesis import given
from hypothesis import strategies as st

from eventbus_admin.map.building import build
from eventbus_admin.map.facts import Facts
from eventbus_admin.map.graph import Graph, Kind
from eventbus_admin.map.narrowing import EDGES_A_NODE, Wanted, narrowed
from tests.unit.map.conftest import listening, thing
from tests.unit.map.graphs import graphs, large

CHAIN = build(
    Facts(
        services=(thing("a"), thing("b"), thing("c")),
        event_types=(thing("one"), thing("two")),
        publications=(("one", "a"), ("two", "b")),
        subscriptions=(
            listening("one", "b", health="dead_letters"),
            listening("two", "c"),
        ),
        rates={"one": 1.0, "two": 1.0},
    )
)


def names(graph: Graph) -> set[str]:
    """Return the ids of its nodes."""
    return set(graph.by_id)


def test_a_focus_shows_one_step_around() -> None:
    found = narrowed(CHAIN, Wanted(focus="type:one"))
    assert names(found) == {"service:a", "type:one", "service:b"}
    assert len(found.edges) == 2
    # From there one walks on.
    assert names(narrowed(CHAIN, Wanted(focus="service:b"))) == {
        "service:b",
        "type:one",
        "type:two",
    }


def test_a_focus_on_nothing_shows_nothing() -> None:
    assert narrowed(CHAIN, Wanted(focus="type:none")).nodes == ()


def test_a_text_shows_what_it_names_with_what_is_around() -> None:
    assert names(narrowed(CHAIN, Wanted(text="TW"))) == {"type:two", "service:b", "service:c"}


def test_a_team_shows_what_it_owns() -> None:
    assert names(narrowed(CHAIN, Wanted(owner="Exports"))) == names(CHAIN)
    assert narrowed(CHAIN, Wanted(owner="Nobody")).nodes == ()


def test_problems_show_with_their_ends() -> None:
    found = narrowed(CHAIN, Wanted(problems=True))
    assert names(found) >= {"type:one", "service:b"}
    assert [edge.source for edge in found.edges] == ["type:one"]


@given(graphs(), st.integers(2, 12), st.booleans())
def test_a_limit_keeps_to_it_and_counts_the_rest(graph: Graph, limit: int, problems: bool) -> None:
    whole = narrowed(graph, Wanted(problems=problems, limit=10_000))
    found = narrowed(graph, Wanted(problems=problems, limit=limit))
    assert len(found.nodes) == min(limit, len(whole.nodes))
    assert found.left_out == len(whole.nodes) - len(found.nodes)
    assert len(found.edges) <= limit * EDGES_A_NODE
    assert {end for edge in found.edges for end in (edge.source, edge.target)} <= names(found)


def test_a_limit_keeps_problems_and_the_busiest() -> None:
    found = narrowed(CHAIN, Wanted(limit=2))
    assert names(found) == {"type:one", "service:b"}
    busiest = narrowed(large(60, 60, 240), Wanted(limit=20))
    assert "type:type1" in names(busiest)
    assert {node.kind for node in busiest.nodes} == {Kind.TYPE, Kind.SERVICE}
