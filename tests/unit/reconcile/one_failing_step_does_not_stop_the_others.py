"""Steps are carried out each on its own, in an order that works."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from bus_core.topology import Exchange
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.reconcile.apply import StepResult, apply_steps, verified
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import SubscriptionStatus
from eventbus_admin.reconcile.plan import Item
from eventbus_admin.reconcile.policy import ApplyAll
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


def test_the_others_are_made(make_subscription: Make, broker: Wrapped, fence: Fence) -> None:
    make_subscription("A", "s")
    make_subscription("B", "s")
    broker.refuse = lambda name: BrokerRefused("No.") if name == "event__A" else None
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert {one.item.name: one.error for one in done.failed} == {
        "event__A": "No.",
        "event__A → consumer__A__s": ("The embedded broker cannot do it: no exchange 'event__A'."),
    }
    statuses = dict(
        SubscriptionStatus.objects.values_list("subscription__event_type__name", "sync")
    )
    assert statuses == {"A": "missing", "B": "in_sync"}


def test_exchanges_come_before_queues_and_queues_before_bindings(
    make_subscription: Make, broker: Wrapped
) -> None:
    for number in range(20):  # enough for several threads
        make_subscription(f"A{number}", "s")
    results = apply_steps(broker, reversed(compare(broker).applicable))
    assert all(one.done for one in results)
    kinds = [str(one.item.object) for one in results]
    assert list(dict.fromkeys(kinds)) == ["exchange", "policy", "queue", "binding"]
    assert compare(broker).steps == ()


def test_a_change_that_the_broker_accepts_without_making_it_is_a_failure(
    make_event_type: Make, broker: Wrapped
) -> None:
    make_event_type("A")
    plan = compare(broker)
    (item,) = (one for one in plan.items if one.name == "event__A")
    (result,) = verified([StepResult(item)], plan)
    assert result.error == "The broker accepted the change, but the object is not as it should be."


def test_a_step_that_failed_while_somebody_else_made_it_is_done(
    make_event_type: Make, broker: Wrapped, memory: MemoryBroker
) -> None:
    make_event_type("A")
    item: Item = next(one for one in compare(broker).items if one.name == "event__A")
    memory.declare_exchange(Exchange(name="event__A"))
    (result,) = verified([StepResult(item, "a lost answer")], compare(broker))
    assert result.done
