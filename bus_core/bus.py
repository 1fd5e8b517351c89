"""`EventBus`, the interface that services program against."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

from bus_core.errors import Backpressure, WouldDeadlock
from bus_core.event import Event
from bus_core.handlers import check_handler
from bus_core.names import check_name
from bus_core.retry import RetryPolicy
from bus_core.topology import QueueKind

Handler = Callable[[Event], Any]
HandlerT = TypeVar("HandlerT", bound=Handler)

PUBLISH_SECONDS = 30.0
GRACE_SECONDS = 25.0
ROOM_SECONDS = 0.01
"""How often a coroutine looks whether there is room for its event."""


@dataclass(frozen=True, kw_only=True)
class SubscriptionSpec:
    """One subscription as the service's code asks for it.

    `concurrency` is a number of threads, `prefetch` a number of events; `EventBus.subscribe` says
    more. Raises `InvalidName`, `ValueError` or `TypeError` for what cannot be.
    """

    event_type: str
    handler: Handler
    concurrency: int = 1
    prefetch: int = 100
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    kind: QueueKind = QueueKind.QUORUM

    def __post_init__(self) -> None:
        check_name(self.event_type, "event type")
        check_handler(self.handler)
        if not 1 <= self.concurrency <= 1000:
            raise ValueError("concurrency must be between 1 and 1000 threads")
        if not 1 <= self.prefetch <= 65_535:
            raise ValueError("prefetch must be between 1 and 65535 messages")


class EventBus(ABC):
    """One service's way to the event bus.

    Implementations differ in the broker behind them, not in what they promise; the conformance
    suite in `bus_core.testing` says what that is.
    """

    def __init__(self, service: str) -> None:
        self.service = check_name(service, "service name")

    @abstractmethod
    def publish_soon(self, event: Event, timeout: float = PUBLISH_SECONDS) -> "Future[None]":
        """Send an event; the future ends when the broker has it, or with a `BusError`.

        `timeout` in seconds, from now. Raises `InvalidEvent` and `BusClosed` at once, and
        `Backpressure` when too many events wait for the broker already.
        """

    @abstractmethod
    def subscribe(
        self,
        event_type: str,
        *,
        concurrency: int = 1,
        prefetch: int = 100,
        retry: RetryPolicy | None = None,
        kind: QueueKind | str = QueueKind.QUORUM,
    ) -> Callable[[HandlerT], HandlerT]:
        """Return a decorator that makes a function the handler of this type of event.

        The handler returns when the event is done; it returns False or raises to have it handled
        again later; it raises `Reject` to make it a dead letter, `Retry(delay)` to choose when.
        It may be an `async def`: all of a bus's run on one event loop, and what runs too long when
        the bus closes is cancelled there.

        `concurrency` is how many events it handles at a time, each on a thread of its own (1 to
        1000), `prefetch` how many wait here for that (1 to 65535), `retry` how often and when it
        is called again. `kind` is `quorum`, `ordered` (one event at a time, also while it waits to
        be handled again) or `classic`. What the registry says about the subscription goes before
        all of these.

        The decorator returns the function as it is. It raises `InvalidName`, `ValueError` for a
        value out of range or a second handler of the type, `TypeError` for a handler that it
        cannot call, and `BusClosed`.
        """

    @abstractmethod
    def start(self, wait: float = 0.0) -> None:
        """Begin to consume, on threads of its own.

        Returns at once, or with `wait` (seconds) when every subscription that is not paused is
        bound and consumed: from then on it misses no event. Starting again does nothing.

        Raises `NotReady` after that time, `LoginRefused` when waiting longer would not help, and
        `BusClosed`.
        """

    @abstractmethod
    def run(self) -> None:
        """Consume until `close`, SIGTERM or SIGINT; then finish what is held, and return.

        Signals are honoured when called in the main thread. Raises `ValueError` when there is
        nothing to consume, and `LoginRefused` when the broker does not let this service in.
        """

    @abstractmethod
    def close(self, grace: float = GRACE_SECONDS) -> None:
        """Finish held events for at most `grace` seconds, return the rest, disconnect.

        What was published before is sent first. Closing again does nothing; publishing, subscribing
        and starting raise `BusClosed` from then on.
        Raises `WouldDeadlock` in an async handler of this bus, for which it would wait.
        """

    @property
    @abstractmethod
    def subscriptions(self) -> tuple[SubscriptionSpec, ...]:
        """What this bus consumes once started."""

    def publish(self, event: Event, timeout: float = PUBLISH_SECONDS) -> None:
        """Send an event and return once the broker has it.

        `timeout` in seconds. Raises `InvalidEvent` when it cannot be sent at all, `WouldDeadlock`
        on a thread that must not wait, and otherwise a `BusError` whose `outcome_known` says
        whether the broker may have the event all the same.
        """
        self.forbid_deadlock("publish")
        self.publish_soon(event, timeout).result()

    async def publish_async(  # `timeout` means what it does everywhere on the bus
        self,
        event: Event,
        timeout: float = PUBLISH_SECONDS,  # noqa: ASYNC109
    ) -> None:
        """Send an event from a coroutine, and return once the broker has it.

        `timeout` in seconds. Waits while too many events wait for the broker. Raises as
        `publish`; a task that is cancelled leaves the event sent, or not.
        """
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                future = self.publish_soon(event, left)
            except Backpressure:
                if left <= 0:
                    raise
                await asyncio.sleep(ROOM_SECONDS)
            else:
                await asyncio.wrap_future(future)
                return

    def publish_many(self, events: Iterable[Event], timeout: float = PUBLISH_SECONDS) -> None:
        """Send events, in order, and return once the broker has all of them.

        `timeout` in seconds, for each event from when it is sent. Raises what `publish` raises,
        for the first event that failed; the others may have been sent.
        """
        self.forbid_deadlock("publish_many")
        futures = [self.publish_soon(event, timeout) for event in events]
        errors = [error for future in futures if (error := future.exception())]
        if errors:
            raise errors[0]

    def forbid_deadlock(self, call: str) -> None:
        """Raise `WouldDeadlock` when the calling thread runs an event loop."""
        if asyncio._get_running_loop() is not None:
            raise WouldDeadlock(
                f"{call}() would block the running event loop; await publish_async() there"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
