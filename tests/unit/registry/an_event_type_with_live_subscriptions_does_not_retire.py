"""An event type retires only when no service listens to it any more."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.registry.actions import retire_subscription, set_lifecycle
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import (
    EventType,
    Lifecycle,
    Subscription,
    SubscriptionState,
)


@pytest.mark.parametrize("state", [SubscriptionState.ACTIVE, SubscriptionState.PAUSED])
def test_the_refusal_names_who_listens(
    state: SubscriptionState, make_subscription: Callable[..., Subscription]
) -> None:
    make_subscription("exportRequested", "meca-exporter", state=state)
    make_subscription("exportRequested", "export-manager")
    make_subscription("exportRequested", "gone", state=SubscriptionState.RETIRED)

    with pytest.raises(ActionError) as refusal:
        set_lifecycle(actor=SYSTEM, event_type="exportRequested", lifecycle=Lifecycle.RETIRED)

    assert refusal.value.code == "has_subscriptions"
    assert refusal.value.message == (
        "exportRequested has live subscriptions: export-manager, meca-exporter. Retire them first."
    )
    assert EventType.objects.get().lifecycle == Lifecycle.ACTIVE


@pytest.mark.parametrize(
    ("count", "ending"), [(5, "s4. Retire"), (6, "s4 and 1 more. Retire"), (9, "s4 and 4 more.")]
)
def test_of_many_it_names_five(
    count: int, ending: str, make_subscription: Callable[..., Subscription]
) -> None:
    for number in range(count):
        make_subscription("exportRequested", f"s{number}")

    with pytest.raises(ActionError) as refusal:
        set_lifecycle(actor=SYSTEM, event_type="exportRequested", lifecycle=Lifecycle.RETIRED)

    assert ending in refusal.value.message


def test_once_they_are_retired_it_retires(make_subscription: Callable[..., Subscription]) -> None:
    subscription = make_subscription("exportRequested", "export-manager")
    retire_subscription(actor=SYSTEM, subscription=subscription)

    set_lifecycle(actor=SYSTEM, event_type="exportRequested", lifecycle=Lifecycle.RETIRED)

    assert EventType.objects.get().lifecycle == Lifecycle.RETIRED


@pytest.mark.parametrize("lifecycle", list(Lifecycle))
def test_setting_what_is_set_is_said(
    lifecycle: Lifecycle, make_event_type: Callable[..., EventType]
) -> None:
    event_type = make_event_type("exportRequested", lifecycle=lifecycle)

    with pytest.raises(ActionError) as refusal:
        set_lifecycle(actor=SYSTEM, event_type=event_type, lifecycle=lifecycle)

    assert refusal.value.code == f"already_{lifecycle.value}"


def test_an_unknown_lifecycle_is_refused(make_event_type: Callable[..., EventType]) -> None:
    with pytest.raises(ActionError, match="choose draft, active, deprecated, retired"):
        set_lifecycle(actor=SYSTEM, event_type=make_event_type("a"), lifecycle="asleep")
