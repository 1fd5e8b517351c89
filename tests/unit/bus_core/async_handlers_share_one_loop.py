"""The event loop of a bus's async handlers: when there is one, and what cannot stop it."""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from bus_core import Event, EventBus, RetryPolicy, connect
from bus_core import handler_loop as loop_module
from bus_core.copies import DEAD_ERROR
from bus_core.handlers import is_async
from bus_core.link import ConsumeOptions
from bus_core.topology import dead_letters
from tests.harness.poll import wait_until

SERVICE = "meca-exporter"
ONCE = RetryPolicy(attempts=1)
SOON = RetryPolicy(attempts=3, delays_ms=(10,))


@pytest.fixture
def bus() -> Iterator[EventBus]:
    with connect(f"memory://{uuid.uuid4().hex}", service=SERVICE) as bus:
        yield bus


def start(bus: EventBus, handler: Callable[[Event], Any], **options: Any) -> None:
    bus.subscribe("asked", **options)(handler)
    bus.start(wait=10)


def loop_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == f"bus-async-{SERVICE}"]


def errors_of_dead_letters(bus: EventBus) -> list[str]:
    """Return a list that fills with them."""
    errors: list[str] = []
    bus.link.consume(
        ConsumeOptions(queue=dead_letters(SERVICE), auto_ack=True),
        lambda delivery: errors.append(delivery.message.headers[DEAD_ERROR]),
    )
    return errors


async def quick(_event: Event) -> None:
    """Do nothing."""


def test_there_is_no_loop_without_an_async_handler(bus: EventBus) -> None:
    start(bus, lambda _event: None)
    assert loop_threads() == []


def test_there_is_none_before_the_bus_consumes_nor_after_it_was_closed(bus: EventBus) -> None:
    bus.subscribe("asked")(quick)
    assert loop_threads() == []
    bus.start(wait=10)
    assert len(loop_threads()) == 1
    bus.close()
    assert loop_threads() == []


def test_an_exit_in_a_task_of_a_handler_ends_neither_loop_nor_handlers(bus: EventBus) -> None:
    handled: list[Any] = []

    async def leave() -> None:
        raise SystemExit(1)

    async def handler(event: Event) -> None:
        task = asyncio.create_task(leave())
        await asyncio.wait([task])
        assert isinstance(task.exception(), SystemExit)
        handled.append(event.payload)

    start(bus, handler)
    bus.publish_many([Event("asked", 1), Event("asked", 2)])
    wait_until(lambda: handled == [1, 2])


def test_the_error_of_an_async_handler_begins_with_the_handler(bus: EventBus) -> None:
    async def fail(_event: Event) -> None:
        await asyncio.sleep(0)
        raise ValueError("the journal is away")

    start(bus, fail, retry=ONCE)
    errors = errors_of_dead_letters(bus)
    bus.publish(Event("asked"))
    (error,) = wait_until(lambda: errors)
    first, where, *_rest = error.splitlines()
    assert first == "Traceback (most recent call last):"
    assert where.endswith("in fail")
    assert error.endswith("ValueError: the journal is away")


def test_the_error_of_a_plain_handler_begins_with_the_handler(bus: EventBus) -> None:
    def fail(_event: Event) -> None:
        raise ValueError("the journal is away")

    start(bus, fail, retry=ONCE)
    errors = errors_of_dead_letters(bus)
    bus.publish(Event("asked"))
    (error,) = wait_until(lambda: errors)
    assert error.splitlines()[1].endswith("in fail")


def test_an_awaitable_that_nobody_awaits_is_an_error_in_a_sentence(bus: EventBus) -> None:
    start(bus, lambda event: quick(event), retry=ONCE)  # noqa: PLW0108
    errors = errors_of_dead_letters(bus)
    bus.publish(Event("asked"))
    (error,) = wait_until(lambda: errors)
    assert error.startswith("TypeError: the handler returned an awaitable, which nobody awaits: ")
    assert "\n" not in error


def test_one_that_does_not_end_when_cancelled_holds_up_nobody(
    bus: EventBus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop_module, "CANCEL_SECONDS", 0.2)
    cancelled, let_go = threading.Event(), threading.Event()

    async def stubborn(_event: Event) -> None:
        while not let_go.is_set():
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                cancelled.set()

    start(bus, stubborn)
    bus.publish(Event("asked"))
    bus.subscribe("other")(quick)
    bus.start(wait=10)
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        bus.close(grace=0.05)
    assert time.monotonic() - began < 5
    assert cancelled.is_set()
    assert "1 async handlers did not end when cancelled" in caplog.text
    let_go.set()


def test_a_cancelled_handler_is_no_failed_attempt(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    begun = threading.Event()

    async def wait_for_ever(_event: Event) -> None:
        begun.set()
        await asyncio.sleep(3600)

    url = f"memory://{uuid.uuid4().hex}"
    listener, other = connect(url, service=SERVICE), connect(url, service=SERVICE)
    start(listener, wait_for_ever, retry=SOON)
    other.publish(Event("asked"))
    assert begun.wait(10)
    with caplog.at_level(logging.INFO, logger="bus_core.broker_bus"):
        listener.close(grace=0.05)
    assert [
        one.getMessage() for one in caplog.records if one.name != "bus_core.django_connections"
    ] == [f"{SERVICE} returned 1 unfinished events to the broker"]
    handled: list[Event] = []
    start(other, handled.append, retry=SOON)
    wait_until(lambda: handled)
    other.close()
    assert len(handled) == 1


# -- what is a handler --


async def generator(_event: Event) -> AsyncIterator[None]:
    """Would never run."""
    yield


@pytest.mark.parametrize("handler", [generator, None, "handler"], ids=repr)
def test_what_could_not_run_is_refused(bus: EventBus, handler: Any) -> None:
    with pytest.raises(TypeError, match="a handler"):
        bus.subscribe("asked")(handler)
    assert bus.subscriptions == ()


def test_a_class_and_a_builtin_are_plain_handlers() -> None:
    assert not is_async(dict)
    assert not is_async([].append)
    assert is_async(quick)
