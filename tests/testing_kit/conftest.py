"""The fixtures of the kit itself, and a service to try it on."""

from collections.abc import Callable
from typing import Any

import pytest

from bus_core import Event, EventBus, RetryPolicy, connect
from bus_core.testing import MemoryBus
from bus_core.testing.fixtures import clock, memory_bus

__all__ = ["clock", "memory_bus"]

POLICY = RetryPolicy(attempts=3, delays_ms=(1_000, 60_000))

Then = Callable[[Event], Any]


class Exporter:
    """Listens to `exportRequested`, and announces `exportSuccessful` unless told otherwise."""

    def __init__(self, url: str, service: str = "exporter", **options: Any) -> None:
        self.bus: EventBus = connect(url, service=service)
        self.handled: list[Event] = []
        self.then: Then = lambda _event: None
        options.setdefault("retry", POLICY)
        self.bus.subscribe("exportRequested", **options)(self.export)

    def export(self, event: Event) -> Any:
        self.handled.append(event)
        answer = self.then(event)
        if answer is not False:
            self.bus.publish(Event("exportSuccessful", event.payload))
        return answer

    @property
    def payloads(self) -> list[Any]:
        return [event.payload for event in self.handled]


@pytest.fixture
def exporter(memory_bus: MemoryBus) -> Exporter:
    """A started service."""
    exporter = Exporter(memory_bus.url)
    memory_bus.start(exporter.bus)
    return exporter
