"""Where the page of a thing is."""

from django.urls import NoReverseMatch, reverse

from bus_core.rights import service_of_user

_PAGES = {
    "event_type": "console:event-type",
    "service": "console:service",
    "subscription": "console:subscription",
    "run": "console:run",
    "token": "console:token",
    "operation": "console:operation",
    "retry_run": "console:retry-run",
    "dead_letter": "console:dead-letter",
}


def page_of(kind: str, name: str) -> str | None:
    """Return the address of what an audit entry is about, or nothing when it has no page."""
    parts = name.split("/")
    try:
        if kind == "credential" and (service := service_of_user(name)):
            return reverse("console:service", args=[service])
        if kind == "publication" and len(parts) == 2:
            return reverse("console:event-type", args=parts[:1])
        return reverse(_PAGES[kind], args=parts) if kind in _PAGES else None
    except NoReverseMatch:
        return None


def shown_name(kind: str, name: str) -> str:
    """Return a name as pages write it: with an arrow the way that events take."""
    if kind == "publication":
        return " →\N{NO-BREAK SPACE}".join(reversed(name.split("/")))
    return " →\N{NO-BREAK SPACE}".join(name.split("/")) if kind == "subscription" else name


def event_page(event_id: str) -> str | None:
    """Return the address of an event; an id may be any string, and some have none."""
    try:
        return reverse("console:event", args=[event_id])
    except NoReverseMatch:
        return None
