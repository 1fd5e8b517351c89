"""Somebody deletes what was in order: it is shown, and restored when a person asks."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from bus_core.topology import Binding, Policy, consumer_policy
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, Run, SubscriptionStatus
from eventbus_admin.reconcile.policy import ApplyAll
from eventbus_admin.registry.models import Subscription

QUEUE = "consumer__A__s"


@pytest.fixture
def settled(
    make_subscription: Callable[..., Any], broker: MockBroker, fence: Fence
) -> Subscription:
    """A subscription in order."""
    subscription: Subscription = make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}
    return subscription


def missing() -> dict[str, str]:
    return dict(BrokerObject.objects.filter(sync="missing").values_list("name", "message"))


def test_a_deleted_queue_is_shown_and_not_healed_by_itself(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.delete_queue(QUEUE)
    for _ in range(2):
        done = reconcile_once(broker, fence=fence)
        assert done.results == ()
        assert done.applied  # the registry's revision is; drift is another matter
    assert set(missing()) == {QUEUE, f"event__A → {QUEUE}", f"service__s → {QUEUE} [{QUEUE}]"}
    assert missing()[QUEUE] == (
        "s gets no A until its queue is made. It was in order before and was changed on the "
        "broker. Apply to restore it."
    )
    status = SubscriptionStatus.objects.get()
    assert (status.sync, status.health) == ("missing", "unknown")
    assert status.message == missing()[QUEUE]
    assert ReconcileState.objects.get().counts["missing"] == 3


def test_applying_restores_it(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.delete_queue(QUEUE)
    reconcile_once(broker, fence=fence)
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert [(one.item.name, one.done) for one in done.results] == [
        (QUEUE, True),
        (f"event__A → {QUEUE}", True),
        (f"service__s → {QUEUE} [{QUEUE}]", True),
    ]
    assert missing() == {}
    assert SubscriptionStatus.objects.get().sync == "in_sync"


def test_a_chosen_object_is_restored_alone(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.delete_queue(QUEUE)
    memory.unbind(Binding(source="dead__s", queue="dead__s"))
    reconcile_once(broker, fence=fence, policy=ApplyAll(["dead__s → dead__s"]))
    assert QUEUE in missing()
    assert "dead__s → dead__s" not in missing()


def test_a_deleted_binding_is_shown_too(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.unbind(Binding(source="event__A", queue=QUEUE))
    reconcile_once(broker, fence=fence)
    (message,) = missing().values()
    assert message.startswith("A does not reach s and is lost to it until bound.")
    assert SubscriptionStatus.objects.get().health == "no_consumers"


def test_a_changed_policy_is_shown_and_changed_back_on_request(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    ours = consumer_policy()
    memory.put_policy(Policy(name=ours.name, pattern=ours.pattern, definition={"expires": 1}))
    assert reconcile_once(broker, fence=fence).results == ()
    row = BrokerObject.objects.get(kind="policy")
    assert row.sync == "differs"
    assert "expires should be absent, is 1" in row.message
    reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert broker.observe().policies == (ours,)


def test_with_self_heal_it_is_restored_by_itself(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence, settings: Any
) -> None:
    settings.EVENTBUS_SELF_HEAL = True
    memory.delete_queue(QUEUE)
    assert len(reconcile_once(broker, fence=fence).results) == 3
    assert missing() == {}


def test_drift_is_still_drift_for_the_next_leader(
    settled: Subscription, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    memory.delete_queue(QUEUE)
    reconcile_once(broker, fence=fence)
    # Nothing of it is remembered in the process.
    assert reconcile_once(MockBroker(memory), fence=fence).results == ()
    assert QUEUE in missing()
    assert not Run.objects.exists()
