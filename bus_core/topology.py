"""Every name and argument that the event bus uses on the broker, as pure functions.

The library declares from here, the reconciler computes what should be from here, the embedded
broker runs it. Nothing here does I/O; nobody else spells these names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from bus_core.names import PATTERN, check_name

REPORTS = "bus__reports"
DEFAULT_DELAYS_MS = (1_000, 60_000, 600_000)
# Never absent and never -1: without it merely looking at a message uses it up (RabbitMQ 4), or
# loses it at the first look (3.10).
ENDLESS_DELIVERIES = 2_000_000_000
MAX_NAME_BYTES = 255
TAP_MAX_MESSAGES = 20_000
CONTROL_MAX_BYTES = 1_000_000


class QueueKind(StrEnum):
    """How a subscription's queue is made; fixed when it is created."""

    QUORUM = "quorum"
    ORDERED = "ordered"
    CLASSIC = "classic"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """An exchange; `arguments` are AMQP arguments."""

    name: str
    type: str = "fanout"
    durable: bool = True
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Queue:
    """A queue; `arguments` are AMQP arguments."""

    name: str
    durable: bool = True
    exclusive: bool = False
    auto_delete: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, order=True)
class Binding:
    """A binding of a queue to an exchange."""

    source: str
    queue: str
    routing_key: str = ""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A RabbitMQ policy: settings for every queue whose name matches `pattern`."""

    name: str
    pattern: str
    definition: Mapping[str, Any] = field(hash=False)
    priority: int = 0
    apply_to: str = "queues"


@dataclass(frozen=True)
class Topology:
    """Objects on the broker, in an order in which they can be declared."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()
    policies: tuple[Policy, ...] = ()

    def __add__(self, other: "Topology") -> "Topology":
        """Return both together, each object once."""
        return merge((self, other))


def merge(parts: Iterable[Topology]) -> Topology:
    """Return all parts as one topology, each object once, in order of appearance."""
    exchanges: dict[Exchange, None] = {}
    queues: dict[Queue, None] = {}
    bindings: dict[Binding, None] = {}
    policies: dict[Policy, None] = {}
    for part in parts:
        exchanges.update(dict.fromkeys(part.exchanges))
        queues.update(dict.fromkeys(part.queues))
        bindings.update(dict.fromkeys(part.bindings))
        policies.update(dict.fromkeys(part.policies))
    return Topology(tuple(exchanges), tuple(queues), tuple(bindings), tuple(policies))


# -- names --


@lru_cache(maxsize=4096)  # asked for every event, about few types
def event_exchange(event_type: str) -> str:
    """Name of the fanout exchange that every event of this type goes to."""
    return f"event__{check_name(event_type, 'event type')}"


def service_exchange(service: str) -> str:
    """Name of the only door to this service's own queues (routing key: the queue's name)."""
    return f"service__{check_name(service, 'service name')}"


def dead_letters(service: str) -> str:
    """Name of the exchange, and of the queue behind it, where given-up events wait."""
    return f"dead__{check_name(service, 'service name')}"


def retry_step(service: str, delay_ms: int) -> str:
    """Name of the exchange, and of the queue behind it, that hold an event for `delay_ms`."""
    return f"retry__{check_name(service, 'service name')}__{int(delay_ms)}"


def control_stream(service: str) -> str:
    """Name of the stream that holds the directives for this service's workers."""
    return f"control__{check_name(service, 'service name')}"


def consumer_queue(event_type: str, service: str) -> str:
    """Name of the queue of one subscription."""
    check_name(event_type, "event type")
    return f"consumer__{event_type}__{check_name(service, 'service name')}"


# -- objects --


def bus_topology() -> Topology:
    """What the bus as a whole needs: the exchange on which workers report."""
    return Topology(
        exchanges=(Exchange(name=REPORTS),),
        policies=(consumer_policy(),),
    )


def consumer_policy() -> Policy:
    """The one default policy of all subscription queues.

    RabbitMQ 4 gives a message up after 20 returns, and a pause or a shutdown returns messages
    too. Workers built on this library isolate a crashing message long before 100 (see the
    poison rule); the limit ends the crash loops of other clients.
    """
    return Policy(
        name="eventbus-consumers", pattern="^consumer__", definition={"delivery-limit": 100}
    )


@lru_cache(maxsize=4096)
def event_type_topology(event_type: str) -> Topology:
    """What an event type needs: its fanout exchange."""
    return Topology(exchanges=(Exchange(name=event_exchange(event_type)),))


def service_topology(service: str, delays_ms: Sequence[int] = ()) -> Topology:
    """Everything that a service needs apart from its subscriptions.

    `delays_ms` are the retry delays in milliseconds that its subscriptions use.
    """
    return handling_topology(service, delays_ms) + control_topology(service)


def handling_topology(service: str, delays_ms: Sequence[int] = ()) -> Topology:
    """What handling events takes: the service's door, its dead letters, its retry steps."""
    door, dead = service_exchange(service), dead_letters(service)
    own = Topology(
        exchanges=(
            # What finds no queue behind the door is kept: otherwise one retry whose queue is
            # gone would hold up every retry behind it.
            Exchange(name=door, type="direct", arguments={"alternate-exchange": dead}),
            Exchange(name=dead),
        ),
        queues=(
            Queue(
                name=dead,
                arguments={"x-queue-type": "quorum", "x-delivery-limit": ENDLESS_DELIVERIES},
            ),
        ),
        bindings=(Binding(source=dead, queue=dead),),
    )
    return merge((own, *(retry_topology(service, delay) for delay in sorted(set(delays_ms)))))


def control_topology(service: str) -> Topology:
    """The stream of directives; apart, so that events are handled even while it cannot be read."""
    return Topology(
        queues=(
            Queue(
                name=control_stream(service),
                arguments={"x-queue-type": "stream", "x-max-length-bytes": CONTROL_MAX_BYTES},
            ),
        )
    )


def retry_topology(service: str, delay_ms: int) -> Topology:
    """One step of the retry ladder: a queue that returns each message after `delay_ms`.

    The message keeps its routing key, which is the name of its target queue, and comes back
    through the service's own door.
    """
    name = retry_step(service, delay_ms)
    return Topology(
        exchanges=(Exchange(name=name),),
        queues=(
            Queue(
                name=name,
                arguments={
                    "x-queue-type": "quorum",
                    "x-message-ttl": int(delay_ms),
                    "x-dead-letter-exchange": service_exchange(service),
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                },
            ),
        ),
        bindings=(Binding(source=name, queue=name),),
    )


def subscription_topology(
    event_type: str, service: str, kind: QueueKind = QueueKind.QUORUM
) -> Topology:
    """The queue of one subscription and its two bindings; its exchanges are not included."""
    queue = consumer_queue(event_type, service)
    arguments: dict[str, Any] = {}
    if kind is not QueueKind.CLASSIC:
        arguments = {
            "x-queue-type": "quorum",
            "x-dead-letter-exchange": dead_letters(service),
            "x-dead-letter-strategy": "at-least-once",
            # At-least-once dead-lettering requires it. There is never a length limit beside it:
            # one full subscriber would refuse everybody's event.
            "x-overflow": "reject-publish",
        }
    if kind is QueueKind.ORDERED:
        arguments["x-single-active-consumer"] = True
    return Topology(
        queues=(Queue(name=queue, arguments=arguments),),
        bindings=(
            Binding(source=event_exchange(event_type), queue=queue),
            Binding(source=service_exchange(service), queue=queue, routing_key=queue),
        ),
    )


def tap_queue(identifier: str) -> Queue:
    """The admin's own view on the stream of events: exclusive, so it goes with its connection.

    Bounded with drop-head, so that it can never hold up anybody.
    """
    return Queue(
        name=f"tap__{identifier}",
        durable=False,
        exclusive=True,
        auto_delete=True,
        arguments={"x-max-length": TAP_MAX_MESSAGES, "x-overflow": "drop-head"},
    )


def tail_queue(identifier: str) -> Queue:
    """A developer's view in the terminal; as the tap."""
    tap = tap_queue(identifier)
    return Queue(
        name=f"tail__{identifier}",
        durable=False,
        exclusive=True,
        auto_delete=True,
        arguments=tap.arguments,
    )


def swap_queue(event_type: str, service: str) -> Queue:
    """Where a subscription's events wait while its queue is replaced.

    As a subscription's queue, so that nothing expires into nowhere; moving what is in it may be
    begun again without end.
    """
    (own,) = subscription_topology(event_type, service).queues
    return Queue(
        name=f"swap__{event_type}__{service}",
        arguments={**own.arguments, "x-delivery-limit": ENDLESS_DELIVERIES},
    )


def quarantine_queue(identifier: str, source: str) -> Queue:
    """Where what a removed queue held is kept for a while.

    `identifier` (small letters and digits) tells it from others; the name says where its messages
    come from. One that is too long for AMQP is cut, and ends in `~` then.
    """
    name = f"quarantine__{identifier}__{source}"
    if len(name.encode()) > MAX_NAME_BYTES:
        name = f"{name.encode()[: MAX_NAME_BYTES - 1].decode(errors='ignore')}~"
    return Queue(
        name=name, arguments={"x-queue-type": "quorum", "x-delivery-limit": ENDLESS_DELIVERIES}
    )


# -- back from names --


@dataclass(frozen=True, kw_only=True)
class OwnName:
    """What one of our names says: its role on the broker and whose it is."""

    role: str
    event_type: str | None = None
    service: str | None = None
    delay_ms: int | None = None
    source: str | None = None
    """Of a quarantine, the queue whose messages it keeps."""


_OWN_NAMES = (
    re.compile(rf"(?P<role>event)__(?P<event_type>{PATTERN})"),
    re.compile(rf"(?P<role>service|dead|control)__(?P<service>{PATTERN})"),
    re.compile(rf"(?P<role>retry)__(?P<service>{PATTERN})__(?P<delay_ms>[1-9][0-9]*)"),
    re.compile(rf"(?P<role>consumer)__(?P<event_type>{PATTERN})__(?P<service>{PATTERN})"),
    re.compile(r"(?P<role>bus)__reports"),
    re.compile(r"(?P<role>tap|tail)__[0-9A-Za-z]+"),
    re.compile(rf"(?P<role>swap)__(?P<event_type>{PATTERN})__(?P<service>{PATTERN})"),
    re.compile(r"(?P<role>quarantine)__[0-9a-z]+__(?P<source>.+)"),
)


def parse_name(name: str) -> OwnName | None:
    """Return what a broker object's name means, or `None` when the name is not one of ours."""
    for pattern in _OWN_NAMES:
        if match := pattern.fullmatch(name):
            parts: dict[str, Any] = match.groupdict()
            if (delay := parts.get("delay_ms")) is not None:
                parts["delay_ms"] = int(delay)
            if source := parts.get("source"):
                kept = parse_name(source) or OwnName(role="")
                parts |= {"event_type": kept.event_type, "service": kept.service}
            return OwnName(**parts)
    return None
