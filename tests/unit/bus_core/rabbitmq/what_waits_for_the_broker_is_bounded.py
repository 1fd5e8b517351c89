"""While the broker is away events wait in memory, but no more than fit there."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from bus_core import Backpressure, Event, EventBus, NotSent, connect
from bus_core.rabbitmq import backlog
from bus_core.rabbitmq.backlog import Backlog
from tests.harness.poll import wait_until
from tests.harness.ports import LOOPBACK, free_port

MOST = 20


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MAX_MESSAGES", MOST)
    monkeypatch.setattr(backlog, "MAX_BYTES", 100_000)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[EventBus]:
    """A bus whose broker is not there."""
    bus = connect(f"amqp://guest:guest@{LOOPBACK}:{free_port()}/", service="submission")
    yield bus
    bus.link.close(timeout=0.0)  # nothing of it will be sent


def fill(bus: EventBus, timeout: float = 60.0) -> None:
    for _ in range(MOST):
        bus.publish_soon(Event("exportRequested"), timeout)


def test_one_more_is_refused_at_once_and_says_why(bus: EventBus) -> None:
    fill(bus)
    with pytest.raises(Backpressure, match=r"20 events .* wait for the broker already") as caught:
        bus.publish_soon(Event("exportRequested"))
    assert caught.value.outcome_known


def test_large_events_count_by_their_bytes(bus: EventBus) -> None:
    for _ in range(2):
        bus.publish_soon(Event("exportRequested", "x" * 60_000), 60)
    with pytest.raises(Backpressure):
        bus.publish_soon(Event("exportRequested"))


def test_publish_waits_for_room_until_its_deadline(bus: EventBus) -> None:
    fill(bus)
    began = time.monotonic()
    with pytest.raises(Backpressure):
        bus.publish(Event("exportRequested"), timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 5


def test_a_coroutine_waits_without_holding_up_others(bus: EventBus) -> None:
    fill(bus)

    async def publish_and_tick() -> int:
        ticks = 0
        task = asyncio.create_task(bus.publish_async(Event("exportRequested"), timeout=0.3))
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        with pytest.raises(Backpressure):
            await task
        return ticks

    assert asyncio.run(publish_and_tick()) > 5


def test_there_is_room_again_when_deadlines_have_passed(bus: EventBus) -> None:
    fill(bus, timeout=0.5)
    with pytest.raises(NotSent):  # it got in, and then nobody came for it
        bus.publish(Event("exportRequested"), timeout=3)


def test_whoever_waits_gets_in_when_another_leaves() -> None:
    backlog = Backlog()
    assert backlog.enter(MOST, 0)
    entered: list[bool] = []
    thread = threading.Thread(target=lambda: entered.append(backlog.enter(1, 0, wait=10)))
    thread.start()
    wait_until(lambda: backlog._waiting)
    assert not entered
    backlog.leave(1, 0)
    thread.join(10)
    assert entered == [True]


def test_copies_of_what_is_held_already_are_always_taken() -> None:
    backlog = Backlog()
    assert backlog.enter(MOST, 0)
    assert not backlog.enter(1, 0)
    assert backlog.enter(1, 0, limited=False)
