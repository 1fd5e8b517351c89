"""What the registry asks for anew is made without anybody pressing a button."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core import topology
from bus_core.memory import MemoryBroker
from bus_core.topology import Policy
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.registry.actions.subscriptions import create_subscription
from eventbus_admin.registry.revision import current_revision
from tests.unit.reconcile.brokers import wrapped

Make = Callable[..., Any]


def applied_revision() -> int:
    return ReconcileState.objects.get().applied_revision


def test_a_new_subscription_is_made_at_once(
    make_event_type: Make, make_service: Make, broker: MockBroker, fence: Fence
) -> None:
    make_event_type("A")
    make_service("s")
    reconcile_once(broker, fence=fence)
    create_subscription(actor=SYSTEM, service="s", event_type="A")
    done = reconcile_once(broker, fence=fence)
    assert "consumer__A__s" in [one.item.name for one in done.results]
    assert applied_revision() == current_revision() == 1
    assert SubscriptionStatus.objects.get().sync == "in_sync"


def test_a_new_subscription_does_not_heal_drift_beside_it(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    memory.delete_queue("consumer__A__s")
    make_subscription("B", "s")
    reconcile_once(broker, fence=fence)
    assert memory.has_queue("consumer__B__s")
    assert not memory.has_queue("consumer__A__s")


def test_another_broker_in_the_same_place_is_filled_from_nothing(
    make_subscription: Make, broker: MockBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    restarted = MemoryBroker()
    done = reconcile_once(MockBroker(restarted), fence=fence)
    assert done.applied
    assert restarted.has_queue("consumer__A__s")
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}


def lose_queues(memory: MemoryBroker) -> None:
    for queue in memory.snapshot().queues:
        memory.delete_queue(queue.queue.name)


def lose_what_queues_need(memory: MemoryBroker) -> None:
    seen = memory.snapshot()
    for exchange in seen.exchanges:
        memory.delete_exchange(exchange.name)
    for policy in seen.policies:
        memory.delete_policy(policy.name)


def test_a_broker_that_lost_everything_is_filled_again(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    lose_queues(memory)
    lose_what_queues_need(memory)
    refusing = wrapped(memory)
    refusing.refuse = lambda name: BrokerRefused("No.") if name == "dead__s" else None
    assert reconcile_once(refusing, fence=fence).failed
    # What failed is still a wish, and not drift because the rest is there.
    assert reconcile_once(broker, fence=fence).applied
    assert compare(broker).steps == ()


def test_exchanges_that_publishers_and_the_feed_made_first_do_not_keep_it_from_being_filled(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    lose_queues(memory)
    lose_what_queues_need(memory)
    for exchange in topology.event_type_topology("A").exchanges:
        memory.declare_exchange(exchange)
    assert reconcile_once(broker, fence=fence).applied
    assert memory.has_queue("consumer__A__s")
    assert compare(broker).steps == ()


def test_queues_that_somebody_deleted_stay_drift_even_if_it_was_all_of_them(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    lose_queues(memory)
    reconcile_once(broker, fence=fence)
    assert not memory.has_queue("consumer__A__s")


def test_a_wish_that_changed_is_new_even_if_its_object_is_old(
    make_subscription: Make, broker: MockBroker, fence: Fence, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    newer = Policy(name="eventbus-consumers", pattern="^consumer__", definition={"x": 2})
    monkeypatch.setattr(topology, "consumer_policy", lambda: newer)
    done = reconcile_once(broker, fence=fence)
    assert [one.item.name for one in done.results] == [newer.name]
    assert broker.observe().policies == (newer,)


def test_what_could_not_be_made_is_tried_again_and_holds_back_the_revision(
    make_event_type: Make, make_service: Make, memory: MemoryBroker, fence: Fence
) -> None:
    broker = wrapped(memory)
    make_event_type("A")
    make_service("s")
    create_subscription(actor=SYSTEM, service="s", event_type="A")
    broker.refuse = lambda name: BrokerRefused("No.") if name == "consumer__A__s" else None
    for _ in range(2):
        assert not reconcile_once(broker, fence=fence).applied
    assert applied_revision() == 0
    row = BrokerObject.objects.get(name="consumer__A__s")
    assert (row.sync, row.message) == (
        "missing",
        "s gets no A until its queue is made. Making it failed: No.",
    )
    broker.refuse = lambda _name: None
    assert reconcile_once(broker, fence=fence).applied
    assert applied_revision() == 1


def test_the_revision_is_the_one_read_before_the_registry(
    make_subscription: Make,
    broker: MockBroker,
    memory: MemoryBroker,
    fence: Fence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from eventbus_admin.registry.revision import bump_revision

    make_subscription("A", "s")
    look = broker.observe

    def meanwhile() -> Any:
        bump_revision()
        return look()

    monkeypatch.setattr(broker, "observe", meanwhile)
    assert reconcile_once(broker, fence=fence).wishes.revision == 0
    assert applied_revision() == 0
    assert current_revision() > 0
