"""What should be on the broker, read from the registry: rows in, topology out.

An exchange exists for every event type that is not retired, drafts included, so that its
publishers can be tried out. A retired type keeps its exchange as long as somebody has a live
subscription to it or an active publication of it: taking it away would fail the publisher, and
whether that is wanted is a decision about the publication. A service has its own objects from
the day it is registered, and the retry steps that its live subscriptions use; an integrator, who
may have registered without being asked, from the day that something was approved. A subscription
has its queue while it is active or paused.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bus_core.control import Directives, SubscriptionDirective
from bus_core.topology import (
    QueueKind,
    Topology,
    bus_topology,
    consumer_queue,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.reconcile.access import Access, CredentialWish, access_for, read_credentials
from eventbus_admin.registry.models import EventType, Publication, Service, Subscription
from eventbus_admin.registry.revision import current_revision
from eventbus_admin.registry.states import (
    LIVE_STATES,
    Lifecycle,
    PublicationState,
    ServiceKind,
    SubscriptionState,
)

_TYPE = ("pk", "name", "lifecycle")
_SERVICE = ("pk", "name", "kind")


@dataclass(frozen=True, kw_only=True)
class SubscriptionWish:
    """One subscription of the registry, in whatever state."""

    id: int
    event_type: str
    service: str
    state: SubscriptionState
    kind: QueueKind
    delays_ms: tuple[int, ...]
    directive: SubscriptionDirective

    @property
    def live(self) -> bool:
        """Whether it has a queue."""
        return self.state in LIVE_STATES

    @property
    def approved(self) -> bool:
        """Whether anybody let the service have it, now or once."""
        return self.state not in {SubscriptionState.REQUESTED, SubscriptionState.DECLINED}

    @property
    def queue(self) -> str:
        """Name of its queue."""
        return consumer_queue(self.event_type, self.service)

    @property
    def topology(self) -> Topology:
        """Its own queue and bindings."""
        return subscription_topology(self.event_type, self.service, self.kind)


@dataclass(frozen=True, kw_only=True)
class PublicationWish:
    """One publication of the registry, in whatever state."""

    service: str
    event_type: str
    state: PublicationState

    @property
    def active(self) -> bool:
        """Whether the service may publish."""
        return self.state is PublicationState.ACTIVE

    @property
    def approved(self) -> bool:
        """Whether anybody let the service have it, now or once."""
        return self.state not in {PublicationState.REQUESTED, PublicationState.DECLINED}


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the registry said when its revision was this one, or later."""

    revision: int
    event_types: tuple[str, ...] = ()
    """Types that have an exchange, whether anybody is subscribed or not."""
    services: tuple[str, ...] = ()
    """Services that have objects of their own."""
    subscriptions: tuple[SubscriptionWish, ...] = ()
    publications: tuple[PublicationWish, ...] = ()
    credentials: tuple[CredentialWish, ...] = ()

    @property
    def live(self) -> tuple[SubscriptionWish, ...]:
        """The subscriptions that have a queue."""
        return tuple(one for one in self.subscriptions if one.live)


def read_registry() -> Wishes:
    """Read the registry, in a constant number of queries.

    The revision is read first: what changes meanwhile may or may not be seen, and is looked at
    again under its own, higher revision.
    """
    revision = current_revision()
    publications = tuple(
        PublicationWish(service=service, event_type=event_type, state=PublicationState(state))
        for service, event_type, state in Publication.objects.values_list(
            "service__name", "event_type__name", "state"
        )
    )
    rows = tuple(Subscription.objects.all())
    # After the subscriptions, so that their types and services are among them.
    types = {pk: (name, state) for pk, name, state in EventType.objects.values_list(*_TYPE)}
    services = {pk: (name, kind) for pk, name, kind in Service.objects.values_list(*_SERVICE)}
    subscriptions = tuple(
        _wish(one, types[one.event_type_id][0], services[one.service_id][0]) for one in rows
    )
    approved = {one.service for one in publications if one.approved}
    approved |= {one.service for one in subscriptions if one.approved}
    return Wishes(
        revision=revision,
        event_types=tuple(sorted(_event_types(types.values(), publications))),
        services=tuple(
            name
            for name, kind in sorted(services.values())
            if kind != ServiceKind.INTEGRATOR or name in approved
        ),
        publications=publications,
        subscriptions=subscriptions,
        credentials=read_credentials(),
    )


def topology_of(wishes: Wishes) -> Topology:
    """Return everything that should exist."""
    live = wishes.live
    event_types = {*wishes.event_types, *(one.event_type for one in live)}
    delays: dict[str, set[int]] = {service: set() for service in wishes.services}
    for one in live:
        delays.setdefault(one.service, set()).update(one.delays_ms)
    return merge(
        (
            bus_topology(),
            *(event_type_topology(name) for name in sorted(event_types)),
            *(service_topology(name, sorted(delays[name])) for name in sorted(delays)),
            *(one.topology for one in live),
        )
    )


def access_of(wishes: Wishes) -> Access:
    """Return who should be able to sign in, and what they may do."""
    publishes: dict[str, set[str]] = defaultdict(set)
    listens: dict[str, set[str]] = defaultdict(set)
    for publication in wishes.publications:
        if publication.active:
            publishes[publication.service].add(publication.event_type)
    # A paused one keeps its right, or its workers would be refused when it goes on.
    for subscription in wishes.live:
        listens[subscription.service].add(subscription.event_type)
    return access_for(wishes.credentials, publishes, listens)


def directives_of(wishes: Wishes) -> dict[str, Directives]:
    """Return what the workers of each service that ever subscribed are to be told.

    A subscription that is not live is spelt out as retired, or else the code's defaults would
    hold and its workers would go on.
    """
    by_service: dict[str, dict[str, SubscriptionDirective]] = {}
    for one in wishes.subscriptions:
        by_service.setdefault(one.service, {})[one.event_type] = one.directive
    return {service: Directives(subscriptions=told) for service, told in by_service.items()}


def _event_types(
    types: Iterable[tuple[str, str]], publications: Iterable[PublicationWish]
) -> set[str]:
    published = {one.event_type for one in publications if one.active}
    return {
        name for name, lifecycle in types if lifecycle != Lifecycle.RETIRED or name in published
    }


def _wish(row: Subscription, event_type: str, service: str) -> SubscriptionWish:
    return SubscriptionWish(
        id=row.pk,
        event_type=event_type,
        service=service,
        state=SubscriptionState(row.state),
        kind=QueueKind(row.kind),
        delays_ms=row.retry_policy.delays_ms,
        directive=row.directive,
    )
