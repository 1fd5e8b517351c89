"""Reads of the registry: who may see what, and what lists show, in a constant number of queries."""

import re
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from eventbus_admin.accounts.actor import ServiceAccount, Viewer
from eventbus_admin.accounts.policies import may_read
from eventbus_admin.registry.states import LIVE_STATES, PublicationState, SubscriptionState

if TYPE_CHECKING:
    # For the names in quotes below; at run time the models import this module.
    from eventbus_admin.registry.models import (  # noqa: F401
        Credential,
        EventType,
        Publication,
        Service,
        Subscription,
    )

M = TypeVar("M", bound=Model)

# "exportRequested/export-manager" and "exportRequested → export-manager" are two words.
_GAPS = re.compile(r"[\s/→\0]+")


class RegistryQuerySet(QuerySet[M]):
    """What the reads of all models here have in common."""

    searched: tuple[str, ...] = ()
    owner_path = "owner"
    service_path = "service__name"

    def visible_to(self, user: Viewer) -> Self:
        """Keep what this request's user may see."""
        if isinstance(user, ServiceAccount):
            return self.of_service(user.service)
        return self.all() if may_read(user) else self.none()

    def of_service(self, service: str) -> Self:
        """Keep what is the service's own."""
        return self.filter(**{self.service_path: service})

    def search(self, text: str) -> Self:
        """Keep the rows in which every word of `text` occurs somewhere; all when it is empty."""
        found = self.all()
        for word in filter(None, _GAPS.split(text)):
            anywhere = Q()
            for path in self.searched:
                anywhere |= Q(**{f"{path}__icontains": word})
            found = found.filter(anywhere)
        return found

    def owned_by(self, team: str) -> Self:
        """Keep what the team of this name owns."""
        return self.filter(**{f"{self.owner_path}__name": team})


class OwnedQuerySet(RegistryQuerySet[M]):
    """Reads of what a team owns itself: event types and services."""

    searched = ("name", "description", "owner__name")
    side = ""
    """What publications and subscriptions call it."""

    def with_related(self) -> Self:
        """Fetch along what lists show."""
        return self.select_related("owner")

    def with_counts(self) -> Self:
        """Add `subscription_count` (live ones) and `publication_count` (active ones)."""
        from eventbus_admin.registry.models import Publication, Subscription

        return self.annotate(
            subscription_count=_count(Subscription.objects.live(), self.side),
            publication_count=_count(Publication.objects.active(), self.side),
        )


class EventTypeQuerySet(OwnedQuerySet["EventType"]):
    """Reads of event types."""

    side = "event_type"

    def of_service(self, service: str) -> Self:
        """Keep what the service listens to, publishes, or ever did or asked to."""
        from eventbus_admin.registry.models import Publication, Subscription

        own = [
            model.objects.of_service(service).order_by().values("event_type")
            for model in (Subscription, Publication)
        ]
        return self.filter(Q(pk__in=own[0]) | Q(pk__in=own[1]))


class ServiceQuerySet(OwnedQuerySet["Service"]):
    """Reads of services."""

    side = "service"
    service_path = "name"


class PublicationQuerySet(RegistryQuerySet["Publication"]):
    """Reads of publications; one belongs to its service's team."""

    searched = ("event_type__name", "service__name")
    owner_path = "service__owner"

    def approved(self) -> Self:
        """Keep what somebody let the service have, now or once."""
        return self.exclude(state__in=(PublicationState.REQUESTED, PublicationState.DECLINED))

    def active(self) -> Self:
        """Keep those that may be used."""
        return self.filter(state=PublicationState.ACTIVE)

    def with_related(self) -> Self:
        """Fetch along what lists show."""
        return self.select_related("event_type", "service__owner")


class SubscriptionQuerySet(RegistryQuerySet["Subscription"]):
    """Reads of subscriptions; one belongs to its service's team."""

    searched = ("event_type__name", "service__name", "service__owner__name")
    owner_path = "service__owner"

    def approved(self) -> Self:
        """Keep what somebody let the service have, now or once."""
        return self.exclude(state__in=(SubscriptionState.REQUESTED, SubscriptionState.DECLINED))

    def live(self) -> Self:
        """Keep those that have a queue on the broker: active and paused ones."""
        return self.filter(state__in=LIVE_STATES)

    def named(self, event_type: str, service: str) -> Self:
        """Keep the one between these two names."""
        return self.filter(event_type__name=event_type, service__name=service)

    def with_related(self) -> Self:
        """Fetch along what lists show."""
        return self.select_related("event_type__owner", "service__owner")


class CredentialQuerySet(RegistryQuerySet["Credential"]):
    """Reads of credentials; one belongs to its service's team."""

    searched = ("service__name",)
    owner_path = "service__owner"

    def live(self) -> Self:
        """Keep those that are valid."""
        return self.filter(revoked=None)

    def leaving(self) -> Self:
        """Keep those that a rotation means to end, now that a newer one is valid too."""
        newer = self.model._default_manager.filter(
            service=OuterRef("service"), revoked=None, leaving=None
        )
        return self.live().filter(Exists(newer), leaving__isnull=False)

    def with_related(self) -> Self:
        """Fetch along what lists show."""
        return self.select_related("service__owner")


def _count(rows: QuerySet[Any], side: str) -> Coalesce:
    # Two joins in one query would multiply each other's rows.
    mine = rows.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Coalesce(Subquery(mine.annotate(number=Count("pk")).values("number")), 0)
