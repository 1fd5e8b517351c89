"""Graphs of any shape. No tests."""

from hypothesis import strategies as st

from eventbus_admin.map.building import build
from eventbus_admin.map.facts import Facts, Flow
from eventbus_admin.map.graph import Graph
from tests.unit.map.conftest import NOW, listening, thing

NAMES = st.sampled_from([f"n{number}" for number in range(12)] + ["N1", "x" * 120, "名" * 60])
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=30)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Return a graph of things registered or not, with edges declared or seen."""
    facts = Facts(
        services=tuple(map(thing, draw(st.sets(NAMES)))),
        event_types=tuple(map(thing, draw(st.sets(NAMES)))),
        publications=tuple(draw(PAIRS)),
        subscriptions=tuple(
            listening(event_type, service, waiting=draw(st.integers(0, 3)))
            for event_type, service in draw(PAIRS)
        ),
        announced=frozenset(draw(PAIRS)),
        flows={pair: Flow(share=0.5, last=NOW) for pair in draw(PAIRS)},
        rates=draw(st.dictionaries(NAMES, st.floats(0, 1e6))),
        looked=draw(st.booleans()),
    )
    return build(facts)


def large(services: int, types: int, edges: int) -> Graph:
    """Return a graph of so many; every service publishes and listens."""
    pairs = [
        (f"type{number * 7 % types}", f"service{(number * 13 + number // types) % services}")
        for number in range(edges // 2)
    ]
    return build(
        Facts(
            services=tuple(thing(f"service{number}") for number in range(services)),
            event_types=tuple(thing(f"type{number}") for number in range(types)),
            publications=tuple(pairs),
            subscriptions=tuple(listening(event_type, service) for event_type, service in pairs),
            rates={"type1": 5.0},
        )
    )
