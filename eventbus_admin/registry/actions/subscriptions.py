"""What is done with subscriptions."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from bus_core.topology import QueueKind
from eventbus_admin.accounts.actor import Actor
from eventbus_admin.accounts.policies import Rights
from eventbus_admin.registry.bookkeeping import UNCHANGED, Unchanged, assign, given, keep, snapshot
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.lookups import lock_event_type, lock_service, lock_subscription
from eventbus_admin.registry.models import EventType, Service, Subscription
from eventbus_admin.registry.states import LIVE_STATES, Lifecycle, ServiceKind, SubscriptionState
from eventbus_admin.registry.validation import (
    valid_attempts,
    valid_choice,
    valid_concurrency,
    valid_delays,
    valid_prefetch,
)

_FIELDS = ("state", "kind", "retry_attempts", "retry_delays_ms", "prefetch", "concurrency")


@transaction.atomic
def create_subscription(
    *,
    actor: Actor,
    service: Service | str,
    event_type: EventType | str,
    kind: QueueKind | str = QueueKind.QUORUM,
    retry_attempts: int = 10,
    retry_delays_ms: Sequence[int] | None = None,
    prefetch: int | None = None,
    concurrency: int | None = None,
) -> Subscription:
    """Let a service listen to an event type; a retired subscription comes back as it is asked.

    Without `retry_delays_ms` it uses the bus's whole ladder.
    """
    event_type = lock_event_type(event_type, "event_type")
    service = lock_service(service, "service")
    rights = Rights(actor)
    rights.can_edit(service.owner, "subscribe this service").require()
    if service.kind == ServiceKind.INTEGRATOR:
        rights.can_operate("subscribe an integrator; others request it").require()
    if event_type.lifecycle == Lifecycle.RETIRED:
        raise ActionError(
            "retired",
            f"{event_type.name} is retired and takes no new subscriptions.",
            "event_type",
        )
    kind = valid_choice(QueueKind, kind, "kind")
    values = {
        "retry_attempts": valid_attempts(retry_attempts),
        "retry_delays_ms": valid_delays(
            settings.EVENTBUS_RETRY_DELAYS_MS if retry_delays_ms is None else retry_delays_ms
        ),
        "prefetch": valid_prefetch(prefetch, kind),
        "concurrency": valid_concurrency(concurrency, kind),
    }
    # Both ends are locked, so no other action inserts the same pair between look and insert.
    found = Subscription.objects.with_related().filter(event_type=event_type, service=service)
    if old := found.first():
        return _reactivate(actor, old, kind, values)
    subscription = Subscription(event_type=event_type, service=service, kind=str(kind), **values)
    subscription.save()
    keep(actor, "created", subscription, None, snapshot(subscription, *_FIELDS))
    return subscription


@transaction.atomic
def adopt_subscription(
    *,
    actor: Actor,
    service: Service | str,
    event_type: EventType | str,
    kind: QueueKind | str,
    retry_delays_ms: Sequence[int] | None = None,
) -> Subscription:
    """Say of a subscription what its queue on the broker is already.

    A new or retired one becomes active; a live one takes over the queue's kind.
    """
    event_type = lock_event_type(event_type, "event_type")
    service = lock_service(service, "service")
    Rights(actor).can_operate("adopt a subscription").require()
    kind = valid_choice(QueueKind, kind, "kind")
    found = Subscription.objects.with_related().filter(event_type=event_type, service=service)
    subscription = found.first()
    if subscription is None:
        return create_subscription(
            actor=actor,
            service=service,
            event_type=event_type,
            kind=kind,
            retry_delays_ms=retry_delays_ms,
        )
    state = SubscriptionState(subscription.state)
    if state is not SubscriptionState.RETIRED:
        _require_live(subscription)
    before, after = assign(
        subscription,
        state=state if state in LIVE_STATES else SubscriptionState.ACTIVE,
        kind=kind,
        prefetch=_width(subscription.prefetch, kind),
        concurrency=_width(subscription.concurrency, kind),
    )
    if after:
        subscription.save()
        keep(actor, "adopted", subscription, before, after)
    return subscription


@transaction.atomic
def change_subscription(
    *,
    actor: Actor,
    subscription: Subscription,
    retry_attempts: int | Unchanged = UNCHANGED,
    retry_delays_ms: Sequence[int] | Unchanged = UNCHANGED,
    prefetch: int | Unchanged | None = UNCHANGED,
    concurrency: int | Unchanged | None = UNCHANGED,
) -> Subscription:
    """Change how a subscription is worked on; `None` leaves a value to the service's code."""
    subscription = _editable(actor, subscription, "change")
    _require_live(subscription)
    kind = QueueKind(subscription.kind)
    before, after = assign(
        subscription,
        retry_attempts=given(retry_attempts, valid_attempts),
        retry_delays_ms=given(retry_delays_ms, valid_delays, subscription.retry_delays_ms),
        prefetch=given(prefetch, valid_prefetch, kind),
        concurrency=given(concurrency, valid_concurrency, kind),
    )
    if after:
        subscription.save()
        keep(actor, "changed", subscription, before, after)
    return subscription


@transaction.atomic
def pause_subscription(*, actor: Actor, subscription: Subscription) -> Subscription:
    """Stop its workers; its events wait in its queue."""
    subscription = _editable(actor, subscription, "pause")
    return _move(actor, "paused", subscription, SubscriptionState.PAUSED)


@transaction.atomic
def resume_subscription(*, actor: Actor, subscription: Subscription) -> Subscription:
    """Let its workers go on."""
    subscription = _editable(actor, subscription, "resume")
    return _move(actor, "resumed", subscription, SubscriptionState.ACTIVE)


@transaction.atomic
def retire_subscription(*, actor: Actor, subscription: Subscription) -> Subscription:
    """End it; what is on the broker stays until a person removes it there."""
    subscription = _editable(actor, subscription, "retire")
    return _move(actor, "retired", subscription, SubscriptionState.RETIRED)


def _editable(actor: Actor, subscription: Subscription, verb: str) -> Subscription:
    subscription = lock_subscription(subscription)
    Rights(actor).can_edit(subscription.service.owner, f"{verb} this subscription").require()
    return subscription


def _move(
    actor: Actor, verb: str, subscription: Subscription, target: SubscriptionState
) -> Subscription:
    if subscription.state == target:
        raise ActionError(f"already_{target}", f"{subscription} is {target} already.")
    _require_live(subscription)
    before, after = assign(subscription, state=target)
    subscription.save()
    keep(actor, verb, subscription, before, after)
    return subscription


def _require_live(subscription: Subscription) -> None:
    if subscription.state in LIVE_STATES:
        return
    if subscription.state == SubscriptionState.RETIRED:
        raise ActionError("retired", f"{subscription} is retired; subscribe again to revive it.")
    raise ActionError("not_active", f"{subscription} is {subscription.state}, not active.")


def _width(number: int | None, kind: QueueKind) -> int | None:
    """Return a width as this kind of queue allows it."""
    return None if kind is QueueKind.ORDERED else number


def _reactivate(
    actor: Actor, subscription: Subscription, kind: QueueKind, values: dict[str, Any]
) -> Subscription:
    if subscription.state in LIVE_STATES:
        raise ActionError(
            "already_subscribed",
            f"{subscription.service.name} is subscribed to {subscription.event_type.name} already.",
            "event_type",
        )
    if subscription.state != SubscriptionState.RETIRED:
        raise ActionError(
            f"already_{subscription.state}",
            f"{subscription} was {subscription.state} already; an operator decides about it.",
        )
    if subscription.kind != kind:
        raise ActionError(
            "kind_fixed",
            f"{subscription} was {subscription.kind} before it was retired, and a queue keeps its "
            f"kind: subscribe again as {subscription.kind}.",
            "kind",
        )
    before, after = assign(subscription, state=SubscriptionState.ACTIVE, **values)
    subscription.save()
    keep(actor, "reactivated", subscription, before, after)
    return subscription
