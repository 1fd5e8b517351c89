"""How much there is and how it is, as numbers that lead to their lists."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from eventbus_admin.accounts.models import User
from eventbus_admin.console.looks import look_of
from eventbus_admin.reconcile.models import Health, ReconcileState, Sync
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.states import LIVE_STATES, ServiceKind, SubscriptionState


@dataclass(frozen=True)
class Tally:
    """A number of things of one sort, and where they are listed."""

    label: str
    number: int
    url: str
    tone: str = ""


@dataclass(frozen=True)
class Registry:
    """How much is registered: things, and subscriptions by state and by health."""

    event_types: int
    services: int
    integrators: int
    states: list[Tally]
    healths: list[Tally]


def registry(user: User) -> Registry:
    """Count what this person may see."""
    kinds = _counted(Service.objects.visible_to(user), "kind")
    subscriptions = Subscription.objects.visible_to(user)
    states = _counted(subscriptions, "state")
    healths = _counted(subscriptions.filter(state__in=LIVE_STATES), "status__health")
    # Nobody has looked yet at one that has no status.
    healths[Health.UNKNOWN] += healths.pop(None, 0)
    url = reverse("console:subscriptions")
    return Registry(
        event_types=EventType.objects.visible_to(user).count(),
        services=sum(kinds.values()),
        integrators=kinds[ServiceKind.INTEGRATOR],
        states=_tallies(SubscriptionState, states, url, "state"),
        healths=_tallies(Health, healths, url, "health"),
    )


def drift(state: ReconcileState | None) -> list[Tally]:
    """Return the objects on the broker by sync state, as last compared."""
    counts = Counter(state.counts if state else {})
    return _tallies(Sync, counts, reverse("console:drift"), "sync")


def _counted(rows: QuerySet[Service] | QuerySet[Subscription], field: str) -> Counter[str | None]:
    found = rows.order_by().values_list(field).annotate(number=Count("pk"))
    return Counter(dict(found))


def _tallies(
    values: Iterable[str], counts: Counter[str | None], url: str, parameter: str
) -> list[Tally]:
    return [
        Tally(
            look_of(value).word,
            counts[value],
            f"{url}?{urlencode({parameter: str(value)})}",
            look_of(value).tone,
        )
        for value in values
        if counts[value]
    ]
