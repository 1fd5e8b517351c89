"""`RabbitLink`: the bus's way to RabbitMQ."""

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from urllib.parse import unquote, urlsplit

from bus_core.errors import (
    BusClosed,
    BusError,
    LoginRefused,
    NotFound,
    NotSent,
    WouldDeadlock,
)
from bus_core.link import ConsumeOptions, LinkState, QueueState
from bus_core.message import Delivery, Message
from bus_core.rabbitmq.connection import Connection, parameters
from bus_core.rabbitmq.consumption import RabbitConsumption
from bus_core.rabbitmq.declarer import Declarer, Done
from bus_core.rabbitmq.engine import Engine
from bus_core.rabbitmq.in_flight import BatchTicket, Outgoing, SingleTicket
from bus_core.rabbitmq.publisher import Publisher
from bus_core.rabbitmq.teller import Teller
from bus_core.topology import Binding, Queue, Topology

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
ABANDON_SECONDS = 1.0
_links: "weakref.WeakSet[RabbitLink]" = weakref.WeakSet()


class _Side:
    """One connection with its channel for topology."""

    def __init__(self, link: "RabbitLink", engine: Engine, role: str) -> None:
        hosts = parameters(link.url, f"{link.client_name} ({role})")
        self.connection = Connection(engine, hosts, f"{link.client_name}, {role}")
        self.declarer = Declarer(self.connection)
        engine.run_soon(lambda: self.connection.add(self.declarer))


class RabbitLink:
    """One I/O thread with one connection for publishing and one for consuming.

    They are two because RabbitMQ stops reading from publishers while it is short of memory or
    disk; consumers must go on then. A stream has a third one: only a node with a replica gives it
    out, others may end the whole connection over it. See `bus_core.link.Link`.
    """

    def __init__(self, url: str, *, client_name: str) -> None:
        parameters(url, client_name)  # a wrong URL is an error here and now
        self.url = url
        self.client_name = client_name
        self._forget_everything()
        _links.add(self)

    def _forget_everything(self) -> None:
        """Begin anew: at first, and in a forked child, which may not use what it inherited."""
        self._lock = threading.RLock()
        self._engine: Engine | None = None
        self._publishing: _Side | None = None
        self._consuming: _Side | None = None
        self._streaming: _Side | None = None
        self._publisher: Publisher | None = None
        self._teller: Teller | None = None
        self._consumptions: list[RabbitConsumption] = []
        self._closed = False

    # -- state --

    @property
    def state(self) -> LinkState:
        """Where the connection for events stands; of two, the one that is worse off."""
        if self._closed:
            return LinkState.CLOSED
        states = [side.connection.state for side in (self._publishing, self._consuming) if side]
        order = (
            LinkState.FAILED,
            LinkState.RECOVERING,
            LinkState.CONNECTING,
            LinkState.BLOCKED,
            LinkState.OPEN,
        )
        return next((state for state in order if state in states), LinkState.IDLE)

    @property
    def error(self) -> BusError | None:
        """Why the link has failed for good."""
        return next((side.connection.error for side in self._sides if side.connection.error), None)

    @property
    def blocking_forbidden(self) -> bool:
        """Whether the caller is on the I/O thread."""
        return self._engine is not None and self._engine.is_current

    # -- publishing --

    def publish(
        self,
        exchange: str,
        routing_key: str,
        message: Message,
        *,
        mandatory: bool = False,
        timeout: float = 30.0,
        wait: float = 0.0,
        ensure: Topology | None = None,
    ) -> "Future[None]":
        """Send a message; the future ends when the broker has confirmed it."""
        publisher = self._get_publisher()
        ticket = SingleTicket()
        deadline = time.monotonic() + timeout
        outgoing = Outgoing(
            exchange, routing_key, message, ensure, deadline, ticket, mandatory=mandatory
        )
        outgoing.encode(publisher.channel_number, publisher.frame_max)
        publisher.submit((outgoing,), wait=wait, limited=not mandatory)
        return ticket.future

    def publish_many(
        self,
        messages: "Sequence[tuple[str, str, Message, Topology | None]]",
        *,
        timeout: float = 30.0,
        wait: float = 0.0,
    ) -> "Future[None]":
        """As `publish`, for many at once, in order; the future ends with the last of them."""
        publisher = self._get_publisher()
        ticket = BatchTicket(len(messages))
        deadline = time.monotonic() + timeout
        batch = []
        for exchange, routing_key, message, ensure in messages:
            outgoing = Outgoing(exchange, routing_key, message, ensure, deadline, ticket)
            outgoing.encode(publisher.channel_number, publisher.frame_max)
            batch.append(outgoing)
        publisher.submit(batch, wait=wait)
        return ticket.future

    def tell(self, exchange: str, message: Message, *, ensure: Topology | None = None) -> None:
        """Send without confirmation; dropped when the broker is away."""
        with self._lock:
            self._check_open()
            engine, side = self._running(), self._publishing_side()
            if self._teller is None:
                user = unquote(urlsplit(self.url.split(",")[0]).username or "guest")
                self._teller = Teller(side.connection, side.declarer, user)
            teller = self._teller
        engine.run_soon(lambda: teller.tell(exchange, message, ensure))

    def declare(self, topology: Topology, *, timeout: float = 30.0) -> None:
        """Make sure that these objects exist, passive first; `timeout` in seconds."""
        self._ask("declare", lambda declarer, done: declarer.ensure(topology, done), timeout)

    def look(self, queue: str, *, timeout: float = 30.0) -> QueueState | None:
        """Return how a queue stands, or `None` when there is none; `timeout` in seconds."""
        found: list[QueueState] = []

        def job(declarer: Declarer, done: Done) -> None:
            declarer.look(queue, found.append, done)

        try:
            # Whoever consumes an exclusive queue may look at it, and no other connection.
            self._ask("look", job, timeout, self._consuming)
        except NotFound:
            return None
        return found[-1]

    def rebind(
        self, add: Sequence[Binding], remove: Sequence[Binding], *, timeout: float = 30.0
    ) -> None:
        """Make bindings and then end others, at one go; `timeout` in seconds."""
        self._ask("rebind", lambda declarer, done: declarer.rebind(add, remove, done), timeout)

    def delete_queue(
        self, queue: str, *, successor: Queue | None = None, timeout: float = 30.0
    ) -> bool:
        """Delete a queue in which no message waits, and make its successor in the same moment."""
        found: list[bool] = []

        def job(declarer: Declarer, done: Done) -> None:
            declarer.delete_queue(queue, successor, found.append, done)

        self._ask("delete_queue", job, timeout)
        return found[-1]

    def _ask(
        self,
        call: str,
        job: Callable[[Declarer, Done], None],
        timeout: float,
        side: _Side | None = None,
    ) -> None:
        """Have the declarer do a job, again when the connection was lost meanwhile."""
        if self.blocking_forbidden:
            raise WouldDeadlock(f"{call}() was called on the connection's own thread")
        deadline = time.monotonic() + timeout
        while True:
            error = self._ask_once(job, max(0.0, deadline - time.monotonic()), side)
            if error is None:
                return
            if not isinstance(error, NotSent) or time.monotonic() >= deadline:
                raise error

    def _ask_once(
        self, job: Callable[[Declarer, Done], None], timeout: float, side: _Side | None
    ) -> BusError | None:
        ended: Future[BusError | None] = Future()
        with self._lock:
            self._check_open()
            engine, asked = self._running(), side or self._publishing_side()
        engine.run_soon(lambda: job(asked.declarer, ended.set_result))
        try:
            return ended.result(timeout)
        except TimeoutError:
            state, why = self.state.value, asked.connection.last_error
            return NotSent(f"the broker did not answer in time ({state}{why and ': '}{why})")

    # -- consuming --

    def consume(
        self,
        options: ConsumeOptions,
        on_delivery: Callable[[Delivery], None],
        *,
        on_lost: Callable[[], None] | None = None,
        on_ready: Callable[[int | None], None] | None = None,
        on_burst: Callable[[], None] | None = None,
    ) -> RabbitConsumption:
        """Consume a queue until closed, across reconnections."""
        with self._lock:
            self._check_open()
            engine = self._running()
            side = self._consuming = self._consuming or _Side(self, engine, "consuming")
            if options.from_last:
                side = self._streaming = self._streaming or _Side(self, engine, "streaming")
            consumption = RabbitConsumption(
                engine,
                side.connection,
                side.declarer,
                options,
                on_delivery,
                on_lost,
                on_ready,
                on_burst,
            )
            self._consumptions = [one for one in self._consumptions if not one.closed]
            self._consumptions.append(consumption)
            return consumption

    # -- the end --

    def close(self, timeout: float = 10.0) -> None:
        """Send what waits for at most `timeout` seconds, then disconnect."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            engine, publisher = self._engine, self._publisher
        if engine is None:
            return
        deadline = time.monotonic() + timeout
        while publisher is not None and publisher.pending and time.monotonic() < deadline:
            if isinstance(self.error, LoginRefused):
                break
            time.sleep(0.01)
        for consumption in self._consumptions:
            consumption.close()
        engine.ending = True
        engine.run_soon(self._disconnect)
        if not self._disconnected_within(CLOSE_SECONDS):
            engine.run_soon(self._abandon)
            self._disconnected_within(ABANDON_SECONDS)
        engine.stop()

    def _disconnect(self) -> None:
        if self._publisher is not None:
            self._publisher.close()
        for side in self._sides:
            side.connection.close()

    def _abandon(self) -> None:
        for side in self._sides:
            side.connection.abandon()

    def _disconnected_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not all(
            side.connection.state is LinkState.CLOSED and side.connection.is_gone
            for side in self._sides
        ):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    # -- inside --

    def _check_open(self) -> None:
        if self._closed:
            raise BusClosed("this bus was closed")

    def _running(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(f"bus-io-{self.client_name}")
        return self._engine

    @property
    def _sides(self) -> list[_Side]:
        every = (self._publishing, self._consuming, self._streaming)
        return [side for side in every if side is not None]

    def _publishing_side(self) -> _Side:
        if self._publishing is None:
            self._publishing = _Side(self, self._running(), "publishing")
        return self._publishing

    def _get_publisher(self) -> Publisher:
        if self._publisher is not None and not self._closed:
            return self._publisher
        with self._lock:
            self._check_open()
            if self._publisher is None:
                engine, side = self._running(), self._publishing_side()
                publisher = Publisher(engine, side.connection, side.declarer)
                engine.run_soon(publisher.start)
                self._publisher = publisher
            return self._publisher


def _after_fork_in_child() -> None:
    for link in list(_links):
        link._forget_everything()


os.register_at_fork(after_in_child=_after_fork_in_child)
