"""After subscribing one is told whether it is live, and the page keeps looking until it is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from eventbus_admin.accounts.models import User
from eventbus_admin.reconcile.models import Health, ReconcileState, SubscriptionStatus, Sync
from eventbus_admin.registry.models import EventType, Service, Subscription

WISH = {
    "service": "export-manager",
    "event_type": "exportRequested",
    "kind": "quorum",
    "retry_attempts": "10",
    "retry_delays_ms": ["1000", "60000"],
}
PAGE = "/subscriptions/exportRequested/export-manager/"


@pytest.fixture
def ends(make_event_type: Callable[..., EventType], make_service: Callable[..., Service]) -> None:
    """The two ends of a subscription."""
    make_event_type("exportRequested")
    make_service("export-manager")


def test_it_is_live(
    ends: None,
    answering_broker: ReconcileState,
    member: User,
    signed_in: Callable[[User], Client],
) -> None:
    answer = signed_in(member).post("/new/subscription/", WISH, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "is live on the broker." in answer.content.decode()
    assert Subscription.objects.get().retry_delays_ms == [1000, 60000]


def test_it_is_kept_while_the_broker_is_away(
    ends: None, silent_broker: ReconcileState, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).post("/new/subscription/", WISH, follow=True)
    html = answer.content.decode()
    assert "It will be applied as soon as the broker answers." in html
    assert "Pending: will be applied as soon as the broker answers" in html


def test_the_page_looks_again_and_finds_it_live(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    client = signed_in(member)
    SubscriptionStatus.objects.update(sync=Sync.MISSING, health=Health.UNKNOWN)
    before = client.get(f"{PAGE}live/").content.decode()
    SubscriptionStatus.objects.update(sync=Sync.IN_SYNC, health=Health.HEALTHY)
    after = client.get(f"{PAGE}live/").content.decode()
    assert f'hx-get="{PAGE}live/"' in client.get(PAGE).content.decode()
    assert "Pending: being applied" in before
    assert "Live on the broker" in after


def test_what_was_live_is_not_claimed_to_be_while_nobody_can_look(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    ReconcileState.objects.update(reachable=False, error="Refused.")
    html = signed_in(member).get(PAGE).content.decode()
    assert "Live on the broker" not in html
    assert "Was live when the broker was last read" in html


def test_the_preview_tells_what_it_creates(
    world: Subscription, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).get(
        "/new/subscription/preview/",
        {
            "service": "export-manager",
            "event_type": "exportRequested",
            "kind": "ordered",
            "retry_delays_ms": ["1000"],
        },
    )
    assert [one.name for one in answer.context["creations"]] == [
        "consumer__exportRequested__export-manager",
        "dead__export-manager",
        "retry__export-manager__1000",
        "control__export-manager",
    ]
    html = answer.content.decode()
    assert "@bus.subscribe" in html
    assert "{&quot;journal&quot;: &quot;elife&quot;}" in html


@pytest.mark.parametrize("name", ["two__parts", "", "9", "x" * 300])
def test_the_preview_bears_names_that_are_none(
    name: str, member: User, signed_in: Callable[[User], Client]
) -> None:
    answer = signed_in(member).get(
        "/new/subscription/preview/",
        {"service": name, "event_type": "exportRequested", "retry_delays_ms": ["x", "-1", "0"]},
    )
    assert answer.status_code == 200
    assert answer.context["incomplete"]


def test_where_nothing_is_applied_by_itself_it_says_who_does(
    world: Subscription, member: User, signed_in: Callable[[User], Client], settings: Any
) -> None:
    settings.EVENTBUS_APPLY = "observe"
    SubscriptionStatus.objects.update(sync=Sync.MISSING, health=Health.UNKNOWN)
    html = signed_in(member).get(PAGE).content.decode()
    assert "Pending: waits until an operator applies it on Drift" in html
