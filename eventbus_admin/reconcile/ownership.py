"""Whose an object on the broker is. Only what bears a name that `bus_core.topology` makes is ours,
and of users what bears one that `bus_core.rights` makes.

This is the last filter of every plan: whatever was planned before it, foreign objects are neither
shown nor touched.
"""

from bus_core.rights import service_of_user
from bus_core.topology import OwnName, consumer_policy, parse_name
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.plan import Item, Plan

_EXCHANGES = frozenset({"event", "service", "dead", "retry", "bus"})
_QUEUES = frozenset({"consumer", "dead", "retry", "control", "swap", "quarantine"})
_HELPERS = frozenset({"tap", "tail"})
"""Made and taken away by processes of ours as they come and go: nothing to show."""

_POLICIES = frozenset({consumer_policy().name})


def only_ours(plan: Plan) -> Plan:
    """Return the plan without foreign objects and passing helpers."""
    return plan.only(is_ours)


def is_ours(item: Item) -> bool:
    """Whether an object is ours to show and to make.

    A binding is ours when either end is: somebody who takes our events, or who puts foreign
    messages into our queues, must be seen.
    """
    match item.object:
        case ObjectKind.EXCHANGE:
            return _role(item.name) in _EXCHANGES
        case ObjectKind.QUEUE:
            return _role(item.name) in _QUEUES
        case ObjectKind.POLICY:
            return item.name in _POLICIES
        case ObjectKind.BINDING:
            return _binding_is_ours(item)
        case ObjectKind.USER | ObjectKind.PERMISSION:
            return service_of_user(item.name) is not None


def belongs_to(item: Item) -> tuple[str, str]:
    """Return service and event type that an object belongs to, each empty when there is none."""
    if item.object in {ObjectKind.USER, ObjectKind.PERMISSION}:
        return service_of_user(item.name) or "", ""
    service, event_type = "", ""
    for name in _names(item):
        parsed = parse_name(name) or OwnName(role="")
        service = service or parsed.service or ""
        event_type = event_type or parsed.event_type or ""
    return service, event_type


def _binding_is_ours(item: Item) -> bool:
    source, destination = _names(item)
    properties = item.should or item.found or {}
    to_exchange = properties["destination_kind"] == "exchange"
    role = _role(destination)
    if role in _HELPERS and not to_exchange:
        return False
    return _role(source) in _EXCHANGES or role in (_EXCHANGES if to_exchange else _QUEUES)


def _names(item: Item) -> tuple[str, ...]:
    properties = item.should or item.found or {}
    if item.object is ObjectKind.BINDING:
        return properties["source"], properties["destination"]
    return (item.name,)


def _role(name: str) -> str | None:
    parsed = parse_name(name)
    return parsed.role if parsed else None
