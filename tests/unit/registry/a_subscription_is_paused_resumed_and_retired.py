"""A subscription moves between its states, and says so when it is there already."""

from collections.abc import Callable

import pytest

from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.audit.models import AuditEntry
from eventbus_admin.registry.actions import (
    change_subscription,
    pause_subscription,
    resume_subscription,
    retire_subscription,
)
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Subscription, SubscriptionState

State = SubscriptionState
MOVES = {
    "pause": (pause_subscription, "paused"),
    "resume": (resume_subscription, "resumed"),
    "retire": (retire_subscription, "retired"),
}
make = Callable[..., Subscription]


@pytest.mark.parametrize(
    ("move", "start", "end"),
    [
        ("pause", State.ACTIVE, State.PAUSED),
        ("resume", State.PAUSED, State.ACTIVE),
        ("retire", State.ACTIVE, State.RETIRED),
        ("retire", State.PAUSED, State.RETIRED),
    ],
)
def test_what_is_possible(move: str, start: State, end: State, make_subscription: make) -> None:
    subscription = make_subscription("exportRequested", "export-manager", state=start)
    act, verb = MOVES[move]

    moved = act(actor=SYSTEM, subscription=subscription)

    assert moved.state == Subscription.objects.get().state == end
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.object_name) == (verb, "exportRequested/export-manager")
    assert (entry.before, entry.after) == ({"state": start.value}, {"state": end.value})


@pytest.mark.parametrize(
    ("move", "start", "code"),
    [
        ("pause", State.PAUSED, "already_paused"),
        ("pause", State.RETIRED, "retired"),
        ("pause", State.REQUESTED, "not_active"),
        ("pause", State.DECLINED, "not_active"),
        ("resume", State.ACTIVE, "already_active"),
        ("resume", State.RETIRED, "retired"),
        ("resume", State.REQUESTED, "not_active"),
        ("resume", State.DECLINED, "not_active"),
        ("retire", State.RETIRED, "already_retired"),
        ("retire", State.REQUESTED, "not_active"),
        ("retire", State.DECLINED, "not_active"),
    ],
)
def test_what_is_not(move: str, start: State, code: str, make_subscription: make) -> None:
    subscription = make_subscription("exportRequested", "export-manager", state=start)

    with pytest.raises(ActionError) as refusal:
        MOVES[move][0](actor=SYSTEM, subscription=subscription)

    assert refusal.value.code == code
    assert refusal.value.message.startswith("exportRequested → export-manager is ")
    assert Subscription.objects.get().state == start
    assert not AuditEntry.objects.exists()


def test_two_who_pause_from_the_same_page(make_subscription: make) -> None:
    page_of_one = make_subscription("exportRequested", "export-manager")
    page_of_other = Subscription.objects.get()
    pause_subscription(actor=SYSTEM, subscription=page_of_one)

    with pytest.raises(ActionError) as refusal:
        pause_subscription(actor=SYSTEM, subscription=page_of_other)

    assert refusal.value.message == "exportRequested → export-manager is paused already."


def test_a_pause_keeps_what_somebody_else_changed_meanwhile(make_subscription: make) -> None:
    page_of_one = make_subscription("exportRequested", "export-manager")
    change_subscription(actor=SYSTEM, subscription=page_of_one, prefetch=7)

    pause_subscription(actor=SYSTEM, subscription=page_of_one)

    assert Subscription.objects.get().prefetch == 7


@pytest.mark.parametrize("state", [State.RETIRED, State.REQUESTED, State.DECLINED])
def test_only_a_live_one_is_changed(state: State, make_subscription: make) -> None:
    subscription = make_subscription("exportRequested", "export-manager", state=state)

    with pytest.raises(ActionError):
        change_subscription(actor=SYSTEM, subscription=subscription, prefetch=7)

    assert Subscription.objects.get().prefetch is None


def test_one_that_is_gone_is_said_to_be_unknown(make_subscription: make) -> None:
    subscription = make_subscription("exportRequested", "export-manager")
    Subscription.objects.all().delete()

    with pytest.raises(ActionError) as refusal:
        pause_subscription(actor=SYSTEM, subscription=subscription)

    assert refusal.value.code == "unknown_subscription"
