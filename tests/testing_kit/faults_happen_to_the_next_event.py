"""Faults: lost confirmations, duplicates, delays and cut connections, when the test wants them."""

import threading

import pytest

from bus_core import Event, InvalidName, PublishTimeout
from bus_core.memory import ManualClock
from bus_core.testing import MemoryBus
from tests.testing_kit.conftest import Exporter


def test_a_lost_confirm_leaves_the_publisher_in_doubt(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    memory_bus.lose_confirm("exportRequested")
    event = Event("exportRequested", 1)
    with pytest.raises(PublishTimeout) as caught:
        memory_bus.publish(event)
    assert not caught.value.outcome_known
    memory_bus.publish(Event("exportRequested", 2))
    memory_bus.drain()
    assert exporter.payloads == [1, 2]


def test_a_handler_that_loses_a_confirm_publishes_the_same_event_again(
    memory_bus: MemoryBus, clock: ManualClock, exporter: Exporter
) -> None:
    memory_bus.lose_confirm("exportSuccessful")
    memory_bus.publish(Event("exportRequested", 1))
    memory_bus.drain(raise_errors=False)
    assert [type(one.error) for one in memory_bus.errors] == [PublishTimeout]
    clock.advance(1)
    memory_bus.drain()
    first, second = memory_bus.published("exportSuccessful")
    assert first.id == second.id


def test_publish_many_and_publish_soon_lose_confirms_too(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    bus = memory_bus.connect("submission")
    memory_bus.lose_confirm("exportRequested")
    with pytest.raises(PublishTimeout):
        bus.publish_many([Event("exportRequested", 1), Event("exportRequested", 2)])
    memory_bus.lose_confirm("exportRequested")
    future = bus.publish_soon(Event("exportRequested", 3))
    assert isinstance(future.exception(5), PublishTimeout)
    memory_bus.drain()
    assert exporter.payloads == [1, 2, 3]


def test_a_duplicate_arrives_twice_and_was_published_once(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    memory_bus.duplicate("exportRequested")
    events = [Event("exportRequested", number) for number in (1, 2)]
    memory_bus.publish(*events)
    memory_bus.drain()
    assert exporter.handled == [events[0], events[0], events[1]]
    assert memory_bus.published("exportRequested") == events


def test_a_delayed_event_arrives_when_the_clock_has_moved_on(
    memory_bus: MemoryBus, clock: ManualClock, exporter: Exporter
) -> None:
    memory_bus.delay("exportRequested", 60)
    memory_bus.publish(Event("exportRequested", "late"), Event("exportRequested", "early"))
    memory_bus.drain()
    assert exporter.payloads == ["early"]
    clock.advance(59)
    memory_bus.drain()
    assert exporter.payloads == ["early"]
    memory_bus.drain(retries=True)
    assert exporter.payloads == ["early", "late"]


def test_faults_wait_for_their_type_and_happen_one_by_one(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    memory_bus.duplicate("exportRequested")
    memory_bus.duplicate("exportRequested")
    memory_bus.publish(Event("exportSuccessful"))
    memory_bus.publish(*(Event("exportRequested", number) for number in (1, 2, 3)))
    memory_bus.drain()
    assert exporter.payloads == [1, 1, 2, 2, 3]


def test_what_a_cut_connection_held_is_delivered_again(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hold(_event: Event) -> None:
        begun.set()
        gate.wait(30)

    exporter.then = hold
    memory_bus.publish(*(Event("exportRequested", number) for number in (1, 2, 3)))
    assert begun.wait(10)
    memory_bus.drop_connections()
    gate.set()
    memory_bus.drain()
    assert exporter.payloads == [1, 1, 2, 3]
    assert memory_bus.waiting("exporter") == []


def test_one_services_connection_is_cut_and_the_others_notice_nothing(
    memory_bus: MemoryBus,
) -> None:
    gate = threading.Event()
    both = [Exporter(memory_bus.url, service) for service in ("unlucky", "lucky")]
    for one in both:
        one.then = lambda _event: gate.wait(30)
        memory_bus.start(one.bus)
    memory_bus.publish(Event("exportRequested", 1))
    memory_bus.drop_connections("unlucky")
    gate.set()
    memory_bus.drain()
    unlucky, lucky = both
    assert lucky.payloads == [1]
    assert set(unlucky.payloads) == {1}
    memory_bus.publish(Event("exportRequested", 2))
    memory_bus.drain()
    assert lucky.payloads == [1, 2]
    assert unlucky.payloads[-1] == 2


def test_an_event_that_cuts_the_connection_each_time_is_given_up(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    exporter.then = lambda _event: memory_bus.drop_connections()
    memory_bus.publish(Event("exportRequested", "poison"))
    memory_bus.drain()
    (letter,) = memory_bus.dead_letters("exporter")
    assert letter.reason == "crashes"
    assert exporter.payloads == ["poison"] * 5


def test_a_fault_of_no_event_type_is_a_mistake(memory_bus: MemoryBus) -> None:
    with pytest.raises(InvalidName):
        memory_bus.duplicate("two__parts")
