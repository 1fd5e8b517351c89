"""A change of the registry does not begin with a look, and is right all the same."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import KEPT_SECONDS, Reconciler
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.revision import bump_revision, current_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped
from tests.unit.reconcile.clock import Clock

Make = Callable[..., Any]
QUEUE = "consumer__A__s"


class Counting(Wrapped):
    """Tells complete looks from others."""

    complete = 0

    def observe(self) -> Any:
        self.complete += 1
        return super().observe()


@pytest.fixture
def broker(memory: MemoryBroker) -> Counting:
    return Counting(wrapped(memory))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reconciler(db: None, broker: Counting, clock: Clock, make_subscription: Make) -> Reconciler:
    make_subscription("A", "s")
    make_subscription("B", "s")
    leadership = Leadership(seconds=3600)
    leadership.renew()
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=60, clock=clock)
    reconciler.turn()
    broker.complete = 0
    return reconciler


def test_no_complete_look_is_taken(
    reconciler: Reconciler, broker: Counting, memory: MemoryBroker, make_subscription: Make
) -> None:
    make_subscription("C", "s")
    bump_revision()
    reconciler.turn()
    assert broker.complete == 0
    assert memory.has_queue("consumer__C__s")
    assert ReconcileState.objects.get().applied_revision == current_revision()


def test_drift_that_was_seen_is_left_for_a_person(
    reconciler: Reconciler, broker: Counting, memory: MemoryBroker, make_subscription: Make
) -> None:
    memory.delete_queue(QUEUE)
    reconciler.wake()
    reconciler.turn()
    make_subscription("C", "s")
    bump_revision()
    reconciler.turn()
    assert memory.has_queue("consumer__C__s")
    assert not memory.has_queue(QUEUE)


def test_an_old_look_is_not_planned_against(
    reconciler: Reconciler, broker: Counting, clock: Clock
) -> None:
    clock.now += KEPT_SECONDS
    bump_revision()
    reconciler.turn()
    assert broker.complete == 1


def test_what_is_wanted_again_is_looked_at_rather_than_taken_on_trust(
    reconciler: Reconciler, broker: Counting, memory: MemoryBroker
) -> None:
    """It was not wanted for a while, and somebody has taken it away since the last look."""
    Subscription.objects.filter(event_type__name="A").update(state="retired")
    bump_revision()
    reconciler.turn()
    memory.delete_queue(QUEUE)
    Subscription.objects.filter(event_type__name="A").update(state="active")
    bump_revision()
    for _ in range(2):
        reconciler.turn()
    assert memory.has_queue(QUEUE)
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}


def test_a_hint_while_a_change_is_applied_is_not_forgotten(
    reconciler: Reconciler, broker: Counting, make_subscription: Make
) -> None:
    make_subscription("C", "s")
    bump_revision()

    def hint(name: str) -> None:
        if name == "consumer__C__s":
            reconciler.wake()

    broker.refuse = hint
    reconciler.turn()
    reconciler.turn()
    assert broker.complete == 1


def test_what_others_change_shows_at_the_next_complete_look(
    reconciler: Reconciler, broker: Counting, memory: MemoryBroker, clock: Clock
) -> None:
    memory.delete_queue(QUEUE)
    bump_revision()
    reconciler.turn()
    assert BrokerObject.objects.get(kind="queue", name=QUEUE).sync == "in_sync"
    clock.now += 60
    reconciler.turn()
    assert BrokerObject.objects.get(kind="queue", name=QUEUE).sync == "missing"
