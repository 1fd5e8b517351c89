"""`DeadLetter`: what one message in a service's dead-letter queue is, and how it got there.

Three ways lead there. A worker gave the event up, and says why in headers. RabbitMQ took it from
the subscription's queue, for example over its delivery limit. Or it is a stray: it came to the
service's door, from a retry step for example, when its queue was gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bus_core.copies import (
    DEAD_AT,
    DEAD_ATTEMPTS,
    DEAD_ERROR,
    DEAD_QUEUE,
    DEAD_REASON,
    DEAD_WORKER,
)
from bus_core.envelope import decode
from bus_core.errors import UndecodableMessage
from bus_core.event import Event
from bus_core.message import Delivery, Message
from bus_core.topology import parse_name, service_exchange

BROKER, STRAY, UNKNOWN = "broker", "stray", "unknown"
REASONS = ("rejected", "attempts", "crashes", "undecodable", BROKER, STRAY, UNKNOWN)
"""The first four are said by workers; see `bus_core.copies.dead_letter`."""

_WHY_THE_BROKER = {
    "delivery_limit": "it came back to the queue more often than the queue allows",
    "expired": "it waited longer than the queue allows",
    "maxlen": "the queue was full",
    "rejected": "a consumer refused it",
}


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """An event that gave up, or a message that never was one."""

    delivery: Delivery
    reason: str
    """One of `REASONS`, or what a newer worker says."""
    queue: str | None
    """The subscription's queue that it belongs to; `None` when nobody can tell."""
    error: str
    attempts: int = 0
    """How often a handler had it."""
    at: datetime | None = None
    """When it gave up, where that is known."""
    worker: str = ""
    event: Event | None = None
    """`None` when it cannot be decoded."""

    @property
    def id(self) -> str:
        """The event's id; of what cannot be decoded the message's, which may be empty."""
        return self.event.id if self.event else self.message.message_id or ""

    @property
    def event_type(self) -> str:
        """The subscription's event type; empty when nobody can tell."""
        name = parse_name(self.queue) if self.queue else None
        if name is not None and name.event_type:
            return name.event_type
        return self.event.type if self.event else ""

    @property
    def message(self) -> Message:
        """The message as it waits there."""
        return self.delivery.message

    @property
    def cause(self) -> str:
        """The error itself, without the way to it."""
        lines = self.error.strip().splitlines()
        return lines[-1] if lines else ""


def describe(delivery: Delivery, service: str) -> DeadLetter:
    """Return what a message in this service's dead-letter queue is."""
    message = delivery.message
    try:
        envelope = decode(message)
    except UndecodableMessage as error:
        event, attempts, undecodable = None, 0, str(error)
    else:
        event, attempts, undecodable = envelope.event, envelope.meta.attempts, ""
    headers = message.headers
    if delivery.exchange == service_exchange(service):
        queue = _own(delivery.routing_key, service)
        return DeadLetter(
            delivery=delivery,
            reason=STRAY if queue else UNKNOWN,
            queue=queue,
            error=f"there was no queue {delivery.routing_key!r} when it came",
            attempts=attempts,
            at=_moment(_deaths(headers)[0].get("time")) if _deaths(headers) else None,
            event=event,
        )
    if DEAD_QUEUE in headers:
        said = headers.get(DEAD_ATTEMPTS)
        return DeadLetter(
            delivery=delivery,
            reason=_text(headers.get(DEAD_REASON)) or UNKNOWN,
            queue=_own(_text(headers[DEAD_QUEUE]), service),
            error=_text(headers.get(DEAD_ERROR)),
            attempts=said if isinstance(said, int) else attempts,
            at=_moment(headers.get(DEAD_AT)),
            worker=_text(headers.get(DEAD_WORKER)),
            event=event,
        )
    for death in _deaths(headers):
        if queue := _own(_text(death.get("queue")), service):
            why = _text(death.get("reason"))
            return DeadLetter(
                delivery=delivery,
                reason=BROKER,
                queue=queue,
                error=f"RabbitMQ gave it up: {_WHY_THE_BROKER.get(why, 'it says')} ({why})",
                attempts=attempts,
                at=_moment(death.get("time")),
                event=event,
            )
    return DeadLetter(
        delivery=delivery,
        reason=UNKNOWN,
        queue=None,
        error=undecodable or "nothing says where it comes from",
        attempts=attempts,
        event=event,
    )


def _own(queue: str, service: str) -> str | None:
    """Return the queue if it is one of this service's: anybody may write anything in a header."""
    name = parse_name(queue)
    return queue if name and name.role == "consumer" and name.service == service else None


def _deaths(headers: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return RabbitMQ's notes, the latest first."""
    notes = headers.get("x-death")
    return [one for one in notes if isinstance(one, Mapping)] if isinstance(notes, list) else []


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (ValueError, OverflowError, OSError):
            return None
    return None
