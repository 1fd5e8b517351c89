"""What pages and answers say about a subscription, in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from eventbus_admin.reconcile.models import (
    BrokerObject,
    Health,
    ReconcileState,
    SubscriptionStatus,
    Sync,
)
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.policy import Apply, apply_setting
from eventbus_admin.registry.models import Credential, Service, Subscription
from eventbus_admin.registry.states import LIVE_STATES, SubscriptionState


@dataclass(frozen=True)
class Condition:
    """How a subscription is, as a state to colour and a sentence to read."""

    state: str
    sentence: str


_WITHOUT_QUEUE = {
    SubscriptionState.REQUESTED: "Waits for an operator to decide.",
    SubscriptionState.DECLINED: "Declined: it gets no events.",
    SubscriptionState.RETIRED: (
        "Retired: its workers have stopped. As long as its queue is on the broker it goes on "
        "collecting; Drift shows what it holds."
    ),
}

_DEFAULTS = {
    Health.HEALTHY: "In order.",
    Health.NO_CONSUMERS: "No worker is running.",
    Health.BACKLOG: "Events arrive faster than they are handled.",
    Health.DEAD_LETTERS: "Events gave up and wait for a person.",
    Health.PAUSED: "Paused: events wait in its queue.",
    Health.UNKNOWN: "Not observed yet.",
}

_ARRIVALS = {
    Sync.IN_SYNC: ("in_sync", "Live on the broker"),
    Sync.BLOCKED: ("blocked", "Blocked: differs in what cannot be changed"),
    Sync.DIFFERS: ("differs", "Differs from the registry"),
    Sync.BUSY: ("busy", "Being worked on"),
}


def credentials_of(service: Service) -> list[tuple[Credential, str, str]]:
    """Return a service's valid credentials, each with how it is on the broker and a sentence."""
    found: dict[str, list[BrokerObject]] = {}
    kinds = (ObjectKind.USER, ObjectKind.PERMISSION)
    for one in BrokerObject.objects.filter(service_name=service.name, kind__in=kinds):
        found.setdefault(one.name, []).append(one)
    return [(one, *_credential(found.get(one.user, ()))) for one in service.credentials.live()]


def _credential(objects: Iterable[BrokerObject]) -> tuple[str, str]:
    seen = list(objects)
    for one in seen:
        if one.sync != Sync.IN_SYNC:
            return one.sync, one.message
    if not seen:
        return "pending", "It works as soon as the broker has heard of it."
    return Sync.IN_SYNC.value, ""


def status_of(subscription: Subscription) -> SubscriptionStatus | None:
    """Return what was last observed, or nothing when nobody looked yet."""
    return getattr(subscription, "status", None)


def condition(subscription: Subscription) -> Condition:
    """Return how a subscription is doing."""
    if subscription.state not in LIVE_STATES:
        state = SubscriptionState(subscription.state)
        return Condition(state.value, _WITHOUT_QUEUE[state])
    status = status_of(subscription)
    health = Health(status.health) if status else Health.UNKNOWN
    if subscription.state == SubscriptionState.PAUSED and health is Health.UNKNOWN:
        health = Health.PAUSED
    return Condition(health.value, (status.message if status else "") or _DEFAULTS[health])


def when_it_holds(*, arrived: bool) -> str:
    """Say from when on a change holds on the broker."""
    if arrived:
        return "at once"
    if apply_setting() is Apply.OBSERVE:
        return "as soon as an operator applies it on Drift"
    return "as soon as the broker hears of it"


def arrival(subscription: Subscription, state: ReconcileState | None) -> Condition:
    """Return whether what the registry says about it has arrived on the broker."""
    if subscription.state not in LIVE_STATES:
        return Condition(subscription.state, "")
    status = status_of(subscription)
    sync = Sync(status.sync) if status else Sync.UNKNOWN
    if state is None or not state.reachable:
        if sync is Sync.IN_SYNC:
            return Condition(Sync.UNKNOWN.value, "Was live when the broker was last read")
        return Condition("pending", "Pending: will be applied as soon as the broker answers")
    if sync in _ARRIVALS:
        return Condition(*_ARRIVALS[sync])
    if apply_setting() is Apply.OBSERVE:
        return Condition("pending", "Pending: waits until an operator applies it on Drift")
    return Condition("pending", "Pending: being applied")
