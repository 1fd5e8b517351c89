"""What the page Why not? needs besides the console's components."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from eventbus_admin.console.links import event_page

register = template.Library()

_MARKS = {
    "proven": "proven",
    "stopped": "here it stopped",
    "unknown": "cannot be known",
    "aside": "worth knowing",
}


@register.filter
def mark_words(mark: str) -> str:
    """Say what the sign of a fact means, for a screen reader."""
    return _MARKS[str(mark)]


@register.filter
def why_event_page(event_id: str) -> str | None:
    """Return the page of the event, if it can have one."""
    return event_page(event_id)


@register.simple_tag
def why_url(event_id: str = "", service: str = "") -> str:
    """Return the address that answers why this event did not reach that service."""
    asked = {"event": event_id, "service": service}
    query = urlencode({name: value for name, value in asked.items() if value})
    path = reverse("console:why")
    return f"{path}?{query}" if query else path
