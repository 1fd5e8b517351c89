"""Consuming one queue across reconnections, deletions and re-declarations."""

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from pika import BasicProperties, SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosed
from pika.frame import Method
from pika.spec import Basic

from bus_core.errors import AccessRefused, BusError, LoginRefused, NotFound, NotSent
from bus_core.link import ConsumeOptions, Settlement
from bus_core.message import Delivery
from bus_core.rabbitmq.bursts import BurstConnection
from bus_core.rabbitmq.connection import Connection
from bus_core.rabbitmq.declarer import Declarer
from bus_core.rabbitmq.deliveries import DeliveryReader
from bus_core.rabbitmq.engine import Engine, Signal
from bus_core.rabbitmq.settlements import Settlements
from bus_core.rabbitmq.wire import PRECONDITION_FAILED, channel_error, to_delivery
from bus_core.topology import Topology

logger = logging.getLogger(__name__)

ASSERT_SECONDS = 30.0
REDECLARE_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 1.0
EMPTY_STREAM_SECONDS = 0.1
"""So long a stream that counts nothing may still give out what it has."""
FIRST_MOVE_SECONDS = 0.1
MAX_MOVE_SECONDS = 30.0


class RabbitConsumption:
    """See `bus_core.link.Consumption`. Everything but the public methods is on the I/O thread."""

    def __init__(
        self,
        engine: Engine,
        connection: Connection,
        declarer: Declarer,
        options: ConsumeOptions,
        on_delivery: Callable[[Delivery], None],
        on_lost: Callable[[], None] | None,
        on_ready: Callable[[int | None], None] | None,
        on_burst: Callable[[], None] | None,
    ) -> None:
        self._engine = engine
        self._connection = connection
        self._declarer = declarer
        self._options = options
        self._topology = options.topology
        self._on_delivery = on_delivery
        self._on_lost = on_lost
        self._on_ready = on_ready
        self._on_burst = on_burst
        self._came = False
        self._channel: Channel | None = None
        self._consumer_tag: str | None = None
        self._settlements: Settlements | None = None
        self._epoch = 0
        self._may_declare_from = 0.0
        self._cancelled = False
        self._closed = False
        self._joining = False
        self._rejoining = False
        """The queue was deleted; its channel is left soon."""
        self._told = False
        self._moves = 0
        self._inbox: deque[tuple[Delivery, Settlement]] = deque()
        self._wake = Signal(engine, self._settle_posted)
        engine.run_soon(self._start)

    # -- from any thread --

    @property
    def active(self) -> bool:
        """Whether the broker delivers to it now."""
        return self._consumer_tag is not None

    @property
    def closed(self) -> bool:
        """Whether it has left its queue for good."""
        return self._closed

    def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Settle a delivery; one of an earlier channel is ignored, as it came back already."""
        self._inbox.append((delivery, settlement))
        self._wake()

    def extend(self, topology: Topology) -> None:
        """Make sure of more topology, now and at every reconnection."""

        def add() -> None:
            self._topology += topology
            self._assert(topology)

        self._engine.run_soon(add)

    def set_prefetch(self, prefetch: int) -> None:
        """Let that many messages wait here from now on; those that do already stay."""
        self._engine.run_soon(lambda: self._consume_again(prefetch))

    def cancel(self) -> "Future[None]":
        """Stop deliveries; what was delivered may still be settled."""
        future: Future[None] = Future()
        self._engine.run_soon(lambda: self._cancel(future))
        return future

    def close(self) -> "Future[None]":
        """Settle what was posted, then leave the queue; what is not settled returns to it."""
        future: Future[None] = Future()
        self._engine.run_soon(lambda: self._close(future))
        return future

    # -- joining --

    def _start(self) -> None:
        self._connection.add(self)
        self._plan_assertion()

    def on_up(self, _connection: SelectConnection) -> None:
        """Look up the topology, then consume."""
        if self._moves:
            delay = min(MAX_MOVE_SECONDS, FIRST_MOVE_SECONDS * 2 ** min(self._moves, 16))
            self._engine.call_later(delay, self._join)
        else:
            self._join()

    def on_down(self) -> None:
        """The channel went with all that was unsettled."""
        if self._joining and self._options.from_last:
            self._moves += 1  # a node may end the connection, too, when it has no replica
        self._joining = self._rejoining = False
        self._lose()

    def on_failed(self, _error: LoginRefused) -> None:
        """The link reports it."""

    def _join(self) -> None:
        if self._cancelled or self._closed or self._joining:
            return
        self._joining = True
        may_declare = self._options.may_declare and time.monotonic() >= self._may_declare_from
        self._declarer.ensure(self._topology, self._ensured, may_declare=may_declare)

    def _ensured(self, error: BusError | None) -> None:
        self._joining = False
        if isinstance(error, NotSent | LoginRefused) or self._cancelled or self._closed:
            return
        if error is not None:
            self._not_there(error)
        elif (connection := self._connection.current) is not None:
            self._joining = True
            connection.channel(on_open_callback=self._on_channel)

    def _not_there(self, error: BusError) -> None:
        if self._on_ready is not None and isinstance(error, NotFound | AccessRefused):
            self._on_ready(None)
        level, self._told = (logging.INFO if self._told else logging.WARNING), True
        logger.log(level, "%s: cannot be consumed yet: %s", self._options.queue, error)
        self._engine.call_later(LOOK_AGAIN_SECONDS, self._join)

    def _on_channel(self, channel: Channel) -> None:
        if self._cancelled or self._closed:
            channel.close()
            return
        self._channel = channel
        self._epoch += 1
        self._settlements = None if self._options.auto_ack else Settlements(channel)
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_cancel_callback(self._on_cancelled_by_broker)
        channel.queue_declare(self._options.queue, passive=True, callback=self._found)

    def _found(self, frame: Method) -> None:
        channel = self._channel
        if channel is None or self._cancelled:
            return
        waiting = frame.method.message_count
        self._read_in_bursts(channel)
        self._consume(channel, lambda _frame: self._ready(waiting))

    def _consume(self, channel: Channel, done: Callable[[Method], None]) -> None:
        channel.basic_qos(prefetch_count=0 if self._options.auto_ack else self._options.prefetch)
        self._consumer_tag = channel.basic_consume(
            self._options.queue,
            self._delivered,
            auto_ack=self._options.auto_ack,
            arguments={"x-stream-offset": "last"} if self._options.from_last else None,
            callback=done,
        )

    def _consume_again(self, prefetch: int) -> None:
        """Change the prefetch, which RabbitMQ fixes for each consumer when it begins."""
        self._options = replace(self._options, prefetch=prefetch)
        channel, tag = self._channel, self._consumer_tag
        if channel is not None and channel.is_open and tag is not None:
            channel.basic_cancel(tag)
            self._consume(channel, lambda _frame: None)

    def _read_in_bursts(self, channel: Channel) -> None:
        connection = channel.connection
        if isinstance(connection, BurstConnection):
            reader = DeliveryReader(self._options.queue, self._epoch, self._take)
            connection.handle_frames(channel.channel_number, reader)
            connection.after_burst(self._after_burst)
            channel.add_on_close_callback(lambda *_: self._stop_reading(connection, channel))

    def _stop_reading(self, connection: BurstConnection, channel: Channel) -> None:
        connection.leave_frames(channel.channel_number)
        connection.leave_burst(self._after_burst)

    def _ready(self, waiting: int) -> None:
        self._joining = self._told = False
        self._moves = 0
        if self._on_ready is None:
            return
        if self._options.from_last and not waiting:
            # The count of a stream is up to five seconds old: what is there comes at once.
            self._engine.call_later(EMPTY_STREAM_SECONDS, lambda: self._tell_ready(waiting))
        else:
            self._on_ready(waiting)

    def _tell_ready(self, waiting: int) -> None:
        if self._on_ready is not None and not (self._cancelled or self._closed):
            self._on_ready(waiting)

    # -- deliveries and settlements --

    def _delivered(
        self, channel: Channel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        """Take a delivery from pika, where frames do not come in bursts."""
        if channel is self._channel:
            self._take(to_delivery(self._options.queue, self._epoch, method, properties, body))
            self._after_burst()

    def _take(self, delivery: Delivery) -> None:
        if delivery.epoch != self._epoch or self._channel is None:
            return
        if self._settlements is not None:
            self._settlements.delivered(delivery.tag)
        self._came = True
        self._on_delivery(delivery)

    def _after_burst(self) -> None:
        if self._came:
            self._came = False
            if self._on_burst is not None:
                self._on_burst()

    def _settle_posted(self) -> None:
        current = []
        while self._inbox:
            delivery, settlement = self._inbox.popleft()
            if delivery.epoch == self._epoch:
                current.append((delivery.tag, settlement))
        if current and self._settlements is not None:
            self._settlements.settle(current)

    # -- leaving --

    def _cancel(self, future: "Future[None]") -> None:
        self._cancelled = True
        tag, self._consumer_tag = self._consumer_tag, None
        if self._channel is not None and self._channel.is_open and tag is not None:
            self._channel.basic_cancel(tag, callback=lambda _: _finish(future))
        else:
            future.set_result(None)

    def _close(self, future: "Future[None]") -> None:
        self._settle_posted()
        self._closed = True
        self._connection.remove(self)
        tag, self._consumer_tag = self._consumer_tag, None
        channel, self._channel = self._channel, None
        self._settlements = None
        if channel is None or not channel.is_open:
            future.set_result(None)
            return
        channel.add_on_close_callback(lambda *_: _finish(future))
        if self._options.in_order and tag is not None:
            # When a channel is closed in good order, the next consumer gets the next message
            # before what was held is back. After an error of the channel it is the other way
            # round (RabbitMQ 3.10 and 4.0), so make one: there is no such exchange.
            channel.exchange_declare("left-in-order", passive=True, callback=lambda _: None)
        else:
            channel.close()

    def _lose(self) -> None:
        had_channel = self._channel is not None
        self._channel = self._consumer_tag = self._settlements = None
        if had_channel and self._on_lost is not None and not self._closed:
            self._on_lost()

    def _on_channel_closed(self, channel: Channel, reason: BaseException) -> None:
        if channel is not self._channel or not isinstance(reason, ChannelClosed):
            return
        joining, self._joining = self._joining, False
        gone = isinstance(channel_error(reason.reply_code, reason.reply_text), NotFound)
        if gone and (self.active or self._rejoining):
            self._deleted()
            return
        self._lose()
        if self._closed:
            return
        logger.warning("%s: the broker closed the channel: %s", self._options.queue, reason)
        if joining and self._options.from_last and reason.reply_code == PRECONDITION_FAILED:
            # Only a node with a replica of a stream gives it out (RabbitMQ 3.10 and 4.0).
            self._moves += 1
            self._connection.move(f"{self._options.queue} cannot be read here")
        else:
            self._engine.call_later(LOOK_AGAIN_SECONDS, self._join)

    def _on_cancelled_by_broker(self, _frame: Method) -> None:
        self._deleted()

    def _deleted(self) -> None:
        """The queue was deleted. What is held is finished here; nobody requeues it."""
        self._consumer_tag = None
        if self._rejoining:
            return
        self._rejoining = True
        logger.warning("%s: the queue was deleted; waiting until it is back", self._options.queue)
        if not self._is_exclusive:
            # The admin may be replacing it: only look, until it has had time to.
            self._may_declare_from = time.monotonic() + REDECLARE_SECONDS
        self._engine.call_later(LOOK_AGAIN_SECONDS, self._rejoin)

    @property
    def _is_exclusive(self) -> bool:
        """Whether nobody else can ever make this queue."""
        own = self._options.queue
        return any(one.exclusive for one in self._topology.queues if one.name == own)

    def _rejoin(self) -> None:
        if not self._rejoining:
            return  # the connection went meanwhile
        self._rejoining = False
        channel, self._channel = self._channel, None
        if channel is not None and channel.is_open:
            channel.close()
        self._join()

    # -- own bindings --

    def _plan_assertion(self) -> None:
        delay = ASSERT_SECONDS * random.uniform(0.7, 1.0)
        self._engine.call_later(delay, self._assert_again)

    def _assert_again(self) -> None:
        if self._closed or self._cancelled:
            return
        if self.active:
            # Not the queue itself: when it was deleted, the admin may be replacing it.
            others = tuple(one for one in self._topology.queues if one.name != self._options.queue)
            self._assert(replace(self._topology, queues=others))
            self._look_for_ourselves()
        self._plan_assertion()

    def _look_for_ourselves(self) -> None:
        """Begin anew when the queue does not know us.

        RabbitMQ moves a consumer to the queue's successor without a word, and when the successor
        came too early it may end up with neither.
        """
        if self._options.from_last or self._options.auto_ack:
            return

        def done(consumers: int | None) -> None:
            if consumers == 0 and self.active:
                logger.warning("%s: the queue has lost its consumer", self._options.queue)
                channel = self._channel
                self._lose()
                if channel is not None and channel.is_open:
                    channel.close()
                self._join()

        self._declarer.count_consumers(self._options.queue, done)

    def _assert(self, topology: Topology) -> None:
        def done(error: BusError | None) -> None:
            if error is not None:
                logger.warning("%s: not everything is in place: %s", self._options.queue, error)

        if self.active:
            self._declarer.ensure(topology, done, may_declare=self._options.may_declare)


def _finish(future: "Future[None]") -> None:
    if not future.done():
        future.set_result(None)
