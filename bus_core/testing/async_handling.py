"""Async handlers: coroutine functions keep every promise that is made about functions."""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bus_core.bus import EventBus
from bus_core.errors import WouldDeadlock
from bus_core.event import Event
from bus_core.outcome import Reject
from bus_core.retry import RetryPolicy
from bus_core.testing.features import needs
from bus_core.testing.inbox import PROBE, Inbox
from bus_core.testing.stage import Stage
from bus_core.testing.waiting import eventually, eventually_equal

SOON = RetryPolicy(attempts=10, delays_ms=(20,))

AsyncThen = Callable[[Event], Awaitable[Any]]


class AsyncInbox(Inbox):
    """An inbox whose calls are coroutines."""

    def __init__(self, bus: EventBus, event_type: str, then: AsyncThen | None = None) -> None:
        super().__init__(bus, event_type)
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self._async_then = then

    async def __call__(self, event: Event) -> Any:
        """Handle one event."""
        if event.payload == PROBE:
            self.reached.set()
            return None
        self.loops.add(asyncio.get_running_loop())
        self.threads.append(threading.get_ident())
        self.events.append(event)
        answer = await self._async_then(event) if self._async_then else None
        self.done.append(event.payload)
        return answer


async def handle(event: Event, keep: Callable[[Any], None]) -> None:
    """Handle an event a little later."""
    await asyncio.sleep(0)
    keep(event.payload)


class Handler:
    """Something that is called like a coroutine function."""

    def __init__(self, keep: Callable[[Any], None]) -> None:
        self._keep = keep

    async def __call__(self, event: Event) -> None:
        """Handle an event."""
        await handle(event, self._keep)


def as_function(keep: Callable[[Any], None]) -> Callable[[Event], Any]:
    """Return a coroutine function that keeps what it is given."""

    async def function(event: Event) -> None:
        await handle(event, keep)

    return function


COROUTINE_FUNCTIONS: dict[str, Callable[[Callable[[Any], None]], Callable[[Event], Any]]] = {
    "a function": as_function,
    "a method": lambda keep: Handler(keep).__call__,
    "a partial": lambda keep: functools.partial(functools.partial(handle), keep=keep),
    "an object": Handler,
    "a partial of an object": lambda keep: functools.partial(Handler(keep)),
}


class AsyncHandlingConformance(Stage):
    """Tests of `async def` handlers."""

    def subscribe_async(
        self, bus: EventBus, event_type: str, then: AsyncThen | None = None, **options: Any
    ) -> AsyncInbox:
        """Give a bus an inbox that is a coroutine function."""
        inbox = AsyncInbox(bus, self.name(event_type), then)
        bus.subscribe(inbox.event_type, **options)(inbox)
        return inbox

    def listen_async(
        self, event_type: str, then: AsyncThen | None = None, **options: Any
    ) -> AsyncInbox:
        """Start a worker with an async handler, and wait until it consumes."""
        inbox = self.subscribe_async(self.open("listener"), event_type, then, **options)
        inbox.bus.start()
        self.reach(inbox)
        return inbox

    @needs("async_handlers")
    def test_an_async_handler_gets_every_event_once(self) -> None:
        inbox = self.listen_async("exportRequested")
        events = self.publish("exportRequested", *range(20))
        eventually_equal(lambda: inbox.events, events)
        (last,) = self.publish("exportRequested", "last")
        eventually_equal(lambda: inbox.events, [*events, last])

    @pytest.mark.parametrize("make", COROUTINE_FUNCTIONS.values(), ids=COROUTINE_FUNCTIONS.keys())
    @needs("async_handlers")
    def test_whatever_makes_a_coroutine_is_awaited(
        self, make: Callable[[Callable[[Any], None]], Callable[[Event], Any]]
    ) -> None:
        seen: list[Any] = []
        bus = self.open("listener")
        bus.subscribe(self.name("exportRequested"))(make(seen.append))
        bus.start(wait=15)
        self.publish("exportRequested", 1, 2)
        eventually_equal(lambda: seen, [1, 2])

    @needs("async_handlers")
    def test_all_of_a_bus_run_on_one_event_loop_beside_its_plain_handlers(self) -> None:
        bus = self.open("listener")
        first = self.subscribe_async(bus, "first", concurrency=2)
        second = self.subscribe_async(bus, "second")
        plain = self.subscribe(bus, "plain")
        bus.start()
        self.reach(first, second, plain)
        for event_type in ("first", "second", "plain"):
            self.publish(event_type, 1, 2)
        eventually_equal(lambda: [len(one.done) for one in (first, second, plain)], [2, 2, 2])
        assert len(first.loops | second.loops) == 1
        assert len({*first.threads, *second.threads}) == 1
        assert not {*first.threads, threading.get_ident()} & set(plain.threads)

    @needs("async_handlers")
    def test_as_many_run_at_a_time_as_was_asked_for(self) -> None:
        together = asyncio.Barrier(4)
        inbox = self.listen_async("exportRequested", lambda _: together.wait(), concurrency=4)
        self.publish("exportRequested", 1, 2, 3, 4)
        eventually_equal(lambda: sorted(inbox.done), [1, 2, 3, 4])

    # -- what becomes of the event --

    @needs("retries")
    @pytest.mark.parametrize(
        "failure",
        [False, ValueError("broken"), SystemExit(1), asyncio.CancelledError()],
        ids=["returns False", "raises", "exits", "is cancelled"],
    )
    @needs("async_handlers")
    def test_an_event_whose_async_handler_fails_is_handled_again(
        self, failure: BaseException | bool
    ) -> None:
        async def fail_twice(_event: Event) -> bool:
            await asyncio.sleep(0)
            if len(inbox.events) <= 2 and isinstance(failure, BaseException):
                raise failure
            return len(inbox.events) > 2

        inbox = self.listen_async("exportRequested", fail_twice, retry=SOON)
        (event,) = self.publish("exportRequested", {"journal": "elife"})
        eventually_equal(lambda: inbox.events, [event] * 3)
        (marker,) = self.publish("exportRequested", "marker")
        eventually_equal(lambda: inbox.events, [event] * 3 + [marker])

    @needs("async_handlers", "dead_letters")
    def test_an_async_handler_rejects_and_the_error_is_kept(self) -> None:
        async def reject(_event: Event) -> None:
            await asyncio.sleep(0)
            raise Reject("no such journal")

        self.listen_async("exportRequested", reject)
        self.publish("exportRequested", 1)
        (letter,) = eventually(self.given_up)
        assert (letter.reason, letter.attempts) == ("rejected", 1)
        assert "no such journal" in letter.error

    @needs("async_handlers", "retries")
    def test_a_plain_handler_that_returns_an_awaitable_has_not_handled_the_event(self) -> None:
        def forget_to_await(event: Event) -> Any:
            return handle(event, print) if len(inbox.events) == 1 else None

        inbox = self.listen("exportRequested", then=forget_to_await, retry=SOON)
        (event,) = self.publish("exportRequested", 1)
        eventually_equal(lambda: inbox.events, [event, event])

    # -- stories --

    @needs("async_handlers")
    def test_what_it_publishes_continues_the_story(self) -> None:
        answers = self.listen("answered", "curious")
        bus = self.open("answering")

        async def answer(event: Event) -> None:
            await asyncio.sleep(0)
            answered = Event(answers.event_type, event.payload)
            await bus.publish_async(answered)

        asked = self.subscribe_async(bus, "asked", answer, concurrency=4)
        bus.start()
        self.reach(asked)
        events = self.publish("asked", 1, 2, 3, 4)
        eventually_equal(lambda: sorted(answers.payloads), [1, 2, 3, 4])
        causes = {event.payload: event.id for event in events}
        for event in answers.events:
            assert event.causation_id == event.correlation_id == causes[event.payload]

    @needs("async_handlers")
    def test_calls_that_would_hold_up_the_loop_are_refused(self) -> None:
        refused: list[str] = []

        async def block(event: Event) -> None:
            for name, arguments in (("publish", [event]), ("publish_many", [[]]), ("close", [])):
                try:
                    getattr(inbox.bus, name)(*arguments)
                except WouldDeadlock:
                    refused.append(name)

        inbox = self.listen_async("exportRequested", block)
        self.publish("exportRequested", 1)
        eventually_equal(lambda: inbox.done, [1])
        assert refused == ["publish", "publish_many", "close"]

    # -- the end --

    @needs("async_handlers")
    def test_a_running_coroutine_finishes_while_the_bus_closes(self) -> None:
        gate = self.gate()
        first = self.listen_async("exportRequested", lambda _: asyncio.to_thread(gate))
        self.publish("exportRequested", 1)
        eventually(lambda: first.events)
        closing = threading.Thread(target=first.bus.close)
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        gate.open()
        closing.join(15)
        assert not closing.is_alive()
        assert first.done == [1]

    @needs("async_handlers")
    def test_after_the_grace_it_is_cancelled_and_the_event_comes_back(self) -> None:
        cancelled: list[Any] = []

        async def wait_for_ever(event: Event) -> None:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.append(event.payload)
                raise

        first = self.listen_async("exportRequested", wait_for_ever, concurrency=2)
        events = self.publish("exportRequested", 1, 2, 3)
        eventually(lambda: len(first.events) == 2)
        first.bus.close(grace=0.1)
        assert sorted(cancelled) == [1, 2]
        second = self.subscribe_async(self.open("listener"), "exportRequested")
        second.bus.start()
        eventually_equal(lambda: second.events, events)
        assert first.done == []
