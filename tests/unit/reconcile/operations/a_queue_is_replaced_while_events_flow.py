"""Replacing a queue: its events wait in another one meanwhile, and all of them come back."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core.link import ConsumeOptions, Settlement
from bus_core.memory import MemoryLink
from bus_core.message import Message
from bus_core.topology import Binding, Exchange, Queue, Topology, subscription_topology
from eventbus_admin.accounts.actor import SYSTEM
from eventbus_admin.reconcile.models import BrokerObject, SubscriptionStatus
from eventbus_admin.reconcile.operations import actions
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import Subscription
from tests.unit.reconcile.operations.conftest import EVENT_TYPE, QUEUE, SERVICE, SWAP, Site

PHASES = ("prepare", "divert", "drain", "replace", "connect", "bring_back", "tidy")
BINDINGS = {
    (f"event__{EVENT_TYPE}", QUEUE, ""),
    (f"service__{SERVICE}", QUEUE, QUEUE),
}


class Stream:
    """Numbered events, published in between, and a record of all of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.published: list[int] = []

    def go_on(self, count: int = 7) -> None:
        """Publish some as events, and one as a retry that comes back by the service's door."""
        for _ in range(count):
            self._publish(f"event__{EVENT_TYPE}", "")
        self._publish(f"service__{SERVICE}", QUEUE)

    def _publish(self, exchange: str, key: str) -> None:
        number = len(self.published)
        self.published.append(number)
        assert self._site.memory.publish(exchange, key, Message(body=str(number).encode())) == 1


@pytest.fixture
def strangers(subscription: Subscription, site: Site) -> Stream:
    """A queue with a stranger's arguments in the place of ours, with events in it."""
    site.memory.delete_queue(QUEUE)
    site.declare(Topology(queues=(Queue(name=QUEUE, arguments={"x-max-priority": 3}),)))
    for source, queue, key in BINDINGS:
        site.memory.bind(Binding(source=source, queue=queue, routing_key=key))
    site.look()
    assert BrokerObject.objects.get(kind="queue", name=QUEUE).sync == "blocked"
    stream = Stream(site)
    stream.go_on(200)
    return stream


def swap(**values: Any) -> Operation:
    return actions.request_swap(actor=SYSTEM, queue=QUEUE, **values)


def carry_out(site: Site, stream: Stream, operation: Operation, *states: str) -> Operation:
    """Go on until it is over, while events come at every turn."""
    for _ in range(60):
        stream.go_on()
        if site.turn(operation).state in states:
            return operation
    raise AssertionError(f"{operation.phase}: {operation.sentence}")


def is_ours(site: Site) -> bool:
    """Whether the queue has the arguments that we give it."""
    (wanted,) = subscription_topology(EVENT_TYPE, SERVICE).queues
    found = {one.queue.name: one.queue for one in site.memory.snapshot().queues}
    return dict(found[QUEUE].arguments) == dict(wanted.arguments)


def nothing_is_lost(site: Site, stream: Stream) -> None:
    assert site.holds(SWAP) == []
    assert not site.memory.has_queue(SWAP)
    assert sorted(site.holds(QUEUE)) == stream.published
    assert {one for one in site.bindings if QUEUE in one or SWAP in one} == BINDINGS


def test_a_strangers_becomes_ours(site: Site, strangers: Stream) -> None:
    operation = carry_out(site, strangers, swap(), "done", "failed")
    assert operation.sentence.startswith("Replaced:")
    assert is_ours(site)
    nothing_is_lost(site, strangers)
    assert operation.again == 0
    site.look()
    assert SubscriptionStatus.objects.get().sync == "in_sync"


@pytest.mark.parametrize("phase", PHASES)
def test_another_process_takes_it_up_in_every_phase(
    site: Site, strangers: Stream, phase: str
) -> None:
    operation = site.reach(swap(), phase)
    strangers.go_on()
    site.process()
    carry_out(site, strangers, operation, "done", "failed")
    assert is_ours(site)
    nothing_is_lost(site, strangers)


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_killed_process_has_done_of_a_phase_is_no_harm(
    site: Site, strangers: Stream, phase: str
) -> None:
    operation = site.reach(swap(), phase)
    row = Operation.objects.filter(pk=operation.pk)
    before = row.values("phase", "memory", "state", "finished").get()
    site.turn(operation)
    row.update(**before)
    operation.refresh_from_db()
    site.process()
    carry_out(site, strangers, operation, "done", "failed")
    assert is_ours(site)
    nothing_is_lost(site, strangers)


@pytest.mark.parametrize("phase", PHASES[:4])
def test_it_is_taken_back(site: Site, strangers: Stream, phase: str) -> None:
    operation = site.reach(swap(), phase)
    strangers.go_on()
    Operation.objects.filter(pk=operation.pk).update(state="cancelling")
    carry_out(site, strangers, operation, "rolled_back", "done")
    assert operation.state == "rolled_back"
    assert not is_ours(site)
    nothing_is_lost(site, strangers)


@pytest.mark.parametrize("phase", PHASES[4:])
def test_once_it_is_replaced_it_is_finished(site: Site, strangers: Stream, phase: str) -> None:
    operation = site.reach(swap(), phase)
    with pytest.raises(ActionError, match="too far to be taken back"):
        actions.cancel_operation(actor=SYSTEM, operation=operation)
    Operation.objects.filter(pk=operation.pk).update(state="cancelling")
    assert carry_out(site, strangers, operation, "rolled_back", "done").state == "done"
    nothing_is_lost(site, strangers)


def test_its_kind_is_changed_and_changed_back(site: Site, subscription: Subscription) -> None:
    stream = Stream(site)
    stream.go_on()
    for kind in ("classic", "quorum", "ordered"):
        carry_out(site, stream, swap(kind=kind), "done", "failed")
        subscription.refresh_from_db()
        assert subscription.kind == kind
        site.look()
        assert SubscriptionStatus.objects.get().sync == "in_sync"
        nothing_is_lost(site, stream)
    assert not is_ours(site)


def test_a_quorum_queue_is_away_until_workers_have_noticed(
    site: Site, subscription: Subscription
) -> None:
    stream = Stream(site)
    stream.go_on()
    for restart in (False, True):
        operation = site.reach(swap(kind="quorum" if restart else "ordered"), "make")
        assert not site.memory.has_queue(QUEUE)
        stream.go_on()
        with pytest.raises(ActionError, match="too far"):
            actions.cancel_operation(actor=SYSTEM, operation=operation)
        if restart:
            site.process()
        assert site.turn(operation).phase == "make"
        assert not site.memory.has_queue(QUEUE)
        carry_out(site, stream, operation, "done", "failed")
        nothing_is_lost(site, stream)
    assert is_ours(site)


def test_a_worker_that_is_faster_is_met_again(site: Site, subscription: Subscription) -> None:
    stream = Stream(site)
    stream.go_on()
    operation = site.reach(swap(kind="ordered"), "make")
    site.declare(Topology(queues=subscription_topology(EVENT_TYPE, SERVICE).queues))
    site.turn(operation)
    assert operation.phase == "drain"
    assert "A worker was faster" in operation.sentence
    carry_out(site, stream, operation, "done", "failed")
    nothing_is_lost(site, stream)


def test_taken_back_the_registry_has_the_old_kind(site: Site, subscription: Subscription) -> None:
    stream = Stream(site)
    for phase in ("", "drain"):
        operation = site.reach(swap(kind="classic"), phase)
        subscription.refresh_from_db()
        assert subscription.kind == "classic"
        actions.cancel_operation(actor=SYSTEM, operation=operation)
        carry_out(site, stream, operation, "rolled_back")
        subscription.refresh_from_db()
        assert subscription.kind == "quorum"
        assert is_ours(site)
    nothing_is_lost(site, stream)


def test_while_it_lasts_the_plan_leaves_it_alone(site: Site, strangers: Stream) -> None:
    operation = swap()
    for _ in range(40):
        done = site.look()
        mine = [one for one in done.plan.items if QUEUE in one.name or SWAP in one.name]
        assert mine
        assert {one.sync for one in mine} == {"busy"}
        assert all(str(operation.pk)[:8] in one.reason for one in mine)
        assert "Being replaced" in SubscriptionStatus.objects.get().message
        site.turn(operation)
        if operation.ended:
            break
    site.look()
    assert not BrokerObject.objects.exclude(sync="in_sync").exists()


def test_paused_nothing_moves_and_nothing_doubles(site: Site, strangers: Stream) -> None:
    operation = site.reach(swap(), "drain")
    actions.pause_operation(actor=SYSTEM, operation=operation)
    site.turn(operation)
    held = site.holds(QUEUE)
    # A worker that lives binds its queue again.
    site.memory.bind(Binding(source=f"event__{EVENT_TYPE}", queue=QUEUE))
    site.turn(operation, 3)
    strangers.go_on()
    assert (operation.state, site.holds(QUEUE)) == ("paused", held)
    site.process()
    actions.resume_operation(actor=SYSTEM, operation=operation)
    carry_out(site, strangers, operation, "done")
    nothing_is_lost(site, strangers)


def test_what_a_worker_holds_is_waited_for(site: Site, strangers: Stream) -> None:
    link = MemoryLink(site.memory)
    taken: list[Any] = []
    options = ConsumeOptions(queue=QUEUE, may_declare=False, prefetch=5)
    consumption = link.consume(options, taken.append)
    operation = site.reach(swap(), "drain")
    for _ in range(20):
        strangers.go_on()
        site.turn(operation)
    assert operation.phase == "drain"
    assert operation.waiting == 5
    assert "5 are in the hands of workers" in operation.sentence
    for delivery in taken[:5]:
        consumption.settle(delivery, Settlement.RETURN)
        consumption.cancel()
    consumption.close()
    carry_out(site, strangers, operation, "done")
    nothing_is_lost(site, strangers)
    link.close()


def test_a_queue_that_somebody_deletes_is_made_all_the_same(site: Site, strangers: Stream) -> None:
    operation = site.reach(swap(), "drain")
    lost = len(site.holds(QUEUE))
    site.memory.delete_queue(QUEUE)
    strangers.go_on()
    operation = site.until(operation, "done", "failed")
    assert operation.state == "done"
    assert sorted(site.holds(QUEUE)) == strangers.published[lost:]


def test_a_second_queue_that_somebody_deletes_is_made_again(site: Site, strangers: Stream) -> None:
    operation = site.reach(swap(), "drain")
    site.memory.delete_queue(SWAP)
    site.turn(operation, 2)
    assert site.memory.has_queue(SWAP)
    assert site.until(operation, "done", "failed").state == "done"


def test_a_retired_subscription_is_left_as_it_was(
    site: Site, strangers: Stream, subscription: Subscription
) -> None:
    operation = site.reach(swap(), "drain")
    subscription.state = "retired"
    subscription.save()
    assert carry_out(site, strangers, operation, "done", "failed", "rolled_back").state == (
        "rolled_back"
    )
    nothing_is_lost(site, strangers)


def test_a_strangers_own_binding_stays(site: Site, strangers: Stream) -> None:
    site.memory.declare_exchange(Exchange(name="orders"))
    own = Binding(source="orders", queue=QUEUE)
    site.memory.bind(own)
    site.until(swap(), "done")
    assert own in site.memory.snapshot().bindings


def test_only_what_differs_is_replaced(site: Site, subscription: Subscription) -> None:
    for queue, code in ((QUEUE, "not_blocked"), ("consumer__a__b", "unknown_queue")):
        with pytest.raises(ActionError) as refused:
            actions.request_swap(actor=SYSTEM, queue=queue)
        assert refused.value.code == code
    with pytest.raises(ActionError) as refused:
        swap(kind="mirrored")
    assert refused.value.code == "invalid_kind"


def test_several_are_replaced_a_few_at_a_time(
    site: Site, make_subscription: Callable[..., Subscription]
) -> None:
    every = [make_subscription(EVENT_TYPE, f"service-{number}") for number in range(5)]
    site.look()
    asked = [
        actions.request_swap(actor=SYSTEM, queue=one.queue_name, kind="classic") for one in every
    ]
    site.operator.turn()
    assert Operation.objects.filter(state="running").count() == 3
    for operation in asked:
        assert site.until(operation, "done", "failed").state == "done"
