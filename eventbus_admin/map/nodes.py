"""The nodes of the map: what is registered, and what turned up besides. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bus_core.topology import parse_name
from eventbus_admin.map.facts import Facts, Thing
from eventbus_admin.map.graph import Edge, Kind, Node, Standing, State, worst
from eventbus_admin.map.strangers import case_twins, node_id, things

_RETIRED = "retired"
_NOTHING_CAME = "Nothing of it came, as far as the journal reaches."
_NOBODY_THERE = "No worker of it is at work, and nobody reads its queues."
_SILENT = "No worker of it is at work, and it published nothing, as far as the journal reaches."


@dataclass
class _Ends:
    """The edges at one node."""

    outward: list[Edge] = field(default_factory=list)
    inward: list[Edge] = field(default_factory=list)


def nodes_of(facts: Facts, edges: Sequence[Edge]) -> tuple[Node, ...]:
    """Return every node once: what is registered, what edges lead to, what else was seen."""
    ends: defaultdict[str, _Ends] = defaultdict(_Ends)
    for edge in edges:
        ends[edge.source].outward.append(edge)
        ends[edge.target].inward.append(edge)
    seen = things(facts)
    nodes: dict[str, Node] = {}
    for one in facts.services:
        key = node_id(Kind.SERVICE, one.name)
        nodes[key] = _service(facts, one, ends[key])
    gone = _exchanges_gone(facts)
    flowing = {*facts.rates, *(event_type for event_type, _ in facts.flows)}
    for one in facts.event_types:
        key = node_id(Kind.TYPE, one.name)
        if one.detail != _RETIRED or ends[key] != _Ends() or key in seen:
            nodes[key] = _event_type(facts, one, ends[key], gone, flowing)
    for key in (*ends, *seen):
        if key not in nodes and (ends[key] != _Ends() or key in seen):
            nodes[key] = _stranger(facts, key, ends[key], seen.get(key, []))
    return _told_apart(nodes.values())


def _service(facts: Facts, one: Thing, ends: _Ends) -> Node:
    declared = [edge for edge in ends.inward if edge.standing is not Standing.STRANGER]
    there = bool(facts.workers.get(one.name)) or any(edge.consumers for edge in declared)
    published = any(edge.last for edge in ends.outward)
    ghost = facts.looked and not there and not (published and not declared)
    loose = facts.dead.get(("", one.name), 0)
    states = [edge.state for edge in (*ends.inward, *ends.outward)]
    return Node(
        kind=Kind.SERVICE,
        name=one.name,
        owner=one.owner,
        detail=one.detail,
        standing=Standing.GHOST if ghost else Standing.KNOWN,
        state=worst(
            State.IDLE if ghost else State.IN_ORDER, *states, State.LOSES if loose else State.IDLE
        ),
        reasons=((_NOBODY_THERE if declared else _SILENT),) if ghost else (),
        workers=facts.workers.get(one.name, 0),
        rate=sum(edge.rate for edge in ends.outward),
        waiting=sum(edge.waiting for edge in ends.inward),
        dead=sum(edge.dead for edge in ends.inward) + loose,
    )


def _event_type(
    facts: Facts, one: Thing, ends: _Ends, gone: Mapping[str, str], flowing: Collection[str]
) -> Node:
    came = one.name in flowing
    reasons, state = [], State.IN_ORDER
    if sentence := gone.get(one.name):
        reasons.append(sentence)
        state = State.LOOK
    if one.detail == _RETIRED:
        reasons.append("It is retired, and something of it is still there.")
        state = State.LOOK if one.name in facts.rates else state
    if not came:
        reasons.append(_NOTHING_CAME)
    if not ends.outward and not facts.own:
        reasons.append("Nobody listens to it.")
    return Node(
        kind=Kind.TYPE,
        name=one.name,
        owner=one.owner,
        detail=one.detail,
        standing=Standing.KNOWN if came else Standing.GHOST,
        state=state if came or state is State.LOOK else State.IDLE,
        reasons=tuple(reasons),
        rate=facts.rates.get(one.name, 0.0),
        waiting=sum(edge.waiting for edge in ends.outward),
        dead=sum(edge.dead for edge in ends.outward),
    )


def _stranger(facts: Facts, key: str, ends: _Ends, seen: Sequence[str]) -> Node:
    kind, name = key.split(":", 1)
    if kind == Kind.OUTSIDE:
        reasons = ["It takes events from us, and the registry knows nothing of it."]
    else:
        what = "service" if kind == Kind.SERVICE else "event type"
        reasons = [f"Nobody registered this {what}.", *seen]
    around = ends.outward if kind == Kind.TYPE else ends.inward
    return Node(
        kind=Kind(kind),
        name=name,
        registered=False,
        standing=Standing.STRANGER,
        state=worst(State.LOOK, *(edge.state for edge in (*ends.inward, *ends.outward))),
        reasons=tuple(reasons),
        workers=facts.workers.get(name, 0) if kind == Kind.SERVICE else 0,
        rate=facts.rates.get(name, 0.0)
        if kind == Kind.TYPE
        else sum(edge.rate for edge in ends.outward),
        waiting=sum(edge.waiting for edge in around),
        dead=sum(edge.dead for edge in around),
    )


def _exchanges_gone(facts: Facts) -> dict[str, str]:
    """Return the event types that cannot be published as they should, with why."""
    found = {}
    for one in facts.found:
        own = parse_name(one.name)
        if one.kind == "exchange" and one.sync != "unmanaged" and own and own.role == "event":
            found[own.event_type or ""] = one.sentence
    return found


def _told_apart(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Say so where two names differ in nothing but their case: one of them may be a slip."""
    nodes = tuple(nodes)
    twins = {
        kind: case_twins(node.name for node in nodes if node.kind is kind)
        for kind in (Kind.SERVICE, Kind.TYPE)
    }
    return tuple(
        replace(
            node,
            reasons=(*node.reasons, f"It differs from {', '.join(others)} in its case only."),
        )
        if (others := twins.get(node.kind, {}).get(node.name))
        else node
        for node in nodes
    )
