"""What may work later is tried again with growing pauses; what is refused waits for a change."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.errors import BrokerConflict, BrokerFailed, BrokerRefused
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, Lease
from eventbus_admin.registry.models import Subscription
from eventbus_admin.registry.revision import bump_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped
from tests.unit.reconcile.clock import Clock

Make = Callable[..., Any]
QUEUE = "consumer__A__s"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries() -> list[float]:
    """When making the queue was tried."""
    return []


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


@pytest.fixture
def reconciler(db: None, broker: Wrapped, clock: Clock, make_subscription: Make) -> Reconciler:
    make_subscription("A", "s")
    return lead(broker, clock)


def lead(broker: Wrapped, clock: Clock) -> Reconciler:
    leadership = Leadership()
    leadership.renew()
    return Reconciler(broker=broker, leadership=leadership, compare_seconds=5, clock=clock)


def fail(broker: Wrapped, clock: Clock, tries: list[float], error: Exception) -> None:
    def refuse(name: str) -> Any:
        if name != QUEUE:
            return None
        tries.append(clock.now - 100)
        return error

    broker.refuse = refuse


def message() -> str:
    return BrokerObject.objects.get(kind="queue", name=QUEUE).message


def pass_time(reconciler: Reconciler, clock: Clock, seconds: float) -> None:
    for _ in range(int(seconds * 2)):
        clock.now += 0.5
        reconciler.turn()


def test_pauses_grow_up_to_a_minute(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float]
) -> None:
    fail(broker, clock, tries, BrokerFailed("Out of disk."))
    reconciler.turn()
    pass_time(reconciler, clock, 250)
    pauses = [later - before for before, later in itertools.pairwise(tries)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert "Making it failed: Out of disk. Tried 10 times, again at " in message()
    broker.refuse = lambda _name: None
    pass_time(reconciler, clock, 60)
    assert message() == ""


def test_the_first_failure_says_so(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float]
) -> None:
    fail(broker, clock, tries, BrokerFailed("Out of disk."))
    reconciler.turn()
    assert "Out of disk. Tried once, again at " in message()
    assert message().endswith(" UTC.")


@pytest.mark.parametrize("error", [BrokerRefused("No."), BrokerConflict("No.")])
def test_what_is_refused_waits(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float], error: Exception
) -> None:
    fail(broker, clock, tries, error)
    reconciler.turn()
    bump_revision()
    pass_time(reconciler, clock, 100)
    assert len(tries) == 1
    assert message().endswith("No. It waits until something about it changes, or until you apply.")


def test_what_is_refused_is_tried_when_something_else_is_wanted(
    reconciler: Reconciler,
    broker: Wrapped,
    clock: Clock,
    tries: list[float],
) -> None:
    fail(broker, clock, tries, BrokerRefused("No."))
    reconciler.turn()
    Subscription.objects.update(kind="ordered")
    bump_revision()
    reconciler.turn()
    assert len(tries) == 2


def test_a_binding_that_failed_for_want_of_its_queue_follows_it(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float]
) -> None:
    fail(broker, clock, tries, BrokerFailed("Out of disk."))
    reconciler.turn()
    binding = BrokerObject.objects.get(name=f"event__A → {QUEUE}")
    assert "It waits until something about it changes" in binding.message
    broker.refuse = lambda _name: None
    pass_time(reconciler, clock, 6)
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}


def test_a_person_has_it_tried_at_once(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float]
) -> None:
    fail(broker, clock, tries, BrokerRefused("No."))
    reconciler.turn()
    run = request_apply(actor=SYSTEM)
    reconciler.turn()
    assert len(tries) == 2
    run.refresh_from_db()
    assert run.state == "failed"
    broker.refuse = lambda _name: None
    request_apply(actor=SYSTEM)
    reconciler.turn()
    assert message() == ""


def test_a_new_leader_tries_once_and_waits_again(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float]
) -> None:
    fail(broker, clock, tries, BrokerRefused("No."))
    reconciler.turn()
    Lease.objects.update(holder="", expires=None)
    successor = lead(broker, clock)
    successor.turn()
    pass_time(successor, clock, 30)
    assert len(tries) == 2


def test_one_object_that_fails_holds_up_no_other(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, tries: list[float], memory: MemoryBroker
) -> None:
    fail(broker, clock, tries, BrokerFailed("Out of disk."))
    reconciler.turn()
    assert memory.has_queue("dead__s")
    assert memory.has_queue("control__s")
