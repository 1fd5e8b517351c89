"""Finding what an action is about, by name or as an object read before, and locking its row.

Callers hold an event type before a service and a service before what joins the two, so that no
two actions wait for each other.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription

M = TypeVar("M", bound=Model)


def find_team(team: Team | str) -> Team:
    """Return the team that shall own something; a team is not locked."""
    return _get(Team.objects.all(), team, "unknown_team", "team", "owner")


def lock_event_type(event_type: EventType | str, field: str | None = None) -> EventType:
    """Return the event type as it is now; nobody else changes it until the commit."""
    rows = _locked(EventType.objects.with_related())
    return _get(rows, event_type, "unknown_event_type", "event type", field)


def lock_service(service: Service | str, field: str | None = None) -> Service:
    """Return the service as it is now; nobody else changes it until the commit."""
    return _get(
        _locked(Service.objects.with_related()), service, "unknown_service", "service", field
    )


def lock_subscription(subscription: Subscription) -> Subscription:
    """Return the subscription as it is now; nobody else changes it until the commit."""
    rows = _locked(Subscription.objects.with_related())
    return _get(rows, subscription, "unknown_subscription", "subscription")


def lock_publication(publication: Publication) -> Publication:
    """Return the publication as it is now; nobody else changes it until the commit."""
    rows = _locked(Publication.objects.with_related())
    return _get(rows, publication, "unknown_publication", "publication")


def _locked(rows: QuerySet[M]) -> QuerySet[M]:
    # `no_key`: rows that only refer to this one may still be inserted.
    return rows.select_for_update(of=("self",), no_key=True)


def _get(rows: QuerySet[M], wanted: M | str, code: str, what: str, field: str | None = None) -> M:
    by: dict[str, Any] = {"name": wanted} if isinstance(wanted, str) else {"pk": wanted.pk}
    # PostgreSQL refuses to be asked for a null character.
    found = None if "\0" in str(wanted) else rows.filter(**by).first()
    if found is None:
        raise ActionError(code, f"There is no {what} {wanted}.", field)
    return found
