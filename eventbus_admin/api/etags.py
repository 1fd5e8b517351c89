"""Changing only what was not changed meanwhile: `ETag` in answers, `If-Match` in requests."""

from datetime import UTC, datetime, timedelta

from rest_framework.request import Request

from eventbus_admin.api.errors import Changed
from eventbus_admin.registry.models import EventType, Service, Subscription

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Versioned = EventType | Service | Subscription


def etag_of(thing: Versioned) -> str:
    """Return the tag of what the registry says about a thing; what is observed does not count."""
    return f'"{thing.pk}-{(thing.changed - _EPOCH) // timedelta(microseconds=1):x}"'


def require_match(request: Request, thing: Versioned) -> None:
    """Raise `Changed` when the request names other versions than the stored one.

    Call it in the transaction of the change: the row is locked, so it stays as it was compared.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return
    rows = type(thing)._default_manager.select_for_update(of=("self",), no_key=True)
    tags = {tag.strip() for tag in header.split(",")}
    if etag_of(rows.get(pk=thing.pk)) not in tags:
        raise Changed
