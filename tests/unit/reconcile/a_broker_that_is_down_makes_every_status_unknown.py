"""Nothing old stays green while the broker cannot be read."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bus_core.memory import MemoryBroker
from eventbus_admin.broker.errors import BrokerUnavailable
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import Fence
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState, SubscriptionStatus
from eventbus_admin.reconcile.policy import ApplyAll
from tests.unit.reconcile.brokers import AWAY, Wrapped, wrapped

Make = Callable[..., Any]


@pytest.fixture
def broker(make_subscription: Make, memory: MemoryBroker, fence: Fence) -> Wrapped:
    """A broker in order, gone away."""
    broker = wrapped(memory)
    make_subscription("A", "s")
    reconcile_once(broker, fence=fence)
    broker.away = True
    return broker


def test_everything_is_unknown_and_says_why(broker: Wrapped, fence: Fence) -> None:
    done = reconcile_once(broker, fence=fence)
    assert (done.error, done.seen, done.applied) == (AWAY, None, False)
    status = SubscriptionStatus.objects.get()
    assert (status.sync, status.health, status.message) == ("unknown", "unknown", AWAY)
    assert set(BrokerObject.objects.values_list("sync", "message")) == {("unknown", AWAY)}
    state = ReconcileState.objects.get()
    assert (state.reachable, state.error) == (False, AWAY)
    assert state.counts == {"unknown": BrokerObject.objects.count()}
    assert state.observed_at is not None  # when it was last read, for the page to say


def test_staying_away_writes_nothing_more(broker: Wrapped, fence: Fence) -> None:
    reconcile_once(broker, fence=fence)
    with CaptureQueriesContext(connection) as caught:
        reconcile_once(broker, fence=fence)
    written = [one["sql"] for one in caught if one["sql"].startswith(("UPDATE", "INSERT"))]
    assert [one.split('"')[1] for one in written] == ["reconcile_lease"]


def test_when_it_is_back_all_is_known_again(broker: Wrapped, fence: Fence) -> None:
    reconcile_once(broker, fence=fence)
    broker.away = False
    reconcile_once(broker, fence=fence)
    assert SubscriptionStatus.objects.get().sync == "in_sync"
    assert set(BrokerObject.objects.values_list("sync", flat=True)) == {"in_sync"}
    assert ReconcileState.objects.get().reachable


def test_what_was_deleted_meanwhile_is_drift(
    broker: Wrapped, memory: MemoryBroker, fence: Fence
) -> None:
    reconcile_once(broker, fence=fence)
    memory.delete_queue("consumer__A__s")
    broker.away = False
    assert reconcile_once(broker, fence=fence).results == ()


def test_a_broker_that_goes_away_amid_an_apply_fails_the_rest(
    make_subscription: Make, memory: MemoryBroker, fence: Fence
) -> None:
    broker = wrapped(memory)
    make_subscription("A", "s")

    def stumble(name: str) -> None:
        broker.away = broker.away or name == "dead__s"

    broker.refuse = lambda name: stumble(name) or (BrokerUnavailable(AWAY) if broker.away else None)
    done = reconcile_once(broker, fence=fence, policy=ApplyAll())
    assert done.error == AWAY
    errors = {one.error for one in done.failed}
    assert errors == {AWAY, "Not tried: the broker went away before."}
    assert any(one.done for one in done.results)
    assert not ReconcileState.objects.get().reachable


def test_a_broker_that_was_never_there_leaves_a_state_too(
    memory: MemoryBroker, fence: Fence
) -> None:
    broker = wrapped(memory)
    broker.away = True
    reconcile_once(broker, fence=fence)
    state = ReconcileState.objects.get()
    assert (state.reachable, state.error, state.observed_at) == (False, AWAY, None)
