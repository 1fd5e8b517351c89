"""`WatchedBroker`: an embedded broker that keeps what was published, and fails as told."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass

from bus_core.errors import PublishTimeout
from bus_core.memory import ManualClock, MemoryBroker, MemoryLink
from bus_core.memory.queue import MemoryConsumer
from bus_core.message import Message
from bus_core.names import check_name
from bus_core.topology import parse_name

Route = Callable[[], int]
"""Routes a message and returns how many queues took it."""


@dataclass(frozen=True, eq=False)
class Fault:
    """What happens to the next event of a type on its way."""

    name: str
    event_type: str
    happen: Callable[[Route], int]

    def __post_init__(self) -> None:
        check_name(self.event_type, "event type")

    def __str__(self) -> str:
        return f"{self.name}({self.event_type!r})"


class WatchedBroker(MemoryBroker):
    """A broker for one test; its clock stands still until somebody advances it."""

    def __init__(self, name: str, clock: ManualClock) -> None:
        super().__init__(name, clock)
        self.published: list[Message] = []
        """Every event so far, as often as somebody published it."""
        self.delayed = 0
        """How many events wait for the clock on their way."""
        self.faults: list[Fault] = []
        """What is still to happen; one fault an event."""
        self._links: weakref.WeakSet[MemoryLink] = weakref.WeakSet()

    @property
    def links(self) -> list[MemoryLink]:
        """Who consumes here, or did."""
        with self.lock:
            return list(self._links)

    def publish(self, exchange: str, routing_key: str, message: Message) -> int:
        """Route a message, as every broker does, unless a fault is due."""

        def route() -> int:
            return super(WatchedBroker, self).publish(exchange, routing_key, message)

        name = parse_name(exchange)
        if name is None or name.role != "event":
            return route()
        with self.lock:
            self._exchange(exchange)  # what goes nowhere was not published
            self.published.append(message)
            due = (one for one in self.faults if one.event_type == name.event_type)
            if (fault := next(due, None)) is None:
                return route()
            self.faults.remove(fault)
            return fault.happen(route)

    def attach(self, name: str, consumer: MemoryConsumer, *, owner: object, last: bool) -> int:
        """Start a consumer, and remember whose it is."""
        if isinstance(owner, MemoryLink):
            with self.lock:
                self._links.add(owner)
        return super().attach(name, consumer, owner=owner, last=last)

    # -- faults --

    def lose_confirm(self, event_type: str) -> None:
        """Take the next event, and tell its publisher that there was no answer."""

        def happen(route: Route) -> int:
            route()
            raise PublishTimeout("the broker did not confirm the event in time; it may have it")

        self.faults.append(Fault("lose_confirm", event_type, happen))

    def duplicate(self, event_type: str) -> None:
        """Take the next event twice."""

        def happen(route: Route) -> int:
            route()
            return route()

        self.faults.append(Fault("duplicate", event_type, happen))

    def delay(self, event_type: str, seconds: float) -> None:
        """Take the next event, and route it after so many seconds of the clock."""

        def happen(route: Route) -> int:
            def arrive() -> None:
                with self.lock:
                    self.delayed -= 1
                    route()

            self.delayed += 1
            self.clock.call_later(seconds, arrive)
            return 0

        self.faults.append(Fault("delay", event_type, happen))
