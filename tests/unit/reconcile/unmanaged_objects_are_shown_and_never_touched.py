"""What bears our names and is unknown to the registry waits for a person."""

from collections.abc import Callable
from typing import Any

from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.topology import (
    Binding,
    Queue,
    event_type_topology,
    merge,
    service_topology,
    subscription_topology,
)
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.states import SubscriptionState

Make = Callable[..., Any]


def unmanaged() -> dict[str, BrokerObject]:
    return {f"{one.kind} {one.name}": one for one in BrokerObject.objects.filter(sync="unmanaged")}


def test_a_service_that_nobody_registered_shows_up_and_stays(
    broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    MemoryLink(memory).declare(
        merge(
            (
                event_type_topology("A"),
                service_topology("stranger", (1000,)),
                subscription_topology("A", "stranger"),
            )
        )
    )
    before = memory.snapshot()
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert {one.item.name for one in done.results} == {"bus__reports", "eventbus-consumers"}
    after = memory.snapshot()
    assert after.queues == before.queues
    assert after.bindings == before.bindings
    found = unmanaged()
    assert {
        "exchange event__A",
        "exchange service__stranger",
        "queue consumer__A__stranger",
        "queue retry__stranger__1000",
        "binding event__A → consumer__A__stranger",
    } <= found.keys()
    queue = found["queue consumer__A__stranger"]
    assert (queue.service_name, queue.event_type_name) == ("stranger", "A")
    assert queue.should is None
    assert queue.message == (
        "stranger has no live subscription to A, yet events collect here. Adopt it, or delete "
        "the queue."
    )
    assert ReconcileState.objects.get().counts["unmanaged"] == len(found)


def test_a_retired_subscription_leaves_its_queue_to_a_person(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    Subscription.objects.update(state=SubscriptionState.RETIRED)
    reconcile_once(broker, fence=fence)
    assert memory.has_queue("consumer__A__s")
    assert "queue consumer__A__s" in unmanaged()
    Subscription.objects.update(state=SubscriptionState.ACTIVE)
    reconcile_once(broker, fence=fence)
    assert unmanaged() == {}


def test_a_removed_object_disappears_from_the_list(
    broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.declare_queue(Queue(name="dead__gone"))
    reconcile_once(broker, fence=fence)
    assert list(unmanaged()) == ["queue dead__gone"]
    memory.delete_queue("dead__gone")
    reconcile_once(broker, fence=fence)
    assert unmanaged() == {}


def test_a_queue_that_was_retired_removed_and_wanted_again_is_new(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    Subscription.objects.update(state=SubscriptionState.RETIRED)
    reconcile_once(broker, fence=fence)
    memory.delete_queue("consumer__A__s")
    reconcile_once(broker, fence=fence)
    Subscription.objects.update(state=SubscriptionState.ACTIVE)
    reconcile_once(broker, fence=fence)
    assert memory.has_queue("consumer__A__s")


def test_somebody_who_listens_in_is_shown(
    make_event_type: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_event_type("A")
    reconcile_once(broker, fence=fence)
    memory.declare_queue(Queue(name="spy"))
    memory.bind(Binding(source="event__A", queue="spy"))
    reconcile_once(broker, fence=fence)
    assert list(unmanaged()) == ["binding event__A → spy"]


def test_names_that_a_database_cannot_hold_do_no_harm(
    make_event_type: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_event_type("A")
    reconcile_once(broker, fence=fence)
    long = "x" * 255
    for name in (long, "nul\0"):
        memory.declare_queue(Queue(name=name))
        memory.bind(Binding(source="event__A", queue=name, routing_key=long))
    reconcile_once(broker, fence=fence)
    assert len(unmanaged()) == 2
    assert not any("\0" in name for name in unmanaged())
