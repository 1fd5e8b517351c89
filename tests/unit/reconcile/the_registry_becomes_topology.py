"""What should be on the broker follows from the registry's rows."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.topology import (
    bus_topology,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.reconcile.desired import directives_of, read_registry, topology_of
from eventbus_admin.registry.models import Publication
from eventbus_admin.registry.states import Lifecycle, PublicationState, SubscriptionState

Make = Callable[..., Any]


def exchanges() -> set[str]:
    return {one.name for one in topology_of(read_registry()).exchanges}


def queues() -> set[str]:
    return {one.name for one in topology_of(read_registry()).queues}


@pytest.mark.django_db
def test_an_empty_registry_asks_for_the_bus_itself() -> None:
    assert topology_of(read_registry()) == bus_topology()


def test_a_subscription_asks_for_all_that_it_needs(make_subscription: Make) -> None:
    make_subscription("exportRequested", "export-manager", retry_delays_ms=[500, 2000])
    wanted = merge(
        (
            bus_topology(),
            event_type_topology("exportRequested"),
            service_topology("export-manager", (500, 2000)),
            subscription_topology("exportRequested", "export-manager"),
        )
    )
    assert topology_of(read_registry()) == wanted


def test_a_service_gets_the_retry_steps_of_its_live_subscriptions(make_subscription: Make) -> None:
    make_subscription("A", "s", retry_delays_ms=[1, 2])
    make_subscription("B", "s", retry_delays_ms=[2, 3], state=SubscriptionState.PAUSED)
    make_subscription("C", "s", retry_delays_ms=[4], state=SubscriptionState.RETIRED)
    make_subscription("A", "other", retry_delays_ms=[5])
    steps = {name for name in queues() if name.startswith("retry__s__")}
    assert steps == {"retry__s__1", "retry__s__2", "retry__s__3"}


def test_a_row_without_retry_steps_gets_the_whole_ladder(
    make_subscription: Make, settings: Any
) -> None:
    settings.EVENTBUS_RETRY_DELAYS_MS = (7, 70)
    make_subscription("A", "s", retry_delays_ms=[])
    make_subscription("B", "other", retry_delays_ms=[1])
    steps = {name for name in queues() if name.startswith("retry__")}
    assert steps == {"retry__s__7", "retry__s__70", "retry__other__1"}
    (directive,) = directives_of(read_registry())["s"].subscriptions.values()
    assert directive.retry is not None
    assert directive.retry.delays_ms == (7, 70)


@pytest.mark.parametrize(
    ("state", "has_queue"),
    [
        (SubscriptionState.ACTIVE, True),
        (SubscriptionState.PAUSED, True),
        (SubscriptionState.REQUESTED, False),
        (SubscriptionState.DECLINED, False),
        (SubscriptionState.RETIRED, False),
    ],
)
def test_a_subscription_has_a_queue_while_it_is_live(
    make_subscription: Make, state: str, has_queue: bool
) -> None:
    make_subscription("A", "s", state=state)
    assert ("consumer__A__s" in queues()) is has_queue


@pytest.mark.parametrize("kind", ["quorum", "ordered", "classic"])
def test_a_subscription_has_the_kind_of_queue_it_asks_for(
    make_subscription: Make, kind: str
) -> None:
    subscription = make_subscription("A", "s", kind=kind)
    (wish,) = read_registry().live
    assert wish.topology == subscription_topology("A", "s", wish.kind)
    assert wish.kind.value == subscription.kind


@pytest.mark.parametrize("lifecycle", [Lifecycle.DRAFT, Lifecycle.ACTIVE, Lifecycle.DEPRECATED])
def test_an_event_type_has_an_exchange_until_it_is_retired(
    make_event_type: Make, lifecycle: str
) -> None:
    make_event_type("A", lifecycle=lifecycle)
    assert "event__A" in exchanges()


def test_a_retired_event_type_without_users_has_none(make_event_type: Make) -> None:
    make_event_type("A", lifecycle=Lifecycle.RETIRED)
    assert "event__A" not in exchanges()


@pytest.mark.parametrize(
    ("state", "stays"), [(SubscriptionState.PAUSED, True), (SubscriptionState.RETIRED, False)]
)
def test_a_retired_event_type_stays_for_a_live_subscription(
    make_event_type: Make, make_subscription: Make, state: str, stays: bool
) -> None:
    make_event_type("A", lifecycle=Lifecycle.RETIRED)
    make_subscription("A", "s", state=state)
    assert ("event__A" in exchanges()) is stays


@pytest.mark.parametrize(
    ("state", "stays"), [(PublicationState.ACTIVE, True), (PublicationState.REQUESTED, False)]
)
def test_a_retired_event_type_stays_for_an_active_publication(
    make_event_type: Make, make_service: Make, state: str, stays: bool
) -> None:
    event_type = make_event_type("A", lifecycle=Lifecycle.RETIRED)
    Publication.objects.create(service=make_service("s"), event_type=event_type, state=state)
    assert ("event__A" in exchanges()) is stays


def test_a_service_has_its_own_objects_without_any_subscription(make_service: Make) -> None:
    make_service("s")
    assert {"service__s", "dead__s"} <= exchanges()
    assert queues() == {"dead__s", "control__s"}


def test_what_is_not_live_is_told_to_the_workers_as_retired(make_subscription: Make) -> None:
    make_subscription("A", "s")
    make_subscription("B", "s", state=SubscriptionState.PAUSED)
    for name, state in (("C", "retired"), ("D", "requested"), ("E", "declined")):
        make_subscription(name, "s", state=state)
    told = directives_of(read_registry())["s"].subscriptions
    assert {name: str(one.state) for name, one in told.items()} == {
        "A": "active",
        "B": "paused",
        "C": "retired",
        "D": "retired",
        "E": "retired",
    }


def test_reading_takes_the_same_number_of_queries_for_many_rows(
    make_subscription: Make, django_assert_num_queries: Callable[[int], Any]
) -> None:
    make_subscription("A", "s")
    with django_assert_num_queries(7):
        topology_of(read_registry())
    for number in range(10):
        make_subscription(f"A{number}", f"s{number}")
    with django_assert_num_queries(7):
        topology_of(read_registry())
