"""`drain`: returns when nothing is left to handle, and says what is left when it gives up."""

import threading
import time

import pytest

from bus_core import Event, Reject, Retry
from bus_core.testing import MemoryBus
from tests.testing_kit.conftest import Exporter


def test_whole_chains_of_events_are_handled(memory_bus: MemoryBus, exporter: Exporter) -> None:
    seen: list[int] = []
    counter = memory_bus.connect("counter")

    @counter.subscribe("count", concurrency=3)
    def count(event: Event) -> None:
        if event.payload:
            counter.publish_many([Event("count", event.payload - 1)] * 2)
        seen.append(event.payload)

    memory_bus.start(counter)
    memory_bus.publish(Event("count", 7), Event("exportRequested"))
    memory_bus.drain()
    assert len(seen) == 2**8 - 1
    assert len(exporter.handled) == 1


def test_an_idle_bus_is_drained_at_once(memory_bus: MemoryBus, exporter: Exporter) -> None:
    began = time.monotonic()
    memory_bus.drain()
    assert time.monotonic() - began < 1


def test_it_says_what_is_left_and_what_went_wrong_before(
    memory_bus: MemoryBus, exporter: Exporter
) -> None:
    gate = threading.Event()

    def fail_then_hang(event: Event) -> None:
        if event.payload == 1:
            raise ValueError("the journal is away")
        gate.wait(30)

    exporter.then = fail_then_hang
    memory_bus.publish(*(Event("exportRequested", number) for number in (1, 2, 3)))
    with pytest.raises(AssertionError) as caught:
        memory_bus.drain(within=0.2)
    gate.set()
    said = str(caught.value)
    assert "not drained after 0.2 s" in said
    assert "consumer__exportRequested__exporter: 0 ready, 2 held by its workers" in said
    assert "exporter's handler of exportRequested raised ValueError: the journal is away" in said


def test_events_that_nobody_consumes_are_left(memory_bus: MemoryBus, exporter: Exporter) -> None:
    exporter.bus.close()
    memory_bus.publish(Event("exportRequested"))
    with pytest.raises(AssertionError, match="exporter: 1 ready, nobody consumes it"):
        memory_bus.drain(within=0.05)


def test_one_service_may_be_drained_while_another_is_down(memory_bus: MemoryBus) -> None:
    up, down = Exporter(memory_bus.url, "up"), Exporter(memory_bus.url, "down")
    memory_bus.start(up.bus, down.bus)
    down.bus.close()
    memory_bus.publish(Event("exportRequested"))
    memory_bus.drain("up")
    assert len(up.handled) == 1


# -- what handlers raise --


def test_an_error_of_a_handler_is_the_tests(memory_bus: MemoryBus, exporter: Exporter) -> None:
    def fail(_event: Event) -> None:
        raise ValueError("the journal is away")

    exporter.then = fail
    event = Event("exportRequested")
    memory_bus.publish(event)
    with pytest.raises(AssertionError, match="raised ValueError: the journal is away") as caught:
        memory_bus.drain()
    assert isinstance(caught.value.__cause__, ValueError)
    (error,) = memory_bus.errors
    assert (error.service, error.event, error.error) == ("exporter", event, caught.value.__cause__)
    memory_bus.drain()  # once is enough


def test_a_test_may_want_errors(memory_bus: MemoryBus, exporter: Exporter) -> None:
    def exit_with_an_error(_event: Event) -> None:
        raise SystemExit(3)

    exporter.then = exit_with_an_error
    memory_bus.publish(Event("exportRequested"))
    memory_bus.drain(raise_errors=False)
    memory_bus.drain()
    assert [type(one.error) for one in memory_bus.errors] == [SystemExit]


@pytest.mark.parametrize("outcome", [Reject("no"), Retry(5), False], ids=repr)
def test_outcomes_that_a_handler_chose_are_no_errors(
    memory_bus: MemoryBus, exporter: Exporter, outcome: Exception | bool
) -> None:
    def choose(_event: Event) -> bool:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    exporter.then = choose
    memory_bus.publish(Event("exportRequested"))
    memory_bus.drain()
    assert len(exporter.handled) == 1
    assert memory_bus.errors == []
