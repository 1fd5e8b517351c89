"""A bus with middleware on an embedded broker of the test's own."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bus_core import EventBus, Middleware, connect
from bus_core.bus import Handler


@pytest.fixture
def url() -> str:
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture
def open_bus(url: str) -> Iterator[Callable[..., EventBus]]:
    """Return a function that opens a bus with the given middleware, closed in the end."""
    opened: list[EventBus] = []

    def open_bus(*middleware: Middleware, service: str = "meca-exporter") -> EventBus:
        opened.append(connect(url, service=service, middleware=middleware))
        return opened[-1]

    yield open_bus
    for bus in opened:
        bus.close(grace=5)


@pytest.fixture
def listen(open_bus: Callable[..., EventBus]) -> Callable[..., EventBus]:
    """Return a function that starts a bus with a handler for `asked`."""

    def listen(handler: Handler, *middleware: Middleware, **options: Any) -> EventBus:
        bus = open_bus(*middleware)
        bus.subscribe("asked", **options)(handler)
        bus.start(wait=10)
        return bus

    return listen
