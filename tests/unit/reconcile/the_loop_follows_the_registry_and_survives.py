"""The loop does what is due, does it only while it leads, and no mishap ends it."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError
from django.utils import timezone

from bus_core.memory import MemoryBroker, MemoryLink
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.broker.errors import BrokerRefused
from eventbus_admin.reconcile import loop
from eventbus_admin.reconcile.actions import request_apply, wait_until_applied
from eventbus_admin.reconcile.lease import Leadership, LeaseLost
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import Lease, ReconcileState, Run, SubscriptionStatus
from eventbus_admin.registry.actions.subscriptions import create_subscription
from eventbus_admin.registry.revision import bump_revision, current_revision
from tests.harness.poll import wait_until
from tests.unit.reconcile.brokers import AWAY, Wrapped, wrapped
from tests.unit.reconcile.clock import Clock

Make = Callable[..., Any]


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leadership(db: None) -> Leadership:
    leadership = Leadership()
    leadership.renew()
    return leadership


@pytest.fixture
def reconciler(
    broker: Wrapped, leadership: Leadership, memory: MemoryBroker, clock: Clock
) -> Reconciler:
    return Reconciler(
        broker=broker,
        leadership=leadership,
        link=MemoryLink(memory),
        compare_seconds=5,
        clock=clock,
    )


# -- one turn at a time ------------------------------------------------------------------------


def test_the_first_turn_looks_and_the_next_waits_for_its_time(
    reconciler: Reconciler, broker: Wrapped, clock: Clock
) -> None:
    reconciler.turn()
    looks = broker.looks
    reconciler.turn()
    assert broker.looks == looks
    clock.now += 5
    reconciler.turn()
    assert broker.looks == looks + 1


def test_a_change_of_the_registry_is_due_at_once(
    reconciler: Reconciler, broker: Wrapped, make_event_type: Make, make_service: Make
) -> None:
    make_event_type("A")
    make_service("s")
    reconciler.turn()
    create_subscription(actor=SYSTEM, service="s", event_type="A")
    reconciler.turn()
    assert "consumer__A__s" in broker.writes
    assert SubscriptionStatus.objects.get().sync == "in_sync"


def test_waking_makes_it_look_now(reconciler: Reconciler, broker: Wrapped) -> None:
    reconciler.turn()
    looks = broker.looks
    reconciler.wake()
    reconciler.turn()
    reconciler.turn()
    assert broker.looks == looks + 1


def test_who_does_not_lead_does_nothing(broker: Wrapped, leadership: Leadership) -> None:
    follower = Reconciler(broker=broker, leadership=Leadership())
    follower.turn()
    assert (broker.looks, broker.writes) == (0, [])


def test_who_loses_the_lease_stops_and_who_gets_it_begins_anew(
    reconciler: Reconciler, broker: Wrapped, leadership: Leadership, make_subscription: Make
) -> None:
    make_subscription("A", "s")
    reconciler.turn()
    leadership.release()
    reconciler.turn()
    looks = broker.looks
    reconciler.turn()
    assert broker.looks == looks
    leadership.renew()
    reconciler.turn()
    assert broker.looks == looks + 1


def test_what_the_loop_did_by_itself_is_recorded(
    reconciler: Reconciler, make_subscription: Make
) -> None:
    make_subscription("A", "s")
    bump_revision()
    reconciler.turn()
    run = Run.objects.get()
    assert (run.state, run.reason, run.revision) == ("done", "Registry revision 1", 1)
    assert run.requested_by is None
    step = next(one for one in run.steps if one["name"] == "consumer__A__s")
    assert {
        name: step[name] for name in ("id", "kind", "before", "reason", "impact", "result")
    } == {
        "id": "queue consumer__A__s",
        "kind": "create",
        "before": None,
        "reason": "s gets no A until its queue is made.",
        "impact": "No A was seen in the last minutes; from now on s gets it.",
        "result": "done",
    }
    assert step["after"]["type"] == "quorum"
    reconciler.wake()
    reconciler.turn()
    assert Run.objects.count() == 1


def test_what_is_only_tried_in_vain_is_recorded_once(
    reconciler: Reconciler, broker: Wrapped, make_subscription: Make
) -> None:
    make_subscription("A", "s")
    broker.refuse = lambda name: BrokerRefused("No.") if name == "consumer__A__s" else None
    for _ in range(3):
        reconciler.wake()
        reconciler.turn()
    run = Run.objects.get()
    assert run.state == "failed"
    assert run.error.startswith("3 of ")  # the queue and its two bindings


def test_only_the_latest_of_these_records_are_kept(
    reconciler: Reconciler, make_event_type: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop.runs, "KEPT", 2)
    asked = Run.objects.create(reason="Asked for by otto", state=Run.State.DONE, names=["x"])
    for number in range(4):
        make_event_type(f"A{number}")
        reconciler.wake()
        reconciler.turn()
    assert Run.objects.exclude(pk=asked.pk).count() == 2


def test_a_queued_run_is_carried_out_and_says_how_it_went(
    reconciler: Reconciler, memory: MemoryBroker, make_subscription: Make
) -> None:
    make_subscription("A", "s")
    reconciler.turn()
    memory.delete_queue("consumer__A__s")
    memory.delete_queue("dead__s")
    reconciler.wake()
    reconciler.turn()
    run = request_apply(actor=SYSTEM, names=["consumer__A__s"])
    assert [one["result"] for one in run.steps] == ["pending"]
    reconciler.turn()
    run.refresh_from_db()
    assert run.state == "done"
    assert [(one["name"], one["result"]) for one in run.steps] == [("consumer__A__s", "done")]
    assert run.started is not None
    assert run.finished is not None
    assert memory.has_queue("consumer__A__s")
    assert not memory.has_queue("dead__s")


def test_a_run_while_the_broker_is_away_fails_with_the_reason(
    reconciler: Reconciler, broker: Wrapped
) -> None:
    broker.away = True
    run = request_apply(actor=SYSTEM)
    reconciler.turn()
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", AWAY)


def test_a_run_that_breaks_off_is_not_left_running(
    reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_options: Any) -> None:
        raise DatabaseError("disk")

    monkeypatch.setattr(loop, "reconcile_once", broken)
    run = request_apply(actor=SYSTEM)
    with pytest.raises(DatabaseError):
        reconciler.turn()
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "It broke off: DatabaseError.")


def test_what_a_dead_leader_left_running_is_carried_out_by_the_next(
    reconciler: Reconciler, memory: MemoryBroker
) -> None:
    run = Run.objects.create(state=Run.State.RUNNING, started=timezone.now())
    reconciler.turn()
    run.refresh_from_db()
    assert run.state == "done"


def test_a_run_whose_leader_was_overtaken_is_the_next_leaders(
    reconciler: Reconciler,
    memory: MemoryBroker,
    broker: Wrapped,
    leadership: Leadership,
    make_subscription: Make,
) -> None:
    make_subscription("A", "s")
    reconciler.turn()
    for queue in ("consumer__A__s", "dead__s"):
        memory.delete_queue(queue)
    reconciler.wake()
    reconciler.turn()
    run = request_apply(actor=SYSTEM)
    broker.writes.clear()

    def overtaken(name: str) -> None:
        if name == "consumer__A__s":
            leadership.lose(fence)

    fence = leadership.fence
    assert fence is not None
    broker.refuse = overtaken
    with pytest.raises(LeaseLost):
        reconciler.turn()
    assert "dead__s" not in broker.writes
    run.refresh_from_db()
    assert (run.state, run.error) == ("running", "")

    broker.refuse = lambda _name: None
    Lease.objects.update(holder="", expires=None)
    leadership.renew()
    reconciler.turn()
    run.refresh_from_db()
    assert run.state == "done"
    assert SubscriptionStatus.objects.get().sync == "in_sync"


def test_an_absent_broker_is_asked_again_at_the_next_look_only(
    reconciler: Reconciler, broker: Wrapped, clock: Clock, make_subscription: Make
) -> None:
    make_subscription("A", "s")
    broker.away = True
    reconciler.turn()
    broker.away = False
    reconciler.turn()
    assert broker.looks == 0
    clock.now += 5
    reconciler.turn()
    assert SubscriptionStatus.objects.get().sync == "in_sync"


# -- on its thread -----------------------------------------------------------------------------


@pytest.fixture
def running(transactional_db: None, broker: Wrapped, memory: MemoryBroker) -> Iterator[Reconciler]:
    """The loop and its lease on their threads, as in a process of ours."""
    stop = threading.Event()
    leadership = Leadership()
    reconciler = Reconciler(broker=broker, leadership=leadership, link=MemoryLink(memory))
    threads = [
        threading.Thread(target=leadership.run, args=(stop,)),
        threading.Thread(target=reconciler.run, args=(stop,)),
    ]
    for thread in threads:
        thread.start()
    yield reconciler
    stop.set()
    reconciler.wake()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def patiently(ask: Callable[[], Any]) -> Any:
    """Ask until the answer is yes; threads of one test share a database that locks."""
    return wait_until(ask, timeout=20, ignoring=OperationalError)


def write(work: Callable[[], Any]) -> Any:
    return patiently(lambda: (work(),))[0]


@pytest.mark.usefixtures("running")
def test_a_new_subscription_is_live_within_two_seconds(
    make_event_type: Make, make_service: Make, memory: MemoryBroker
) -> None:
    write(lambda: make_event_type("A"))
    write(lambda: make_service("s"))
    patiently(lambda: ReconcileState.objects.filter(reachable=True).exists())
    write(lambda: create_subscription(actor=SYSTEM, service="s", event_type="A"))
    started = time.monotonic()
    patiently(lambda: wait_until_applied(current_revision(), timeout=2.0))
    assert time.monotonic() - started < 2.0
    assert memory.has_queue("consumer__A__s")


@pytest.mark.usefixtures("running")
def test_an_exception_does_not_end_it(
    broker: Wrapped, monkeypatch: pytest.MonkeyPatch, make_event_type: Make
) -> None:
    failed = threading.Event()
    whole = loop.reconcile_once

    def broken(*_args: Any, **_options: Any) -> None:
        failed.set()
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(loop, "reconcile_once", broken)
    write(bump_revision)
    assert failed.wait(10)
    monkeypatch.setattr(loop, "reconcile_once", whole)
    write(lambda: make_event_type("A"))
    write(bump_revision)
    patiently(lambda: "event__A" in broker.writes)


def test_a_leader_that_was_overtaken_stores_nothing_and_steps_back(running: Reconciler) -> None:
    patiently(lambda: ReconcileState.objects.filter(reachable=True).exists())
    much_later = timezone.now() + timedelta(hours=1)
    patiently(lambda: Lease.objects.update(holder="another", fence=99, expires=much_later))
    write(bump_revision)
    patiently(lambda: running._leadership.fence is None)
    assert patiently(ReconcileState.objects.get).applied_revision < patiently(current_revision)
