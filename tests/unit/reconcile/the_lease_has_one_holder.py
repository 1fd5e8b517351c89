"""Any number of processes ask; one leads, and one that was overtaken writes nothing more."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from bus_core.memory import MemoryBroker
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile.cycle import reconcile_once
from eventbus_admin.reconcile.lease import LEASE_SECONDS, Leadership, LeaseLost
from eventbus_admin.reconcile.models import BrokerObject, Lease, ReconcileState
from tests.harness.poll import wait_until

pytestmark = pytest.mark.django_db


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def run_out() -> None:
    """Let the time limit pass, as the database sees it."""
    Lease.objects.update(expires=timezone.now() - timedelta(seconds=1))


def test_the_first_to_ask_leads_and_the_second_does_not() -> None:
    first, second = Leadership(), Leadership()
    assert first.renew() is not None
    assert second.renew() is None
    assert first.renew() == first.fence
    assert second.fence is None
    assert Lease.objects.get().holder == first.holder


def test_the_limit_is_in_the_future_and_moves_on() -> None:
    leadership = Leadership()
    leadership.renew()
    limit = Lease.objects.get().expires
    assert limit is not None
    ahead = limit - timezone.now()
    assert timedelta(seconds=LEASE_SECONDS - 5) < ahead <= timedelta(seconds=LEASE_SECONDS + 1)
    Lease.objects.update(expires=timezone.now() + timedelta(seconds=1))
    leadership.renew()
    assert Lease.objects.get().expires >= limit  # type: ignore[operator]


def test_when_the_limit_passes_another_takes_over_under_a_higher_number() -> None:
    first, second = Leadership(), Leadership()
    old = first.renew()
    run_out()
    new = second.renew()
    assert old is not None
    assert new is not None
    assert new.number == old.number + 1
    assert first.renew() is None


def test_a_late_holder_whom_nobody_replaced_keeps_its_number() -> None:
    leadership = Leadership()
    old = leadership.renew()
    run_out()
    assert leadership.renew() == old


def test_who_releases_lets_another_lead_at_once() -> None:
    first, second = Leadership(), Leadership()
    first.renew()
    first.release()
    assert first.fence is None
    assert second.renew() is not None
    first.release()  # no longer its to release
    assert Lease.objects.get().holder == second.holder


def test_a_holder_that_cannot_renew_stops_leading_by_its_own_clock() -> None:
    clock = Clock()
    leadership = Leadership(clock=clock)
    leadership.renew()
    clock.now += LEASE_SECONDS - 0.1
    assert leadership.fence is not None
    clock.now += 0.1
    assert leadership.fence is None


def test_two_leases_of_other_names_do_not_meet() -> None:
    assert Leadership("a").renew() is not None
    assert Leadership("b").renew() is not None


def test_who_was_overtaken_stores_nothing() -> None:
    first, second = Leadership(), Leadership()
    old = first.renew()
    run_out()
    second.renew()
    with pytest.raises(LeaseLost):
        reconcile_once(MockBroker(MemoryBroker()), fence=old)
    assert not BrokerObject.objects.exists()
    assert not ReconcileState.objects.exists()


def test_who_released_stores_nothing() -> None:
    leadership = Leadership()
    fence = leadership.renew()
    leadership.release()
    assert fence is not None
    with pytest.raises(LeaseLost), transaction.atomic():
        fence.hold()


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_leads() -> None:
    gate = threading.Barrier(4)
    found: list[object] = []

    def ask() -> None:
        gate.wait()
        try:
            found.append(wait_until(lambda: (Leadership().renew(),), ignoring=OperationalError)[0])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len([one for one in found if one is not None]) == 1
    assert Lease.objects.get().fence == 1


@pytest.mark.django_db(transaction=True)
def test_running_it_leads_until_it_is_stopped() -> None:
    leadership = Leadership()
    stop = threading.Event()
    thread = threading.Thread(target=leadership.run, args=(stop,))
    thread.start()
    wait_until(lambda: leadership.fence)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert leadership.fence is None
    lease = wait_until(Lease.objects.first, ignoring=OperationalError)
    assert (lease.holder, lease.expires) == ("", None)
