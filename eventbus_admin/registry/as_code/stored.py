"""The stored registry as a document, in a constant number of queries."""

from typing import Any

from django.db.models import Model

from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.as_code.document import Document, Entry, Kind, pair
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription


def read_stored(*, lock: bool = False) -> Document:
    """Return what the registry says, what waits for a decision included.

    With `lock`, in a transaction, nobody changes what is there until the commit.
    """
    if lock:
        _lock_everything()
    # What joins two things is read before these, so that none is missing that was made meanwhile.
    subscriptions = list(Subscription.objects.select_related("event_type", "service"))
    publications = list(Publication.objects.select_related("event_type", "service"))
    services = list(Service.objects.select_related("owner"))
    event_types = list(EventType.objects.select_related("owner"))
    return Document(
        {
            Kind.TEAM: {one.name: _team(one) for one in Team.objects.all()},
            Kind.EVENT_TYPE: {one.name: _event_type(one) for one in event_types},
            Kind.SERVICE: {one.name: _service(one) for one in services},
            Kind.PUBLICATION: {_name(one): Entry({"state": one.state}) for one in publications},
            Kind.SUBSCRIPTION: {_name(one): _subscription(one) for one in subscriptions},
        }
    )


def _lock_everything() -> None:
    """Lock all rows in the order in which actions lock theirs, before the revision is raised."""
    models: tuple[type[Model], ...] = (Team, EventType, Service, Publication, Subscription)
    for model in models:
        rows = model._default_manager.order_by("pk").select_for_update(no_key=True)
        list(rows.values_list("pk", flat=True))


def _name(one: Publication | Subscription) -> str:
    return pair(one.event_type.name, one.service.name)


def _team(one: Team) -> Entry:
    return Entry({"description": one.description, "contact": one.contact})


def _event_type(one: EventType) -> Entry:
    return Entry(
        {
            "owner": one.owner.name,
            "lifecycle": one.lifecycle,
            "description": one.description,
            "private": one.private,
            "example": _sorted(one.example),
        }
    )


def _service(one: Service) -> Entry:
    return Entry(
        {
            "owner": one.owner.name,
            "kind": one.kind,
            "contact": one.contact,
            "description": one.description,
        }
    )


def _subscription(one: Subscription) -> Entry:
    return Entry(
        {
            "state": one.state,
            "kind": one.kind,
            "attempts": one.retry_attempts,
            "delays_ms": list(one.retry_delays_ms),
            "prefetch": one.prefetch,
            "concurrency": one.concurrency,
        }
    )


def _sorted(value: Any) -> Any:
    """Return a payload with its keys in order: databases keep them in different ones."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
