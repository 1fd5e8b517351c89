"""`Stage`: the ground that conformance tests stand on, and the hooks that a bus provides."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from bus_core.bus import EventBus
from bus_core.control import Directives, SubscriptionDirective
from bus_core.event import Event
from bus_core.message import Message
from bus_core.testing.features import DeadLetter, Features
from bus_core.testing.inbox import PROBE, Gate, Inbox, Then
from bus_core.testing.waiting import eventually

PROBE_SECONDS = 0.02


class Stage:
    """Buses, inboxes and gates for one test; all are closed when it ends."""

    features = Features()

    # -- what you provide --

    @pytest.fixture
    def broker(self) -> Any:
        """Whatever your hooks need to reach the broker, for example its URL."""
        return None

    def connect(self, broker: Any, service: str, **options: Any) -> EventBus:
        """Return a new bus of this service."""
        raise NotImplementedError("connect() must return a new bus of the service")

    def dead_letters(self, broker: Any, service: str) -> list[DeadLetter]:
        """Return what the service has given up so far, oldest first; it stays there."""
        raise NotImplementedError("features.dead_letters needs the hook dead_letters()")

    def direct(self, broker: Any, service: str, directives: Directives) -> None:
        """Tell the service's workers, running and to come, what the registry says."""
        raise NotImplementedError("features.directives needs the hook direct()")

    def raw_publish(self, broker: Any, event_type: str, message: Message) -> None:
        """Put a message, as it is, where events of this type go."""
        raise NotImplementedError("features.wire needs the hook raw_publish()")

    def cut(self, broker: Any, bus: EventBus) -> None:
        """Cut the bus's connection without asking it; it may or may not come back."""
        raise NotImplementedError("features.cuts needs the hook cut()")

    # -- what tests use --

    @pytest.fixture(autouse=True)
    def _stage(self, broker: Any) -> Iterator[None]:
        self._broker = broker
        self._suffix = uuid.uuid4().hex[:8]
        self._buses: list[EventBus] = []
        self._gates: list[Gate] = []
        self._publisher: EventBus | None = None
        yield
        for gate in self._gates:
            gate.open()
        for bus in reversed(self._buses):
            bus.close(grace=5.0)

    def name(self, name: str) -> str:
        """Return a name for a service or an event type that no other test uses."""
        return f"{name}-{self._suffix}"

    def open(self, service: str, **options: Any) -> EventBus:
        """Return a bus of a service, closed at the end of the test."""
        bus = self.connect(self._broker, self.name(service), **options)
        self._buses.append(bus)
        return bus

    def gate(self) -> Gate:
        """Return a closed gate, opened at the latest when the test ends."""
        self._gates.append(Gate())
        return self._gates[-1]

    @property
    def publisher(self) -> EventBus:
        """A bus that only publishes."""
        if self._publisher is None:
            self._publisher = self.open("publisher")
        return self._publisher

    def publish(self, event_type: str, *payloads: Any) -> list[Event]:
        """Publish one event for each payload."""
        events = [Event(self.name(event_type), payload) for payload in payloads]
        self.publisher.publish_many(events)
        return events

    def subscribe(
        self, bus: EventBus, event_type: str, then: Then | None = None, **options: Any
    ) -> Inbox:
        """Give a bus an inbox for a type of event."""
        inbox = Inbox(bus, self.name(event_type), then)
        bus.subscribe(inbox.event_type, **options)(inbox)
        return inbox

    def listen(
        self, event_type: str, service: str = "listener", then: Then | None = None, **options: Any
    ) -> Inbox:
        """Start a worker of a service, and wait until it consumes."""
        inbox = self.subscribe(self.open(service), event_type, then, **options)
        inbox.bus.start()
        self.reach(inbox)
        return inbox

    def reach(self, *inboxes: Inbox) -> None:
        """Wait until each of these consumes: what nobody subscribes to is lost."""

        def probe() -> bool:
            for inbox in inboxes:
                if not inbox.reached.is_set():
                    self.publisher.publish(Event(inbox.event_type, PROBE))
                    inbox.reached.wait(PROBE_SECONDS)
            return all(inbox.reached.is_set() for inbox in inboxes)

        eventually(probe, "no event reaches the subscription")

    def told(self, service: str, **directives: SubscriptionDirective) -> None:
        """Direct a service, one keyword for each type of event."""
        named = {self.name(event_type): one for event_type, one in directives.items()}
        self.direct(self._broker, self.name(service), Directives(subscriptions=named))

    def given_up(self, service: str = "listener") -> list[DeadLetter]:
        """Return the service's dead letters."""
        return self.dead_letters(self._broker, self.name(service))
