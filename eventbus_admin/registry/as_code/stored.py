"""The stored registry as a document, in a constant number of queries."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.as_code.document import Document, Entry, Kind, pair
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription

M = TypeVar("M", bound=Model)


def read_stored(*, lock: bool = False) -> Document:
    """Return what the registry says, what waits for a decision included.

    With `lock`, in a transaction, nobody changes it until the commit. Rows are locked in the order
    in which actions lock them, and before anything else is.
    """

    def rows(found: QuerySet[M]) -> QuerySet[M]:
        found = found.order_by("pk")
        return found.select_for_update(of=("self",), no_key=True) if lock else found

    teams = rows(Team.objects.all())
    event_types = rows(EventType.objects.select_related("owner"))
    services = rows(Service.objects.select_related("owner"))
    publications = rows(Publication.objects.select_related("event_type", "service"))
    subscriptions = rows(Subscription.objects.select_related("event_type", "service"))
    return Document(
        {
            Kind.TEAM: {one.name: _team(one) for one in teams},
            Kind.EVENT_TYPE: {one.name: _event_type(one) for one in event_types},
            Kind.SERVICE: {one.name: _service(one) for one in services},
            Kind.PUBLICATION: {_name(one): Entry({"state": one.state}) for one in publications},
            Kind.SUBSCRIPTION: {_name(one): _subscription(one) for one in subscriptions},
        }
    )


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
