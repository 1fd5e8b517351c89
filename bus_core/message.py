"""A message as AMQP 0-9-1 carries it, free of any client library's types."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


# Not frozen, because that makes them three times as slow to build; nobody changes them.
@dataclass(slots=True, kw_only=True)
class Message:
    """Body and basic properties (AMQP 0-9-1, class `basic`)."""

    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)
    content_type: str | None = None
    message_id: str | None = None
    type: str | None = None
    app_id: str | None = None
    correlation_id: str | None = None
    user_id: str | None = None
    expiration: str | None = None
    timestamp: int | None = None
    """Seconds since the epoch."""
    persistent: bool = True

    def with_headers(self, headers: Mapping[str, Any]) -> "Message":
        """Return the same message with other headers."""
        return replace(self, headers=headers)


@dataclass(slots=True, kw_only=True)
class Delivery:
    """A message that a queue handed to a consumer, to be settled through the consumption."""

    message: Message
    queue: str
    exchange: str
    routing_key: str
    redelivered: bool = False
    delivery_count: int = 0
    """How often it was returned to the queue before (header `x-delivery-count`)."""
    tag: int = 0
    epoch: int = 0
    """Which incarnation of the channel delivered it; a settlement for an older one is dropped."""
