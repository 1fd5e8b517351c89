"""A bus with a tap on it, sockets of people, and a pump that tests move by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import SyncToAsync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import channel_layers
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from bus_core.envelope import encode
from bus_core.event import Event
from bus_core.link import Link
from bus_core.memory import MemoryBroker, MemoryLink
from bus_core.reports import Receipt, encode_receipts
from bus_core.topology import event_exchange, event_type_topology
from eventbus_admin.accounts.models import User
from eventbus_admin.asgi import application
from eventbus_admin.feed.broadcast import Broadcaster
from eventbus_admin.feed.pump import Pump
from eventbus_admin.feed.ring import Ring
from eventbus_admin.feed.tap import Tap
from eventbus_admin.journal.entries import Seen

ORIGIN = "http://localhost:8000"


class Bus:
    """An embedded broker with a publisher and a tap on it."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.publisher: Link = MemoryLink(self.broker)
        self.ring: Ring[Seen] = Ring(100)
        self.tap = Tap(MemoryLink(self.broker), self.ring)

    def publish(self, event_type: str) -> None:
        """Publish one event of this type, as the library does."""
        self.publisher.publish(
            event_exchange(event_type),
            "",
            encode(Event(event_type), service="submission"),
            ensure=event_type_topology(event_type),
        ).result(5)

    def heard(self) -> list[str]:
        """The types of the events that the tap heard since it was last asked."""
        return [str(seen.message.type) for seen in self.ring.take(100)]

    @property
    def taps(self) -> list[str]:
        """The queues of taps."""
        queues = self.broker.snapshot().queues
        return [info.queue.name for info in queues if info.queue.name.startswith("tap__")]


class Page:
    """A browser's end of one socket."""

    def __init__(
        self, query: str = "", cookie: str = "", *, origin: str = ORIGIN, path: str = "/ws/feed/"
    ) -> None:
        self.scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.removeprefix("?").encode(),
            "headers": [(b"origin", origin.encode()), (b"cookie", cookie.encode())],
        }
        self._socket = ApplicationCommunicator(application, self.scope)

    async def connect(self) -> bool:
        """Ask for the socket; returns whether it was accepted."""
        await self._socket.send_input({"type": "websocket.connect"})
        answer = await self._socket.receive_output(timeout=5)
        return bool(answer["type"] == "websocket.accept")

    async def open(self) -> dict[str, Any]:
        """Open it and return the first frame."""
        assert await self.connect()
        return await self.frame()

    async def frame(self) -> dict[str, Any]:
        """The next frame."""
        message = await self._socket.receive_output(timeout=5)
        received: dict[str, Any] = json.loads(message["text"])
        return received

    async def frame_of(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind."""
        while (frame := await self.frame())["kind"] != kind:
            pass
        return frame

    async def close_code(self) -> int:
        """The code with which the server closes it."""
        message = await self._socket.receive_output(timeout=5)
        assert message["type"] == "websocket.close"
        code: int = message["code"]
        return code

    async def close(self) -> None:
        """Leave the page."""
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._socket.wait(timeout=5)


def _close_connections() -> None:
    for one in connections.all(initialized_only=True):
        if one.connection is not None:
            one.connection.close()  # Django's own `close` spares a database in memory
            one.connection = None


class Flow:
    """What the tap and the reports would see, moved on by hand."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.pump = Pump(broadcaster)

    def see(self, event_id: str, event_type: str = "exportRequested", **more: Any) -> None:
        """The tap sees an event."""
        source = more.pop("source", "submission")
        message = encode(Event(event_type, id=event_id, **more), service=source)
        self.pump.events.put(Seen(message, event_exchange(event_type), timezone.now()))

    def report(self, event_id: str, service: str, outcome: str = "handled") -> None:
        """A worker reports."""
        receipt = Receipt(
            event_id=event_id,
            event_type="exportRequested",
            service=service,
            outcome=outcome,
            attempts=1,
            ms=1.0,
            at=timezone.now().isoformat(),
            worker="host/1/a",
        )
        message = encode_receipts(service, [receipt])
        self.pump.reports.put(Seen(message, "bus__reports", timezone.now()))

    async def move(self) -> None:
        """Write and tell what was seen, from another thread as in life.

        Then give sockets a turn, as they share that thread with the pump here.
        """
        await sync_to_async(self.pump.move)()
        for _ in range(20):
            await sync_to_async(int)()


@pytest.fixture(autouse=True)
def no_connection_is_left() -> Iterator[None]:
    """Sockets ask the database on asgiref's thread, which outlives the test: close what it has."""
    yield
    SyncToAsync.single_thread_executor.submit(_close_connections).result(5)


@pytest.fixture
def cookie(transactional_db: None, make_user: Callable[..., User]) -> str:
    """The cookie of a person who signed in."""
    client = Client()
    client.force_login(make_user("vera"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest_asyncio.fixture
async def open_page(cookie: str) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open a page of the feed, past its first frame; all are closed in the end."""
    pages: list[Page] = []

    async def make(query: str = "") -> Page:
        page = Page(query, cookie)
        pages.append(page)
        await page.open()
        return page

    yield make
    for page in pages:
        await page.close()


@pytest_asyncio.fixture
async def flow(transactional_db: None) -> AsyncIterator[Flow]:
    """A pump that tells this test's event loop."""
    channel_layers.backends.clear()  # each test has an event loop, and a layer, of its own
    yield Flow(Broadcaster(asyncio.get_running_loop()))
    channel_layers.backends.clear()


@pytest.fixture
def bus() -> Iterator[Bus]:
    """A bus with nothing on it."""
    bus = Bus()
    yield bus
    bus.tap.close()
    bus.publisher.close()
