"""Subscriptions, with what was last observed of them on the broker."""

from typing import Any

from rest_framework import serializers

from bus_core.topology import QueueKind
from eventbus_admin.api.fields import Choice, Moment, Name, Number, Text
from eventbus_admin.api.serializers.base import SearchParameters, Strict, ordering
from eventbus_admin.reconcile.models import Health, ReconcileState, Sync
from eventbus_admin.reconcile.wording import arrival, condition, status_of
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.states import LIVE_STATES, SubscriptionState
from eventbus_admin.registry.validation import MAX_CONCURRENCY, MAX_PREFETCH

KINDS = [(kind.value, kind.value) for kind in QueueKind]
MAX_ATTEMPTS = 1000
MAX_DELAY_MS = 86_400_000
MAX_DELAYS = 20
EXAMPLE = {
    "event_type": "exportRequested",
    "service": "export-manager",
    "owner": "Exports",
    "state": "active",
    "kind": "quorum",
    "retry": {"attempts": 10, "delays_ms": [1000, 60000, 600000]},
    "prefetch": None,
    "concurrency": None,
    "queue": "consumer__exportRequested__export-manager",
    "sync": "in_sync",
    "health": "healthy",
    "message": "In order.",
    "messages_ready": 0,
    "messages_unacked": 0,
    "consumers": 2,
    "observed_at": "2026-11-23T18:39:11.034Z",
    "created": "2026-11-23T18:39:11.034Z",
    "changed": "2026-11-23T18:39:11.034Z",
}


class RetryOut(serializers.Serializer[Any]):
    """How often and when an event that failed is handled again."""

    attempts = serializers.IntegerField()
    delays_ms = serializers.ListField(child=serializers.IntegerField())


class SubscriptionOut(serializers.Serializer[Any]):
    """A service listens to an event type: one queue on the broker."""

    event_type = serializers.CharField()
    service = serializers.CharField()
    owner = serializers.CharField(help_text="The team that owns the service.")
    state = serializers.ChoiceField(SubscriptionState.choices)
    kind = serializers.ChoiceField(KINDS)
    retry = RetryOut()
    prefetch = serializers.IntegerField(
        allow_null=True, help_text="Events a worker holds at a time; null: its code says."
    )
    concurrency = serializers.IntegerField(
        allow_null=True, help_text="Events a worker handles at once; null: its code says."
    )
    queue = serializers.CharField(help_text="Its name on the broker.")
    sync = serializers.ChoiceField(Sync.choices, help_text="Broker against registry.")
    health = serializers.ChoiceField(Health.choices)
    message = serializers.CharField(help_text="How it is, in a sentence.")
    messages_ready = serializers.IntegerField()
    messages_unacked = serializers.IntegerField()
    consumers = serializers.IntegerField()
    observed_at = Moment(allow_null=True, help_text="When the broker was last read.")
    created = Moment()
    changed = Moment()

    def to_representation(self, instance: Subscription) -> dict[str, Any]:
        """Return registry and observation as one; the worker's `state` is in the context."""
        state: ReconcileState | None = self.context["state"]
        status = status_of(instance)
        is_awaited = status is None and instance.state in LIVE_STATES
        said = arrival(instance, state) if is_awaited else condition(instance)
        flat = {
            "event_type": instance.event_type.name,
            "service": instance.service.name,
            "owner": instance.service.owner.name,
            "state": instance.state,
            "kind": instance.kind,
            "retry": {"attempts": instance.retry_attempts, "delays_ms": instance.retry_delays_ms},
            "prefetch": instance.prefetch,
            "concurrency": instance.concurrency,
            "queue": instance.queue_name,
            "sync": status.sync if status else Sync.UNKNOWN.value,
            "health": status.health if status else Health.UNKNOWN.value,
            "message": said.sentence,
            "messages_ready": status.messages_ready if status else 0,
            "messages_unacked": status.messages_unacked if status else 0,
            "consumers": status.consumers if status else 0,
            "observed_at": state.observed_at if status and state else None,
            "created": instance.created,
            "changed": instance.changed,
        }
        shown: dict[str, Any] = super().to_representation(flat)
        return shown


def _delays() -> serializers.ListField:
    return serializers.ListField(
        child=Number(min_value=1, max_value=MAX_DELAY_MS),
        required=False,
        min_length=1,
        max_length=MAX_DELAYS,
        help_text="Rising steps of the bus's ladder; the last one repeats.",
    )


class RetryIn(Strict):
    """How often and when an event that failed is to be handled again."""

    attempts = Number(required=False, min_value=1, max_value=MAX_ATTEMPTS)
    delays_ms = _delays()


class SubscriptionChange(Strict):
    """What is to be changed; the rest stays."""

    retry = RetryIn(required=False)
    prefetch = Number(required=False, allow_null=True, min_value=1, max_value=MAX_PREFETCH)
    concurrency = Number(required=False, allow_null=True, min_value=1, max_value=MAX_CONCURRENCY)


class NewSubscription(SubscriptionChange):
    """Who is to listen to what."""

    event_type = Name()
    service = Name()
    kind = Choice(KINDS, required=False)


class SubscriptionParameters(SearchParameters):
    """How subscriptions are listed."""

    event_type = Name(required=False)
    service = Name(required=False)
    owner = Text(required=False, max_length=120)
    state = Choice(SubscriptionState.choices, required=False)
    kind = Choice(KINDS, required=False)
    sync = Choice(Sync.choices, required=False)
    health = Choice(Health.choices, required=False)
    ordering = ordering("event_type", "service", "created")


def action_values(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent as the registry's actions name it."""
    values = dict(sent)
    retry = values.pop("retry", {})
    return values | {f"retry_{name}": value for name, value in retry.items()}
