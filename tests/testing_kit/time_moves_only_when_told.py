"""`clock`: an hour's delay costs a test nothing, and nothing happens by itself."""

from bus_core import Event, RetryPolicy
from bus_core.memory import ManualClock
from bus_core.testing import MemoryBus
from tests.testing_kit.conftest import Exporter


def test_a_retry_waits_for_the_clock(
    memory_bus: MemoryBus, clock: ManualClock, exporter: Exporter
) -> None:
    exporter.then = lambda _event: len(exporter.handled) > 2
    event = Event("exportRequested")
    memory_bus.publish(event)
    memory_bus.drain()
    assert exporter.handled == memory_bus.retrying("exporter") == [event]

    clock.advance(0.999)
    memory_bus.drain()
    assert exporter.handled == [event]
    clock.advance(0.001)
    memory_bus.drain()
    assert exporter.handled == [event] * 2

    clock.advance(59.999)
    memory_bus.drain()
    assert exporter.handled == [event] * 2
    clock.advance(0.001)
    memory_bus.drain()
    assert exporter.handled == [event] * 3
    assert memory_bus.retrying("exporter") == memory_bus.dead_letters("exporter") == []


def test_a_drain_may_move_the_clock_until_nothing_is_tried_again(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    exporter.then = lambda _event: False
    events = [Event("exportRequested", number) for number in range(3)]
    memory_bus.publish(*events)
    memory_bus.drain(retries=True)
    assert exporter.payloads == [0, 1, 2] * 3
    letters = memory_bus.dead_letters("exporter")
    assert [one.event for one in letters] == events
    assert {(one.reason, one.attempts) for one in letters} == {("attempts", 3)}


def test_only_the_asked_services_retries_are_waited_for(memory_bus: MemoryBus) -> None:
    policy = RetryPolicy(attempts=2, delays_ms=(3_600_000,))
    slow = Exporter(memory_bus.url, "slow", retry=policy)
    quick = Exporter(memory_bus.url, "quick")
    slow.then = quick.then = lambda _event: False
    memory_bus.start(slow.bus, quick.bus)
    memory_bus.publish(Event("exportRequested"))
    memory_bus.drain("quick", retries=True)
    assert len(memory_bus.dead_letters("quick")) == 1
    assert len(memory_bus.retrying("slow")) == 1
