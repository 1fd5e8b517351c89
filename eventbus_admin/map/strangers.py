"""What is connected: by what workers say, in the journal, on the broker; declared or not. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from bus_core.topology import parse_name
from eventbus_admin.map.facts import Facts, Found
from eventbus_admin.map.graph import Kind

Ends = tuple[str, str]
"""Ids of the nodes that an edge comes from and goes to."""

_UNMANAGED = "unmanaged"


def node_id(kind: Kind, name: str) -> str:
    """Return how a node is called."""
    return f"{kind}:{name}"


def ways(facts: Facts) -> dict[Ends, list[str]]:
    """Return every way that events were seen to take, with how they were seen, as sentences.

    What is declared too is among them; whoever asks tells them apart.
    """
    found: defaultdict[Ends, list[str]] = defaultdict(list)
    for event_type, service in sorted(facts.announced):
        said = (
            f"A worker of {service} says that it listens to {event_type}; nobody registered that."
        )
        found[_to(event_type, service)].append(said)
    for event_type, service in facts.flows:
        if service:
            said = f"{service} published {event_type}, and the registry does not let it."
            found[_from(service, event_type)].append(said)
    for one in facts.found:
        for ends in _on_the_broker(one):
            found[ends].append(one.sentence)
    return dict(found)


def things(facts: Facts) -> dict[str, list[str]]:
    """Return every service and event type that was seen, with how, as sentences."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for service, number in facts.workers.items():
        at_work = "1 worker is" if number == 1 else f"{number:,} workers are"
        found[node_id(Kind.SERVICE, service)].append(f"{at_work} at work for it.")
    for event_type in sorted({*facts.rates, *(event_type for event_type, _ in facts.flows)}):
        found[node_id(Kind.TYPE, event_type)].append("Events of it are in the journal.")
    for one in facts.found:
        own = parse_name(one.name)
        if one.kind != "exchange" or one.sync != _UNMANAGED or own is None:
            continue
        if own.role == "event" and own.event_type:
            found[node_id(Kind.TYPE, own.event_type)].append(one.sentence)
        elif own.service:
            found[node_id(Kind.SERVICE, own.service)].append(one.sentence)
    return dict(found)


def pair_of(ends: Ends) -> tuple[str, str]:
    """Return the names of the event type and of what is at the other end."""
    (first, name), (_, other) = (end.split(":", 1) for end in ends)
    return (name, other) if first == Kind.TYPE else (other, name)


def _on_the_broker(one: Found) -> Iterator[Ends]:
    if one.sync != _UNMANAGED:
        return
    own = parse_name(one.name if one.kind == "queue" else one.source)
    if own is None or not own.event_type:
        return
    if one.kind == "queue" and own.role == "consumer" and own.service:
        yield _to(own.event_type, own.service)
    elif one.kind == "binding" and own.role == "event":
        end = parse_name(one.destination)
        if end and end.role == "consumer" and end.service and not one.to_exchange:
            yield _to(own.event_type, end.service)
        else:
            yield node_id(Kind.TYPE, own.event_type), node_id(Kind.OUTSIDE, one.destination)


def _to(event_type: str, service: str) -> Ends:
    return node_id(Kind.TYPE, event_type), node_id(Kind.SERVICE, service)


def _from(service: str, event_type: str) -> Ends:
    return node_id(Kind.SERVICE, service), node_id(Kind.TYPE, event_type)


def case_twins(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that differ from others in their case only, each with those others."""
    by_folded: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        by_folded[name.casefold()].append(name)
    return {
        name: [other for other in same if other != name]
        for same in by_folded.values()
        if len(same) > 1
        for name in same
    }
