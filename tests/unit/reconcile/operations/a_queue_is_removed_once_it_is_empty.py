"""Removing a queue: unbound, quiet, proven empty, deleted; nothing is lost by accident."""

import pytest

from bus_core.link import ConsumeOptions, Settlement
from bus_core.memory import MemoryLink
from bus_core.topology import Binding, Queue, Topology, control_topology
from eventbus_admin.reconcile.models import BrokerObject, ReconcileState
from eventbus_admin.reconcile.operations.models import Operation
from eventbus_admin.registry.errors import ActionError
from eventbus_admin.registry.models import EventType, Service, Subscription
from tests.unit.reconcile.operations.conftest import EVENT_TYPE, QUEUE, SERVICE, Site, removal

PHASES = ("prepare", "unbind", "empty", "delete", "verify")


def test_an_empty_one_goes_without_further_ado(site: Site, retired: Subscription) -> None:
    operation = site.until(removal(), "done", "failed")
    assert (operation.state, operation.sentence) == ("done", "Removed.")
    assert not site.memory.has_queue(QUEUE)
    assert QUEUE not in {queue for _, queue, _ in site.bindings}
    site.look()
    assert not BrokerObject.objects.filter(name__contains=QUEUE).exists()


@pytest.mark.parametrize("phase", PHASES)
def test_another_process_takes_it_up_in_every_phase(
    site: Site, retired: Subscription, phase: str
) -> None:
    operation = site.reach(removal(), phase)
    site.process()
    assert site.until(operation, "done", "failed").state == "done"
    assert not site.memory.has_queue(QUEUE)


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_killed_process_has_done_of_a_phase_is_no_harm(
    site: Site, retired: Subscription, phase: str
) -> None:
    operation = site.reach(removal(), phase)
    row = Operation.objects.filter(pk=operation.pk)
    before = row.values("phase", "memory", "state").get()
    site.turn(operation)
    if operation.ended:
        return
    row.update(**before)  # it did this phase's work and ended before it could say so
    operation.refresh_from_db()
    site.process()
    assert site.until(operation, "done", "failed").state == "done"
    assert not site.memory.has_queue(QUEUE)


def test_messages_that_come_meanwhile_hold_it_up(site: Site, retired: Subscription) -> None:
    operation = site.reach(removal(), "empty")
    site.fill(QUEUE, range(3))
    site.turn(operation, 10)
    assert (operation.state, operation.waiting) == ("running", 3)
    assert operation.sentence.startswith("3 messages wait, and none is in anybody's hands.")
    assert site.holds(QUEUE) == [0, 1, 2]
    site.memory.purge(QUEUE)
    assert site.until(operation, "done").sentence == "Removed."


def test_the_very_last_look_sees_a_message(site: Site, retired: Subscription) -> None:
    operation = site.reach(removal(), "delete")
    site.fill(QUEUE, range(1))
    site.turn(operation)
    assert (operation.phase, site.holds(QUEUE)) == ("empty", [0])


def test_messages_in_somebodys_hands_are_waited_for(site: Site, retired: Subscription) -> None:
    site.fill(QUEUE, range(1))
    site.look()
    operation = site.reach(removal(typed=QUEUE), "empty")
    link = MemoryLink(site.memory)
    taken = []
    consumption = link.consume(ConsumeOptions(queue=QUEUE, may_declare=False), taken.append)
    site.turn(operation, 10)
    assert (operation.phase, len(taken)) == ("empty", 1)
    consumption.settle(taken[0], Settlement.ACK)
    assert site.until(operation, "done").sentence == "Removed."
    link.close()


def test_a_consumer_that_comes_later_is_not_overrun(site: Site, retired: Subscription) -> None:
    operation = site.reach(removal(), "empty")
    link = MemoryLink(site.memory)
    link.consume(ConsumeOptions(queue=QUEUE, may_declare=False), lambda _delivery: None)
    site.turn(operation, 10)
    assert operation.phase == "empty"
    assert "It has 1 consumer by now, and its name was not typed." in operation.sentence
    link.close()
    assert site.until(operation, "done").sentence == "Removed."


def test_a_binding_that_a_worker_makes_again_is_ended_again(
    site: Site, retired: Subscription
) -> None:
    operation = site.reach(removal(), "empty")
    site.fill(QUEUE, range(1))
    site.memory.bind(Binding(source=f"event__{EVENT_TYPE}", queue=QUEUE))
    site.memory.bind(Binding(source=f"service__{SERVICE}", queue=QUEUE, routing_key=QUEUE))
    site.turn(operation, 2)
    assert QUEUE not in {queue for _, queue, _ in site.bindings}


def test_messages_are_discarded_where_the_name_was_typed(site: Site, retired: Subscription) -> None:
    site.fill(QUEUE, range(4))
    site.look()
    operation = site.until(removal(messages="discard", typed=QUEUE), "done")
    assert operation.sentence == "Removed, and 4 messages with it."


def test_one_that_the_registry_asks_for_again_is_put_back(
    site: Site, retired: Subscription
) -> None:
    before = site.bindings
    operation = site.reach(removal(), "empty")
    retired.state = "active"
    retired.save()
    assert site.until(operation, "rolled_back").sentence == "Taken back: the queue is as it was."
    assert site.bindings == before


def test_a_queue_that_comes_back_is_told(site: Site, retired: Subscription) -> None:
    operation = site.reach(removal(), "verify")
    site.declare(Topology(queues=(Queue(name=QUEUE),)))
    assert site.until(operation, "failed").sentence.startswith("It was deleted and is there again")


def test_a_stream_goes_with_its_data(site: Site, subscription: Subscription) -> None:
    site.declare(control_topology("nobody"))
    site.fill("control__nobody", range(2))
    site.look()
    operation = removal(name="control__nobody", typed="control__nobody")
    assert site.until(operation, "done").sentence == "Removed."
    assert not site.memory.has_queue("control__nobody")


# -- what is refused ---------------------------------------------------------------------------


def refusal(**values: object) -> str:
    with pytest.raises(ActionError) as refused:
        removal(**values)
    return refused.value.code


def test_a_queue_with_messages_needs_its_name_typed(site: Site, retired: Subscription) -> None:
    site.fill(QUEUE, range(1))
    site.look()
    for typed in ("", "consumer__exportRequested", QUEUE.upper()):
        for messages in ("keep", "quarantine", "discard"):
            assert refusal(messages=messages, typed=typed) == "name_not_typed"
    assert removal(typed=f" {QUEUE} ").state == "queued"


def test_a_queue_with_consumers_needs_its_name_typed(site: Site, retired: Subscription) -> None:
    link = MemoryLink(site.memory)
    link.consume(ConsumeOptions(queue=QUEUE, may_declare=False), lambda _delivery: None)
    site.look()
    assert refusal() == "name_not_typed"
    link.close()


def test_discarding_always_needs_the_name(site: Site, retired: Subscription) -> None:
    assert refusal(messages="discard") == "name_not_typed"


def test_what_the_registry_asks_for_stays(site: Site, subscription: Subscription) -> None:
    assert refusal() == "managed"
    assert refusal(name="consumer__a__b") == "unknown_object"
    assert refusal(object_kind="user", name="bus__a__a") == "unknown_object"
    assert refusal(name="orders") == "unknown_object"


def test_a_second_operation_on_a_queue_waits_for_the_first(
    site: Site, retired: Subscription
) -> None:
    operation = removal()
    assert refusal() == "busy"
    site.until(operation, "done")


def test_an_empty_registry_removes_nothing(site: Site, retired: Subscription) -> None:
    Subscription.objects.all().delete()
    EventType.objects.all().delete()
    Service.objects.all().delete()
    site.look()
    assert refusal() == "registry_empty"


def test_no_more_than_a_share_is_removed(site: Site, subscription: Subscription) -> None:
    names = [f"consumer__unknown{number}__stranger" for number in range(15)]
    site.declare(Topology(queues=tuple(Queue(name=name) for name in names)))
    site.look()
    there = BrokerObject.objects.count()
    limit = max(5, there * 30 // 100)
    assert limit < len(names)
    for name in names[:limit]:
        site.until(removal(name=name), "done")
    site.look()
    assert refusal(name=names[-1]) == "too_many"
    assert site.memory.has_queue(names[-1])


def test_nothing_begins_while_the_broker_is_away(site: Site, retired: Subscription) -> None:
    ReconcileState.objects.update(reachable=False)
    assert refusal() == "broker_away"
