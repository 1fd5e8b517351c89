"""What the bus needs on the broker: complete, in order, and safe by construction."""

from typing import Any

import pytest

from bus_core import topology
from bus_core.topology import Binding, Exchange, Queue, QueueKind, Topology, merge


def whole(kind: QueueKind = QueueKind.QUORUM) -> Topology:
    return merge(
        (
            topology.bus_topology(),
            topology.event_type_topology("asked"),
            topology.service_topology("curious", (60_000, 1_000, 1_000)),
            topology.subscription_topology("asked", "curious", kind),
        )
    )


def arguments(name: str, kind: QueueKind = QueueKind.QUORUM) -> dict[str, Any]:
    return next(dict(one.arguments) for one in whole(kind).queues if one.name == name)


@pytest.mark.parametrize("kind", list(QueueKind))
def test_everything_that_is_referred_to_is_there(kind: QueueKind) -> None:
    everything = whole(kind)
    exchanges = {one.name for one in everything.exchanges}
    queues = {one.name for one in everything.queues}
    assert {one.source for one in everything.bindings} <= exchanges
    assert {one.queue for one in everything.bindings} <= queues
    referred = [one.arguments.get("alternate-exchange") for one in everything.exchanges]
    referred += [one.arguments.get("x-dead-letter-exchange") for one in everything.queues]
    assert {name for name in referred if name} <= exchanges


def test_everything_outlives_the_broker() -> None:
    assert all(one.durable for one in (*whole().exchanges, *whole().queues))
    assert not any(one.exclusive or one.auto_delete for one in whole().queues)


@pytest.mark.parametrize("kind", list(QueueKind))
def test_a_subscription_has_no_length_limit(kind: QueueKind) -> None:
    # With reject-publish, one full subscriber would refuse everybody's event.
    own = arguments("consumer__asked__curious", kind)
    assert not {"x-max-length", "x-max-length-bytes", "x-message-ttl"} & set(own)


def test_a_subscription_hears_its_events_and_its_services_own_door() -> None:
    queue = "consumer__asked__curious"
    assert topology.subscription_topology("asked", "curious").bindings == (
        Binding(source="event__asked", queue=queue),
        Binding(source="service__curious", queue=queue, routing_key=queue),
    )


def test_kinds_of_subscription_queues() -> None:
    quorum = arguments("consumer__asked__curious")
    ordered = arguments("consumer__asked__curious", QueueKind.ORDERED)
    assert quorum == {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "dead__curious",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    assert ordered == {**quorum, "x-single-active-consumer": True}
    assert arguments("consumer__asked__curious", QueueKind.CLASSIC) == {}


def test_looking_at_a_dead_letter_does_not_use_it_up() -> None:
    assert arguments("dead__curious")["x-delivery-limit"] == 2_000_000_000


def test_a_retry_step_keeps_the_routing_key_and_loses_nothing() -> None:
    assert arguments("retry__curious__1000") == {
        "x-queue-type": "quorum",
        "x-message-ttl": 1_000,
        "x-dead-letter-exchange": "service__curious",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def test_what_finds_no_queue_behind_a_services_door_is_kept() -> None:
    door = next(one for one in whole().exchanges if one.name == "service__curious")
    assert (door.type, dict(door.arguments)) == ("direct", {"alternate-exchange": "dead__curious"})


def test_the_stream_of_directives_is_bound_to_nothing() -> None:
    assert "control__curious" not in {one.queue for one in whole().bindings}


def test_every_step_is_there_once() -> None:
    names = [one.name for one in whole().queues]
    assert len(names) == len(set(names))
    assert {"retry__curious__1000", "retry__curious__60000"} <= set(names)


def test_merging_keeps_each_object_once_in_order_of_appearance() -> None:
    first = Topology(exchanges=(Exchange(name="b"),), queues=(Queue(name="q"),))
    second = Topology(exchanges=(Exchange(name="a"), Exchange(name="b")))
    assert [one.name for one in (first + second).exchanges] == ["b", "a"]
    assert (first + second).queues == first.queues


@pytest.mark.parametrize("queue", [topology.tap_queue("a1"), topology.tail_queue("a1")])
def test_a_view_on_the_events_goes_with_its_owner_and_holds_up_nobody(queue: Queue) -> None:
    assert (queue.exclusive, queue.auto_delete, queue.durable) == (True, True, False)
    assert queue.arguments["x-overflow"] == "drop-head"
    assert queue.arguments["x-max-length"] > 0
