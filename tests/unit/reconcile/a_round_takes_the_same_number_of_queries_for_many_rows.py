"""A round's cost in queries does not grow with the registry."""

from collections.abc import Callable
from typing import Any

from bus_core.memory import MemoryBroker
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from tests.unit.growth.measuring import queries
from tests.unit.reconcile.brokers import fill

Make = Callable[..., Any]


def test_rounds(
    make_subscription: Make, broker: MockBroker, memory: MemoryBroker, fence: Fence
) -> None:
    def grow(numbers: range) -> None:
        for number in numbers:
            make_subscription(f"A{number}", f"s{number % 3}")

    def one_round() -> object:
        return reconcile_once(broker, fence=fence)

    def change_all(numbers: range) -> None:
        for number in numbers:
            fill(memory, f"consumer__A{number}__s{number % 3}", 1)

    grow(range(3))
    one_round()
    few = queries(one_round)
    change_all(range(3))
    few_changes = queries(one_round)
    grow(range(3, 5))
    few_new = queries(one_round)

    # SQLite takes new rows in lots of about a hundred.
    grow(range(5, 25))
    assert queries(one_round) == few_new
    assert queries(one_round) == few
    change_all(range(25))
    assert queries(one_round) == few_changes
