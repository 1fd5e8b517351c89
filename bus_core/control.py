"""Directives: what the registry tells the workers of a service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from bus_core.errors import UndecodableMessage
from bus_core.message import Message
from bus_core.retry import RetryPolicy
from bus_core.topology import QueueKind

MESSAGE_TYPE = "bus.directives"


@dataclass(frozen=True, kw_only=True)
class SubscriptionDirective:
    """How to run one subscription; `None` leaves the value to the code of the service."""

    state: str = "active"
    """`active`, `paused` or `retired`."""
    kind: QueueKind | None = None
    retry: RetryPolicy | None = None
    prefetch: int | None = None
    concurrency: int | None = None


@dataclass(frozen=True, kw_only=True)
class Directives:
    """All directives for one service, by event type; the registry's word beats the code's."""

    subscriptions: Mapping[str, SubscriptionDirective] = field(default_factory=dict)

    def encode(self) -> Message:
        """Return the message for the service's control stream."""
        document = {
            "subscriptions": {
                event_type: {
                    "state": directive.state,
                    "kind": directive.kind,
                    "retry": _retry_document(directive.retry),
                    "prefetch": directive.prefetch,
                    "concurrency": directive.concurrency,
                }
                for event_type, directive in sorted(self.subscriptions.items())
            }
        }
        return Message(
            body=orjson.dumps(document, option=orjson.OPT_SORT_KEYS),
            content_type="application/json",
            type=MESSAGE_TYPE,
        )

    @classmethod
    def decode(cls, message: Message) -> "Directives":
        """Read a message of the control stream; raises `UndecodableMessage`."""
        try:
            document = orjson.loads(message.body)
            return cls(
                subscriptions={
                    event_type: _directive(values)
                    for event_type, values in document["subscriptions"].items()
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UndecodableMessage(f"not a directive: {error}") from error


def _retry_document(policy: RetryPolicy | None) -> dict[str, Any] | None:
    if policy is None:
        return None
    return {"attempts": policy.attempts, "delays_ms": list(policy.delays_ms)}


def _directive(values: Mapping[str, Any]) -> SubscriptionDirective:
    retry = values.get("retry")
    return SubscriptionDirective(
        state=values.get("state", "active"),
        kind=QueueKind(kind) if (kind := values.get("kind")) else None,
        retry=retry
        and RetryPolicy(attempts=retry["attempts"], delays_ms=tuple(retry["delays_ms"])),
        prefetch=_size(values, "prefetch", 65_535),
        concurrency=_size(values, "concurrency", 1_000),
    )


def _size(values: Mapping[str, Any], name: str, most: int) -> int | None:
    size = values.get(name)
    if size is not None and not (isinstance(size, int) and 1 <= size <= most):
        raise ValueError(f"{name} must be between 1 and {most}, not {size!r}")
    return size
