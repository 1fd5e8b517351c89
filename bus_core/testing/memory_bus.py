"""`MemoryBus`: all of an event bus in this process, for the tests of a service."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from bus_core.broker_bus import BrokerBus
from bus_core.bus import EventBus
from bus_core.connecting import connect
from bus_core.copies import DEAD_ATTEMPTS, DEAD_ERROR, DEAD_QUEUE, DEAD_REASON
from bus_core.envelope import decode
from bus_core.errors import UndecodableMessage
from bus_core.event import Event
from bus_core.memory import ManualClock, MemoryLink, shared
from bus_core.memory.queue import Entry
from bus_core.message import Message
from bus_core.testing.features import DeadLetter
from bus_core.testing.handler_watch import HandlerError, HandlerWatch
from bus_core.testing.watched_broker import WatchedBroker
from bus_core.topology import dead_letters, parse_name

START_SECONDS = 10.0
DRAIN_SECONDS = 10.0
CLOSE_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.002
_OUR_THREADS = ("consumer__", "bus-")


@dataclass(frozen=True, kw_only=True)
class DeadEvent(DeadLetter):
    """A dead letter, with its event; `None` when the message was none."""

    event: Event | None


class MemoryBus:
    """An embedded broker that nobody else uses, with the buses of the services under test.

    Time on it stands still: what is to be handled again later is handled again when `clock` is
    advanced. Used as a context it closes all buses that it knows at the end, and fails when a
    thread of the bus is left, or a fault that was asked for has not happened.
    """

    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or ManualClock()
        self.broker = WatchedBroker(f"test-{uuid.uuid4().hex}", self.clock)
        self.url = f"memory://{self.broker.name}"
        """Where `connect` finds it, while this lasts."""
        self._watch = HandlerWatch()
        self._raised = 0
        self._buses: list[EventBus] = []
        self._started: dict[EventBus, MemoryLink] = {}
        self._publisher: EventBus | None = None
        self._threads_before = set(threading.enumerate())
        self._shared = ExitStack()
        self._shared.enter_context(shared(self.broker))

    # -- services --

    def connect(self, service: str, **options: Any) -> EventBus:
        """Return a new bus of a service, as `bus_core.connect` does; it is closed at the end."""
        bus = connect(self.url, service=service, **options)
        self._buses.append(bus)
        return bus

    def start(self, *buses: EventBus) -> None:
        """Start buses that are connected to `url`, and return when they consume.

        Their handlers are watched for errors, and they are closed at the end. Raises `ValueError`
        for a bus that is connected elsewhere, `NotReady` when one does not get to consuming.
        """
        for bus in buses:
            link = bus.link if isinstance(bus, BrokerBus) else None
            if not isinstance(link, MemoryLink) or link.broker is not self.broker:
                raise ValueError(f"the bus of {bus.service} is not connected to {self.url}")
            if bus not in self._started:
                self._started[bus] = link
                self._watch.watch(bus)
            if bus not in self._buses:
                self._buses.append(bus)
            bus.start(wait=START_SECONDS)

    def publish(self, *events: Event) -> None:
        """Publish events as a service named `test`. Raises what `EventBus.publish` raises."""
        if self._publisher is None:
            self._publisher = self.connect("test")
        for event in events:
            self._publisher.publish(event)

    # -- waiting --

    def drain(
        self,
        *services: str,
        retries: bool = False,
        raise_errors: bool = True,
        within: float = DRAIN_SECONDS,
    ) -> None:
        """Wait until all events are handled: those of these services, or of all.

        What waits for the clock (a retry, a delayed event) is left to wait; with `retries` the
        clock is moved on, from one to the next, until nothing waits for it. `within` is in
        seconds of real time.

        Raises `AssertionError` when there is still something to handle then, and when a handler
        has raised an error since the last `drain`, unless `raise_errors` is off. `errors` has
        them in any case; `Reject`, `Retry` and a returned False are no errors.
        """
        self._check_known(services)
        deadline = time.monotonic() + within
        while True:
            unfinished = self._unfinished(services)
            waits = retries and not unfinished and self._waits_for_clock(services)
            if not unfinished and not waits:
                break
            if time.monotonic() >= deadline:
                left = unfinished or ["something waits for the clock again and again"]
                seen = [f"  {one}" for one in (*left, *self.errors)]
                raise AssertionError(f"not drained after {within:g} s:\n" + "\n".join(seen))
            if waits:
                self.clock.advance_to_next()
            else:
                time.sleep(LOOK_AGAIN_SECONDS)
        new, self._raised = self.errors[self._raised :], len(self.errors)
        if new and raise_errors:
            raise AssertionError("\n".join(str(one) for one in new)) from new[0].error

    @property
    def errors(self) -> list[HandlerError]:
        """What the handlers of started buses raised so far."""
        return list(self._watch.errors)

    # -- looking --

    def published(self, event_type: str | None = None) -> list[Event]:
        """Return the events that were published so far, of one type or all, oldest first."""
        events = [decode(message).event for message in list(self.broker.published)]
        return [one for one in events if event_type in {None, one.type}]

    def waiting(self, service: str) -> list[Event]:
        """Return the events in a service's queues; those that its handlers work on are included.

        Raises `LookupError` when the service was never started.
        """
        return self._events("consumer", service)

    def retrying(self, service: str) -> list[Event]:
        """Return the events that a service will handle again when the clock has moved on.

        Raises `LookupError` when the service was never started.
        """
        return self._events("retry", service)

    def dead_letters(self, service: str) -> list[DeadEvent]:
        """Return what a service has given up, oldest first.

        Raises `LookupError` when the service was never started.
        """
        self._check_known((service,))
        return [_dead_event(entry) for entry in self.broker.peek(dead_letters(service))]

    # -- faults --

    def lose_confirm(self, event_type: str) -> None:
        """Let the broker take the next event of this type, and its publisher not know.

        Publishing it raises `PublishTimeout` at once; whoever listens gets it.
        """
        self.broker.lose_confirm(event_type)

    def duplicate(self, event_type: str) -> None:
        """Let the next event of this type arrive twice, with the same id.

        So it happens when a confirmation gets lost with the connection and the library sends the
        event again, or when a worker ends after its work but before it could say so.
        """
        self.broker.duplicate(event_type)

    def delay(self, event_type: str, seconds: float) -> None:
        """Let the next event of this type arrive only after so many seconds of the clock."""
        self.broker.delay(event_type, seconds)

    def drop_connections(self, *services: str) -> None:
        """Cut the connections of these services, or of all; they come back at once.

        What they held is delivered again, also what a handler is working on.
        """
        self._check_known(services)
        links = self.broker.links
        if services:
            links = [link for bus, link in self._started.items() if bus.service in services]
        for link in links:
            link.drop()

    # -- the end --

    def close(self) -> None:
        """Close all buses: those made by `connect` and those started by `start`."""
        for bus in reversed(self._buses):
            bus.close(grace=CLOSE_SECONDS)
        self._shared.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if kind is None:
            self._check_nothing_left()

    # -- inside --

    def _check_nothing_left(self) -> None:
        if running := self._threads_left():
            raise AssertionError(
                f"threads of the bus are left: {', '.join(running)}. Either a handler does not "
                "return, or a bus was started elsewhere and not closed."
            )
        if faults := self.broker.faults:
            raise AssertionError(f"no event came for {', '.join(map(str, faults))}")

    def _queues(self, role: str, services: tuple[str, ...]) -> Iterator[tuple[str, int, int, int]]:
        """Return name, ready, held and consumers of each queue of a role of these services."""
        for one in self.broker.snapshot().queues:
            name = parse_name(one.queue.name)
            if name and name.role == role and (not services or name.service in services):
                yield one.queue.name, one.ready, one.unacked, one.consumers

    def _check_known(self, services: tuple[str, ...]) -> None:
        for service in services:
            if not self.broker.has_queue(dead_letters(service)):
                raise LookupError(f"no service named {service} was started on this bus")

    def _unfinished(self, services: tuple[str, ...]) -> list[str]:
        """Say what is not handled yet, one line for each queue, then what still runs."""
        lines = []
        for name, ready, held, consumers in self._queues("consumer", services):
            if ready or held:
                whose = f"{held} held by its workers" if consumers else "nobody consumes it"
                lines.append(f"{name}: {ready} ready, {whose}")
        running = [one for one in self._watch.running if not services or one in services]
        if running and not lines:
            # Its event went elsewhere, because the connection was cut.
            lines = [f"a handler of {service} still runs" for service in running]
        return lines

    def _waits_for_clock(self, services: tuple[str, ...]) -> bool:
        retries = any(ready for _, ready, _, _ in self._queues("retry", services))
        return retries or bool(self.broker.delayed)

    def _events(self, role: str, service: str) -> list[Event]:
        self._check_known((service,))
        names = [queue[0] for queue in self._queues(role, (service,))]
        entries = [entry for name in names for entry in self.broker.peek(name)]
        return [decode(entry.message).event for entry in entries]

    def _threads_left(self) -> list[str]:
        deadline = time.monotonic() + CLOSE_SECONDS
        while True:
            left = [
                thread.name
                for thread in set(threading.enumerate()) - self._threads_before
                if thread.name.startswith(_OUR_THREADS)
            ]
            if not left or time.monotonic() >= deadline:
                return sorted(left)
            time.sleep(LOOK_AGAIN_SECONDS)


def _dead_event(entry: Entry) -> DeadEvent:
    message = entry.message
    headers = message.headers
    queue = str(headers.get(DEAD_QUEUE, entry.routing_key))
    name = parse_name(queue)
    return DeadEvent(
        event_type=(name and name.event_type) or queue,
        reason=str(headers.get(DEAD_REASON, "unroutable")),
        error=str(headers.get(DEAD_ERROR, "")),
        attempts=int(headers.get(DEAD_ATTEMPTS, 0)),
        body=message.body,
        event=_event(message),
    )


def _event(message: Message) -> Event | None:
    try:
        return decode(message).event
    except UndecodableMessage:
        return None
