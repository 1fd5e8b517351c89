"""From facts to the graph: what was declared and what is there, each thing once. Pure."""

from collections.abc import Collection, Iterable

from eventbus_admin.map.facts import Facts, Listening, Pair
from eventbus_admin.map.graph import Edge, Graph, Kind, Standing, State, worst
from eventbus_admin.map.nodes import nodes_of
from eventbus_admin.map.strangers import Ends, node_id, pair_of, ways

_NEVER = "It never published this, as far as the journal reaches."
_STATES = {
    # Health.
    "healthy": State.IN_ORDER,
    "no_consumers": State.LOOK,
    "backlog_growing": State.LOOK,
    "dead_letters": State.LOSES,
    # Sync.
    "missing": State.LOOK,
    "differs": State.LOOK,
    "unmanaged": State.LOOK,
    "blocked": State.LOSES,
    "surplus": State.LOSES,
}


def build(facts: Facts) -> Graph:
    """Return the graph of everything that is known.

    What was declared in one place and seen in several is one edge. Names that differ in their
    case only are two things, as they are for the broker.
    """
    edges = [*_publications(facts), *_subscriptions(facts)]
    edges += _undeclared(facts, {(edge.source, edge.target) for edge in edges})
    return Graph(
        nodes=nodes_of(facts, edges),
        edges=tuple(edges),
        observed_at=facts.observed_at,
        journal_since=facts.journal_since,
    )


def _publications(facts: Facts) -> Iterable[Edge]:
    retired = {one.name for one in facts.event_types if one.detail == "retired"}
    for event_type, service in dict.fromkeys(facts.publications):
        flow = facts.flows.get((event_type, service))
        if flow is None and event_type in retired:
            continue
        yield Edge(
            source=node_id(Kind.SERVICE, service),
            target=node_id(Kind.TYPE, event_type),
            standing=Standing.KNOWN if flow else Standing.GHOST,
            state=State.IN_ORDER if flow else State.IDLE,
            reasons=() if flow else (_NEVER,),
            rate=_published(facts, (event_type, service)),
            last=flow.last if flow else None,
        )


def _subscriptions(facts: Facts) -> Iterable[Edge]:
    for pair, one in {(one.event_type, one.service): one for one in facts.subscriptions}.items():
        dead = facts.dead.get(pair, 0)
        nobody = facts.looked and not one.consumers and pair not in facts.announced
        yield Edge(
            source=node_id(Kind.TYPE, one.event_type),
            target=node_id(Kind.SERVICE, one.service),
            standing=Standing.GHOST if nobody else Standing.KNOWN,
            state=worst(_state(one), State.LOSES if dead else State.IDLE),
            reasons=(one.sentence or _unread(one),),
            rate=facts.rates.get(one.event_type, 0.0),
            waiting=one.waiting,
            dead=dead,
            consumers=one.consumers,
        )


def _undeclared(facts: Facts, declared: Collection[Ends]) -> Iterable[Edge]:
    for ends, reasons in ways(facts).items():
        if ends in declared:
            continue
        pair = pair_of(ends)
        flow = facts.flows.get(pair)
        publishes = ends[1].startswith(f"{Kind.TYPE}:")
        dead = 0 if publishes else facts.dead.get(pair, 0)
        yield Edge(
            source=ends[0],
            target=ends[1],
            standing=Standing.STRANGER,
            state=State.LOSES if dead else State.LOOK,
            reasons=tuple(dict.fromkeys(reasons)),
            rate=_published(facts, pair) if publishes else facts.rates.get(pair[0], 0.0),
            dead=dead,
            last=flow.last if publishes and flow else None,
        )


def _state(one: Listening) -> State:
    health = State.IDLE if one.paused else _STATES.get(one.health, State.IDLE)
    return worst(health, _STATES.get(one.sync, State.IDLE))


def _unread(one: Listening) -> str:
    return "Paused: events wait in its queue." if one.paused else "Not observed yet."


def _published(facts: Facts, pair: Pair) -> float:
    flow = facts.flows.get(pair)
    return facts.rates.get(pair[0], 0.0) * flow.share if flow else 0.0
