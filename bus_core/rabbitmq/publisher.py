"""Confirmed publishing: many messages in flight, each with a future that tells what became of it.

The caller's thread appends to an inbox; the I/O thread sends while the window has room and keeps
what is unconfirmed in a ring by delivery tag, because confirms arrive in any order. A lost
connection decides nothing: what was unconfirmed is sent again, in order, until its deadline.
"""

import logging
import re
import time
from collections import deque
from collections.abc import Sequence

from pika import BasicProperties, SelectConnection
from pika.channel import Channel
from pika.exceptions import ChannelClosed
from pika.frame import Method
from pika.spec import Basic

from bus_core.errors import (
    AccessRefused,
    BusClosed,
    BusError,
    InvalidEvent,
    LoginRefused,
    PublishRefused,
    PublishTimeout,
    Unroutable,
)
from bus_core.link import LinkState
from bus_core.message import Message
from bus_core.rabbitmq.backlog import Backlog
from bus_core.rabbitmq.bursts import BurstConnection
from bus_core.rabbitmq.confirms import ConfirmReader, confirm_of
from bus_core.rabbitmq.connection import Connection
from bus_core.rabbitmq.declarer import Declarer
from bus_core.rabbitmq.engine import Engine, Signal
from bus_core.rabbitmq.in_flight import InFlight, Outgoing, encode_frames
from bus_core.rabbitmq.lookups import Lookups
from bus_core.rabbitmq.obstacles import no_room, too_late
from bus_core.rabbitmq.wire import ACCESS_REFUSED, channel_error, to_properties

logger = logging.getLogger(__name__)

DEFAULT_FRAME_MAX = 131_072
WINDOW_MESSAGES = 2000
WINDOW_BYTES = 8 * 1024 * 1024
DEADLINE_CHECK_SECONDS = 0.2
NACK_BACKOFF_SECONDS = 0.2
REFUSALS_BEFORE_NEW_CHANNEL = frozenset((5, 10, 20, 40, 80, 160))
"""Refused so often in a row, what goes to an exchange is tried on a new channel."""
STALL_SECONDS = 5.0
"""Without any confirm for so long the channel is given up; twice as long after each time."""
MAX_CHANNEL_LOSSES = 3
ATTEMPT_HEADER = "bus-attempt"
_EXCHANGE_IN_REASON = re.compile(r"exchange '([^']*)'")
_LIMIT_IN_REASON = re.compile(r"message size \d+ is larger than configured max size (\d+)")


class Publisher:
    """Sends with confirms over one channel; everything but `submit` is on the I/O thread."""

    def __init__(self, engine: Engine, connection: Connection, declarer: Declarer) -> None:
        self._engine = engine
        self._connection = connection
        self._channel: Channel | None = None
        self._backlog = Backlog()
        self._inbox: deque[Outgoing] = deque()
        self._waiting: deque[Outgoing] = deque()
        self._lookups = Lookups(declarer, self._send_again, self._finish)
        self._in_flight = InFlight()
        self._refused: list[Outgoing] = []
        self._refusals: dict[str, int] = {}
        self._watching = False
        self._confirms_came = False
        self._stall_seconds = STALL_SECONDS
        self._last_progress = 0.0
        self._closed = False
        self.channel_number = 1
        """A guess on which channel the next message goes; messages are encoded for it."""
        self.frame_max = DEFAULT_FRAME_MAX
        self._wake = Signal(engine, self._pump)

    def start(self) -> None:
        """Connect."""
        self._connection.add(self)

    def submit(self, batch: Sequence[Outgoing], *, wait: float = 0.0, limited: bool = True) -> None:
        """Take messages over; from any thread.

        When too many wait already, this waits for room for `wait` seconds; those that are not
        `limited` are always taken. Raises `Backpressure`, or what keeps the broker from taking
        any.
        """
        size = sum(one.size for one in batch)
        if not self._backlog.enter(len(batch), size, wait=wait, limited=limited):
            raise no_room(self._connection, self._backlog, waited=wait > 0)
        self._inbox.extend(batch)
        self._wake()

    @property
    def pending(self) -> int:
        """How many messages are not settled yet."""
        return self._backlog.messages

    def close(self) -> None:
        """Fail what is left."""
        self._closed = True
        for outgoing in self._take_all():
            error: BusError = BusClosed("the bus was closed before the event was sent")
            if outgoing.sent:
                error = PublishTimeout("the bus was closed before the broker had confirmed")
            self._finish((outgoing,), error)

    # -- the connection --

    def on_up(self, connection: SelectConnection) -> None:
        """Open a channel with confirms."""
        self.frame_max = connection.params.frame_max or DEFAULT_FRAME_MAX
        if isinstance(connection, BurstConnection):
            connection.after_burst(self._after_burst)
        connection.add_on_connection_unblocked_callback(lambda *_: self._go_on())
        connection.channel(on_open_callback=self._on_channel)

    def _go_on(self) -> None:
        """The broker takes events again; that it confirmed none meanwhile was no fault."""
        self._last_progress = time.monotonic()
        self._pump()

    def on_down(self) -> None:
        """Everything unconfirmed is unknown: it will be sent again, in order."""
        self._channel = None
        self._waiting.extend(self._take_all())
        self._watch_deadlines()

    def on_failed(self, error: LoginRefused) -> None:
        """No message will ever get through."""
        self._finish(self._take_all(), error)

    def _take_all(self) -> list[Outgoing]:
        """Return everything that is not finished, oldest first, and forget it."""
        sent = [*self._refused, *self._in_flight.take_all()]
        self._refused.clear()
        self._take_inbox()
        everything = [*sent, *self._lookups.forget_all(), *self._waiting]
        self._waiting.clear()
        return everything

    def _take_inbox(self) -> None:
        while self._inbox:  # others append meanwhile
            self._waiting.append(self._inbox.popleft())

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)

        def on_frame(frame: Method) -> None:
            if channel is self._channel:  # from pika, where frames do not come to us at once
                self._on_confirm(*confirm_of(frame))
                self._after_burst()

        channel.confirm_delivery(on_frame, callback=lambda _: self._ready(channel))

    def _ready(self, channel: Channel) -> None:
        self._channel = channel
        self.channel_number = channel.channel_number
        if isinstance(channel.connection, BurstConnection):
            reader = ConfirmReader(self._on_confirm)
            channel.connection.handle_frames(channel.channel_number, reader)
        self._pump()

    def _on_channel_closed(self, channel: Channel, reason: BaseException) -> None:
        if isinstance(channel.connection, BurstConnection):
            channel.connection.leave_frames(channel.channel_number)
        if channel is not self._channel:
            return  # given up before
        self._channel = None
        if not isinstance(reason, ChannelClosed) or self._closed:
            return  # the connection went: on_down follows
        self._after_refusal(reason)
        self._open_channel()

    def _open_channel(self) -> None:
        if (connection := self._connection.current) is not None:
            connection.channel(on_open_callback=self._on_channel)

    def _after_refusal(self, reason: ChannelClosed) -> None:
        """The broker closed the channel because of one message; which, it says only at times."""
        error = channel_error(reason.reply_code, reason.reply_text)
        named = _EXCHANGE_IN_REASON.search(reason.reply_text)
        culprit = named.group(1) if named else None
        refused = reason.reply_code == ACCESS_REFUSED
        limit = _LIMIT_IN_REASON.search(reason.reply_text)
        most = int(limit.group(1)) if limit else None
        logger.warning("the publishing channel was closed: %s", error)
        self._lookups.forget_known()  # where one exchange is gone, others may be too
        again = []
        for outgoing in self._in_flight.take_all():
            outgoing.channel_losses += 1
            if refused and outgoing.exchange == culprit:
                self._finish((outgoing,), AccessRefused(str(error)))
            elif most is not None and outgoing.size > most:
                large = f"the event is {outgoing.size} bytes long; this broker takes {most}"
                self._finish((outgoing,), InvalidEvent(large))
            elif outgoing.channel_losses >= MAX_CHANNEL_LOSSES:
                closed = PublishRefused(f"the broker closed the channel: {error}")
                self._finish((outgoing,), closed)
            else:
                again.append(outgoing)
        self._waiting.extendleft(reversed(again))

    # -- out --

    def _pump(self) -> None:
        if self._connection.state is LinkState.FAILED:
            self._connection.connect()
        self._take_inbox()
        channel = self._channel
        # A broker in alarm does not read: what we sent would be in doubt without need.
        if channel is not None and channel.is_open and self._connection.state is LinkState.OPEN:
            self._fill_window(channel)
        if self._backlog.messages:
            self._watch_deadlines()

    def _fill_window(self, channel: Channel) -> None:
        in_flight, waiting, known = self._in_flight, self._waiting, self._lookups.known
        in_bursts = isinstance(channel.connection, BurstConnection)
        burst: list[bytes] = []
        if not in_flight.messages:
            self._last_progress = time.monotonic()
        while waiting and in_flight.messages < WINDOW_MESSAGES and in_flight.bytes < WINDOW_BYTES:
            outgoing = waiting.popleft()
            if outgoing.ticket.cancelled:
                self._backlog.leave(1, outgoing.size)
            elif outgoing.exchange not in known:
                self._lookups.hold(outgoing)
            elif in_bursts:
                try:
                    burst.append(self._frames_of(outgoing, channel.channel_number))
                except InvalidEvent as error:
                    self._finish((outgoing,), error)
                else:
                    in_flight.add(outgoing)
            else:
                self._send_by_pika(outgoing, channel)
                in_flight.add(outgoing)
        if burst:
            channel.connection.send(b"".join(burst))

    def _frames_of(self, outgoing: Outgoing, channel: int) -> bytes:
        if outgoing.mandatory:
            return encode_frames(channel, outgoing, self._marked(outgoing), self.frame_max)
        if outgoing.frames_channel != channel:
            outgoing.encode(channel, self.frame_max)
        return outgoing.frames

    def _send_by_pika(self, outgoing: Outgoing, channel: Channel) -> None:
        message = self._marked(outgoing) if outgoing.mandatory else outgoing.message
        channel.basic_publish(
            outgoing.exchange,
            outgoing.routing_key,
            message.body,
            to_properties(message),
            mandatory=outgoing.mandatory,
        )

    def _marked(self, outgoing: Outgoing) -> Message:
        """Return the message with a mark of this attempt, by which it is known when it returns."""
        headers = outgoing.message.headers
        return outgoing.message.with_headers({**headers, ATTEMPT_HEADER: self._in_flight.next_tag})

    def _send_again(self, batch: list[Outgoing]) -> None:
        self._waiting.extendleft(reversed(batch))
        self._pump()

    def _finish(self, batch: Sequence[Outgoing], error: BusError | None = None) -> None:
        """End messages: tell whoever waits, and make room for others."""
        for outgoing in batch:
            outgoing.ticket.finish(error)
        self._backlog.leave(len(batch), sum(one.size for one in batch))

    # -- back --

    def _on_confirm(self, tag: int, multiple: bool, nack: bool) -> None:
        self._confirms_came = True
        settled = self._in_flight.settle(tag, multiple=multiple)
        if nack:
            self._refuse(settled)
        elif any(one.returned is not None for one in settled):
            self._finish_returned(settled)
        else:
            self._finish(settled)

    def _after_burst(self) -> None:
        if self._confirms_came:
            self._confirms_came = False
            self._last_progress = time.monotonic()
            self._stall_seconds = STALL_SECONDS
        if self._waiting:
            self._pump()

    def _refuse(self, settled: list[Outgoing]) -> None:
        if settled and not self._refused:
            self._engine.call_later(NACK_BACKOFF_SECONDS, self._after_nacks)
        self._refused.extend(settled)

    def _finish_returned(self, settled: list[Outgoing]) -> None:
        for outgoing in settled:
            if outgoing.returned is None:
                self._finish((outgoing,))
                continue
            # What it should have reached is gone: look the topology up again next time.
            self._lookups.forget(outgoing.exchange)
            self._finish((outgoing,), Unroutable(outgoing.returned))

    def _after_nacks(self) -> None:
        refused, self._refused = self._refused, []
        exchanges = {outgoing.exchange for outgoing in refused}
        self._refusals = {one: self._refusals.get(one, 0) + 1 for one in exchanges}
        if not REFUSALS_BEFORE_NEW_CHANNEL.isdisjoint(self._refusals.values()):
            # On 3.10, a channel that met a quorum queue between two leaders refuses for ever.
            self._give_up_channel("the broker keeps refusing events")
        now = time.monotonic()
        late = [one for one in refused if now >= one.deadline]
        self._finish(late, PublishRefused("the broker refused the event (nack)"))
        self._send_again([one for one in refused if now < one.deadline])

    def _on_return(
        self, channel: Channel, method: Basic.Return, properties: BasicProperties, _body: bytes
    ) -> None:
        tag = (properties.headers or {}).get(ATTEMPT_HEADER)
        if channel is not self._channel or not isinstance(tag, int):
            return
        if (outgoing := self._in_flight.get(tag)) is not None:
            outgoing.returned = (
                f"no queue took the message: exchange {method.exchange!r}, "
                f"routing key {method.routing_key!r}"
            )

    # -- deadlines --

    def _watch_deadlines(self) -> None:
        if not self._watching:
            self._watching = True
            self._engine.call_later(DEADLINE_CHECK_SECONDS, self._check_deadlines)

    def _check_deadlines(self) -> None:
        self._watching = False
        now = time.monotonic()
        for queue in (self._waiting, *self._lookups):
            for outgoing in [one for one in queue if now >= one.deadline]:
                queue.remove(outgoing)
                self._finish((outgoing,), too_late(self._connection, sent=outgoing.sent))
        for outgoing in self._in_flight.expire(now):
            self._finish((outgoing,), too_late(self._connection, sent=outgoing.sent))
        if self._in_flight.messages and now - self._last_progress > self._stall_seconds:
            self._give_up_channel(f"no confirm for {self._stall_seconds:.0f} s")
        if self._backlog.messages:
            self._watch_deadlines()

    def _give_up_channel(self, why: str) -> None:
        """Send again on a new channel: a channel of RabbitMQ can hang, or refuse, for good.

        Seen on 3.10 when a message reaches a quorum queue before that has recovered from the
        broker's death. Such a channel does not answer its closing either, so nobody waits for it.
        """
        channel = self._channel
        if channel is None or self._connection.state is not LinkState.OPEN:
            return
        logger.warning("%s; sending again on a new channel", why)
        self._stall_seconds *= 2
        self._last_progress = time.monotonic()
        self._channel = None
        self._waiting.extendleft(reversed(self._in_flight.take_all()))
        if isinstance(channel.connection, BurstConnection):
            channel.connection.leave_frames(channel.channel_number)
        channel.close()
        self._open_channel()
