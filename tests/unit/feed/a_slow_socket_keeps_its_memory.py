"""However little a socket takes, no more than so much waits for it."""

import asyncio
from typing import Any, cast

import pytest

from eventbus_admin.asgi import application
from eventbus_admin.feed.frames import EventOutcome
from eventbus_admin.feed.outbox import Outbox
from eventbus_admin.journal.rows import Row
from tests.unit.feed.conftest import Flow, Page


def row(event_id: str) -> Row:
    return cast(Row, {"id": event_id})


def outcome(event_id: str, said: str = "handled") -> EventOutcome:
    return cast(EventOutcome, {"event_id": event_id, "service": "export-manager", "outcome": said})


def take(outbox: Outbox) -> dict[str, Any] | None:
    return outbox.take(rate=1.5, lost=2)


def test_the_newest_events_wait_and_the_rest_is_counted() -> None:
    outbox = Outbox(max_rows=3)
    for number in range(10):
        outbox.put_rows([row(f"e{number}")])

    assert take(outbox) == {
        "kind": "events",
        "seq": 1,
        "rows": [row("e7"), row("e8"), row("e9")],
        "dropped": 9,
        "rate": 1.5,
    }
    assert take(outbox) is None


def test_the_last_word_about_an_event_waits() -> None:
    outbox = Outbox(max_rows=2)
    outbox.put_outcomes([outcome("e1", "retried"), outcome("e2"), outcome("e1", "dead")])

    assert take(outbox) == {"kind": "outcomes", "rows": [outcome("e2"), outcome("e1", "dead")]}
    outbox.put_outcomes([outcome(f"e{number}") for number in range(5)])
    frame = take(outbox)
    assert frame is not None
    assert len(frame["rows"]) == 2
    assert outbox.dropped == 3


def test_events_and_outcomes_take_turns_but_an_event_goes_before_its_outcome() -> None:
    outbox = Outbox()
    outbox.put_rows([row("e1")])
    outbox.put_outcomes([outcome("e1")])
    assert take(outbox) == {
        "kind": "events",
        "seq": 1,
        "rows": [row("e1")],
        "dropped": 2,
        "rate": 1.5,
    }

    outbox.put_rows([row("e2")])
    outbox.put_outcomes([outcome("e2")])
    assert take(outbox) == {"kind": "outcomes", "rows": [outcome("e1")]}
    assert cast(dict[str, Any], take(outbox))["kind"] == "events"
    assert take(outbox) == {"kind": "outcomes", "rows": [outcome("e2")]}


def test_how_things_stand_is_said_once() -> None:
    outbox = Outbox()
    outbox.put_meter()
    outbox.put_meter()

    assert take(outbox) == {"kind": "meter", "dropped": 2, "rate": 1.5}
    assert take(outbox) is None


class SlowClient:
    """A client that stops reading when it is told to."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.news = asyncio.Event()

    async def send(self, message: dict[str, Any]) -> None:
        """What the server calls; it waits while nobody reads."""
        await self.reads.wait()
        self.frames.append(message.get("text", ""))
        self.news.set()

    async def has_read(self, text: str) -> None:
        """Wait until this was read."""
        async with asyncio.timeout(10):
            while not any(text in frame for frame in self.frames):
                self.news.clear()
                await self.news.wait()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_takes_nothing_holds_up_nobody(flow: Flow, cookie: str) -> None:
    page, client = Page(cookie=cookie), SlowClient()
    inputs: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    running = asyncio.create_task(application(page.scope, inputs.get, client.send))
    await inputs.put({"type": "websocket.connect"})
    await client.has_read("hello")

    client.reads.clear()
    for start in range(0, 5_000, 500):
        for number in range(start, start + 500):
            flow.see(f"e{number}")
        await flow.move()
    flow.see("the last")
    await flow.move()
    client.reads.set()

    await client.has_read("the last")
    assert len(client.frames) < 10
    assert sum(frame.count('"summary"') for frame in client.frames) < 3_000
    await inputs.put({"type": "websocket.disconnect", "code": 1000})
    await asyncio.wait_for(running, 5)
