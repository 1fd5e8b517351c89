"""A change on the broker wakes the leader's loop, soon and never without end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections

from bus_core.memory import MemoryBroker
from bus_core.topology import Exchange, tap_queue
from eventbus_admin.broker.changes import Changes, Finding, Hearing, Listening, MemoryChanges
from eventbus_admin.broker.errors import BrokerUnavailable, NotTold
from eventbus_admin.broker.mock import MockBroker
from eventbus_admin.reconcile import hints
from eventbus_admin.reconcile.hints import BURST, REFILL_SECONDS, Budget, Hints
from eventbus_admin.reconcile.lease import Leadership
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, Lease, ReconcileState
from tests.harness.poll import wait_until
from tests.unit.reconcile.brokers import Wrapped

QUEUE = "consumer__A__s"
# The tests' SQLite is in memory and refuses at once what meets another thread's.
eventually = partial(wait_until, ignoring=OperationalError)
Start = Callable[[Callable[[threading.Event], None]], None]


@pytest.fixture
def leadership(transactional_db: None) -> Leadership:
    leadership = Leadership()
    leadership.renew()
    return leadership


@pytest.fixture
def start(leadership: Leadership) -> Iterator[Start]:
    """Run a loop on a thread until the test ends."""
    stop, threads = threading.Event(), []

    def run(loop: Callable[[threading.Event], None]) -> None:
        thread = threading.Thread(target=_closing(loop), args=(stop,))
        threads.append(thread)
        thread.start()

    yield run
    stop.set()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def _closing(loop: Callable[[threading.Event], None]) -> Callable[[threading.Event], None]:
    def run(stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                # As the worker process does: what the database refused is begun again.
                with suppress(OperationalError):
                    loop(stop)
        finally:
            connections.close_all()

    return run


def hearing() -> tuple[str, str]:
    return ReconcileState.objects.values_list("hearing", "hearing_message").first() or ("", "")


def test_what_is_deleted_behind_our_back_is_seen_within_two_seconds(
    leadership: Leadership, memory: MemoryBroker, start: Start, make_subscription: Any
) -> None:
    make_subscription("A", "s")
    broker = Wrapped(MockBroker(memory))
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=60)
    found = Hints(changes=MemoryChanges(memory), leadership=leadership, wake=reconciler.wake)
    start(reconciler.run)
    start(found.run)
    eventually(lambda: BrokerObject.objects.filter(name=QUEUE, sync="in_sync").exists())
    eventually(lambda: hearing()[0] == "on")

    began = time.monotonic()
    memory.delete_queue(QUEUE)
    eventually(lambda: BrokerObject.objects.filter(name=QUEUE, sync="missing").exists())
    assert time.monotonic() - began < 2

    # It does not go on by itself, and nobody's watching counts.
    looks = _settled(broker)
    memory.declare_queue(tap_queue("0a1b"))
    assert _settled(broker) == looks


def _settled(broker: Wrapped) -> int:
    """How often the broker was looked at, once that has not changed for a second."""
    seen, since = broker.looks, time.monotonic()

    def quiet() -> bool:
        nonlocal seen, since
        if broker.looks != seen:
            seen, since = broker.looks, time.monotonic()
        return time.monotonic() - since > 1

    eventually(quiet)
    return seen


class Told:
    """Changes that a test tells, or a reason why there are none."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0
        self.tell: Callable[[], None] = lambda: None
        self.finding = Finding(Hearing.ON)

    def listen(self, heard: Callable[[], None]) -> Listening:
        self.asked += 1
        if self.error is not None:
            raise self.error
        self.tell = heard
        return self

    def look(self) -> Finding:
        return self.finding

    def close(self) -> None:
        self.tell = lambda: None


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotTold("Enable the plugin."), "off"),
        (BrokerUnavailable("RabbitMQ cannot be reached."), "unknown"),
    ],
)
def test_a_broker_that_tells_nothing_is_asked_again(
    leadership: Leadership,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    state: str,
) -> None:
    monkeypatch.setattr(hints, "AGAIN_SECONDS", 0.1)
    changes, woken = Told(error), threading.Event()
    start(_hints(changes, leadership, woken).run)
    eventually(lambda: hearing() == (state, str(error)))

    changes.error = None
    eventually(lambda: hearing() == ("on", ""))
    assert not woken.is_set()
    changes.tell()
    assert woken.wait(2)


def test_who_is_refused_says_so(leadership: Leadership, start: Start) -> None:
    changes = Told()
    changes.finding = Finding(Hearing.REFUSED, "Give the user rights.")
    start(_hints(changes, leadership, threading.Event()).run)
    eventually(lambda: hearing() == ("refused", "Give the user rights."))


def test_who_does_not_lead_does_not_listen_nor_say_anything(
    leadership: Leadership, start: Start
) -> None:
    changes = Told()
    start(_hints(changes, leadership, threading.Event()).run)
    eventually(lambda: hearing()[0] == "on")
    Lease.objects.update(fence=99, holder="another")
    ReconcileState.objects.update(hearing="off")

    changes.finding = Finding(Hearing.REFUSED, "too late")
    leadership.release()
    looked = changes.asked
    eventually(lambda: changes.tell.__name__ == "<lambda>")
    assert (hearing()[0], changes.asked) == ("off", looked)


def test_many_hints_are_few_looks(leadership: Leadership, start: Start) -> None:
    memory, woken = MemoryBroker(), []
    found = Hints(
        changes=MemoryChanges(memory), leadership=leadership, wake=lambda: woken.append(1)
    )
    start(found.run)
    eventually(lambda: hearing()[0] == "on")
    for number in range(500):
        memory.declare_exchange(Exchange(name=f"event__A{number}"))
    eventually(lambda: bool(woken))
    assert len(woken) == 1


def test_the_budget_allows_a_burst_and_then_little() -> None:
    now = [100.0]
    budget = Budget(lambda: now[0])
    assert [budget.wait() for _ in range(BURST)] == [0.0] * BURST
    assert budget.wait() == pytest.approx(REFILL_SECONDS)
    now[0] += REFILL_SECONDS
    assert budget.wait() == pytest.approx(REFILL_SECONDS)
    now[0] += 1000 * REFILL_SECONDS
    assert [budget.wait() for _ in range(BURST)] == [0.0] * BURST
    assert budget.wait() > 0


def _hints(changes: Changes, leadership: Leadership, woken: threading.Event) -> Hints:
    return Hints(changes=changes, leadership=leadership, wake=woken.set)
