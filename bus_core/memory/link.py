"""`MemoryLink`: the bus's way to an embedded broker."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from bus_core.errors import (
    BusClosed,
    BusError,
    NotFound,
    PreconditionFailed,
    PublishRefused,
    Unroutable,
)
from bus_core.link import ConsumeOptions, LinkState, QueueState, Settlement
from bus_core.memory.broker import MemoryBroker
from bus_core.memory.queue import MemoryConsumer
from bus_core.message import Delivery, Message
from bus_core.topology import Binding, Queue, Topology

logger = logging.getLogger(__name__)

REDECLARE_SECONDS = 30.0


class MemoryLink:
    """A connection to an embedded broker; see `bus_core.link.Link`."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self._consumptions: list[MemoryConsumption] = []
        self._closed = False

    @property
    def state(self) -> LinkState:
        """Open until closed."""
        return LinkState.CLOSED if self._closed else LinkState.OPEN

    @property
    def error(self) -> BusError | None:
        """It cannot fail."""
        return None

    @property
    def blocking_forbidden(self) -> bool:
        """There is no I/O thread here."""
        return False

    def declare(self, topology: Topology, *, timeout: float = 30.0) -> None:  # noqa: ARG002
        """Make sure that these objects exist; one that exists otherwise is used as it is."""
        self._check_open()
        for exchange in topology.exchanges:
            self._tolerate(partial(self.broker.declare_exchange, exchange))
        for queue in topology.queues:
            self._tolerate(partial(self.broker.declare_queue, queue, self))
        for binding in topology.bindings:
            self.broker.bind(binding)

    def look(self, queue: str, *, timeout: float = 30.0) -> QueueState | None:  # noqa: ARG002
        """Return how a queue stands, or `None` when there is none."""
        self._check_open()
        for one in self.broker.snapshot().queues:
            if one.queue.name == queue:
                return QueueState(waiting=one.ready, consumers=one.consumers)
        return None

    def rebind(
        self,
        add: Sequence[Binding],
        remove: Sequence[Binding],
        *,
        timeout: float = 30.0,  # noqa: ARG002 - nothing waits here
    ) -> None:
        """Make bindings and then end others, at one go."""
        self._check_open()
        with self.broker.lock:
            for binding in add:
                self.broker.bind(binding)
            for binding in remove:
                self.broker.unbind(binding)

    def delete_queue(
        self,
        queue: str,
        *,
        successor: Queue | None = None,
        timeout: float = 30.0,  # noqa: ARG002
    ) -> bool:
        """Delete a queue in which no message waits, and make its successor in the same moment."""
        with self.broker.lock:
            found = self.look(queue)
            if found is not None and found.waiting:
                return False
            self.broker.delete_queue(queue)
            if successor is not None:
                self.broker.declare_queue(successor)
        return True

    def publish(
        self,
        exchange: str,
        routing_key: str,
        message: Message,
        *,
        mandatory: bool = False,
        timeout: float = 30.0,
        wait: float = 0.0,  # noqa: ARG002 - nothing waits here
        ensure: Topology | None = None,
    ) -> "Future[None]":
        """Route a message now; the future has ended when this returns."""
        future: Future[None] = Future()
        try:
            self._check_open()
            if ensure is not None and not self.broker.has_exchange(exchange):
                self.declare(ensure, timeout=timeout)
            reached = self.broker.publish(exchange, routing_key, message)
            if mandatory and not reached and ensure is not None:
                self.declare(ensure, timeout=timeout)  # its queue is gone, not its exchange
                reached = self.broker.publish(exchange, routing_key, message)
            if mandatory and not reached:
                raise Unroutable(f"no queue for {routing_key!r} behind exchange {exchange!r}")
        except PreconditionFailed as error:
            future.set_exception(PublishRefused(str(error)))
        except BusError as error:
            future.set_exception(error)
        else:
            future.set_result(None)
        return future

    def publish_many(
        self,
        messages: "Sequence[tuple[str, str, Message, Topology | None]]",
        *,
        timeout: float = 30.0,
        wait: float = 0.0,  # noqa: ARG002
    ) -> "Future[None]":
        """Route many messages, in order."""
        futures = [
            self.publish(exchange, routing_key, message, timeout=timeout, ensure=ensure)
            for exchange, routing_key, message, ensure in messages
        ]
        return next((future for future in futures if future.exception()), futures[-1])

    def tell(self, exchange: str, message: Message, *, ensure: Topology | None = None) -> None:
        """Send without caring what becomes of it."""
        self.publish(exchange, "", message, ensure=ensure)

    def consume(
        self,
        options: ConsumeOptions,
        on_delivery: Callable[[Delivery], None],
        *,
        on_lost: Callable[[], None] | None = None,
        on_ready: Callable[[int | None], None] | None = None,
        on_burst: Callable[[], None] | None = None,
    ) -> "MemoryConsumption":
        """Consume a queue until closed."""
        self._check_open()
        consumption = MemoryConsumption(self, options, on_delivery, on_lost, on_ready, on_burst)
        self._consumptions = [one for one in self._consumptions if not one.ended]
        self._consumptions.append(consumption)
        consumption.begin()
        return consumption

    def drop(self) -> None:
        """Lose the connection and come back; what was not settled is delivered again."""
        consumptions = list(self._consumptions)
        with self.broker.lock:
            for consumption in consumptions:
                consumption.drop()
            self.broker.disconnect(self)
            for consumption in consumptions:
                consumption.come_back()

    def close(self, timeout: float = 10.0) -> None:  # noqa: ARG002 - nothing waits here
        """Leave all queues; what was not settled returns to them."""
        self._closed = True
        for consumption in self._consumptions:
            consumption.lose()
        self._consumptions.clear()
        self.broker.disconnect(self)

    def _check_open(self) -> None:
        if self._closed:
            raise BusClosed("this bus was closed")

    def _tolerate(self, declare: Callable[[], None]) -> None:
        try:
            declare()
        except PreconditionFailed as error:
            logger.warning("used as it is: %s", error)


class MemoryConsumption:
    """A consumer on one queue; see `bus_core.link.Consumption`."""

    def __init__(
        self,
        link: MemoryLink,
        options: ConsumeOptions,
        on_delivery: Callable[[Delivery], None],
        on_lost: Callable[[], None] | None,
        on_ready: Callable[[int | None], None] | None,
        on_burst: Callable[[], None] | None,
    ) -> None:
        self._link = link
        self._broker = link.broker
        self._options = options
        self._topology = options.topology
        self._on_delivery = on_delivery
        self._on_lost = on_lost
        self._on_ready = on_ready
        self._on_burst = on_burst
        self._epoch = 0
        self._consumer: MemoryConsumer | None = None
        self.ended = False
        self._lock = threading.RLock()
        self._stop_listening: Callable[[], None] = lambda: None

    @property
    def active(self) -> bool:
        """Whether the broker delivers to it now."""
        return self._consumer is not None and not self._consumer.stopped

    def begin(self) -> None:
        """Attach to the queue, or wait until somebody declares it."""
        self._stop_listening = self._broker.on_queue_declared(self._declared)
        self.come_back()

    def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Settle a delivery; one of an earlier incarnation of the queue is ignored."""
        consumer = self._consumer
        if consumer is not None and delivery.epoch == consumer.epoch:
            self._broker.settle(
                delivery.queue,
                consumer,
                delivery.tag,
                requeue=settlement is not Settlement.ACK,
            )

    def extend(self, topology: Topology) -> None:
        """Make sure of more topology, now and whenever the queue is made again."""
        self._topology += topology
        self._link.declare(topology)

    def set_prefetch(self, prefetch: int) -> None:
        """Let that many messages wait here from now on."""
        self._options = replace(self._options, prefetch=prefetch)
        if self._consumer is not None:
            self._broker.set_prefetch(self._options.queue, self._consumer, prefetch)

    def cancel(self) -> "Future[None]":
        """Stop deliveries."""
        self.ended = True
        self._stop_listening()
        if self._consumer is not None:
            self._broker.stop_deliveries(self._options.queue, self._consumer)
        return _done()

    def close(self) -> "Future[None]":
        """Leave the queue; what is not settled returns to it."""
        self.ended = True
        self._stop_listening()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._broker.detach(self._options.queue, consumer)
        return _done()

    def lose(self) -> None:
        """Leave because the link ends: whoever consumes here holds nothing any more."""
        self.ended = True
        self._stop_listening()
        self.drop()

    def drop(self) -> None:
        """Lose what is held, as with a connection; `come_back` consumes again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            self._broker.detach(self._options.queue, consumer)
            if self._on_lost is not None:
                self._on_lost()

    def come_back(self) -> None:
        """Attach to the queue again, unless this has ended."""
        self._attach(declare=self._options.may_declare)

    def _attach(self, *, declare: bool) -> None:
        with self._broker.lock:
            if self.ended or self._consumer is not None:
                return
            if declare:
                self._link.declare(self._topology)
                if self.active:
                    return  # declaring told our own listener, which has attached already
            self._epoch += 1
            consumer = MemoryConsumer(
                on_delivery=self._on_delivery,
                on_burst=self._on_burst,
                on_cancel=self._cancelled,
                prefetch=self._options.prefetch,
                auto_ack=self._options.auto_ack,
                epoch=self._epoch,
            )
            self._consumer = consumer
            try:
                waiting = self._broker.attach(
                    self._options.queue, consumer, owner=self._link, last=self._options.from_last
                )
            except NotFound:
                self._consumer = None
                waiting = None
            if self._on_ready is not None:
                self._on_ready(waiting)

    def _cancelled(self) -> None:
        """The queue was deleted: the admin may be replacing it, so leave it that time first."""
        self._consumer = None
        if self._options.may_declare:
            self._broker.clock.call_later(REDECLARE_SECONDS, lambda: self._attach(declare=True))

    def _declared(self, name: str) -> None:
        if name == self._options.queue:
            self._attach(declare=False)


def _done() -> "Future[None]":
    future: Future[None] = Future()
    future.set_result(None)
    return future
