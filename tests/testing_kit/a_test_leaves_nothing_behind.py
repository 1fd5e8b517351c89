"""The end of `memory_bus`: all buses are closed, and what is left is said."""

import threading

import pytest

from bus_core import BusClosed, Event, connect
from bus_core.testing import MemoryBus
from tests.harness.poll import wait_until
from tests.testing_kit.conftest import Exporter


def bus_threads() -> set[str]:
    """The threads of buses that run now."""
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith(("consumer__", "bus-"))}


def end(memory_bus: MemoryBus) -> None:
    """End a test well."""
    with memory_bus:
        pass


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for what will not end."""
    monkeypatch.setattr("bus_core.testing.memory_bus.CLOSE_SECONDS", 0.2)


def test_its_buses_are_closed_and_their_threads_have_ended() -> None:
    before = bus_threads()
    with MemoryBus() as memory_bus:
        exporters = [Exporter(memory_bus.url, f"exporter-{number}") for number in range(3)]
        memory_bus.start(*(one.bus for one in exporters))
        memory_bus.publish(Event("exportRequested"))
        assert bus_threads() > before
    assert bus_threads() == before
    for one in exporters:
        with pytest.raises(BusClosed):
            one.bus.publish(Event("exportRequested"))


def test_what_was_published_last_is_still_handled() -> None:
    with MemoryBus() as memory_bus:
        exporter = Exporter(memory_bus.url)
        memory_bus.start(exporter.bus)
        memory_bus.publish(*(Event("exportRequested", number) for number in range(20)))
    assert exporter.payloads == list(range(20))


def test_a_bus_that_was_started_elsewhere_and_not_closed_is_said(quickly: None) -> None:
    memory_bus = MemoryBus()
    bus = connect(memory_bus.url, service="forgotten")
    bus.subscribe("exportRequested")(lambda _event: None)
    bus.start(wait=10)
    with pytest.raises(AssertionError, match="threads of the bus are left: bus-control"):
        end(memory_bus)
    bus.close()


def test_a_handler_that_does_not_return_is_said(quickly: None) -> None:
    memory_bus, gate = MemoryBus(), threading.Event()
    exporter = Exporter(memory_bus.url)
    exporter.then = lambda _event: gate.wait(30)
    memory_bus.start(exporter.bus)
    memory_bus.publish(Event("exportRequested"))
    wait_until(lambda: exporter.handled)
    with pytest.raises(AssertionError, match="consumer__exportRequested__exporter-1"):
        end(memory_bus)
    gate.set()
    wait_until(lambda: "consumer__exportRequested__exporter-1" not in bus_threads())


def test_a_fault_that_did_not_happen_is_said() -> None:
    memory_bus = MemoryBus()
    memory_bus.duplicate("x")
    memory_bus.lose_confirm("y")
    with pytest.raises(AssertionError, match=r"came for duplicate\('x'\), lose_confirm\('y'\)"):
        end(memory_bus)


def test_the_error_of_a_test_is_not_hidden_by_what_it_left() -> None:
    memory_bus = MemoryBus()
    memory_bus.duplicate("x")
    with pytest.raises(ZeroDivisionError), memory_bus:
        raise ZeroDivisionError
