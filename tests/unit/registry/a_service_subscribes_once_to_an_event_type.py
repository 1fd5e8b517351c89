"""A service has one subscription to an event type; a retired one comes back as the same row."""

from collections.abc import Callable

import pytest

from bus_core.topology import QueueKind
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import create_subscription
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import (
    EventType,
    Service,
    Subscription,
    SubscriptionState,
)

State = SubscriptionState
Make = Callable[..., Subscription]


def subscribe(**wishes: object) -> Subscription:
    return create_subscription(
        actor=SYSTEM,
        service="export-manager",
        event_type="exportRequested",
        **wishes,  # type: ignore[arg-type]
    )


@pytest.fixture
def ends(make_event_type: Callable[..., EventType], make_service: Callable[..., Service]) -> None:
    make_event_type("exportRequested")
    make_service("export-manager")


@pytest.mark.usefixtures("ends")
def test_a_new_one_has_what_was_asked() -> None:
    subscribe(kind="ordered", retry_attempts=3, retry_delays_ms=[60_000], prefetch=1)

    stored = Subscription.objects.get()
    assert stored.state == State.ACTIVE
    assert stored.kind == QueueKind.ORDERED
    assert (stored.retry_attempts, stored.retry_delays_ms) == (3, [60_000])
    assert (stored.prefetch, stored.concurrency) == (1, None)
    assert stored.queue_name == "consumer__exportRequested__export-manager"


@pytest.mark.usefixtures("ends")
def test_without_wishes_it_gets_the_defaults() -> None:
    subscribe()

    stored = Subscription.objects.get()
    assert (stored.kind, stored.retry_attempts) == ("quorum", 10)
    assert stored.retry_delays_ms == [1000, 60_000, 600_000]
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.before) == ("created", None)
    assert entry.after == {
        "state": "active",
        "kind": "quorum",
        "retry_attempts": 10,
        "retry_delays_ms": [1000, 60_000, 600_000],
        "prefetch": None,
        "concurrency": None,
    }


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.ACTIVE, "already_subscribed"),
        (State.PAUSED, "already_subscribed"),
        (State.REQUESTED, "already_requested"),
        (State.DECLINED, "already_declined"),
    ],
)
def test_a_second_one_is_refused(state: State, code: str, make_subscription: Make) -> None:
    make_subscription("exportRequested", "export-manager", state=state)

    with pytest.raises(ActionError) as refusal:
        subscribe()

    assert refusal.value.code == code
    assert Subscription.objects.get().state == state


def test_a_retired_one_comes_back_with_the_new_wishes(make_subscription: Make) -> None:
    old = make_subscription("exportRequested", "export-manager", state=State.RETIRED, prefetch=7)

    subscribe(retry_attempts=3)

    stored = Subscription.objects.get()
    assert stored.pk == old.pk
    assert (stored.state, stored.retry_attempts, stored.prefetch) == (State.ACTIVE, 3, None)
    entry = AuditEntry.objects.get()
    assert entry.verb == "reactivated"
    assert entry.before == {"state": "retired", "retry_attempts": 10, "prefetch": 7}
    assert entry.after == {"state": "active", "retry_attempts": 3, "prefetch": None}


def test_a_retired_one_keeps_its_kind(make_subscription: Make) -> None:
    make_subscription("exportRequested", "export-manager", state=State.RETIRED, kind="classic")

    with pytest.raises(ActionError) as refusal:
        subscribe(kind=QueueKind.QUORUM)

    assert (refusal.value.code, refusal.value.field) == ("kind_fixed", "kind")
    assert "subscribe again as classic" in refusal.value.message
    assert Subscription.objects.get().state == State.RETIRED


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize(
    ("names", "code", "field"),
    [
        ({"event_type": "nope"}, "unknown_event_type", "event_type"),
        ({"event_type": "null\0"}, "unknown_event_type", "event_type"),
        ({"service": "nope"}, "unknown_service", "service"),
        ({"service": ""}, "unknown_service", "service"),
    ],
)
def test_unknown_ends_are_named(names: dict[str, str], code: str, field: str) -> None:
    ends = {"event_type": "exportRequested", "service": "export-manager", **names}

    with pytest.raises(ActionError) as refusal:
        create_subscription(actor=SYSTEM, **ends)

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not Subscription.objects.exists()
