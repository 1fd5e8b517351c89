"""A run does what its asker saw and nothing else: what has changed since is refused as a whole."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core import topology
from bus_core.memory import MemoryBroker
from bus_core.topology import Policy, Queue
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile import loop
from eventbus_admin.reconcile.actions import request_apply
from eventbus_admin.reconcile.cycle import compare
from eventbus_admin.reconcile.lease import Leadership, LeaseLost
from eventbus_admin.reconcile.loop import Reconciler
from eventbus_admin.reconcile.models import BrokerObject, Run
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Subscription, SubscriptionState
from eventbus_admin.registry.revision import bump_revision
from tests.unit.reconcile.brokers import Wrapped, wrapped

Make = Callable[..., Any]
QUEUE = "consumer__A__s"


@pytest.fixture
def broker(memory: MemoryBroker) -> Wrapped:
    return wrapped(memory)


@pytest.fixture
def leadership(db: None) -> Leadership:
    leadership = Leadership()
    leadership.renew()
    return leadership


@pytest.fixture
def reconciler(broker: Wrapped, leadership: Leadership, make_subscription: Make) -> Reconciler:
    """A leader whose broker has A → s and B → s, in order."""
    make_subscription("A", "s")
    make_subscription("B", "s")
    reconciler = Reconciler(broker=broker, leadership=leadership, compare_seconds=3600)
    look(reconciler)
    return reconciler


def look(reconciler: Reconciler) -> None:
    reconciler.wake()
    reconciler.turn()


@pytest.fixture
def asked(reconciler: Reconciler, memory: MemoryBroker) -> Run:
    """A run that is to make A's queue and its bindings again."""
    memory.delete_queue(QUEUE)
    look(reconciler)
    return request_apply(actor=SYSTEM, names=[one.name for one in missing()])


def missing() -> list[BrokerObject]:
    return list(BrokerObject.objects.filter(sync="missing"))


def carried_out(reconciler: Reconciler, run: Run) -> Run:
    reconciler.turn()
    run.refresh_from_db()
    return run


def results(run: Run) -> dict[str, str]:
    return {f"{one['object']} {one['name']}": one["result"] for one in run.steps}


def test_it_stores_what_was_seen(asked: Run) -> None:
    step = next(one for one in asked.steps if one["name"] == QUEUE)
    assert (step["before"], step["after"]["type"]) == (None, "quorum")
    assert step["reason"].startswith("s gets no A until its queue is made.")
    assert step["impact"] == "No A was seen in the last minutes; from now on s gets it."
    assert (asked.total, asked.done) == (3, 0)
    assert asked.broker_id.startswith("memory/")


def test_what_did_not_change_is_done(
    asked: Run, reconciler: Reconciler, memory: MemoryBroker
) -> None:
    run = carried_out(reconciler, asked)
    assert (run.state, run.refused, run.error) == ("done", False, "")
    assert set(results(run).values()) == {"done"}
    assert (run.total, run.done, run.failed) == (3, 3, 0)
    assert memory.has_queue(QUEUE)


def test_somebody_made_it_otherwise_and_nothing_is_touched(
    asked: Run, reconciler: Reconciler, memory: MemoryBroker, broker: Wrapped
) -> None:
    memory.declare_queue(Queue(name=QUEUE, arguments={"x-queue-type": "classic"}))
    broker.writes.clear()
    run = carried_out(reconciler, asked)
    assert (run.state, run.refused) == ("failed", True)
    assert run.error == (
        f"Nothing was touched. {QUEUE} has changed: it was missing, and somebody made it. "
        "Look at the plan again, then ask anew."
    )
    assert broker.writes == []
    assert set(results(run).values()) == {"skipped"}
    assert [one["name"] for one in run.steps if one["error"]] == [QUEUE]


def test_the_registry_asks_for_something_else_by_now(
    asked: Run, reconciler: Reconciler, broker: Wrapped
) -> None:
    Subscription.objects.filter(event_type__name="A").update(kind="ordered")
    broker.writes.clear()
    run = carried_out(reconciler, asked)
    assert run.refused
    assert "x-single-active-consumer was absent, is yes" in run.error
    assert broker.writes == []


def test_the_registry_does_not_ask_for_it_any_more(
    asked: Run, reconciler: Reconciler, broker: Wrapped
) -> None:
    Subscription.objects.filter(event_type__name="A").update(state=SubscriptionState.RETIRED)
    broker.writes.clear()
    run = carried_out(reconciler, asked)
    assert run.refused
    assert "the registry does not ask for it any more. So have 2 more." in run.error
    assert broker.writes == []


def test_what_was_found_has_changed(
    reconciler: Reconciler, memory: MemoryBroker, broker: Wrapped
) -> None:
    own = topology.consumer_policy()
    memory.put_policy(Policy(name=own.name, pattern="^x", definition=own.definition))
    look(reconciler)
    run = request_apply(actor=SYSTEM)
    memory.put_policy(Policy(name=own.name, pattern="^y", definition=own.definition))
    run = carried_out(reconciler, run)
    assert f"{own.name} has changed on the broker: pattern was ^x, is ^y." in run.error
    memory.delete_policy(own.name)
    look(reconciler)
    again = carried_out(reconciler, request_apply(actor=SYSTEM))
    assert again.state == "done"


def test_something_unrelated_changes_and_it_goes_on(
    asked: Run, reconciler: Reconciler, memory: MemoryBroker, make_event_type: Make
) -> None:
    memory.delete_queue("consumer__B__s")
    make_event_type("C")
    bump_revision()
    run = carried_out(reconciler, asked)
    assert run.state == "done"
    assert memory.has_queue(QUEUE)
    assert not memory.has_queue("consumer__B__s"), "nobody agreed to that"


def test_what_somebody_did_meanwhile_is_done(
    asked: Run, reconciler: Reconciler, memory: MemoryBroker, broker: Wrapped
) -> None:
    step = next(one for one in topology.subscription_topology("A", "s").queues)
    memory.declare_queue(step)
    broker.writes.clear()
    run = carried_out(reconciler, asked)
    assert (run.state, run.done) == ("done", 3)
    assert QUEUE not in broker.writes
    assert len(broker.writes) == 2


def test_another_broker_in_its_place_is_left_alone(asked: Run, leadership: Leadership) -> None:
    other = wrapped(MemoryBroker())
    run = carried_out(Reconciler(broker=other, leadership=leadership), asked)
    assert run.refused
    assert "Another broker answers by now" in run.error
    assert other.writes == []


def test_after_a_refusal_the_page_is_fresh(
    asked: Run, reconciler: Reconciler, memory: MemoryBroker
) -> None:
    memory.declare_queue(Queue(name=QUEUE, arguments={"x-queue-type": "classic"}))
    reconciler.turn()
    reconciler.turn()
    assert BrokerObject.objects.get(kind="queue", name=QUEUE).sync == "blocked"


def test_a_run_that_its_leader_left_half_done_is_finished_by_the_next(
    asked: Run, broker: Wrapped, memory: MemoryBroker, leadership: Leadership
) -> None:
    queue = next(iter(topology.subscription_topology("A", "s").queues))
    memory.declare_queue(queue)
    first = next(one for one in asked.steps if one["name"] == QUEUE)
    first["result"] = "done"
    asked.state = Run.State.RUNNING
    asked.save()
    leadership.release()
    follower = Leadership()
    follower.renew()
    run = carried_out(Reconciler(broker=broker, leadership=follower), asked)
    assert (run.state, run.done) == ("done", 3)
    assert compare(broker).steps == ()


def test_a_leader_that_was_overtaken_leaves_the_run_to_the_next(
    asked: Run, reconciler: Reconciler, leadership: Leadership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*_args: Any, **_options: Any) -> None:
        raise LeaseLost("lease leader was taken over")

    monkeypatch.setattr(loop, "reconcile_once", overtaken)
    with pytest.raises(LeaseLost):
        reconciler.turn()
    asked.refresh_from_db()
    assert asked.state == "running"


def test_what_a_page_showed_must_still_be_so(asked: Run) -> None:
    with pytest.raises(ActionError) as refusal:
        request_apply(actor=SYSTEM, names=[QUEUE], seen="something else")
    assert refusal.value.code == "stale_plan"


def test_a_queue_and_an_exchange_of_one_name_are_chosen_apart(
    reconciler: Reconciler, memory: MemoryBroker
) -> None:
    memory.delete_queue("dead__s")
    memory.delete_exchange("dead__s")
    look(reconciler)
    run = request_apply(actor=SYSTEM, names=["exchange dead__s"])
    run = carried_out(reconciler, run)
    assert results(run) == {"exchange dead__s": "done"}
    assert not memory.has_queue("dead__s")
    both = request_apply(actor=SYSTEM, names=["dead__s"])
    assert set(results(both)) == {"queue dead__s"}
