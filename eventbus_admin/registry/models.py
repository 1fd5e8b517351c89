"""What should be: services, event types, publications and subscriptions."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from bus_core.control import SubscriptionDirective
from bus_core.retry import RetryPolicy
from bus_core.rights import SLOTS, user_name
from bus_core.topology import QueueKind, consumer_queue
from eventbus_admin.accounts.models import Team
from eventbus_admin.registry.querysets import (
    CredentialQuerySet,
    EventTypeQuerySet,
    PublicationQuerySet,
    ServiceQuerySet,
    SubscriptionQuerySet,
)
from eventbus_admin.registry.states import (
    LIVE_STATES,
    Lifecycle,
    PublicationState,
    ServiceKind,
    SubscriptionState,
)

__all__ = [
    "LIVE_STATES",
    "Credential",
    "EventType",
    "Lifecycle",
    "Publication",
    "PublicationState",
    "Revision",
    "Service",
    "ServiceKind",
    "Subscription",
    "SubscriptionState",
    "UnwantedUser",
]


def default_delays() -> list[int]:
    """Return the bus's ladder of retry delays, in milliseconds."""
    return list(settings.EVENTBUS_RETRY_DELAYS_MS)


class Revision(models.Model):
    """The registry's revision, raised by every action: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class EventType(models.Model):
    """A named kind of event."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    example = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    """An example payload."""
    private = models.BooleanField(default=False)
    """Whether what its events hold is for its owner, its publishers and its listeners alone."""
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="event_types")
    lifecycle = models.CharField(max_length=16, choices=Lifecycle, default=Lifecycle.ACTIVE)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = EventTypeQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A kind of process; all its instances share its queues."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=ServiceKind, default=ServiceKind.INTERNAL)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="services")
    contact = models.EmailField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def declares(self) -> bool:
        """Whether it may make its own objects on the broker; an integrator's are made for it."""
        return self.kind != ServiceKind.INTEGRATOR


class Publication(models.Model):
    """A service may publish an event type."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="publications")
    event_type = models.ForeignKey(EventType, on_delete=models.PROTECT, related_name="publications")
    state = models.CharField(
        max_length=16, choices=PublicationState, default=PublicationState.ACTIVE
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ("event_type__name", "service__name")
        constraints = [
            models.UniqueConstraint(fields=("service", "event_type"), name="one_publication")
        ]

    def __str__(self) -> str:
        return f"{self.service} publishes {self.event_type}"


class Subscription(models.Model):
    """A service listens to an event type: one queue on the broker."""

    event_type = models.ForeignKey(
        EventType, on_delete=models.PROTECT, related_name="subscriptions"
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="subscriptions")
    state = models.CharField(
        max_length=16, choices=SubscriptionState, default=SubscriptionState.ACTIVE
    )
    kind = models.CharField(
        max_length=16,
        choices=[(kind.value, kind.value.capitalize()) for kind in QueueKind],
        default=QueueKind.QUORUM.value,
    )
    retry_attempts = models.PositiveSmallIntegerField(default=10)
    retry_delays_ms = models.JSONField(default=default_delays)
    prefetch = models.PositiveSmallIntegerField(null=True, blank=True)
    concurrency = models.PositiveSmallIntegerField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ("event_type__name", "service__name")
        constraints = [
            models.UniqueConstraint(fields=("event_type", "service"), name="one_subscription")
        ]

    def __str__(self) -> str:
        return f"{self.event_type} → {self.service}"

    @property
    def queue_name(self) -> str:
        """Name of the subscription's queue on the broker."""
        return consumer_queue(self.event_type.name, self.service.name)

    @property
    def retry_policy(self) -> RetryPolicy:
        """The stored retry policy as the library knows it.

        No action stores a row without delays. One that got in otherwise means the whole ladder, as
        asking for none does: a single row must not keep all others from being compared.
        """
        delays = self.retry_delays_ms or default_delays()
        return RetryPolicy(attempts=self.retry_attempts, delays_ms=tuple(delays))

    @property
    def directive(self) -> SubscriptionDirective:
        """What the workers of this subscription are told."""
        state = self.state if self.state in LIVE_STATES else SubscriptionState.RETIRED
        return SubscriptionDirective(
            state=state,
            kind=QueueKind(self.kind),
            retry=self.retry_policy,
            prefetch=self.prefetch,
            concurrency=self.concurrency,
        )


class Credential(models.Model):
    """One of a service's two users on the broker.

    A revoked one stays as a row: so its user is known as one to take away, wherever it turns up.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="credentials")
    slot = models.CharField(max_length=1, choices=[(slot, slot) for slot in SLOTS])
    password_hash = models.CharField(max_length=64, blank=True)
    """In RabbitMQ's form; empty once it is revoked."""
    issued = models.DateTimeField()
    revoked = models.DateTimeField(null=True, blank=True)
    leaving = models.DateTimeField(null=True, blank=True)
    """Since when a rotation means to end it; says something beside a newer valid one only."""

    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ("service__name", "slot")
        constraints = [
            models.UniqueConstraint(fields=("service", "slot"), name="one_credential_a_slot")
        ]

    def __str__(self) -> str:
        return self.user

    @property
    def user(self) -> str:
        """Name of the user; outside the default virtual host the broker's name says more."""
        return user_name(self.service.name, self.slot)


class UnwantedUser(models.Model):
    """A user with a name of ours that was never issued here, and that a person wants gone.

    It stays as a row, as a revoked credential does, unless its name is issued one day.
    """

    name = models.CharField(max_length=140, unique=True)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
