"""A list of many costs as many queries as a list of few, with owners and counts."""

from collections.abc import Callable
from typing import Any

import pytest

from eventbus_admin.registry.models import (
    EventType,
    Publication,
    PublicationState,
    Service,
    Subscription,
    SubscriptionState,
)


@pytest.fixture
def crowd(make_subscription: Callable[..., Subscription]) -> None:
    for number in range(6):
        subscription = make_subscription(f"type{number}", f"service{number}")
        Publication.objects.create(event_type=subscription.event_type, service=subscription.service)


def show_ends(rows: Any) -> list[Any]:
    return [(row.event_type.owner.name, row.service.owner.name, str(row)) for row in rows]


LISTS: dict[str, Callable[[], list[Any]]] = {
    "event types": lambda: [
        (row.owner.name, row.subscription_count, row.publication_count)  # type: ignore[attr-defined]
        for row in EventType.objects.with_related().with_counts()
    ],
    "services": lambda: [
        (row.owner.name, row.subscription_count, row.publication_count)  # type: ignore[attr-defined]
        for row in Service.objects.with_related().with_counts()
    ],
    "subscriptions": lambda: show_ends(Subscription.objects.with_related()),
    "live subscriptions": lambda: show_ends(Subscription.objects.live().with_related()),
    "publications": lambda: [
        (row.event_type.name, row.service.owner.name)
        for row in Publication.objects.active().with_related()
    ],
}


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("name", LISTS)
def test_one_query(name: str, django_assert_num_queries: Callable[[int], Any]) -> None:
    with django_assert_num_queries(1):
        rows = LISTS[name]()

    assert len(rows) == 6


def test_counts_are_of_live_things_and_do_not_multiply(
    make_subscription: Callable[..., Subscription], make_event_type: Callable[..., EventType]
) -> None:
    # Given three live subscriptions, two that are not, two publications and one that is not
    states = [
        SubscriptionState.ACTIVE,
        SubscriptionState.ACTIVE,
        SubscriptionState.PAUSED,
        SubscriptionState.RETIRED,
        SubscriptionState.REQUESTED,
    ]
    subscriptions = [
        make_subscription("exportRequested", f"service{number}", state=state)
        for number, state in enumerate(states)
    ]
    for subscription, state in zip(
        subscriptions,
        [PublicationState.ACTIVE, PublicationState.ACTIVE, PublicationState.DECLINED],
        strict=False,
    ):
        Publication.objects.create(
            event_type=subscription.event_type, service=subscription.service, state=state
        )
    make_event_type("unused")

    counts = EventType.objects.with_counts().values_list(
        "name", "subscription_count", "publication_count"
    )

    assert list(counts) == [("exportRequested", 3, 2), ("unused", 0, 0)]
    first = Service.objects.with_counts().get(name="service0")
    assert (first.subscription_count, first.publication_count) == (1, 1)  # type: ignore[attr-defined]
