"""What a difference, and mending it, means for messages: who gets what, what waits, what stops.

Pure sentences from what is known: the counts of queues at the last look, and how much flows of
each event type.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bus_core.rights import service_of_user
from bus_core.topology import OwnName, parse_name
from eventbus_admin.broker.interface import Observation, QueueState
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.plan import Item, Plan, StepKind

_MOVES_NONE = "No event is moved."
_ADOPTING_MOVES_NONE = "Adopting it moves no event."


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What is known about messages."""

    queues: Mapping[str, QueueState] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    """Events a minute by type; a type of which none came lately is missing."""

    def held_for(self, service: str) -> int:
        """Return how many events the queues of a service's subscriptions hold."""
        named = ((parse_name(name), queue) for name, queue in self.queues.items())
        return sum(
            queue.ready + queue.unacked
            for own, queue in named
            if own and (own.role, own.service) == ("consumer", service)
        )


def with_impact(plan: Plan, seen: Observation, rates: Mapping[str, float]) -> Plan:
    """Return the plan with what each step means for messages."""
    traffic = Traffic(queues={one.queue.name: one for one in seen.queues}, rates=rates)
    return plan.change(
        lambda item: replace(item, impact=impact_of(item, traffic)) if item.step else item
    )


def impact_of(item: Item, traffic: Traffic) -> str:
    """Return what a difference, and mending it, means for messages."""
    match item.object:
        case ObjectKind.USER | ObjectKind.PERMISSION:
            return _access(item, service_of_user(item.name) or "Nobody", traffic)
        case ObjectKind.POLICY:
            number = sum(name.startswith("consumer__") for name in traffic.queues)
            holds = f"The policy holds for {_counted(number, 'queue')} at once. " if number else ""
            return f"{holds}{_MOVES_NONE}"
    if item.step is StepKind.CREATE:
        return _creating(item, traffic)
    flows = _flowing(item, traffic)
    if item.step is not StepKind.ADOPT:
        return flows or _MOVES_NONE
    return f"{flows} {_ADOPTING_MOVES_NONE}".strip()


def waiting(queue: QueueState | None) -> str:
    """Say what waits in a queue and who reads it; nothing when that is not known."""
    if queue is None or not queue.in_service:
        return ""
    count = queue.ready + queue.unacked
    waits = f"{_counted(count, 'event')} {'waits' if count == 1 else 'wait'} in it"
    match queue.consumers:
        case None:
            read = ""
        case 0:
            read = ", nobody reads them" if count > 1 else ", nobody reads it"
        case number:
            read = f", {_counted(number, 'consumer')} {'reads' if number == 1 else 'read'} it"
    return f"{waits if count else 'It is empty'}{read}."


def once(impacts: Iterable[str]) -> list[str]:
    """Return each sentence once, in order: many steps of one service mean the same."""
    return list(dict.fromkeys(one for one in impacts if one))


# -- making ------------------------------------------------------------------------------------


def _creating(item: Item, traffic: Traffic) -> str:
    if item.object is not ObjectKind.BINDING:
        own = parse_name(item.name) or OwnName(role="")
        by_role = _QUEUES if item.object is ObjectKind.QUEUE else _EXCHANGES
        say = by_role.get(own.role)
        return say(own, traffic) if say else _MOVES_NONE
    source, own = (_end(item, end) for end in ("source", "destination"))
    if source.role == "event":
        return _gets(OwnName(role="", event_type=source.event_type, service=own.service), traffic)
    if own.role == "consumer":
        return f"From now on retries of {own.event_type} come back to {own.service}."
    return _MOVES_NONE


def _gets(own: OwnName, traffic: Traffic) -> str:
    return f"{_pace(own.event_type, traffic)}; from now on {own.service} gets it."


def _kept(own: OwnName, _traffic: Traffic) -> str:
    return f"What {own.service} gives up is kept from now on."


def _retried(own: OwnName, _traffic: Traffic) -> str:
    return f"{own.service} can retry after this delay from now on."


_Say = Callable[[OwnName, Traffic], str]
_EXCHANGES: Mapping[str, _Say] = {
    "event": lambda own, traffic: (
        f"{_pace(own.event_type, traffic)}; it can be published from now on."
    ),
    "service": lambda own, _: f"Retries and test events reach {own.service} from now on.",
    "dead": _kept,
    "retry": _retried,
}
_QUEUES: Mapping[str, _Say] = {
    "consumer": _gets,
    "dead": _kept,
    "retry": _retried,
    "control": lambda own, _: f"Pauses and retry rules reach {own.service}'s workers from now on.",
}


# -- what is there -----------------------------------------------------------------------------


def _flowing(item: Item, traffic: Traffic) -> str:
    """Say what flows through something that is there, and waits in it; if anything can."""
    match item.object:
        case ObjectKind.QUEUE:
            own = parse_name(item.name) or OwnName(role="")
            parts = [waiting(traffic.queues.get(item.name))]
            if own.role == "consumer":
                parts.append(f"{_pace(own.event_type, traffic)}.")
            return " ".join(filter(None, parts))
        case ObjectKind.BINDING:
            source = _end(item, "source")
            if source.role == "event":
                return f"{_pace(source.event_type, traffic)}; each is copied there."
            return ""
    own = parse_name(item.name) or OwnName(role="")
    return f"{_pace(own.event_type, traffic)}." if own.role == "event" else ""


def _access(item: Item, service: str, traffic: Traffic) -> str:
    match item.step:
        case StepKind.DELETE:
            held = traffic.held_for(service)
            kept = f" {_counted(held, 'event')} stay in its queues." if held else ""
            return f"{service}'s connections under this name are closed at once.{kept}"
        case StepKind.CHANGE if item.object is ObjectKind.USER:
            return (
                f"{service}'s connections under this name are closed; events that its workers hold "
                "come again."
            )
        case StepKind.CHANGE:
            return f"Where {service} loses a right its connections are closed, and come back."
    return _MOVES_NONE


def _pace(event_type: str | None, traffic: Traffic) -> str:
    rate = traffic.rates.get(event_type or "")
    if rate is None:
        return f"No {event_type} was seen in the last minutes"
    return f"{event_type} runs at {_about(rate)}"


def _about(rate: float) -> str:
    """Say a rate in so few figures that it stays the same while nothing much changes."""
    if rate < 1:
        return "less than one a minute"
    size = 1
    while rate / size >= (10 if size == 1 else 100):
        size *= 10
    return f"about {round(rate / size) * size:,} a minute"


def _end(item: Item, which: str) -> OwnName:
    properties = item.should or item.found or {}
    return parse_name(properties.get(which, "")) or OwnName(role="")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
