"""What of the broker the registry can take over as it is. Pure.

The registry knows event types, services and subscriptions. What else a service has on the broker
(its dead letters, its retry steps, its stream) follows from these: it is taken over with them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bus_core.topology import (
    OwnName,
    QueueKind,
    consumer_queue,
    parse_name,
    subscription_topology,
)
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import ObjectKind, Properties, queue_properties

_SERVICES_OWN = frozenset({"service", "dead", "control"})
_COMPARED = ("type", "durable", "exclusive", "auto_delete", "arguments")


class Found(Protocol):
    """An object as it was last seen: a row, or an item of a plan."""

    @property
    def name(self) -> str:
        """How it is called."""

    @property
    def sync(self) -> Any:
        """How it compares with the registry."""

    @property
    def found(self) -> Any:
        """What it is on the broker."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the registry would know then: an event type, a service, or a subscription of both."""

    event_type: str = ""
    service: str = ""


@dataclass(frozen=True, kw_only=True, order=True)
class AdoptedSubscription:
    """A subscription as its queue is on the broker."""

    event_type: str
    service: str
    kind: QueueKind
    delays_ms: tuple[int, ...] = ()
    """The retry steps that the service has there; the bus's ladder when it has none."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the registry knows: names of live event types and of services."""

    event_types: Collection[str] = ()
    services: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What the registry takes over."""

    event_types: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    subscriptions: tuple[AdoptedSubscription, ...] = ()
    left: tuple[str, ...] = field(default=())
    """Names of chosen objects about which the registry can say nothing."""

    def __bool__(self) -> bool:
        return bool(self.event_types or self.services or self.subscriptions)

    @property
    def needs_owner(self) -> bool:
        """Whether there is something new that a team must own."""
        return bool(self.event_types or self.services)

    @property
    def summary(self) -> str:
        """What is taken over, in numbers."""
        counted = (
            (self.services, "service"),
            (self.event_types, "event type"),
            (self.subscriptions, "subscription"),
        )
        parts = [
            f"{len(names)} {noun}{'' if len(names) == 1 else 's'}"
            for names, noun in counted
            if names
        ]
        return ", ".join(parts) or "nothing"


def target_of(kind: str, name: str, found: Properties | None) -> Target | None:
    """Return what the registry would know if it took this object over, if it can."""
    match kind:
        case ObjectKind.EXCHANGE | ObjectKind.QUEUE:
            return _target(parse_name(name))
        case ObjectKind.BINDING:
            return _target_of_binding(found or {})
    return None


def adoptable(kind: str, one: Found) -> bool:
    """Whether the registry can say of an object that it should be as it is."""
    match one.sync:
        case Sync.UNMANAGED:
            return target_of(kind, one.name, one.found) is not None
        case Sync.BLOCKED:
            own = parse_name(one.name) or OwnName(role="")
            is_queue = kind == ObjectKind.QUEUE and own.role == "consumer"
            return is_queue and _exact_kind(own, one.found or {}) is not None
    return False


def kind_there(name: str, found: Properties) -> QueueKind:
    """Return the kind that a subscription's queue is of, or comes nearest to."""
    own = parse_name(name) or OwnName(role="")
    if exact := _exact_kind(own, found):
        return exact
    arguments = found.get("arguments") or {}
    if arguments.get("x-single-active-consumer"):
        return QueueKind.ORDERED
    return QueueKind.QUORUM if found.get("type") == "quorum" else QueueKind.CLASSIC


def adoption_of(
    chosen: Iterable[tuple[str, Found]], queues: Mapping[str, Found], known: Known
) -> Adoption:
    """Return what the registry takes over with these objects, each given with its kind.

    `queues` are those on the broker, by name: a subscription has its kind from its queue, and its
    retry delays from the steps that its service has there.
    """
    event_types: set[str] = set()
    services: set[str] = set()
    subscriptions: set[AdoptedSubscription] = set()
    unclear: list[tuple[str, str]] = []
    for kind, one in chosen:
        target = target_of(kind, one.name, one.found) if adoptable(kind, one) else None
        if target is None:
            unclear.append((_owner(one.name), one.name))
            continue
        event_types |= {target.event_type} - {""}
        services |= {target.service} - {""}
        if target.event_type and target.service:
            queue = queues.get(consumer_queue(target.event_type, target.service))
            if queue is not None:
                subscriptions.add(_subscription(target, queue, queues))
    return Adoption(
        event_types=tuple(sorted(event_types - {*known.event_types})),
        services=tuple(sorted(services - {*known.services})),
        subscriptions=tuple(sorted(subscriptions)),
        # What a service's retry steps hold comes along with its subscriptions.
        left=tuple(name for service, name in unclear if service not in services),
    )


def _target(own: OwnName | None) -> Target | None:
    if own is None:
        return None
    if own.role in _SERVICES_OWN:
        return Target(service=own.service or "")
    if own.role in {"event", "consumer"}:
        return Target(event_type=own.event_type or "", service=own.service or "")
    return None


def _target_of_binding(found: Properties) -> Target | None:
    """Only a binding that a topology of ours makes can be asked for."""
    source, destination = found.get("source", ""), found.get("destination", "")
    key = found.get("routing_key", "")
    own = parse_name(destination)
    if own is None or found.get("destination_kind") != "queue":
        return None
    if own.role == "dead":
        return _target(own) if (source, key) == (destination, "") else None
    if own.role != "consumer" or own.event_type is None or own.service is None:
        return None
    bindings = subscription_topology(own.event_type, own.service).bindings
    made = {(one.source, one.routing_key) for one in bindings}
    return _target(own) if (source, key) in made else None


def _exact_kind(own: OwnName, found: Properties) -> QueueKind | None:
    """Return the kind that would ask for just this queue."""
    if own.event_type is None or own.service is None:
        return None
    compared = {name: found.get(name) for name in _COMPARED}
    for kind in QueueKind:
        (queue,) = subscription_topology(own.event_type, own.service, kind).queues
        # A queue without arguments is of the type that the broker gives to such.
        default = str(found.get("type"))
        if compared == queue_properties(queue, default):
            return kind
    return None


def _subscription(target: Target, queue: Found, queues: Iterable[str]) -> AdoptedSubscription:
    steps = (parse_name(name) for name in queues)
    delays = {
        step.delay_ms
        for step in steps
        if step and step.role == "retry" and step.service == target.service and step.delay_ms
    }
    return AdoptedSubscription(
        event_type=target.event_type,
        service=target.service,
        kind=kind_there(queue.name, queue.found or {}),
        delays_ms=tuple(sorted(delays)),
    )


def _owner(name: str) -> str:
    own = parse_name(name.partition(" → ")[0])
    return (own.service if own and own.role == "retry" else None) or ""
