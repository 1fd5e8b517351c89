"""Which exchanges the tap listens to."""

from bus_core.topology import (
    Binding,
    Topology,
    event_exchange,
    event_type_topology,
    merge,
    parse_name,
)
from eventbus_admin.reconcile.models import BrokerObject
from eventbus_admin.registry.models import EventType, Lifecycle


def registered() -> frozenset[str]:
    """Return the event types that the registry knows and that are not retired."""
    names = EventType.objects.exclude(lifecycle=Lifecycle.RETIRED).values_list("name", flat=True)
    return frozenset(names)


def found() -> frozenset[str]:
    """Return the event types that have an exchange on the broker, registered or not."""
    names = BrokerObject.objects.filter(
        kind="exchange", name__startswith="event__", found__isnull=False
    ).values_list("name", flat=True)
    parsed = (parse_name(name) for name in names)
    return frozenset(one.event_type for one in parsed if one and one.event_type)


def to_declare(event_types: frozenset[str], queue: str) -> Topology:
    """Return the exchanges of these types, with the queue bound to them."""
    exchanges = merge(event_type_topology(name) for name in sorted(event_types))
    return exchanges + to_bind(event_types, queue)


def to_bind(event_types: frozenset[str], queue: str) -> Topology:
    """Return the bindings alone, for exchanges that are not ours to make."""
    return Topology(
        bindings=tuple(
            Binding(source=event_exchange(name), queue=queue) for name in sorted(event_types)
        )
    )
