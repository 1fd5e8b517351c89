"""While the broker cannot be read, looks are rare, and the first that succeeds is soon."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from bus_core.memory import MemoryBroker
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.errors import BrokerAbsent, BrokerError, BrokerUnavailable
from eventbus_admin.broker.interface import Observation
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.breaker import Breaker
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import SubscriptionStatus
from eventbus_admin.registry.revision import bump_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped
from tests.unit.reconcile.clock import Clock

Make = Callable[..., Any]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


@pytest.fixture
def asked(broker: Wrapped, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When it was looked at."""
    looks: list[float] = []
    observe = broker.observe

    def note() -> Observation:
        looks.append(clock.now)
        return observe()

    monkeypatch.setattr(broker, "observe", note)
    return looks


@pytest.fixture
def reconciler(
    db: None, broker: Wrapped, clock: Clock, make_subscription: Make, asked: list[float]
) -> Reconciler:
    make_subscription("A", "s")
    leadership = Leadership()
    leadership.renew()
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=5, clock=clock)
    reconciler.turn()
    asked.clear()
    return reconciler


def fail(broker: Wrapped, error: BrokerError, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> None:
        if broker.away:
            raise error

    monkeypatch.setattr(broker, "_check", check)
    broker.away = True


def pass_time(reconciler: Reconciler, clock: Clock, seconds: float) -> None:
    for _ in range(int(seconds * 4)):
        clock.now += 0.25
        bump_revision()
        reconciler.wake()
        reconciler.turn()


def sync() -> str:
    return SubscriptionStatus.objects.get().sync


def test_who_fails_is_asked_ever_more_rarely(
    reconciler: Reconciler,
    broker: Wrapped,
    clock: Clock,
    asked: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(broker, BrokerUnavailable("It is slow."), monkeypatch)
    reconciler.wake()
    reconciler.turn()
    assert sync() == "unknown"
    pass_time(reconciler, clock, 120)
    pauses = [later - before for before, later in itertools.pairwise(asked)]
    assert pauses[0] <= 1.25
    assert 15 <= max(pauses) <= 30.25
    assert len(asked) < 16
    broker.away = False
    pass_time(reconciler, clock, 30.25)
    assert sync() == "in_sync"


def test_who_is_not_there_is_found_back_within_seconds(
    reconciler: Reconciler,
    broker: Wrapped,
    clock: Clock,
    asked: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(broker, BrokerAbsent("Nobody is there."), monkeypatch)
    reconciler.wake()
    reconciler.turn()
    pass_time(reconciler, clock, 300)
    assert len(asked) < 220
    broker.away = False
    pass_time(reconciler, clock, 3.25)
    assert sync() == "in_sync"


def test_a_person_may_ask_at_once(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(broker, BrokerUnavailable("It is slow."), monkeypatch)
    pass_time(reconciler, clock, 60)
    broker.away = False
    run = request_apply(actor=SYSTEM)
    reconciler.turn()
    run.refresh_from_db()
    assert run.state == "done"
    assert sync() == "in_sync"


def test_pauses_differ_from_one_installation_to_the_next() -> None:
    pauses = set()
    for _ in range(20):
        breaker = Breaker(lambda: 0.0)
        breaker.failed(absent=False)
        pauses.add(breaker.until)
        assert 0.5 <= breaker.until <= 1.0
    assert len(pauses) > 10
