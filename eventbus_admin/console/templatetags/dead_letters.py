"""What the pages of dead letters need besides the console's components."""

from typing import Any

from django import template

register = template.Library()

_REASONS = {
    "attempts": "Failed as often as its subscription allows",
    "rejected": "The handler rejected it",
    "crashes": "Its workers ended while they handled it",
    "undecodable": "It is not an event that can be read",
    "broker": "RabbitMQ took it from the queue",
    "stray": "Its queue was gone when it came",
    "unknown": "Nothing says where it comes from",
}


@register.filter
def of(mapping: dict[Any, Any], key: Any) -> Any:
    """Return what a mapping holds under a key."""
    return mapping[key]


@register.filter
def reason_words(reason: str) -> str:
    """Say why something became a dead letter."""
    return _REASONS.get(reason, reason)
