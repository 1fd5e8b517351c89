"""`memory_bus`: services on a broker that nobody else uses, and a look at what became of events."""

import threading

import pytest

from bus_core import Event, Reject, connect
from bus_core.message import Message
from bus_core.testing import MemoryBus
from bus_core.topology import event_exchange
from tests.testing_kit.conftest import Exporter


@pytest.mark.parametrize("turn", [1, 2])
def test_it_is_empty_at_first(memory_bus: MemoryBus, exporter: Exporter, turn: int) -> None:
    assert memory_bus.published() == []
    memory_bus.publish(Event("exportRequested", turn))
    memory_bus.drain()
    assert exporter.payloads == [turn]


def test_what_was_published_can_be_looked_at(memory_bus: MemoryBus, exporter: Exporter) -> None:
    event = Event("exportRequested", {"journal": "elife"})
    memory_bus.publish(event, Event("nobodyListens"))
    memory_bus.drain()
    assert memory_bus.published("exportRequested") == exporter.handled == [event]
    (success,) = memory_bus.published("exportSuccessful")
    assert (success.payload, success.causation_id) == ({"journal": "elife"}, event.id)
    assert sorted(one.type for one in memory_bus.published()) == [
        "exportRequested",
        "exportSuccessful",
        "nobodyListens",
    ]


def test_several_services_share_it(memory_bus: MemoryBus, exporter: Exporter) -> None:
    submission = memory_bus.connect("submission")
    counted: list[Event] = []
    submission.subscribe("exportSuccessful")(counted.append)
    memory_bus.start(submission)
    submission.publish(Event("exportRequested", 1))
    memory_bus.drain()
    assert counted == memory_bus.published("exportSuccessful")
    assert len(counted) == 1


def test_what_a_handler_works_on_or_has_not_begun_is_waiting(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    gate = threading.Event()
    exporter.then = lambda _event: gate.wait(30)
    events = [Event("exportRequested", number) for number in range(3)]
    memory_bus.publish(*events)
    assert memory_bus.waiting("exporter") == events
    gate.set()
    memory_bus.drain()
    assert memory_bus.waiting("exporter") == []


def test_events_of_a_service_that_is_down_are_waiting(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    exporter.bus.close()
    event = Event("exportRequested")
    memory_bus.publish(event)
    assert memory_bus.waiting("exporter") == [event]
    again = Exporter(memory_bus.url)
    memory_bus.start(again.bus)
    memory_bus.drain()
    assert again.handled == [event]


def test_dead_letters_tell_why_and_of_which_event(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    def reject(event: Event) -> None:
        raise Reject("no such journal")

    exporter.then = reject
    event = Event("exportRequested", {"journal": "?"}, correlation_id="the story")
    memory_bus.publish(event)
    memory_bus.broker.publish(event_exchange("exportRequested"), "", Message(body=b"not JSON"))
    memory_bus.drain()
    rejected, undecodable = memory_bus.dead_letters("exporter")
    assert rejected.event == event
    assert (rejected.event_type, rejected.reason, rejected.error, rejected.attempts) == (
        "exportRequested",
        "rejected",
        "no such journal",
        1,
    )
    assert (undecodable.event, undecodable.reason) == (None, "undecodable")


def test_a_service_that_was_never_started_is_a_mistake(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    for look in (memory_bus.waiting, memory_bus.retrying, memory_bus.dead_letters):
        assert look("exporter") == []
        with pytest.raises(LookupError, match="exportr"):
            look("exportr")
    with pytest.raises(LookupError, match="exportr"):
        memory_bus.drain("exportr")


def test_a_bus_that_is_connected_elsewhere_is_a_mistake(memory_bus: MemoryBus) -> None:
    for url in ("memory://", "memory://elsewhere", "amqp://nowhere.invalid"):
        with (
            connect(url, service="astray") as bus,
            pytest.raises(ValueError, match="the bus of astray is not connected to memory://test-"),
        ):
            memory_bus.start(bus)


def test_starting_again_is_starting_once(memory_bus: MemoryBus, exporter: Exporter) -> None:
    memory_bus.start(exporter.bus)

    def fail(_event: Event) -> None:
        raise ValueError

    exporter.then = fail
    memory_bus.publish(Event("exportRequested"))
    memory_bus.drain(raise_errors=False)
    assert len(memory_bus.errors) == 1
