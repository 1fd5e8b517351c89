"""A broker that is in order is looked at and left alone; rows too."""

from collections.abc import Callable
from typing import Any

from bus_core.memory import MemoryBroker
from eventbus_admin.reconcile.cycle import compare, reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, SubscriptionStatus
from eventbus_admin.reconcile.policy import ApplyAll
from tests.unit.reconcile.brokers import fill, wrapped

Make = Callable[..., Any]


def test_the_second_apply_writes_nothing_to_the_broker(
    make_subscription: Make, memory: MemoryBroker, fence: Fence
) -> None:
    broker = wrapped(memory)
    make_subscription("A", "s")
    first = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert len(broker.writes) == len(first.results) == len(first.plan.items)
    broker.writes.clear()
    second = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert (second.results, broker.writes) == ((), [])


def test_a_look_takes_one_observation_and_an_apply_two(
    make_subscription: Make, memory: MemoryBroker, fence: Fence
) -> None:
    broker = wrapped(memory)
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    assert broker.looks == 2
    reconcile_once(broker, fence=fence)
    assert broker.looks == 3


def test_comparing_touches_neither_broker_nor_rows(
    make_subscription: Make, memory: MemoryBroker, db: None
) -> None:
    broker = wrapped(memory)
    make_subscription("A", "s")
    plan = compare(broker)
    assert len(plan.applicable) == len(plan.items) > 10
    assert broker.writes == []
    assert not BrokerObject.objects.exists()


def test_rows_are_written_only_where_something_changed(
    make_subscription: Make,
    memory: MemoryBroker,
    fence: Fence,
    django_assert_num_queries: Callable[..., Any],
) -> None:
    broker = wrapped(memory)
    for number in range(5):
        make_subscription(f"A{number}", "s")
    reconcile_once(broker, fence=fence)
    with django_assert_num_queries(1000, exact=False) as quiet:
        reconcile_once(broker, fence=fence)
    written = [one["sql"] for one in quiet.captured_queries if not _reads(one["sql"])]
    assert [one.split('"')[1] for one in written] == ["reconcile_lease", "reconcile_reconcilestate"]

    since = dict(BrokerObject.objects.values_list("pk", "since"))
    changed_at = dict(SubscriptionStatus.objects.values_list("pk", "changed_at"))
    fill(memory, "consumer__A1__s", 3)
    with django_assert_num_queries(1000, exact=False) as busy:
        reconcile_once(broker, fence=fence)
    written = [one["sql"] for one in busy.captured_queries if not _reads(one["sql"])]
    assert len(written) == 3  # the statuses in one statement
    assert dict(BrokerObject.objects.values_list("pk", "since")) == since
    # More waits, which is no other state.
    assert dict(SubscriptionStatus.objects.values_list("pk", "changed_at")) == changed_at
    status = SubscriptionStatus.objects.get(subscription__event_type__name="A1")
    assert (status.messages_ready, status.message) == (3, "s has no worker; 3 events wait.")


def _reads(sql: str) -> bool:
    return sql.startswith(("SELECT", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
