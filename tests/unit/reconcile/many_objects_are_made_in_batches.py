"""Many new objects take few calls; the order is kept, and each result is told as it comes."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from bus_core.topology import Topology
from eventbus_admin.broker.errors import BrokerConflict, BrokerUnavailable
from eventbus_admin.reconcile import apply
from eventbus_admin.reconcile.apply import MANY, StepResult, Trouble, apply_steps
from eventbus_admin.reconcile.cycle import compare
from eventbus_admin.reconcile.lease import LeaseLost
from eventbus_admin.reconcile.models import Sync
from eventbus_admin.reconcile.objects import ObjectKind
from eventbus_admin.reconcile.plan import Item
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]


class Counting(Wrapped):
    """Counts batches, and may fail at them."""

    batches: list[Topology]
    fail: BrokerConflict | BrokerUnavailable | None = None

    def declare_many(self, topology: Topology) -> None:
        self.batches.append(topology)
        if self.fail:
            raise self.fail
        super().declare_many(topology)


@pytest.fixture
def broker(memory: MemoryBroker) -> Counting:
    counting = Counting(wrapped(memory))
    counting.batches = []
    return counting


def test_few_are_made_one_by_one(make_event_type: Make, broker: Counting) -> None:
    make_event_type("A")
    steps = compare(broker).applicable
    assert len(steps) < MANY
    apply_steps(broker, steps)
    assert broker.batches == []
    assert compare(broker).steps == ()


def test_many_are_made_in_batches_of_a_wave_each(
    make_subscription: Make, broker: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(apply.BATCH, ObjectKind.QUEUE, 10)
    for number in range(20):
        make_subscription(f"A{number}", "s")
    told: list[StepResult] = []
    results = apply_steps(broker, compare(broker).applicable, progress=told.append)
    sizes = [
        tuple(map(len, (one.exchanges, one.policies, one.queues, one.bindings)))
        for one in broker.batches
    ]
    assert [size[0] > 0 for size in sizes] == [True, False, False, False, False, False]
    assert [size[2] for size in sizes] == [0, 0, 10, 10, 5, 0]
    assert all(sum(count > 0 for count in size) == 1 for size in sizes)
    assert told == list(results)
    assert all(one.done for one in results)
    assert compare(broker).steps == ()


def test_a_batch_that_is_refused_is_tried_one_by_one(
    make_subscription: Make, broker: Counting
) -> None:
    for number in range(20):
        make_subscription(f"A{number}", "s")
    broker.fail = BrokerConflict("Something in it.")
    broker.refuse = lambda name: BrokerConflict("No.") if name == "event__A7" else None
    results = apply_steps(broker, compare(broker).applicable)
    failed = {one.item.name: one.trouble for one in results if not one.done}
    assert failed == {
        "event__A7": Trouble.LASTING,
        "event__A7 → consumer__A7__s": Trouble.LASTING,
    }


def test_a_batch_that_is_not_answered_ends_it(make_subscription: Make, broker: Counting) -> None:
    for number in range(20):
        make_subscription(f"A{number}", "s")
    broker.fail = BrokerUnavailable("It does not answer.")
    results = apply_steps(broker, compare(broker).applicable)
    assert len(broker.batches) == 1
    assert broker.writes == []
    assert {one.trouble for one in results} == {Trouble.PASSING, Trouble.UNTRIED}


@pytest.mark.parametrize("count", [1, 20])
def test_who_does_not_lead_any_more_stops_before_the_next_write(
    make_subscription: Make, broker: Counting, count: int
) -> None:
    for number in range(count):
        make_subscription(f"A{number}", "s")
    calls = iter(range(1000))

    def check() -> None:
        if next(calls) >= 2:
            raise LeaseLost("somebody else leads")

    with pytest.raises(LeaseLost):
        apply_steps(broker, compare(broker).applicable, check=check)
    assert compare(broker).steps != ()


def test_what_goes_goes_first_and_in_the_reverse_order(
    make_subscription: Make, broker: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No plan removes such things yet; the order is settled for those that will."""
    done: list[tuple[str, str]] = []
    monkeypatch.setattr(apply, "_make", lambda _broker, item: done.append((item.step, item.object)))
    make_subscription("A", "s")
    coming = compare(broker).applicable
    going = [Item(object=one.object, name=one.name, sync=Sync.SURPLUS, found={}) for one in coming]
    apply_steps(broker, [*coming, *going])
    kinds = list(dict.fromkeys(done))
    assert kinds == [
        ("delete", "binding"),
        ("delete", "queue"),
        ("delete", "policy"),
        ("delete", "exchange"),
        ("create", "exchange"),
        ("create", "policy"),
        ("create", "queue"),
        ("create", "binding"),
    ]
