"""`BrokerBus`: the event bus over anything that speaks AMQP's terms (`bus_core.link.Link`)."""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import FrameType

from bus_core.bus import (
    GRACE_SECONDS,
    PUBLISH_SECONDS,
    EventBus,
    Handler,
    HandlerT,
    SubscriptionSpec,
)
from bus_core.consumer import Consumer
from bus_core.control import Directives, SubscriptionDirective
from bus_core.control_follower import ControlFollower
from bus_core.django_connections import async_with_fresh_connections
from bus_core.envelope import encode
from bus_core.errors import BusClosed, NotReady, WouldDeadlock
from bus_core.event import Event
from bus_core.handler_loop import HandlerLoop
from bus_core.handlers import is_async
from bus_core.handling import DeliveryHandler
from bus_core.link import Link
from bus_core.message import Message
from bus_core.reporter import Reporter
from bus_core.retry import RetryPolicy
from bus_core.topology import QueueKind, Topology, event_exchange, event_type_topology

logger = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 0.02
BATCH_EVENTS = 200
BATCH_BYTES = 1024 * 1024
BATCHES_AHEAD = 20

_Prepared = tuple[str, str, Message, Topology]
"""Exchange, routing key, message, and what must be there."""


class BrokerBus(EventBus):
    """Publishing and consuming for one service over one link.

    `declare=False` is for services without the right to declare: they use what is there.
    """

    def __init__(self, link: Link, service: str, *, declare: bool = True) -> None:
        super().__init__(service)
        self.link = link
        self.declares = declare
        self._specs: dict[str, SubscriptionSpec] = {}
        self._consumers: dict[str, Consumer] = {}
        self._directives = Directives()
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._closing = False
        # Handlers may publish while they finish, so publishing ends later than consuming.
        self._closed = False
        self._control: ControlFollower | None = None
        self._reporter: Reporter | None = None
        self._loop: HandlerLoop | None = None

    # -- publishing --

    def publish(self, event: Event, timeout: float = PUBLISH_SECONDS) -> None:
        """Send an event and return once the broker has it; waits while too many do already."""
        self.forbid_deadlock("publish")
        self._publish(event, timeout, wait=timeout).result()

    def publish_soon(self, event: Event, timeout: float = PUBLISH_SECONDS) -> "Future[None]":
        """Send an event; the future ends when the broker has it."""
        return self._publish(event, timeout, wait=0.0)

    def _publish(self, event: Event, timeout: float, *, wait: float) -> "Future[None]":
        self._check_open()
        exchange, routing_key, message, topology = self._prepared(event)
        return self.link.publish(
            exchange, routing_key, message, timeout=timeout, wait=wait, ensure=topology
        )

    def publish_many(self, events: Iterable[Event], timeout: float = PUBLISH_SECONDS) -> None:
        """Send events and return once the broker has all of them; raises the first error."""
        self.forbid_deadlock("publish_many")
        self._check_open()
        remaining = iter(events)
        sending: deque[Future[None]] = deque()
        while batch := self._next_batch(remaining):
            # Not far ahead of the broker: `events` may be endless.
            if len(sending) >= BATCHES_AHEAD:
                sending.popleft().result()
            sending.append(self.link.publish_many(batch, timeout=timeout, wait=timeout))
        errors = [error for future in sending if (error := future.exception())]
        if errors:
            raise errors[0]

    def _next_batch(self, events: Iterator[Event]) -> list[_Prepared]:
        """Encode the next events: few, as the connection's thread stands still meanwhile."""
        batch: list[_Prepared] = []
        size = 0
        for event in events:
            prepared = self._prepared(event)
            batch.append(prepared)
            size += len(prepared[2].body)
            if len(batch) >= BATCH_EVENTS or size >= BATCH_BYTES:
                break
        return batch

    def _prepared(self, event: Event) -> _Prepared:
        event = event.caused()
        return (
            event_exchange(event.type),
            "",
            encode(event, service=self.service),
            event_type_topology(event.type),
        )

    def forbid_deadlock(self, call: str) -> None:
        """Raise `WouldDeadlock` on an event loop's thread or the link's own."""
        super().forbid_deadlock(call)
        if self.link.blocking_forbidden:
            raise WouldDeadlock(f"{call}() was called on the connection's own thread")

    # -- consuming --

    @property
    def subscriptions(self) -> tuple[SubscriptionSpec, ...]:
        """What this bus consumes once started."""
        return tuple(self._specs.values())

    def conditions(self) -> dict[str, str]:
        """Return how each subscription stands, by event type.

        `consuming`; `waiting` for the registry's word, its queue or the broker; `paused` or
        `retired`.
        """
        with self._lock:
            consumers = self._consumers
            return {
                one: consumers[one].condition if one in consumers else "waiting"
                for one in self._specs
            }

    def subscribe(
        self,
        event_type: str,
        *,
        concurrency: int = 1,
        prefetch: int = 100,
        retry: RetryPolicy | None = None,
        kind: QueueKind | str = QueueKind.QUORUM,
    ) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that makes a function the handler of this type of event."""

        def register(handler: HandlerT) -> HandlerT:
            spec = SubscriptionSpec(
                event_type=event_type,
                handler=handler,
                concurrency=concurrency,
                prefetch=prefetch,
                retry=retry or RetryPolicy(),
                kind=QueueKind(kind),
            )
            with self._lock:
                self._check_open()
                if event_type in self._specs:
                    raise ValueError(f"{self.service} already has a handler for {event_type}")
                self._specs[event_type] = spec
                if self._control is not None and self._control.known:
                    self._consume(spec)
            return handler

        return register

    def start(self, wait: float = 0.0) -> None:
        """Begin to consume, on threads of its own; with `wait` return when it does."""
        if wait:
            self.forbid_deadlock("start")
        with self._lock:
            self._check_open()
            if self._control is None:
                self._reporter = Reporter(self.link, self.service, self._announced)
                self._control = ControlFollower(
                    self.link, self.service, self._follow, declare=self.declares
                )
                self._reporter.start()
                self._control.start()
        if wait:
            self._wait_until_consuming(self._control, wait)

    def _wait_until_consuming(self, control: ControlFollower, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not (control.followed.is_set() and all(one.ready for one in self._all_consumers())):
            if self.link.error is not None:
                raise self.link.error
            if time.monotonic() >= deadline:
                state = self.link.state.value
                raise NotReady(f"{self.service} does not consume after {seconds:g} s ({state})")
            self._stop.wait(LOOK_AGAIN_SECONDS)

    def _all_consumers(self) -> list[Consumer]:
        with self._lock:
            return list(self._consumers.values())

    def run(self) -> None:
        """Consume until `close`, SIGTERM or SIGINT; then finish what is held, and return."""
        if not self._specs:
            raise ValueError("nothing to run: no handler was registered with subscribe()")
        restore = self._catch_signals()
        try:
            self.start()
            while not self._stop.wait(0.5) and self.link.error is None:
                pass
        finally:
            self.close()
            restore()
        if self.link.error is not None:
            raise self.link.error

    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Finish held events for at most `grace` seconds, return the rest, disconnect."""
        if self._loop is not None and self._loop.is_current:
            raise WouldDeadlock("close() was called by an async handler, and would wait for it")
        with self._lock:
            if self._closing:
                return
            self._closing = True
            consumers = list(self._consumers.values())
        self._stop.set()
        if self._control is not None:
            self._control.close()
        for consumer in consumers:
            consumer.cancel()
        deadline = time.monotonic() + grace
        returned = sum(consumer.finish(deadline) for consumer in consumers)
        self._closed = True
        if self._loop is not None:
            self._loop.close()
        if returned:
            logger.warning("%s returned %d unfinished events to the broker", self.service, returned)
        if self._reporter is not None:
            self._reporter.close()
        self.link.close()

    # -- inside --

    def _check_open(self) -> None:
        if self._closed:
            raise BusClosed(f"the bus of {self.service} was closed")

    def _follow(self, directives: Directives) -> None:
        """The registry has spoken, or is known to be silent: consume accordingly."""
        with self._lock:
            if self._closing:
                return
            self._directives = directives
            for spec in self._specs.values():
                self._consume(spec)
        if self._reporter is not None:
            self._reporter.announce_soon()

    def _consume(self, spec: SubscriptionSpec) -> None:
        consumer = self._consumers.get(spec.event_type)
        if consumer is None:
            if self._reporter is None:
                raise RuntimeError("consuming begins with start()")
            handler = self._delivery_handler(spec, self._reporter)
            consumer = self._consumers[spec.event_type] = Consumer(
                self.link, self.service, spec, handler, declare=self.declares
            )
        consumer.follow(self._directives.subscriptions.get(spec.event_type, _NO_DIRECTIVE))

    def _delivery_handler(self, spec: SubscriptionSpec, reporter: Reporter) -> DeliveryHandler:
        return DeliveryHandler(
            self.link, self.service, spec, self._runnable(spec.handler), reporter
        )

    def _runnable(self, handler: Handler) -> Handler:
        """Return the handler as a thread may call it: one that is async runs on the bus's loop."""
        if not is_async(handler):
            return handler
        if self._loop is None:
            self._loop = HandlerLoop(f"bus-async-{self.service}")
        return self._loop.bridge(async_with_fresh_connections(handler))

    def _announced(self) -> tuple[list[str], list[str]]:
        """Return the event types consumed now, and those that are paused."""
        consumers = self._all_consumers()
        return (
            [one.event_type for one in consumers if one.running],
            [one.event_type for one in consumers if not one.running],
        )

    def _catch_signals(self) -> Callable[[], None]:
        if threading.current_thread() is not threading.main_thread():
            return lambda: None

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self._stop.set()

        old = {one: signal.signal(one, stop) for one in (signal.SIGTERM, signal.SIGINT)}

        def restore() -> None:
            for one, handler in old.items():
                signal.signal(one, handler)

        return restore


_NO_DIRECTIVE = SubscriptionDirective()
