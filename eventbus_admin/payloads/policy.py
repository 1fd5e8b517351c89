"""The one policy between what events hold and who looks.

Who owns, publishes or listens to an event type is shown what its events hold. Everybody else, and
operators too, is shown it where it is not hidden: `EVENTBUS_PAYLOADS` is `shown` and the type is
not private. What is hidden can be revealed; see `revealing`.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import OWN_ONLY, Rights
from eventbus_admin.journal.sight import EVERYTHING_SHOWN, NOTHING_SHOWN, Sight
from eventbus_admin.payloads.models import Reveal
from eventbus_admin.registry.models import EventType, Publication, Subscription


def sight_of(actor: Actor) -> Sight:
    """Return what this actor is shown, in at most four queries; one where nothing is hidden."""
    if actor.is_system:
        return EVERYTHING_SHOWN
    seen = Rights(actor).can_view()
    if not seen and seen is not OWN_ONLY:
        return NOTHING_SHOWN
    if settings.EVENTBUS_PAYLOADS == "hidden":
        return _shown_only(actor)
    private = set(_names(EventType.objects.filter(private=True)))
    if private:
        private.difference_update(_names(EventType.objects.filter(_concerns(actor), private=True)))
    if not private:
        return EVERYTHING_SHOWN
    types, events = _revealed(actor)
    return Sight(types=frozenset(private - types), events=events)


def is_hidden(event_type: str) -> bool:
    """Whether what events of this type hold is hidden from anybody at all; one query."""
    if settings.EVENTBUS_PAYLOADS == "hidden":
        return True
    return EventType.objects.filter(name=event_type, private=True).exists()


def _shown_only(actor: Actor) -> Sight:
    types, events = _revealed(actor)
    known = _names(EventType.objects.filter(_concerns(actor)))
    return Sight(hides=True, types=types.union(known), events=events)


def _concerns(actor: Actor) -> Q:
    """Return the condition that the actor owns, publishes or listens to an event type."""
    publications, subscriptions = Publication.objects.active(), Subscription.objects.live()
    if actor.user is None:
        mine = Q(service__name=actor.service)
        owned = Q(pk__in=[])
    else:
        # Read here: a subquery of a subquery of a subquery is not planned well.
        teams = list(actor.user.teams.values_list("pk", flat=True))
        mine, owned = Q(service__owner__in=teams), Q(owner__in=teams)
    sides: Iterable[QuerySet[Publication] | QuerySet[Subscription]] = (publications, subscriptions)
    for side in sides:
        owned |= Q(pk__in=side.filter(mine).order_by().values("event_type"))
    return owned


def _names(types: QuerySet[EventType]) -> Iterable[str]:
    return types.order_by().values_list("name", flat=True)


def _revealed(actor: Actor) -> tuple[frozenset[str], frozenset[str]]:
    """Return the types and the single events that were revealed to the actor and still are."""
    if actor.user is None:
        return frozenset(), frozenset()
    rows = Reveal.objects.filter(user=actor.user, until__gt=timezone.now())
    found = list(rows.values_list("event_type", "event_id"))
    types = frozenset(event_type for event_type, event_id in found if not event_id)
    return types, frozenset(event_id for _, event_id in found if event_id)
