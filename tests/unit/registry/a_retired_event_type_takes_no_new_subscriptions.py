"""A retired event type takes no new subscriptions and publications, until it is activated again."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry.actions import (
    allow_publication,
    create_subscription,
    set_lifecycle,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import (
    EventType,
    Lifecycle,
    Publication,
    Service,
    Subscription,
    SubscriptionState,
)


@pytest.fixture
def retired(make_event_type: Callable[..., EventType]) -> EventType:
    return make_event_type("exportRequested", lifecycle=Lifecycle.RETIRED)


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    return make_service("export-manager")


def test_a_subscription_is_refused(retired: EventType, service: Service) -> None:
    with pytest.raises(ActionError) as refusal:
        create_subscription(actor=SYSTEM, service=service, event_type=retired)

    assert (refusal.value.code, refusal.value.field) == ("retired", "event_type")
    assert "exportRequested is retired" in refusal.value.message
    assert not Subscription.objects.exists()


def test_a_publication_is_refused(retired: EventType, service: Service) -> None:
    with pytest.raises(ActionError) as refusal:
        allow_publication(actor=SYSTEM, service=service, event_type=retired)

    assert refusal.value.code == "retired"
    assert not Publication.objects.exists()


def test_a_retired_subscription_does_not_come_back(retired: EventType, service: Service) -> None:
    Subscription.objects.create(
        event_type=retired, service=service, state=SubscriptionState.RETIRED
    )

    with pytest.raises(ActionError):
        create_subscription(actor=SYSTEM, service=service, event_type=retired)

    assert Subscription.objects.get().state == SubscriptionState.RETIRED


@pytest.mark.parametrize("lifecycle", [Lifecycle.ACTIVE, Lifecycle.DRAFT, Lifecycle.DEPRECATED])
def test_any_other_takes_them(lifecycle: Lifecycle, retired: EventType, service: Service) -> None:
    set_lifecycle(actor=SYSTEM, event_type=retired, lifecycle=lifecycle)

    create_subscription(actor=SYSTEM, service=service, event_type=retired)

    assert Subscription.objects.get().state == SubscriptionState.ACTIVE


def test_a_stale_object_does_not_help(
    make_event_type: Callable[..., EventType], service: Service
) -> None:
    # Given an object read before somebody retired the event type
    stale = make_event_type("exportRequested")
    set_lifecycle(actor=SYSTEM, event_type="exportRequested", lifecycle=Lifecycle.RETIRED)

    with pytest.raises(ActionError, match="retired"):
        create_subscription(actor=SYSTEM, service=service, event_type=stale)
